//! What WebSocket framing and chunked transfer coding add to a message.
//!
//! `cargo run -p pushbench-wire --example frame_lengths`
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use pushbench_wire::chunk::chunk_overhead;
use pushbench_wire::frame::{Sender, frame_header_len};

fn main() {
    println!("payload  from the server  from a client  as a chunk");
    for payload in [20, 125, 126, 1_000, 65_535, 65_536] {
        let server = frame_header_len(payload, Sender::Server);
        let client = frame_header_len(payload, Sender::Client);
        // Only clients mask, with a key of four bytes (RFC 6455, section 5.3).
        assert_eq!(client, server + 4);
        println!("{payload:7}  {server:15}  {client:13}  {:10}", chunk_overhead(payload));
    }
}

#[test]
fn it_runs() {
    main();
}
