//! What is pushed, and how a connection begins whose clients subscribe.

use std::collections::BTreeMap;
use std::time::Duration;

use pushbench_protocol::heads::{
    AnswerMark, EXTENSIONS_FIELD, FieldList, HeadTarget, PollFields, StreamKind,
};
use pushbench_protocol::{ByteKind, Cursor};
use pushbench_scenario::{Deflate, Transport, TransportSettings};
use pushbench_wire::hpack::Indexing;

use crate::compressed::said_of_coding;
use crate::exchange::Exchange;
use crate::flow::mean_figures;
use crate::http2::{Http2Push, Player, Sign};
use crate::over_http2::connections::{CONNECTIONS, Http2, place};
use crate::situation::Situation;
use crate::subject::conflated;

impl Http2<'_> {
    /// Messages pushed, and signs of life.
    ///
    /// `lens` are the messages' on the wire and how many there are of each, `marks` what marks one of
    /// a length off.
    pub(super) fn push(
        &self,
        lens: &BTreeMap<u64, u64>,
        marks: impl Fn(u64) -> u64,
        sign: Sign,
        transport: &Transport,
    ) -> BTreeMap<String, f64> {
        let begins = |connection| self.push_begins(connection, transport.settings);
        let connects: Vec<_> = self.connections(CONNECTIONS).map(begins).collect();
        let together: Vec<_> = self
            .connections(CONNECTIONS)
            .flat_map(|connection| {
                let mut of_topics: BTreeMap<usize, u64> = BTreeMap::new();
                for client in self.clients(connection) {
                    *of_topics.entry(self.topic(client).0).or_default() += 1;
                }
                of_topics.into_values()
            })
            .collect();
        let heartbeat = transport.settings.heartbeat().map(|every| every.as_secs_f64());
        let conflated = conflated(transport.settings, self.course);
        let mut figures = mean_figures(lens, |payload| {
            let marks = marks(payload);
            let together = together.clone();
            let is_shared = self.together > 1;
            let push = Http2Push { marks, together, is_shared, sign, heartbeat, conflated };
            Situation { payload, ..self.situation }.http2_push(&push)
        });
        self.situation.http2_connect(&mut figures, &connects);
        figures
    }

    /// What a connection takes until all its clients are subscribed.
    fn push_begins(&self, connection: u32, settings: TransportSettings) -> Vec<Exchange> {
        let mut player = Player::new(Indexing::LikeH2, self.situation.link);
        let mark = AnswerMark { cursor: Some(place(0)), tag: None, gap: 0 };
        let now = self.date(Duration::ZERO);
        let request = &self.scenario.headers.request;
        let mut connect = self.connect(true);
        for client in self.clients(connection) {
            let (_, name) = self.topic(client);
            let (request, answer, booked) = match settings {
                TransportSettings::Sse(_) => {
                    let request = self.head(&name.events_path(), |target| {
                        request.events(target, settings.content_coding())
                    });
                    let answer = self.scenario.headers.response.stream_list(
                        StreamKind::Events,
                        &now,
                        mark,
                        said_of_coding(settings),
                    );
                    (request, answer, ByteKind::Header)
                }
                TransportSettings::Stream(_) => {
                    let path = name.stream_path(Cursor::OLDEST);
                    let compression = settings.content_coding();
                    let fields = PollFields { conditional: false, compression };
                    let request = self
                        .head(&path, |target| request.poll_with(target, fields).bytes().to_vec());
                    let answer = self.scenario.headers.response.stream_list(
                        StreamKind::Lines,
                        &now,
                        mark,
                        said_of_coding(settings),
                    );
                    (request, answer, ByteKind::Header)
                }
                TransportSettings::ShortPoll(_)
                | TransportSettings::LongPoll(_)
                | TransportSettings::Nudge(_) => unreachable!("nothing is pushed to who polls"),
                TransportSettings::WebSocket(socket) => {
                    let path = name.websocket_path(Cursor::OLDEST);
                    let cookie_bytes = self.scenario.headers.cookie_bytes;
                    let host = self.host;
                    let target =
                        HeadTarget { path: &path, host, secure: self.secure, cookie_bytes };
                    let terms = socket.deflate.map(Deflate::terms);
                    let head = request.upgrade_offering(target, "", terms).bytes;
                    let request = FieldList::of_upgrade(&head, self.scheme());
                    let agreed = terms.map(|terms| (EXTENSIONS_FIELD, terms.answer(false)));
                    let fields = [("cursor", place(0).to_string()), ("date", now.clone())];
                    let fields = agreed.into_iter().chain(fields);
                    let fields = fields.map(|(name, value)| (name.to_owned(), value));
                    (request, FieldList::of_answer(200, fields), ByteKind::Handshake)
                }
            };
            connect.push(player.begin(&request, &answer, booked));
        }
        connect
    }
}
