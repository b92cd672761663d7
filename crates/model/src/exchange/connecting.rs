//! What comes before the first exchange of a connection, and after the last.

use pushbench_protocol::ByteKind;
use pushbench_wire::frame::{Sender, frame_header_len};
use pushbench_wire::record::CLOSE_NOTIFY_LEN;

use crate::exchange::Exchange;
use crate::link::Link;

impl Exchange {
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
}
