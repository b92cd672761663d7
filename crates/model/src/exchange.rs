//! Bytes of one exchange, by kind.

use pushbench_protocol::paths::NEWS;
use pushbench_protocol::{ByteKind, Cursor, Direction};

use crate::burst::{Burst, Pause};
use crate::link::Link;
use pushbench_wire::Kinds;
use pushbench_wire::chunk::chunk_overhead;
use pushbench_wire::frame::{Sender, frame_header_len};
use pushbench_wire::record::CLOSE_NOTIFY_LEN;
use pushbench_wire::segments::segments_for;

/// Bytes of one exchange by direction and kind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Exchange {
    /// Client to server.
    pub up: Kinds,
    /// Server to client.
    pub down: Kinds,
}

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
        let mut exchange = Self::default();
        exchange.up[ByteKind::Header] = request_head;
        exchange.down[ByteKind::Header] = answer_head;
        exchange.down[ByteKind::Payload] = payload;
        exchange.down[ByteKind::Repeat] = repeat;
        exchange.down[ByteKind::Framing] = framing;
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
        let mut exchange = Self::default();
        exchange.up[ByteKind::Header] = request_head;
        exchange.down[ByteKind::Header] = answer_head;
        exchange.down[ByteKind::Payload] = payload;
        exchange.down[ByteKind::Repeat] = repeat;
        exchange.down[ByteKind::Framing] = framing;
        exchange.carry(link, request_head, answer_head + payload + repeat + framing);
        exchange.up[ByteKind::TcpIp] += link.headers.len();
        exchange.down[ByteKind::TcpIp] += link.headers.len();
        let connecting = Self::connecting(link);
        exchange.up += connecting.up;
        exchange.down += connecting.down;
        exchange
    }

    /// Opening and closing a connection: SYN, SYN-ACK, ACK; then the client's FIN, the server's,
    /// which acknowledges it, and an acknowledgement. In TLS, its handshake and goodbyes too.
    pub fn connecting(link: Link) -> Self {
        let mut exchange = Self::connect(link);
        let goodbye = Self::tls_close(link);
        exchange.up += goodbye.up;
        exchange.down += goodbye.down;
        exchange.up[ByteKind::TcpIp] += 2 * link.headers.len();
        exchange.down[ByteKind::TcpIp] += link.headers.len();
        exchange
    }

    /// The answer to a held poll and the request that follows it at once.
    ///
    /// That request acknowledges the answer, but one of more than a segment is acknowledged at once
    /// too. The server, which has nothing to say to it until there
    /// is news, acknowledges it with a segment of its own, since news is further away than the
    /// delayed-acknowledgement timer (40 ms).
    pub fn long_poll(
        request_head: u64,
        answer_head: u64,
        payload: u64,
        framing: u64,
        link: Link,
    ) -> Self {
        let mut exchange = Self::default();
        exchange.up[ByteKind::Header] = request_head;
        exchange.down[ByteKind::Header] = answer_head;
        exchange.down[ByteKind::Payload] = payload;
        exchange.down[ByteKind::Framing] = framing;
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
        let len = NEWS.len() as u64;
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

    /// The request for a stream and the head of its answer, on a connection that has just opened;
    /// acknowledged as an upgrade is.
    pub fn stream_begin(request_head: u64, answer_head: u64, link: Link) -> Self {
        Self::begin(ByteKind::Header, request_head, answer_head, link)
    }

    /// The WebSocket upgrade, request to 101, on a connection that has just opened.
    ///
    /// Either side acknowledges with a segment of its own: at the start of a connection the kernel
    /// acknowledges at once and does not wait for an answer that could carry it (Linux's quick
    /// acknowledgement mode). The handshake of TLS has ended that at the server: it has answered
    /// twice, so the kernel takes the connection for a conversation, and lets the 101 acknowledge.
    pub fn websocket_upgrade(request_head: u64, answer_head: u64, link: Link) -> Self {
        Self::begin(ByteKind::Handshake, request_head, answer_head, link)
    }

    fn begin(kind: ByteKind, request_head: u64, answer_head: u64, link: Link) -> Self {
        let mut exchange = Self::default();
        exchange.up[kind] = request_head;
        exchange.down[kind] = answer_head;
        exchange.carry(link, request_head, answer_head);
        exchange.up[ByteKind::TcpIp] += link.headers.len();
        if link.tls.is_none() {
            exchange.down[ByteKind::TcpIp] += link.headers.len();
        }
        exchange
    }

    /// The closing handshake of a WebSocket: a close frame with a code each way (RFC 6455, 5.5.1).
    pub fn websocket_close(link: Link) -> Self {
        const CODE_LEN: u64 = 2;
        let mut exchange = Self::default();
        exchange.up[ByteKind::Control] = frame_header_len(CODE_LEN, Sender::Client) + CODE_LEN;
        exchange.down[ByteKind::Control] = frame_header_len(CODE_LEN, Sender::Server) + CODE_LEN;
        exchange.carry(link, exchange.up[ByteKind::Control], exchange.down[ByteKind::Control]);
        exchange
    }

    /// The goodbye of TLS, each way; nothing in clear text.
    pub fn tls_close(link: Link) -> Self {
        let mut exchange = Self::default();
        if link.tls.is_some() {
            exchange.carry_tls(link, CLOSE_NOTIFY_LEN, CLOSE_NOTIFY_LEN);
        }
        exchange
    }

    /// All that comes before the first byte above TLS: the handshake of TCP, and that of TLS if
    /// there is one and it is known.
    pub fn connect(link: Link) -> Self {
        let mut exchange = Self::tcp_connect(link);
        if let Some(handshake) = link.tls.and_then(|tls| tls.handshake) {
            exchange.carry_tls(link, handshake.client_hello(), handshake.server_flight());
            exchange.carry_tls(link, handshake.client_finished(), handshake.new_tickets());
            // The kernels acknowledge both hellos at once. The tickets acknowledge what ends the
            // handshake, and the next request the tickets.
            exchange.up[ByteKind::TcpIp] += link.headers.len();
            exchange.down[ByteKind::TcpIp] += link.headers.len();
        }
        exchange
    }

    /// The acknowledgement of the tickets by a client that has nothing to say yet; nothing in clear
    /// text.
    pub fn silence(link: Link) -> Self {
        let mut exchange = Self::default();
        if link.tls.is_some() {
            exchange.up[ByteKind::TcpIp] = link.headers.len();
        }
        exchange
    }

    /// The TCP handshake: SYN, SYN-ACK, ACK.
    pub fn tcp_connect(link: Link) -> Self {
        let mut exchange = Self::default();
        exchange.up[ByteKind::TcpIp] = link.headers.syn_len() + link.headers.len();
        exchange.down[ByteKind::TcpIp] = link.headers.syn_len();
        exchange
    }

    /// Bytes of one direction.
    pub fn kinds(&self, direction: Direction) -> &Kinds {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }

    /// Books what is below the stream for one write each way: records, and headers of segments.
    pub(super) fn carry(&mut self, link: Link, up: u64, down: u64) {
        let (tls_up, tls_down) = (link.records(up), link.records(down));
        self.up[ByteKind::Tls] += tls_up;
        self.down[ByteKind::Tls] += tls_down;
        self.carry_segments(link, up + tls_up, down + tls_down);
    }

    /// Books bytes of TLS's own, one write each way.
    fn carry_tls(&mut self, link: Link, up: u64, down: u64) {
        self.up[ByteKind::Tls] += up;
        self.down[ByteKind::Tls] += down;
        self.carry_segments(link, up, down);
    }

    /// Books the headers of the segments that carry these bytes.
    fn carry_segments(&mut self, link: Link, up: u64, down: u64) {
        let data = link.headers.data_per_segment(link.mss);
        self.up[ByteKind::TcpIp] += segments_for(up, data) * link.headers.len();
        self.down[ByteKind::TcpIp] += segments_for(down, data) * link.headers.len();
    }
}

impl std::ops::AddAssign for Exchange {
    fn add_assign(&mut self, other: Self) {
        self.up += other.up;
        self.down += other.down;
    }
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::Layer;

    use pushbench_wire::segments::SegmentHeaders;

    use super::*;
    use crate::link::TlsLink;

    const LINK: Link =
        Link { headers: SegmentHeaders { ipv6: false, timestamps: true }, mss: 1460, tls: None };
    const TLS: Link = Link { tls: Some(TlsLink { handshake: None }), ..LINK };

    fn layer(exchange: &Exchange, layer: Layer) -> u64 {
        exchange.up.layer(layer) + exchange.down.layer(layer)
    }

    #[test]
    fn a_flush_is_payload_in_a_chunk_and_a_sign_of_life_control() {
        let flush = Exchange::flush_push(60, LINK, Pause::Long);
        assert_eq!((flush.down[ByteKind::Payload], flush.down[ByteKind::Framing]), (60, 6));
        let sign = Exchange::sign(9, LINK);
        assert_eq!((sign.down[ByteKind::Control], sign.down[ByteKind::Framing]), (9, 5));
        assert_eq!(sign.down[ByteKind::Payload] + sign.up.layer(Layer::Stream), 0);
    }

    #[test]
    fn the_published_poll_is_930_bytes_above_tcp_and_1086_at_layer_3() {
        let poll = Exchange::poll(716, 193, 21, 0, 0, LINK);
        assert_eq!(layer(&poll, Layer::Stream), 930);
        assert_eq!(layer(&poll, Layer::Wire), 1_086);
    }

    /// Source: `published-figures.md`, section 4.2: about 10 segments, 1,450 bytes with 52 for each;
    /// two of them are SYNs of 60.
    #[test]
    fn the_published_poll_on_a_connection_of_its_own_takes_ten_segments() {
        let poll = Exchange::poll_alone(716, 193, 21, 0, 0, LINK);
        assert_eq!(layer(&poll, Layer::Stream), 930);
        assert_eq!(layer(&poll, Layer::Wire), 1_450 + 16);
        assert_eq!(layer(&Exchange::connecting(LINK), Layer::Wire), 6 * 52 + 16);
    }

    #[test]
    fn a_held_poll_costs_what_a_poll_with_news_costs() {
        let held = Exchange::long_poll(716, 193, 21, 0, LINK);
        assert_eq!(layer(&held, Layer::Stream), 930);
        assert_eq!(layer(&held, Layer::Wire), 1_086);
        assert_eq!(layer(&Exchange::long_poll_begin(716, LINK), Layer::Wire), 716 + 104);
    }

    #[test]
    fn a_pushed_message_of_21_bytes_is_23_above_tcp_and_127_at_layer_3() {
        let push = Exchange::websocket_push(21, LINK, Pause::Long);
        assert_eq!(layer(&push, Layer::Stream), 23);
        assert_eq!(layer(&push, Layer::Wire), 127);
    }

    /// Source: `published-figures.md`, section 4.2: 27 bytes for a line of 20. Its 34 for an event
    /// are without `id:`, which costs 21 more.
    #[test]
    fn a_message_of_20_bytes_costs_what_the_table_says() {
        for (push, stream) in [
            (Exchange::websocket_push(20, LINK, Pause::Long), 22),
            (Exchange::line_push(20, LINK, Pause::Long), 27),
            (Exchange::event_push(20, LINK, Pause::Long), 34 + 21),
            (Exchange::nudge(LINK), 7),
        ] {
            assert_eq!(layer(&push, Layer::Stream), stream);
            assert_eq!(layer(&push, Layer::Wire), stream + 104);
        }
        assert_eq!(Exchange::nudge(LINK).down[ByteKind::Framing], 2);
    }

    /// Source: `published-figures.md`, section 4.2, its column with TLS 1.3: 22 bytes a record.
    /// Its 160 for an event are without `id:`, which costs 21 more.
    #[test]
    fn with_tls_each_write_costs_22_bytes_more() {
        for (exchange, wire) in [
            (Exchange::poll(716, 193, 21, 0, 0, TLS), 1_130),
            (Exchange::long_poll(716, 193, 21, 0, TLS), 1_130),
            (Exchange::websocket_push(20, TLS, Pause::Long), 148),
            (Exchange::line_push(20, TLS, Pause::Long), 153),
            (Exchange::event_push(20, TLS, Pause::Long), 160 + 21),
        ] {
            assert_eq!(layer(&exchange, Layer::Wire), wire);
        }
    }

    #[test]
    fn a_write_takes_a_record_for_each_16_kib() {
        for (payload, tls) in [(16_380, 22), (16_381, 44), (32_764, 44), (32_765, 66)] {
            let push = Exchange::websocket_push(payload, TLS, Pause::Long);
            assert_eq!(push.down[ByteKind::Tls], tls, "{payload} and a header of 4");
            assert_eq!(push.up[ByteKind::Tls], 0);
        }
    }

    #[test]
    fn records_count_for_segments_too() {
        let frame =
            |payload| Exchange::websocket_push(payload, TLS, Pause::Long).down[ByteKind::TcpIp];
        assert_eq!((frame(1_448 - 22 - 4), frame(1_448 - 22 - 3)), (52, 104));
        let poll = |request_head| Exchange::poll(request_head, 193, 21, 0, 0, TLS);
        assert_eq!((poll(1_426).up[ByteKind::TcpIp], poll(1_426).down[ByteKind::TcpIp]), (104, 52));
        assert_eq!(
            (poll(1_427).up[ByteKind::TcpIp], poll(1_427).down[ByteKind::TcpIp]),
            (156, 104)
        );
    }

    #[test]
    fn goodbye_in_tls_is_24_bytes_each_way_and_nothing_in_clear_text() {
        let close = Exchange::tls_close(TLS);
        assert_eq!((close.up[ByteKind::Tls], close.down[ByteKind::Tls]), (24, 24));
        assert_eq!(Exchange::tls_close(LINK), Exchange::default());
    }

    #[test]
    fn a_frame_that_fills_two_segments_pays_for_two() {
        let push = Exchange::websocket_push(1_448, LINK, Pause::Long);
        assert_eq!(push.down[ByteKind::TcpIp], 104);
        assert_eq!(push.down[ByteKind::Framing], 4);
    }

    #[test]
    fn a_request_of_two_segments_is_acknowledged_before_its_answer() {
        let poll = |request_head| Exchange::poll(request_head, 193, 21, 0, 0, LINK);
        assert_eq!((poll(1_448).up[ByteKind::TcpIp], poll(1_448).down[ByteKind::TcpIp]), (104, 52));
        assert_eq!(
            (poll(1_449).up[ByteKind::TcpIp], poll(1_449).down[ByteKind::TcpIp]),
            (156, 104)
        );
    }

    /// Source: `published-figures.md`, section 5.3: 164 bytes for each ping and pong.
    #[test]
    fn a_heartbeat_is_8_bytes_above_tcp_either_way() {
        let (ping, comment) = (Exchange::ping(LINK), Exchange::comment(LINK));
        assert_eq!((ping.down[ByteKind::Control], ping.up[ByteKind::Control]), (2, 6));
        assert_eq!(layer(&ping, Layer::Wire), 164);
        assert_eq!((comment.down[ByteKind::Control], comment.down[ByteKind::Framing]), (3, 5));
        assert_eq!(layer(&comment, Layer::Wire), 8 + 104);
    }

    #[test]
    fn a_close_is_8_bytes_up_and_4_down() {
        let close = Exchange::websocket_close(LINK);
        assert_eq!((close.up[ByteKind::Control], close.down[ByteKind::Control]), (8, 4));
    }
}
