//! A poll and its response: alone, on an open connection, held.

use pushbench_protocol::ByteKind;

use crate::burst::{Burst, Pause};
use crate::exchange::Exchange;
use crate::link::Link;

impl Exchange {
    /// One poll and its answer on an open connection.
    ///
    /// `payload` is new to the client, `repeat` it had already, `framing` stands between messages.
    /// The request leaves in one write and so does the answer. The answer acknowledges the request,
    /// unless that took more than one segment: then it is acknowledged at once, by a segment of its
    /// own (RFC 1122, section 4.2.3.2: at least every second full segment). The client acknowledges
    /// the answer with a segment of its own, and more where it is longer than the kernel hands over
    /// at once, since its next request is further away than the delayed-acknowledgement timer
    /// (40 ms).
    pub fn poll(
        request_head: u64,
        answer_head: u64,
        payload: u64,
        repeat: u64,
        framing: u64,
        link: Link,
    ) -> Self {
        let mut exchange = Self::of_poll(request_head, answer_head, payload, repeat, framing);
        let answer = Burst::of_write(answer_head + payload + repeat + framing, link);
        answer.book(&mut exchange.down);
        exchange.carry(link, request_head, 0);
        exchange.up[ByteKind::TcpIp] += answer.acknowledgements(Pause::Long) * link.headers.len();
        let request = request_head + link.records(request_head);
        if request > link.headers.data_per_segment(link.mss) {
            exchange.down[ByteKind::TcpIp] += link.headers.len();
        }
        exchange
    }

    /// The first poll of a connection that stays open, before any message. At the start of a connection
    /// either side acknowledges with a segment of its own, so the request is too, however short.
    pub fn first_poll(request_head: u64, answer_head: u64, link: Link) -> Self {
        let mut exchange = Self::poll(request_head, answer_head, 0, 0, 0, link);
        let request = request_head + link.records(request_head);
        if request <= link.headers.data_per_segment(link.mss) {
            exchange.down[ByteKind::TcpIp] += link.headers.len();
        }
        exchange
    }

    /// The same on a connection of its own, which the client closes after the answer.
    ///
    /// Between handshake and close either side acknowledges with a segment of its own: at the start
    /// of a connection the kernel acknowledges at once. For a poll that is held it is the same.
    pub fn poll_alone(
        request_head: u64,
        answer_head: u64,
        payload: u64,
        repeat: u64,
        framing: u64,
        link: Link,
    ) -> Self {
        let mut exchange = Self::of_poll(request_head, answer_head, payload, repeat, framing);
        exchange.carry(link, request_head, answer_head + payload + repeat + framing);
        exchange.up[ByteKind::TcpIp] += link.headers.len();
        exchange.down[ByteKind::TcpIp] += link.headers.len();
        let connecting = Self::connecting(link);
        exchange.up += connecting.up;
        exchange.down += connecting.down;
        exchange
    }

    /// The answer to a held poll and the request that follows it at once.
    ///
    /// That request acknowledges the answer, but one of more than a segment is acknowledged at once
    /// too. The server, which has nothing to say to it until there is a message, acknowledges it with
    /// a segment of its own, since the next message is further away than the delayed-acknowledgement
    /// timer (40 ms).
    pub fn long_poll(
        request_head: u64,
        answer_head: u64,
        payload: u64,
        framing: u64,
        link: Link,
    ) -> Self {
        let mut exchange = Self::of_poll(request_head, answer_head, payload, 0, framing);
        let answer = Burst::of_write(answer_head + payload + framing, link);
        answer.book(&mut exchange.down);
        exchange.carry(link, request_head, 0);
        exchange.up[ByteKind::TcpIp] += answer.acknowledged_before() * link.headers.len();
        exchange.down[ByteKind::TcpIp] += link.headers.len();
        exchange
    }

    /// The first request of a long poll, and the server's acknowledgement.
    pub fn long_poll_begin(request_head: u64, link: Link) -> Self {
        Self::long_poll(request_head, 0, 0, 0, link)
    }

    /// What a poll and its response hand to their connection, whatever carries that.
    fn of_poll(
        request_head: u64,
        answer_head: u64,
        payload: u64,
        repeat: u64,
        framing: u64,
    ) -> Self {
        let mut exchange = Self::default();
        exchange.up[ByteKind::Header] = request_head;
        exchange.down[ByteKind::Header] = answer_head;
        exchange.down[ByteKind::Payload] = payload;
        exchange.down[ByteKind::Repeat] = repeat;
        exchange.down[ByteKind::Framing] = framing;
        exchange
    }
}
