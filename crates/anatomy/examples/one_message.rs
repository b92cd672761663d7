//! A WebSocket message of 5 bytes taken apart: what each byte on the wire is for.
//!
//! `cargo run -p pushbench-anatomy --example one_message`
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use pushbench_anatomy::{Act, Anatomy, Connection, Counted, Exchange, Transcript};
use pushbench_protocol::{ByteKind, TransportKind};
use pushbench_wire::segments::SegmentHeaders;

fn main() {
    // RFC 6455, section 5.7: an unmasked text frame that holds "Hello".
    let frame = [&[0x81, 0x05], &b"Hello"[..]].concat();
    let counted = Counted { up: 0, down: frame.len() as u64 };
    let connection = Connection {
        client: ([127, 0, 0, 1], 40_000).into(),
        server: ([127, 0, 0, 1], 8_080).into(),
        headers: SegmentHeaders { ipv6: false, timestamps: true },
        mss: 1460,
        socket: counted,
        kernel: counted,
        server_books: Some(counted),
    };
    // The frame takes a segment down, and its acknowledgement one up.
    let exchange = Exchange {
        act: Act::Frame,
        connection: 0,
        up: Vec::new(),
        down: frame,
        segments_up: 1,
        segments_down: 1,
        retransmitted: 0,
    };
    let anatomy = Anatomy::of(&Transcript {
        transport: TransportKind::WebSocket,
        request_headers: "minimal".to_owned(),
        server: "http://127.0.0.1:8080".to_owned(),
        connections: vec![connection],
        exchanges: vec![exchange],
    })
    .expect("a frame");
    for kind in [ByteKind::Payload, ByteKind::Framing, ByteKind::TcpIp] {
        println!("{:8} {:4} B", kind.label(), anatomy.each(kind));
    }
}

#[test]
fn it_runs() {
    main();
}
