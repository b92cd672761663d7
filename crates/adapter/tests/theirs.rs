//! A service that publishes by itself: which message is which, how old it is, and when there is none.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use pushbench_adapter::{
    Dialogue, Edge, Next, Parts, Polled, Received, Response, Said, Session, Values, read,
};

const FEED: &str = r#"
about = "A feed"
documents = "none"
publish = "theirs"

[settings]
token = "${env:FEED_TOKEN}"

[transport.short-poll]
url = "/feed?since=${since}"
headers = { Authorization = "Bearer ${token}", Accept = "application/json" }
carry = { since = { json = "/next", first = "0" } }
id = "/items/*/id"
sent_at = { pointer = "/items/*/ts", unit = "ms" }
empty = [{ where = { "/state" = "quiet" } }, 204]

[transport.sse]
url = "/events"
id = "/id"
sent_at = { pointer = "/at", unit = "rfc3339" }

[transport.stream]
url = "/lines"
id = { text = "${value} ${any}" }
"#;

fn session(kind: &str, text: &str) -> Session {
    let adapter = read(Path::new("feed.toml"), text).unwrap_or_else(|refused| panic!("{refused}"));
    let found = adapter.transports.iter().find(|transport| transport.kind.label() == kind);
    let transport = found.expect("it is offered");
    assert!(transport.publishes_by_itself());
    let mut values = Values::new(Arc::clone(&adapter.settings));
    values.set("env:FEED_TOKEN", "secret");
    Session::new(Arc::clone(transport), values).expect("a session")
}

const LOGIN: &str = r#"
about = "A feed behind a login"
documents = "none"
publish = "theirs"

[transport.short-poll]
url = "/feed?since=${since}&try=${try++}"
counters = { try = 1 }
headers = { Cookie = "sid=${sid}" }
steps = [{ url = "/login", body = "user=a&password=${env:FEED_TOKEN|url}", get = { sid = { cookie = "sid" } } }]
carry = { since = { json = "/items/*/id", first = "0" } }
id = "/items/*/id"
"#;

#[test]
fn a_login_gives_a_cookie_and_a_poll_goes_on_behind_the_last_id_it_got() {
    let mut session = session("short-poll", LOGIN);
    let Ok(Next::Request(login)) = session.next() else { panic!("a login first") };
    assert_eq!((login.method.as_str(), login.url.as_str()), ("POST", "/login"));
    assert_eq!(login.body.as_deref(), Some(&b"user=a&password=secret"[..]));
    let headers: [(&str, &[u8]); 2] =
        [("Set-Cookie", b"lang=en"), ("Set-Cookie", b"sid=x1; Path=/; HttpOnly")];
    let response = Response { status: 200, headers: &headers, body: b"welcome" };
    session.on_response(&response, &mut |_| ()).expect("logged in");
    assert_eq!(session.next(), Ok(Next::Open));

    for (url, body) in [
        ("/feed?since=0&try=1", r#"{"items":[{"id":8},{"id":9}]}"#),
        ("/feed?since=9&try=2", r#"{"items":[]}"#),
        ("/feed?since=9&try=3", r#"{"items":[{"id":12}]}"#),
    ] {
        let request = session.poll().expect("a poll");
        assert_eq!(request.url, url);
        assert_eq!(request.headers, [("Cookie".to_owned(), "sid=x1".to_owned())]);
        poll(&mut session, 200, body);
    }
    assert_eq!(session.poll().expect("a poll").url, "/feed?since=12&try=4");
}

/// What a message says of itself, and its payload.
type Message = (String, Option<String>, Option<Duration>);

/// What is received, and what its bytes were for.
#[derive(Default)]
struct Seen(Vec<Message>, Parts);

impl Seen {
    fn see(&mut self, received: Received<'_>) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.1 += received.parts;
        if let Said::Message(payload) = &received.said {
            let id = received.id.as_deref().map(text);
            self.0.push((text(payload), id, received.sent_at));
        } else {
            assert_eq!((received.id, received.sent_at), (None, None));
        }
    }
}

fn poll(session: &mut Session, status: u16, body: &str) -> (Polled, Seen) {
    let mut seen = Seen::default();
    let response = Response { status, headers: &[], body: body.as_bytes() };
    let polled = session.on_response(&response, &mut |received| seen.see(received));
    assert_eq!(seen.1.total(), body.len() as u64, "each byte is booked once");
    (polled.expect("it is as the adapter says"), seen)
}

#[test]
fn a_poll_is_carried_on_and_its_messages_say_which_they_are_and_how_old() {
    let mut session = session("short-poll", FEED);
    assert_eq!(session.next(), Ok(Next::Open));
    let request = session.poll().expect("a poll");
    assert_eq!(request.url, "/feed?since=0");
    assert_eq!(request.headers[0], ("Authorization".to_owned(), "Bearer secret".to_owned()));

    let body = r#"{"state":"busy","next":"17","items":[{"id":16,"ts":1500},{"id":"b","ts":"x"}]}"#;
    let (polled, seen) = poll(&mut session, 200, body);
    assert_eq!(polled, Polled::Messages(2));
    let first = r#"{"id":16,"ts":1500}"#.to_owned();
    let second = r#"{"id":"b","ts":"x"}"#.to_owned();
    let at = Some(Duration::from_millis(1_500));
    assert_eq!(seen.0, [(first, Some("16".into()), at), (second, Some("b".into()), None)]);
    assert_eq!((seen.1.payload, seen.1.unexplained), (38, 0));
    assert_eq!(session.poll().expect("a poll").url, "/feed?since=17");
}

#[test]
fn nothing_new_is_a_status_a_condition_or_an_empty_list() {
    let mut session = session("short-poll", FEED);
    assert_eq!(session.next(), Ok(Next::Open));
    for (status, body) in [
        (204, ""),
        (200, r#"{"state":"quiet","next":"5","items":[{"id":1}]}"#),
        (200, r#"{"state":"busy","next":"5","items":[]}"#),
    ] {
        let (polled, seen) = poll(&mut session, status, body);
        assert_eq!((polled, seen.0), (Polled::Nothing, Vec::new()), "{body}");
        assert_eq!(seen.1.control, body.len() as u64, "{body}");
    }
    assert_eq!(session.poll().expect("a poll").url, "/feed?since=5");
    // 304 is one where no status is given, and none where others are.
    let response = Response { status: 304, headers: &[], body: b"" };
    assert!(session.on_response(&response, &mut |_| ()).is_err());
}

#[test]
fn pushed_messages_say_which_they_are_by_json_or_by_their_text() {
    for (kind, bytes, id, at) in [
        ("sse", "data: {\"id\":7,\"at\":\"1970-01-01T00:00:02Z\"}\n\n", "7", Some(2)),
        ("stream", "a9 hello\n", "a9", None),
    ] {
        let mut session = session(kind, FEED);
        assert!(matches!(session.next(), Ok(Next::Connect(_))));
        session.on_connected().expect("it was asked for");
        let mut seen = Seen::default();
        session
            .on_bytes(bytes.as_bytes(), Edge::Read, &mut |received| seen.see(received))
            .expect("it can be split");
        let [(_, found, sent_at)] = &seen.0[..] else { panic!("{kind}: {:?}", seen.0) };
        assert_eq!(found.as_deref(), Some(id));
        assert_eq!(*sent_at, at.map(Duration::from_secs));
    }
}

#[test]
fn a_star_is_of_the_list_that_each_names() {
    let with = |line: &str| FEED.replace("id = \"/items/*/id\"", line);
    assert!(read(Path::new("f"), &with("each = \"/items\"\nid = \"/id\"")).is_ok());
    for (line, expected) in [
        ("each = \"/other\"\nid = \"/items/*/id\"", "a `*` for the elements of one list"),
        ("id = \"/other/*/id\"", "a `*` for the elements of one list"),
        ("id = \"/items/*/parts/*/id\"", "at most one `*`"),
        ("id = {}", "either `pointer` or `text`"),
        ("id = 5", "a JSON pointer"),
    ] {
        let refused = read(Path::new("f"), &with(line)).expect_err(line).to_string();
        assert!(refused.contains(expected), "{line}: {refused}");
    }
    // A list in a list is no list of ours: `*` is a name like any other where it is a part of one.
    assert!(read(Path::new("f"), &with("id = \"/items/*/a*b\"")).is_ok());
}

proptest! {
    /// Bodies that look like those of the feed, and those that do not.
    #[test]
    fn whatever_a_service_says_every_byte_is_booked_once(
        kind in prop::sample::select(vec!["short-poll", "sse", "stream"]),
        bodies in prop::collection::vec(
            "(\\{\"items\":\\[(\\{\"id\":[0-9\"a]{0,3},\"ts\":[0-9\".e-]{0,24}\\},?){0,3}\\]\\}|data: |\\{\"id\":7\\}|[a-z0-9 \n:{}\"]{0,9}){0,4}",
            1..4,
        ),
    ) {
        let mut session = session(kind, FEED);
        let mut booked = 0;
        let mut receive = |received: Received<'_>| booked += received.parts.total();
        let is_polled = matches!(session.next(), Ok(Next::Open));
        if !is_polled {
            session.on_connected().expect("it was asked for");
        }
        for body in &bodies {
            let bytes = body.as_bytes();
            let _ = match is_polled {
                true => session
                    .on_response(&Response { status: 200, headers: &[], body: bytes }, &mut receive)
                    .map(drop),
                false => session.on_bytes(bytes, Edge::Read, &mut receive),
            };
        }
        let sent: u64 = bodies.iter().map(|body| body.len() as u64).sum();
        prop_assert_eq!(booked + session.pending(), sent);
    }
}
