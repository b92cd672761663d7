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
    messages: &[String],
    step: usize,
) -> (Vec<String>, u64, Result<(), DialogueError>) {
    let adapter = read(Path::new(shipped.name), shipped.text).expect("it ships");
    let transport: &Arc<Transport> = &adapter.transports[place % adapter.transports.len()];
    let mut values = Values::new(Arc::clone(&adapter.settings));
    for (name, value) in [("channel", "c1"), ("client", "0"), ("host", "h"), ("now", "1")] {
        values.set(name, value);
    }
    let mut session = transport.dialogue(values).expect("a dialogue");
    let (mut all, mut booked, mut fed) = (Vec::new(), 0, 0);
    let mut result = Ok(());
    for message in messages {
        let bytes = message.as_bytes();
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
fn message() -> impl Strategy<Value = String> {
    let fragments = prop::sample::select(vec![
        "0{\"sid\":\"x\"}",
        "40{\"sid\":\"y\"}",
        "ok",
        "42[\"news\",\"a\"]",
        "2",
        "\u{1e}",
        "[{\"channel\":\"/meta/handshake\",\"successful\":true,\"clientId\":\"u\"}]",
        "[{\"channel\":\"/meta/subscribe\",\"successful\":true}]",
        "[{\"channel\":\"/c1\",\"data\":\"m\"},",
        "{\"channel\":\"/c1\",\"data\":\"\\u00e9\"}]",
        "{\"type\":\"connection_ack\"}",
        "{\"id\":\"1\",\"type\":\"next\",\"payload\":{\"data\":{\"message\":\"m\"}}}",
        "INFO {}\r\n",
        "PONG\r\n",
        "MSG c1 1 3\r\n",
        "a\r\n\r\n",
        "{\"id\":1,\"connect\":{}}\n",
        "{\"id\":2,\"subscribe\":{}}",
        "{\"connect\":{}}\n",
        "{\"channel\":\"c1\",\"pub\":{\"data\":7}}\n",
        "data: {\"connect\":{}}\n\n",
        "data: m\r\n\r\n",
        "event: gap\ndata: 1\n\n",
        ":\n\n",
        "!gap 1",
        "[",
        "\"",
        "é",
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
