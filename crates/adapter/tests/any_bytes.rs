//! Whatever a server says, an adapter's session takes it apart without a panic, and the same way
//! wherever reads end; every byte is booked once.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use pushbench_adapter::{
    DialogueError, Edge, Next, Response, SHIPPED, Shipped, Transport, Values, read,
};

/// What is received of messages that come in reads of `step` bytes, behind the steps of the opening.
fn received(
    shipped: Shipped,
    place: usize,
    messages: &[Vec<u8>],
    step: usize,
) -> (Vec<String>, u64, Result<(), DialogueError>) {
    let adapter = read(Path::new(shipped.name), shipped.text).expect("it ships");
    let transport: &Arc<Transport> = &adapter.transports[place % adapter.transports.len()];
    let mut values = Values::new(Arc::clone(&adapter.settings));
    for (name, value) in
        [("channel", "c1"), ("client", "0"), ("random", "r"), ("host", "h"), ("now", "1")]
    {
        values.set(name, value);
    }
    let mut session = transport.dialogue(values).expect("a dialogue");
    let (mut all, mut booked, mut fed) = (Vec::new(), 0, 0);
    let mut result = Ok(());
    for bytes in messages {
        // What is sent is of no interest here, but a step that sends must have sent.
        let mut next = session.next();
        while let Ok(Next::Send(_) | Next::Connect(_)) = next {
            if let Ok(Next::Connect(_)) = next {
                session.on_connected().expect("it was asked for");
            }
            next = session.next();
        }
        let mut receive = |received: pushbench_adapter::Received<'_>| {
            booked += received.parts.total();
            all.push(format!("{received:?}"));
        };
        let done = match next {
            Err(error) => Err(error),
            Ok(Next::Request(_)) => {
                fed += bytes.len() as u64;
                let response = Response { status: 200, headers: &[("Etag", b"1")], body: bytes };
                session.on_response(&response, &mut receive).map(drop)
            }
            Ok(Next::Open) if transport.is_polled => {
                fed += bytes.len() as u64;
                let response = Response { status: 200, headers: &[("Etag", b"1")], body: bytes };
                session.on_response(&response, &mut receive).map(drop)
            }
            Ok(_) => {
                fed += bytes.len() as u64;
                let fed = bytes
                    .chunks(step)
                    .try_for_each(|piece| session.on_bytes(piece, Edge::Read, &mut receive));
                fed.and_then(|()| session.on_bytes(b"", Edge::Message, &mut receive))
            }
        };
        if done.is_err() {
            result = done;
            break;
        }
    }
    if result.is_ok() {
        assert_eq!(booked + session.pending(), fed, "every byte is booked once: {all:?}");
    }
    (all, booked, result)
}

/// Fragments of what servers say, so that openings succeed now and then.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let fragments = prop::sample::select(vec![
        &b"0{\"sid\":\"x\"}"[..],
        b"40{\"sid\":\"y\"}",
        b"ok",
        b"42[\"news\",\"a\"]",
        b"2",
        b"\x1e",
        b"[{\"channel\":\"/meta/handshake\",\"successful\":true,\"clientId\":\"u\"}]",
        b"[{\"channel\":\"/meta/subscribe\",\"successful\":true}]",
        b"[{\"channel\":\"/c1\",\"data\":\"m\"},",
        b"{\"channel\":\"/c1\",\"data\":\"\\u00e9\"}]",
        b"{\"type\":\"connection_ack\"}",
        b"{\"id\":\"1\",\"type\":\"next\",\"payload\":{\"data\":{\"message\":\"m\"}}}",
        b"INFO {}\r\n",
        b"PONG\r\n",
        b"MSG c1 1 3\r\n",
        b"a\r\n\r\n",
        b"{\"id\":1,\"connect\":{}}\n",
        b"{\"id\":2,\"subscribe\":{}}",
        b"{\"connect\":{}}\n",
        b"{\"channel\":\"c1\",\"pub\":{\"data\":7}}\n",
        b"data: {\"connect\":{}}\n\n",
        b"data: m\r\n\r\n",
        b"event: gap\ndata: 1\n\n",
        b":\n\n",
        b"!gap 1",
        b"[",
        b"\"",
        "é".as_bytes(),
        b"\x20\x02\0\0",
        b"\x90\x03\0\x01\0",
        b"\x32\x08\0\x02c1\0\x01m1",
        b"\x30\x84\x80\0\0",
        b"\xd0\0",
        b"\xff\xff\xff\xff",
    ]);
    prop::collection::vec(fragments, 0..4).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn no_bytes_make_a_session_panic_or_depend_on_reads(
        which in 0..SHIPPED.len(),
        place in 0_usize..5,
        messages in prop::collection::vec(message(), 0..8),
        step in 1_usize..9,
    ) {
        let whole = received(SHIPPED[which], place, &messages, usize::MAX);
        let cut = received(SHIPPED[which], place, &messages, step);
        prop_assert_eq!(whole, cut);
    }
}
