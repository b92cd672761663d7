//! A transcript taken apart, and held against what was counted.

mod conn;
mod step;

use pushbench_protocol::{ByteKind, Layer, TransportKind};
use serde::Serialize;

use crate::AnatomyError;
use crate::said::coding_of;
use crate::story::Paid;
use crate::totals::{Both, KindTotal, of};
use crate::transcript::Transcript;
use conn::conn;
pub use conn::{Books, Conn};
pub use step::Step;
use step::step;

/// An exchange, byte by byte.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Anatomy {
    /// The transport.
    pub transport: TransportKind,
    /// Name of the request's header profile.
    pub request_headers: String,
    /// `http://host:port` of the server.
    pub server: String,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// The connections.
    pub connections: Vec<Conn>,
    /// Bytes by kind over all of it, kinds without a byte left out.
    pub totals: Vec<KindTotal>,
}

impl Anatomy {
    /// Takes a transcript apart.
    ///
    /// # Errors
    ///
    /// If the bytes are not what such an exchange carries, if the server accepted an upgrade with
    /// a key that is not ours, or if the parts do not add up to what socket, kernel and server
    /// counted.
    pub fn of(transcript: &Transcript) -> Result<Self, AnatomyError> {
        // What a stream is coded in is said where it begins.
        let mut codings = vec![None; transcript.connections.len()];
        let steps = transcript
            .exchanges
            .iter()
            .map(|exchange| {
                let (at, coding) = (exchange.connection, &mut codings[exchange.connection]);
                if let Some(named) = coding_of(exchange)? {
                    *coding = Some(named);
                }
                step(exchange, &transcript.connections[at], coding.as_deref())
            })
            .collect::<Result<Vec<_>, _>>()?;
        let connections = transcript
            .connections
            .iter()
            .enumerate()
            .map(|(at, connection)| {
                conn(connection, steps.iter().filter(|s| s.connection == at + 1))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut sum = Both::default();
        for step in &steps {
            sum.add_exchange(&step.passages, step.segments);
        }
        Ok(Self {
            transport: transcript.transport,
            request_headers: transcript.request_headers.clone(),
            server: transcript.server.clone(),
            totals: sum.totals(),
            steps,
            connections,
        })
    }

    /// Bytes of one kind, both directions.
    pub fn total(&self, kind: ByteKind) -> u64 {
        of(&self.totals, kind)
    }

    /// Bytes of one kind in the exchanges that each message needs anew.
    pub fn each(&self, kind: ByteKind) -> u64 {
        self.sum(Paid::EachMessage, kind)
    }

    /// Bytes at layer 3 of the exchanges that each message needs anew, in the middle of a long
    /// conversation: those above TCP as counted, headers as modelled.
    pub fn each_later(&self) -> u64 {
        let steps = self.steps.iter().filter(|step| step.paid == Paid::EachMessage);
        steps
            .map(|step| {
                let counted = step.segments.header_bytes();
                step.layer(Layer::Stream) + step.modelled_tcp_ip.unwrap_or(counted)
            })
            .sum()
    }

    /// Bytes of one kind that are paid once a connection.
    pub fn once(&self, kind: ByteKind) -> u64 {
        self.sum(Paid::EachConnection, kind)
    }

    fn sum(&self, paid: Paid, kind: ByteKind) -> u64 {
        let steps = self.steps.iter().filter(|step| step.paid == paid);
        steps.map(|step| step.total(kind)).sum()
    }
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::{Compression, StreamCoding};
    use pushbench_wire::chunk::encode_chunk;
    use pushbench_wire::segments::SegmentHeaders;
    use pushbench_wire::stream_coder::StreamCoder;

    use super::*;
    use crate::Counted;
    use crate::transcript::{Act, Connection, Exchange};

    const REQUEST: &[u8] = b"GET /p HTTP/1.1\r\nHost: h\r\n\r\n";
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

    fn transcript(act: Act, up: &[u8], down: &[u8]) -> Transcript {
        let counted = Counted { up: up.len() as u64, down: down.len() as u64 };
        Transcript {
            transport: TransportKind::ShortPoll,
            request_headers: "minimal".to_owned(),
            server: "http://127.0.0.1:2".to_owned(),
            connections: vec![Connection {
                client: "127.0.0.1:1".parse().expect("an address"),
                server: "127.0.0.1:2".parse().expect("an address"),
                headers: SegmentHeaders { ipv6: false, timestamps: true },
                mss: 1460,
                socket: counted,
                kernel: counted,
                server_books: Some(counted),
            }],
            exchanges: vec![Exchange {
                act,
                connection: 0,
                up: up.to_vec(),
                down: down.to_vec(),
                segments_up: 2,
                segments_down: 1,
                retransmitted: 0,
            }],
        }
    }

    #[test]
    fn the_parts_add_up_to_what_was_counted() {
        let anatomy = Anatomy::of(&transcript(Act::Poll, REQUEST, ANSWER)).expect("a poll");
        let headers = (REQUEST.len() + ANSWER.len() - 5) as u64;
        assert_eq!(anatomy.each(ByteKind::Header), headers);
        assert_eq!(anatomy.each(ByteKind::Payload), 5);
        assert_eq!(anatomy.each(ByteKind::TcpIp), 156);
        assert_eq!(anatomy.steps[0].modelled_tcp_ip, Some(156));
        assert_eq!(anatomy.steps[0].layer(Layer::Wire), headers + 5 + 156);
        assert_eq!(anatomy.once(ByteKind::Header), 0);
    }

    #[test]
    fn what_a_coding_makes_of_an_event_is_payload_and_named_and_no_framing_of_events() {
        let coding = StreamCoding::new(Compression::Gzip, None).expect("a coding of streams");
        let event = StreamCoder::new(coding).message(b"id: 1\ndata: twenty bytes of text\n\n");
        let chunk = encode_chunk(&[&event]);
        for (field, payload) in [("Content-Encoding: gzip\r\n", event.len() as u64), ("", 0)] {
            let begin = format!("HTTP/1.1 200 OK\r\n{field}\r\n");
            let mut played = transcript(Act::BeginStream, REQUEST, begin.as_bytes());
            let [exchange] = &played.exchanges[..] else { panic!("one") };
            let event = Exchange {
                act: Act::Event,
                up: Vec::new(),
                down: chunk.clone(),
                ..exchange.clone()
            };
            played.exchanges.push(event);
            let connection = &mut played.connections[0];
            connection.server_books = None;
            connection.socket.down += chunk.len() as u64;
            connection.kernel.down += chunk.len() as u64;
            let anatomy = Anatomy::of(&played).expect("a stream");
            assert_eq!(anatomy.each(ByteKind::Payload), payload, "{field}");
            let names: Vec<_> =
                anatomy.steps[1].passages[0].parts.iter().map(|part| &*part.name).collect();
            assert_eq!(names.contains(&"flush"), !field.is_empty(), "{names:?}");
        }
    }

    #[test]
    fn a_byte_that_somebody_counted_otherwise_is_an_error() {
        for (up, down) in [(1, 0), (0, 1)] {
            for who in ["the client's socket", "the kernel", "the server"] {
                let mut wrong = transcript(Act::Poll, REQUEST, ANSWER);
                let connection = &mut wrong.connections[0];
                let counted = match who {
                    "the client's socket" => &mut connection.socket,
                    "the kernel" => &mut connection.kernel,
                    _ => connection.server_books.as_mut().expect("given"),
                };
                counted.up += up;
                counted.down += down;
                let error = Anatomy::of(&wrong).expect_err("it must not pass");
                assert!(error.to_string().contains(who), "{error}");
                assert!(error.to_string().starts_with("books do not balance"), "{error}");
            }
        }
    }

    #[test]
    fn an_upgrade_that_is_accepted_with_another_key_is_an_error() {
        let up = b"GET /ws HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let down = |accept: &str| {
            format!("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: {accept}\r\n\r\n")
        };
        let good = down("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        let anatomy = Anatomy::of(&transcript(Act::Upgrade, up, good.as_bytes())).expect("ours");
        let accept = &anatomy.steps[0].passages[1].parts[1];
        let steps: Vec<_> = accept.details.iter().map(|step| step.name.as_str()).collect();
        assert_eq!(steps, ["key", "constant", "joined", "SHA-1", "base64"]);
        assert_eq!(anatomy.once(ByteKind::Handshake), (up.len() + good.len()) as u64);
        let bad = down("s3pPLMBiTxaQ9kYGzzhZRbK+xO0=");
        let error =
            Anatomy::of(&transcript(Act::Upgrade, up, bad.as_bytes())).expect_err("not ours");
        assert!(matches!(error, AnatomyError::Accept { .. }), "{error}");
    }

    #[test]
    fn an_answer_whose_body_is_not_as_long_as_it_says_is_refused() {
        for cut in 0..ANSWER.len() {
            assert!(
                Anatomy::of(&transcript(Act::Poll, REQUEST, &ANSWER[..cut])).is_err() || cut == 0,
                "{cut}"
            );
        }
    }
}
