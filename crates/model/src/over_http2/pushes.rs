//! What is pushed, and how a connection begins whose clients subscribe.

use std::collections::BTreeMap;
use std::time::Duration;

use pushbench_protocol::{Brings, ByteKind, Cursor, Hold};
use pushbench_scenario::{Deflate, Transport, TransportSettings};
use pushbench_wire::hpack::Indexing;

use crate::exchange::Exchange;
use crate::flow::mean_figures;
use crate::headers::{Coding, StreamOf, accepted_block};
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
        let now = self.date(Duration::ZERO);
        let (coding, opening) = (settings.content_coding(), settings.kind().opening());
        let (requests, server) = (self.requests(), self.server(coding));
        let is_coded = Coding::of(settings.stream_compression().is_some());
        let mut connect = self.connect(true);
        for client in self.clients(connection) {
            let (_, name) = self.topic(client);
            let path = opening.path(&name, Cursor::OLDEST, Hold::USUAL);
            let (request, answer, booked) = match opening.brings {
                Brings::Events => {
                    let request = requests.events(&path, coding);
                    let answer = server.stream_block(StreamOf::Events, &now, place(0), is_coded);
                    (request, answer, ByteKind::Header)
                }
                Brings::Lines => {
                    let request = requests.poll(&path, false, coding);
                    let answer = server.stream_block(StreamOf::Lines, &now, place(0), is_coded);
                    (request, answer, ByteKind::Header)
                }
                Brings::Frames => {
                    let terms = settings.deflate().map(Deflate::terms);
                    let answer = accepted_block(terms, &now, place(0));
                    (requests.upgrade(&path, terms), answer, ByteKind::Handshake)
                }
                Brings::Responses => unreachable!("nothing is pushed to who polls"),
            };
            let request = request.block(self.secure);
            connect.push(player.begin(&request, &answer, booked));
        }
        connect
    }
}
