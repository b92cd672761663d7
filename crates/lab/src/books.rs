//! What one session's connections have carried over one transport, by what it was for.

use pushbench_protocol::{ByteKind, Direction, Envelope};
use pushbench_wire::Kinds;
use serde::{Serialize, Serializer};

/// The books of one session and transport, over all its connections.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Book {
    /// Requests, upgrades included.
    pub(crate) requests: u64,
    /// Responses that brought no message though a message could have come: 204.
    pub(crate) empty: u64,
    /// Responses that refused: 4xx and 5xx.
    pub(crate) refused: u64,
    /// Messages that were new to the session over this transport.
    pub(crate) messages: u64,
    /// Messages that it had already.
    pub(crate) repeats: u64,
    /// Frames that the browser sent with data.
    pub(crate) sent: u64,
    /// Browser to server.
    #[serde(serialize_with = "by_label")]
    pub(crate) up: Kinds,
    /// Server to browser.
    #[serde(serialize_with = "by_label")]
    pub(crate) down: Kinds,
    /// Highest publish number so far.
    #[serde(skip)]
    newest: Option<u32>,
    /// The headers of the last exchange.
    #[serde(skip)]
    pub(crate) headers: Headers,
}

/// The headers of one exchange, as they passed.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Headers {
    /// The request's, its empty line included.
    pub(crate) request: String,
    /// The response's; empty while there is none.
    pub(crate) response: String,
}

impl Book {
    /// Books bytes of a kind.
    pub(crate) fn book(&mut self, direction: Direction, kind: ByteKind, bytes: u64) {
        let kinds = match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        };
        kinds[kind] += bytes;
    }

    /// Books a message that went down: `repeat` if its publish number has been seen, and it is not
    /// without one, as what someone typed.
    pub(crate) fn message(&mut self, start: &[u8], len: u64) {
        let number = Envelope::decode(start).map(|envelope| envelope.number.0);
        let is_repeat = number.is_some_and(|number| self.newest >= Some(number));
        self.newest = self.newest.max(number);
        if is_repeat {
            self.repeats += 1;
            self.down[ByteKind::Repeat] += len;
        } else {
            self.messages += 1;
            self.down[ByteKind::Payload] += len;
        }
    }
}

fn by_label<S: Serializer>(kinds: &Kinds, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(ByteKind::ALL.iter().map(|&kind| (kind.label(), kinds[kind])))
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::{PublishNumber, Timestamp};

    use super::*;

    #[test]
    fn a_number_that_was_seen_is_a_repeat_and_a_text_without_one_never() {
        let mut book = Book::default();
        let payload = |number| {
            let envelope =
                Envelope { number: PublishNumber(number), due_at: Timestamp::from_nanos(1) };
            envelope.encode()
        };
        for (start, len) in [
            (&payload(0)[..], 20),
            (&payload(1), 30),
            (&payload(0), 40),
            (b"hello", 5),
            (b"hello", 5),
        ] {
            book.message(start, len);
        }
        assert_eq!((book.messages, book.repeats), (4, 1));
        assert_eq!((book.down[ByteKind::Payload], book.down[ByteKind::Repeat]), (60, 40));
    }

    #[test]
    fn every_kind_is_there_by_its_name() {
        let mut book = Book::default();
        book.book(Direction::Up, ByteKind::TcpIp, 52);
        let json = serde_json::to_value(&book).expect("plain data");
        assert_eq!(json["up"]["tcp_ip"], 52);
        assert_eq!(json["down"].as_object().expect("a map").len(), ByteKind::ALL.len());
    }
}
