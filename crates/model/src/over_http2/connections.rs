//! Connections and who is on them, as all transports over HTTP/2 are played.

use std::time::Duration;

use jiff::Timestamp;
use pushbench_protocol::{Compression, Cursor, TopicName};
use pushbench_scenario::Scenario;

use crate::exchange::Exchange;
use crate::headers::{Client as Requests, Coding, FieldBlock, Mark, Server, Status};
use crate::http2::{Content, Opening};
use crate::situation::Situation;
use crate::sizes::CodedBodies;
use crate::subject::Course;

/// Exchanges that are played at most, and connections whose beginning is: so many, evenly spread over
/// the clients, that a mean over them is as good as one over all. How often each kind of exchange
/// happens is counted over all clients.
pub(super) const EXCHANGES: usize = 8_000;
pub(super) const CONNECTIONS: usize = 24;
/// Polls of a connection that are played where there are only rates, at least and at most.
pub(super) const POLLS: (u32, u32) = (160, 1_600);
/// Clients of a connection that are played where there are only rates.
pub(super) const TOGETHER: usize = 32;

/// The fraction of the golden ratio.
pub(super) const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// Settings that each side tells, and the window that each opens; the server is ours.
const CLIENT: Opening = Opening { settings: 5, opens_window: true };
const SERVER: Opening = Opening { settings: 5, opens_window: true };

/// What is to be predicted.
#[derive(Clone, Copy)]
pub(super) struct Http2<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) situation: Situation,
    pub(super) host: &'a str,
    pub(super) secure: bool,
    pub(super) course: Course<'a>,
    /// Clients of a connection.
    pub(super) together: u32,
    /// What the wall's clock said at the start; a date's digits are not all equally long.
    pub(super) started_at: Timestamp,
    /// What bodies are compressed with, and how long they are then.
    pub(super) offered: Compression,
    pub(super) bodies: Option<&'a CodedBodies<'a>>,
}

/// A client that polls, as it is played.
pub(super) struct Client {
    pub(super) topic: usize,
    pub(super) request: FieldBlock,
    /// Messages of its topic that it has.
    pub(super) seen: usize,
}

/// An answer as it is played.
pub(super) struct Answered {
    pub(super) list: FieldBlock,
    pub(super) content: Content,
    /// What the next poll says.
    pub(super) cursor: Option<Cursor>,
}

impl Http2<'_> {
    /// The requests of a client.
    pub(super) fn requests(&self) -> Requests<'_> {
        Requests {
            file: &self.scenario.headers.request,
            host: self.host,
            secure: self.secure,
            cookie_bytes: self.scenario.headers.cookie_bytes,
        }
    }

    /// The server, which offers this coding.
    pub(super) fn server(&self, offered: Compression) -> Server<'_> {
        Server { file: &self.scenario.headers.response, offered }
    }

    /// The clients of a connection.
    pub(super) fn clients(&self, connection: u32) -> impl Iterator<Item = u32> {
        let clients = self.scenario.workload.clients.get();
        connection * self.together..((connection + 1) * self.together).min(clients)
    }

    /// So many connections at most, evenly spread, the last among them: that one may have fewer
    /// clients.
    pub(super) fn connections(&self, most: usize) -> impl Iterator<Item = u32> + use<> {
        let all = u64::from(self.scenario.workload.clients.get().div_ceil(self.together));
        let most = (most.max(1) as u64).min(all);
        (1..=most).map(move |place| u32::try_from(place * all / most - 1).expect("one of all"))
    }

    pub(super) fn topic(&self, client: u32) -> (usize, TopicName) {
        let topic = self.scenario.workload.topic_of(client);
        (topic as usize, TopicName::numbered(topic))
    }

    /// TCP, TLS and HTTP/2 itself, until the first request, which may follow directly.
    pub(super) fn connect(&self, follows: bool) -> Vec<Exchange> {
        let link = self.situation.link;
        vec![Exchange::connect(link), Exchange::http2_open(CLIENT, SERVER, follows, link)]
    }

    /// A date of the server's, new with each second.
    pub(super) fn date(&self, at: Duration) -> String {
        let moment = self.started_at.checked_add(at).unwrap_or(self.started_at);
        moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// Makes an answer's body what it is on the wire, and its fields.
    pub(super) fn answer_list(
        &self,
        status: Status,
        content: Content,
        at: Duration,
        mark: Mark,
    ) -> (FieldBlock, Content) {
        let messages = (content.payload + content.repeat) / self.situation.payload;
        let coded = self.bodies.filter(|_| messages > 0).and_then(|bodies| bodies.len(messages));
        let content = match coded {
            Some(len) if content.payload == 0 => Content { repeat: len, ..Content::default() },
            // Within a compressed body nothing is told apart.
            Some(len) => Content { payload: len, ..Content::default() },
            None => content,
        };
        let body = content.payload + content.repeat + content.separators;
        let coding = Coding::of(coded.is_some());
        let server = self.server(self.offered);
        (server.response_block(status, body, &self.date(at), mark, coding), content)
    }
}

/// The cursor after so many messages, in some life of the server. Every cursor is as long as every
/// other; what matters is which are the same.
pub(super) fn place(messages: usize) -> Cursor {
    Cursor { epoch: 1, position: messages as u64 }
}
