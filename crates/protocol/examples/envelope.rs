//! The first 16 bytes of every payload: which message it is, and when it was due.
//!
//! `cargo run -p pushbench-protocol --example envelope`
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use pushbench_protocol::{Envelope, PublishNumber, Timestamp};

fn main() {
    let due_at = Timestamp::from_nanos(1_500_000_000);
    let envelope = Envelope { number: PublishNumber(7), due_at };
    let mut payload = envelope.encode().to_vec();
    payload.extend_from_slice(b" price 101.25");
    println!("{}", String::from_utf8_lossy(&payload));

    let read = Envelope::decode(&payload).expect("an envelope");
    println!("message {}, due {} ns after the start", read.number.0, read.due_at.as_nanos());
    assert_eq!(read, envelope);
    assert_eq!(Envelope::decode(b"too short"), None);
}

#[test]
fn it_runs() {
    main();
}
