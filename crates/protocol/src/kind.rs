//! Transport kinds, and the table of what each one is.
//!
//! What holds of a kind whatever its options is said here and nowhere else: the scenario's checks,
//! the load generator, the reports and the plan ask the table. A new kind is a variant, a row of
//! [`TransportKind::properties`], its options in a scenario, and the file that plays it.

use serde::{Deserialize, Serialize};

use crate::compression::{MAX_WINDOW_BITS, MIN_WINDOW_BITS};
use crate::transport::labelled;
use crate::{ClientProgram, Compression, ConnectionClass, Cursor, Hold, HttpVersion, TopicName};

labelled! {
    /// How messages reach subscribers.
    TransportKind {
        /// An HTTP request on a timer, answered at once with whatever there is.
        ShortPoll = "short-poll",
        /// An HTTP request that is held until there is news (RFC 6202, section 2).
        LongPoll = "long-poll",
        /// One HTTP answer that does not end, an event for each message (HTML, section 9.2).
        Sse = "sse",
        /// One HTTP answer that does not end, a line for each message.
        Stream = "stream",
        /// One upgrade, then frames both ways on one connection (RFC 6455).
        WebSocket = "websocket",
        /// A WebSocket tells that there is news, and an HTTP request fetches it.
        Nudge = "nudge",
    }
}

/// What makes a message arrive at a client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Arrival {
    /// The client asks on a timer, and the server responds at once.
    Timer,
    /// The client asks, and the server holds the request until there is a message.
    Held,
    /// The server sends it without being asked.
    Pushed,
    /// The server notifies the client of an update, and the client then asks for it.
    Notified,
}

/// Which of a profile's request headers a request is sent with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HeadForm {
    /// Those of a poll.
    Poll,
    /// Those of a poll, with `Accept: text/event-stream`.
    Events,
    /// Those of a WebSocket upgrade.
    Upgrade,
}

/// What the server sends in response to the request that a connection begins with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Brings {
    /// A response that ends; the client asks again on the same connection.
    Responses,
    /// One response that does not end, of server-sent events.
    Events,
    /// One response that does not end, of lines.
    Lines,
    /// Frames of a WebSocket.
    Frames,
}

/// The request that a client's connection begins with.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    /// What the server counts the connection as.
    pub class: ConnectionClass,
    /// The headers it is sent with.
    pub form: HeadForm,
    /// What comes in response to it.
    pub brings: Brings,
    path: fn(&TopicName, Cursor, Hold) -> String,
}

impl Opening {
    const SHORT_POLL: Self = Self {
        class: ConnectionClass::ShortPoll,
        form: HeadForm::Poll,
        brings: Brings::Responses,
        path: |topic, after, _| topic.poll_path(after),
    };
    const LONG_POLL: Self = Self {
        class: ConnectionClass::LongPoll,
        form: HeadForm::Poll,
        brings: Brings::Responses,
        path: |topic, after, hold| topic.long_poll_path(after, hold),
    };
    const EVENTS: Self = Self {
        class: ConnectionClass::Sse,
        form: HeadForm::Events,
        brings: Brings::Events,
        path: |topic, _, _| topic.events_path(),
    };
    const LINES: Self = Self {
        class: ConnectionClass::Stream,
        form: HeadForm::Poll,
        brings: Brings::Lines,
        path: |topic, after, _| topic.stream_path(after),
    };
    const WEBSOCKET: Self = Self {
        class: ConnectionClass::WebSocket,
        form: HeadForm::Upgrade,
        brings: Brings::Frames,
        path: |topic, after, _| topic.websocket_path(after),
    };
    const NOTICES: Self = Self {
        class: ConnectionClass::WebSocket,
        form: HeadForm::Upgrade,
        brings: Brings::Frames,
        path: |topic, after, _| topic.nudge_path(after),
    };

    /// Path and query of the request, for a client that has the messages up to `after` and whose
    /// polls, where they are held, are held for `hold`.
    ///
    /// Server-sent events begin at the end of the log: their place is a field and not in the path.
    pub fn path(&self, topic: &TopicName, after: Cursor, hold: Hold) -> String {
        (self.path)(topic, after, hold)
    }
}

/// What a transport kind is, whatever its options.
#[derive(Clone, Copy, Debug)]
pub struct Properties {
    /// Its name in a sentence, with its article.
    pub phrase: &'static str,
    /// What makes a message arrive.
    pub arrival: Arrival,
    /// The connections of one client, in the order that it opens them; never empty.
    pub openings: &'static [Opening],
    /// What its bodies or messages may be compressed with; `None`, the default, is first.
    pub codings: &'static [Compression],
    /// Least and most that may be asked for as the window of the coding, a base-2 logarithm; `None`
    /// where it is not for the client to ask. Not every coding has all of them.
    pub window_bits: Option<(u8, u8)>,
    /// Whether the server can be told to send heartbeats.
    pub has_heartbeats: bool,
    /// Whether the server can be told to conflate messages.
    pub conflates: bool,
    /// Whether its connection may be closed after each poll.
    pub closes_between_polls: bool,
    /// The versions of HTTP that carry it; the default is first.
    pub http: &'static [HttpVersion],
    /// The programs that can be a client of it; the default is first.
    pub clients: &'static [ClientProgram],
    /// Whether it can be asked for by a profile that brings a request line of its own, which the
    /// server responds to as to a short poll without a cursor.
    pub takes_own_request_line: bool,
}

/// From deflate's smallest to the largest of `br` (RFC 7932, section 9.1, but for large windows).
const OF_STREAMS: (u8, u8) = (MIN_WINDOW_BITS, 22);
const EXACT: &[ClientProgram] = &[ClientProgram::Exact];
const OF_HTTP: &[ClientProgram] = &[ClientProgram::Exact, ClientProgram::Reqwest];
const OF_WEBSOCKET: &[ClientProgram] = &[ClientProgram::Exact, ClientProgram::Tungstenite];
const UNCODED: &[Compression] = &[Compression::None];
const BODIES: &[Compression] = &[Compression::None, Compression::Gzip, Compression::Brotli];
const MESSAGES: &[Compression] = &[Compression::None, Compression::Deflate];

impl TransportKind {
    /// The row of the table.
    pub const fn properties(self) -> Properties {
        match self {
            Self::ShortPoll => Properties {
                phrase: "a short poll",
                arrival: Arrival::Timer,
                openings: &[Opening::SHORT_POLL],
                codings: BODIES,
                window_bits: None,
                has_heartbeats: false,
                conflates: false,
                closes_between_polls: true,
                http: HttpVersion::ALL,
                clients: OF_HTTP,
                takes_own_request_line: true,
            },
            Self::LongPoll => Properties {
                phrase: "a long poll",
                arrival: Arrival::Held,
                openings: &[Opening::LONG_POLL],
                codings: BODIES,
                window_bits: None,
                has_heartbeats: false,
                conflates: false,
                closes_between_polls: true,
                http: HttpVersion::ALL,
                clients: OF_HTTP,
                takes_own_request_line: false,
            },
            Self::Sse => Properties {
                phrase: "server-sent events",
                arrival: Arrival::Pushed,
                openings: &[Opening::EVENTS],
                codings: BODIES,
                window_bits: Some(OF_STREAMS),
                has_heartbeats: true,
                conflates: true,
                closes_between_polls: false,
                http: HttpVersion::ALL,
                clients: EXACT,
                takes_own_request_line: false,
            },
            Self::Stream => Properties {
                phrase: "a stream of lines",
                arrival: Arrival::Pushed,
                openings: &[Opening::LINES],
                codings: BODIES,
                window_bits: Some(OF_STREAMS),
                has_heartbeats: false,
                conflates: true,
                closes_between_polls: false,
                http: HttpVersion::ALL,
                clients: EXACT,
                takes_own_request_line: false,
            },
            Self::WebSocket => Properties {
                phrase: "a WebSocket",
                arrival: Arrival::Pushed,
                openings: &[Opening::WEBSOCKET],
                codings: MESSAGES,
                // 8 is allowed by the RFC and not by zlib, which most peers use.
                window_bits: Some((MIN_WINDOW_BITS, MAX_WINDOW_BITS)),
                has_heartbeats: true,
                conflates: true,
                closes_between_polls: false,
                http: HttpVersion::ALL,
                clients: OF_WEBSOCKET,
                // Its upgrade is another head of the profile.
                takes_own_request_line: true,
            },
            Self::Nudge => Properties {
                phrase: "a nudge and a fetch",
                arrival: Arrival::Notified,
                openings: &[Opening::NOTICES, Opening::SHORT_POLL],
                codings: UNCODED,
                window_bits: None,
                has_heartbeats: true,
                conflates: false,
                closes_between_polls: false,
                // The notice and the fetch would be streams of one connection.
                http: &[HttpVersion::Http11],
                clients: EXACT,
                takes_own_request_line: false,
            },
        }
    }

    /// The request that a client begins with: of several connections, that which says when there is
    /// something.
    pub const fn opening(self) -> Opening {
        self.properties().openings[0]
    }

    /// Connections that one client keeps.
    pub const fn connections_per_client(self) -> u32 {
        self.properties().openings.len() as u32
    }

    /// Whether a client asks for messages; otherwise they are pushed.
    pub const fn polls(self) -> bool {
        !self.pushes()
    }

    /// Whether messages are sent without being asked for.
    pub const fn pushes(self) -> bool {
        matches!(self.properties().arrival, Arrival::Pushed)
    }

    /// Whether a client asks on a timer, so that an update waits for the next poll.
    pub const fn has_timer(self) -> bool {
        matches!(self.properties().arrival, Arrival::Timer)
    }

    /// Whether a connection of a client is upgraded to a WebSocket.
    pub fn upgrades(self) -> bool {
        self.properties().openings.iter().any(|opening| opening.form == HeadForm::Upgrade)
    }

    /// Whether a version of HTTP carries it.
    pub fn is_carried_by(self, http: HttpVersion) -> bool {
        self.properties().http.contains(&http)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a client of each kind sends, against the paths of DESIGN.md, section 4.
    #[test]
    fn every_kind_begins_with_the_requests_of_its_own_paths() {
        let topic = TopicName::numbered(0);
        let hold = Hold::USUAL;
        for &kind in TransportKind::ALL {
            let paths: Vec<_> = kind
                .properties()
                .openings
                .iter()
                .map(|opening| opening.path(&topic, Cursor::OLDEST, hold))
                .collect();
            let after = Cursor::OLDEST;
            let expected = match kind {
                TransportKind::ShortPoll => vec![topic.poll_path(after)],
                TransportKind::LongPoll => vec![topic.long_poll_path(after, hold)],
                TransportKind::Sse => vec![topic.events_path()],
                TransportKind::Stream => vec![topic.stream_path(after)],
                TransportKind::WebSocket => vec![topic.websocket_path(after)],
                TransportKind::Nudge => vec![topic.nudge_path(after), topic.poll_path(after)],
            };
            assert_eq!(paths, expected, "{kind}");
            assert_eq!(kind.connections_per_client() as usize, paths.len(), "{kind}");
        }
    }

    #[test]
    fn rows_do_not_contradict_themselves() {
        for &kind in TransportKind::ALL {
            let row = kind.properties();
            assert_eq!(row.codings.first(), Some(&Compression::None), "{kind}: the default");
            assert_eq!(row.http.first(), Some(&HttpVersion::Http11), "{kind}: the default");
            assert_eq!(row.clients.first(), Some(&ClientProgram::Exact), "{kind}: the default");
            assert!(!(row.conflates && kind.polls()), "{kind}: only pushes can be conflated");
            assert!(!(row.closes_between_polls && kind.pushes()), "{kind}: it has no polls");
            let is_upgraded = kind.upgrades();
            assert_eq!(row.codings.contains(&Compression::Deflate), is_upgraded && kind.pushes());
            assert!(kind.polls() || row.openings.len() == 1, "{kind}: one connection brings all");
        }
    }
}
