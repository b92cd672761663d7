//! Exchanges against published ones and against sums done by hand.

use pushbench_protocol::Layer;
use pushbench_wire::segments::SegmentHeaders;

use super::*;
use crate::burst::Pause;
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
fn a_held_poll_costs_what_a_poll_with_a_message_costs() {
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
    let frame = |payload| Exchange::websocket_push(payload, TLS, Pause::Long).down[ByteKind::TcpIp];
    assert_eq!((frame(1_448 - 22 - 4), frame(1_448 - 22 - 3)), (52, 104));
    let poll = |request_head| Exchange::poll(request_head, 193, 21, 0, 0, TLS);
    assert_eq!((poll(1_426).up[ByteKind::TcpIp], poll(1_426).down[ByteKind::TcpIp]), (104, 52));
    assert_eq!((poll(1_427).up[ByteKind::TcpIp], poll(1_427).down[ByteKind::TcpIp]), (156, 104));
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
    assert_eq!((poll(1_449).up[ByteKind::TcpIp], poll(1_449).down[ByteKind::TcpIp]), (156, 104));
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
