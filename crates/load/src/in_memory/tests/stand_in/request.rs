//! What a client asks for, by its path.

use std::time::Duration;

use pushbench_protocol::paths::NUDGE;
use pushbench_protocol::{Cursor, Hold};

/// A request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked {
    /// A response that ends, after so many messages; it may be held for so long.
    Poll(usize, Duration),
    /// A response that does not end.
    Stream(Body, usize),
    /// A WebSocket.
    Socket(Form, usize),
    /// A message is published.
    Publish,
    /// Something is said in a request of its own.
    Say,
}

/// What the data of a stream is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Body {
    Events,
    Lines,
}

/// What a WebSocket says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    Messages,
    Notices,
}

impl Asked {
    /// The request with this path, while there are `len` messages.
    pub(super) fn of(path: &str, len: usize) -> Self {
        let value = |name: &str| {
            let query = path.split_once('?').map_or("", |(_, query)| query);
            query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
        };
        let after = value("after").map(|text| Cursor::decode(text.as_bytes()).expect("a cursor"));
        let place = match after {
            None | Some(Cursor::NOW) => len,
            Some(cursor) => usize::try_from(cursor.position).expect("a short log"),
        };
        let path_of = path.split('?').next().unwrap_or_default();
        match path_of.rsplit('/').next() {
            Some("messages") => Self::Publish,
            Some("say") => Self::Say,
            Some("poll") => Self::Poll(place, Duration::ZERO),
            Some("long-poll") => {
                let hold: Hold = value("hold").expect("a hold").parse().expect("a hold");
                Self::Poll(place, hold.duration())
            }
            Some("events") => Self::Stream(Body::Events, place),
            Some("stream") => Self::Stream(Body::Lines, place),
            Some("ws") if path.contains(NUDGE) => Self::Socket(Form::Notices, place),
            Some("ws") => Self::Socket(Form::Messages, place),
            _ => panic!("no client of these tests asks for {path}"),
        }
    }
}

impl Body {
    /// What it is called in `Content-Type`.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream",
            Self::Lines => "text/plain",
        }
    }

    /// A message of it.
    pub(super) fn item(self, place: usize, message: &str) -> String {
        match self {
            Self::Events => format!("id: {}\ndata: {message}\n\n", cursor(place + 1)),
            Self::Lines => format!("{message}\n"),
        }
    }
}

/// The cursor after so many messages.
pub(super) fn cursor(place: usize) -> Cursor {
    Cursor { epoch: 1, position: place as u64 }
}
