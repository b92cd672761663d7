//! A message that is pushed, and a sign of life.

use pushbench_protocol::paths::NUDGE_NOTICE;
use pushbench_protocol::{ByteKind, Cursor};
use pushbench_wire::chunk::chunk_overhead;
use pushbench_wire::frame::{Sender, frame_header_len};

use crate::burst::{Burst, Pause};
use crate::exchange::Exchange;
use crate::link::Link;

impl Exchange {
    /// One message of `payload` bytes pushed in one write with `framing` around it, and its
    /// acknowledgements.
    fn push(payload: u64, framing: u64, link: Link, pause: Pause) -> Self {
        let mut exchange = Self::default();
        exchange.down[ByteKind::Payload] = payload;
        exchange.down[ByteKind::Framing] = framing;
        let burst = Burst::of_write(payload + framing, link);
        burst.book(&mut exchange.down);
        exchange.up[ByteKind::TcpIp] = burst.acknowledgements(pause) * link.headers.len();
        exchange
    }

    /// One message of `payload` bytes pushed in one unfragmented WebSocket frame, and its
    /// acknowledgements, after such a pause.
    pub fn websocket_push(payload: u64, link: Link, pause: Pause) -> Self {
        Self::push(payload, frame_header_len(payload, Sender::Server), link, pause)
    }

    /// One message of `payload` bytes pushed as a server-sent event in a chunk of its own:
    /// `id: CURSOR`, `data: PAYLOAD` and an empty line.
    pub fn event_push(payload: u64, link: Link, pause: Pause) -> Self {
        const MARKS: u64 = ("id: \n".len() + Cursor::LEN + "data: \n".len() + "\n".len()) as u64;
        Self::push(payload, MARKS + chunk_overhead(payload + MARKS), link, pause)
    }

    /// One message of `payload` bytes pushed as a line in a chunk of its own.
    pub fn line_push(payload: u64, link: Link, pause: Pause) -> Self {
        Self::push(payload, 1 + chunk_overhead(payload + 1), link, pause)
    }

    /// The notice that there is news, and its acknowledgement.
    pub fn nudge(link: Link) -> Self {
        let len = NUDGE_NOTICE.len() as u64;
        let mut exchange =
            Self::push(0, frame_header_len(len, Sender::Server) + len, link, Pause::Long);
        exchange.down[ByteKind::Framing] -= len;
        exchange.down[ByteKind::Control] = len;
        exchange
    }

    /// A ping without a payload, the pong that answers it at once and carries its acknowledgement,
    /// and the acknowledgement of that (RFC 6455, sections 5.5.2 and 5.5.3).
    pub fn ping(link: Link) -> Self {
        let mut exchange = Self::default();
        exchange.down[ByteKind::Control] = frame_header_len(0, Sender::Server);
        exchange.up[ByteKind::Control] = frame_header_len(0, Sender::Client);
        exchange.carry(link, exchange.up[ByteKind::Control], exchange.down[ByteKind::Control]);
        exchange.down[ByteKind::TcpIp] += link.headers.len();
        exchange
    }

    /// What a compressed stream takes for one message, flushed, in a chunk of its own.
    pub fn flush_push(len: u64, link: Link, pause: Pause) -> Self {
        Self::push(len, chunk_overhead(len), link, pause)
    }

    /// A comment in a stream of events, an empty line after it, in a chunk of its own; and its
    /// acknowledgement.
    pub fn comment(link: Link) -> Self {
        Self::sign(":\n\n".len() as u64, link)
    }

    /// A sign of life of so many bytes, plain or compressed, in a chunk of its own; and its
    /// acknowledgement.
    pub fn sign(len: u64, link: Link) -> Self {
        let mut exchange = Self::push(0, len + chunk_overhead(len), link, Pause::Long);
        exchange.down[ByteKind::Framing] -= len;
        exchange.down[ByteKind::Control] = len;
        exchange
    }
}
