//! The bytes of one poll against those of one WebSocket message, layer by layer.
//!
//! `cargo run -p pushbench-model --example poll_against_push`
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use pushbench_model::{Exchange, Link, Pause};
use pushbench_protocol::Layer;
use pushbench_wire::segments::SegmentHeaders;

fn main() {
    let headers = SegmentHeaders { ipv6: false, timestamps: true };
    let link = Link { headers, mss: 1460, tls: None };
    // The article's case: 716 bytes of request headers, 193 of response headers, 21 of payload.
    let poll = Exchange::poll(716, 193, 21, 0, 0, link);
    let push = Exchange::websocket_push(21, link, Pause::Long);
    for (name, layer) in [("stream", Layer::Stream), ("wire", Layer::Wire)] {
        let bytes = |exchange: &Exchange| exchange.up.layer(layer) + exchange.down.layer(layer);
        let (poll, push) = (bytes(&poll), bytes(&push));
        println!(
            "{name:6}  poll {poll:5} B  push {push:4} B  {:.1} : 1",
            poll as f64 / push as f64
        );
    }
}

#[test]
fn it_runs() {
    main();
}
