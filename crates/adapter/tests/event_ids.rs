//! Polls whose responses are events, and that carry on behind the id of the last one.

use std::path::Path;
use std::sync::Arc;

use pushbench_adapter::{
    Dialogue, DialogueError, Next, Parts, Polled, Response, Said, Session, Values, read,
};

const EVENTS: &str = r#"
about = "A server that ends its event stream after each batch"
documents = "HTML, section 9.2.4"
publish = "theirs"

[transport.long-poll]
url = "/events?after=${last}"
split = "events"
headers = { Last-Event-ID = "${last}" }
carry = { last = { last_event_id = true } }
"#;

fn session() -> Session {
    let adapter = read(Path::new("events.toml"), EVENTS).unwrap_or_else(|error| panic!("{error}"));
    let values = Values::new(Arc::clone(&adapter.settings));
    let mut session = Session::new(Arc::clone(&adapter.transports[0]), values).expect("a session");
    assert_eq!(session.next(), Ok(Next::Open));
    session
}

/// Polls once; what the request carried in its header and its URL, and what came of it.
fn poll(session: &mut Session, body: &str) -> (String, Result<Polled, DialogueError>, u64) {
    let request = session.poll().expect("a poll");
    let mut parts = Parts::default();
    let response = Response { status: 200, headers: &[], body: body.as_bytes() };
    let polled = session.on_response(&response, &mut |received| {
        assert!(!matches!(received.said, Said::Unexplained(_)), "{received:?}");
        parts += received.parts;
    });
    let header = request.headers.iter().find(|(name, _)| name == "Last-Event-ID");
    let carried = header.map_or("none", |(_, value)| value.as_str());
    (format!("{carried} {}", request.url), polled, parts.total())
}

#[test]
fn a_poll_carries_on_behind_the_last_id_it_got() {
    let mut session = session();
    for (carried, body, messages) in [
        // A header whose value is empty is left out.
        ("none /events?after=", "id: 7\ndata: a\n\nid: 8\ndata: b\n\n", 2),
        // The last one is not whole: the client has not got it.
        ("8 /events?after=8", "id: 9\ndata: c\n\n", 1),
        // The place moves on where there is no message, too.
        ("9 /events?after=9", "id: 12\n\n", 0),
        ("12 /events?after=12", ": nothing yet\n\n", 0),
        ("12 /events?after=12", "id: 13\ndata: d\n\n", 1),
    ] {
        let (request, polled, booked) = poll(&mut session, body);
        let expected = if messages == 0 { Polled::Nothing } else { Polled::Messages(messages) };
        assert_eq!((request.as_str(), polled), (carried, Ok(expected)));
        assert_eq!(booked, body.len() as u64, "every byte is booked once");
    }
}

#[test]
fn messages_without_an_id_are_no_place_to_carry_on_by() {
    let mut session = session();
    let (_, polled, _) = poll(&mut session, "id: 7\ndata: a\n\n");
    assert_eq!(polled, Ok(Polled::Messages(1)));
    // The id of an earlier response is not of this one.
    let (_, polled, _) = poll(&mut session, "data: b\n\n");
    let Err(DialogueError::NoValue { name, key, .. }) = polled else { panic!("{polled:?}") };
    assert_eq!((name.as_str(), key), ("last", "carry"));
}
