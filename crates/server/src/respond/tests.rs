use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use http::header::{CONNECTION, SEC_WEBSOCKET_VERSION, UPGRADE, WWW_AUTHENTICATE};
use http::{Method, Version};
use proptest::prelude::*;
use pushbench_protocol::heads::{AnswerMark, AnswerStatus, StreamKind};
use pushbench_protocol::{
    AllowedHosts, Compression, Cursor, Deliver, SlowPolicy, StreamCoding, TopicName, Unchanged,
};

use super::bodies::Bodies;
use super::*;
use crate::config::{BodyCompression, DeflateLimits, Limits};
use crate::hub::{Format, Hub, HubSettings, PollSettings};
use crate::log::Message;

const NOW: Timestamp = Timestamp::from_nanos(1_000_000_000);
const HOST: (&str, &str) = ("Host", "h");
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

impl Hubs for RefCell<Hub> {
    fn with<T>(&self, ask: impl FnOnce(&mut Hub) -> T) -> T {
        ask(&mut self.borrow_mut())
    }
}

fn rules() -> Rules {
    let limits = Limits { topics: NonZeroU32::new(3).expect("not zero"), ..Limits::default() };
    Rules {
        poll: PollSettings { deliver: Deliver::Every, unchanged: Unchanged::Empty },
        has_heartbeat: true,
        bodies: Bodies::new(BodyCompression::default(), limits.body_bytes),
        stream_compression: None,
        deflate: Some(DeflateLimits::default()),
        limits,
        hosts: AllowedHosts::Named(vec!["h".to_owned()]),
        publish_token: None,
        allowed_origins: vec!["http://allowed.example".to_owned()],
    }
}

/// A hub with two messages in topic `t`, `one` and `two`.
fn hub() -> RefCell<Hub> {
    let log = NonZeroU32::new(16).expect("not zero");
    let mut hub = Hub::new(HubSettings {
        epoch: 1,
        topics: rules().limits.topics,
        log,
        log_bytes: u64::MAX,
        total_log_bytes: u64::MAX,
        queue: log,
        slow_subscriber: SlowPolicy::DropOldest,
        conflate: None,
    });
    publish(&mut hub, "t", b"one");
    publish(&mut hub, "t", b"two");
    RefCell::new(hub)
}

fn publish(hub: &mut Hub, topic: &str, payload: &[u8]) -> Cursor {
    let topic = hub.topic(&TopicName::new(topic).expect("a name")).expect("room");
    hub.publish(topic, Message::new(payload).expect("one line"))
}

fn at(position: u64) -> Cursor {
    Cursor { epoch: 1, position }
}

type Sent<'a> = &'a [(&'a str, &'a str)];

struct Asked<'a> {
    method: Method,
    target: &'a str,
    version: Version,
    fields: Sent<'a>,
}

fn get<'a>(target: &'a str, fields: Sent<'a>) -> Asked<'a> {
    Asked { method: Method::GET, target, version: Version::HTTP_11, fields }
}

impl Asked<'_> {
    fn decide(&self, rules: &Rules, hub: &RefCell<Hub>) -> Decided {
        let (path, query) = self.target.split_once('?').unwrap_or((self.target, ""));
        let is_http2 = self.version == Version::HTTP_2;
        let request = Request {
            method: &self.method,
            path,
            query,
            authority: is_http2.then_some("h"),
            version: self.version,
            protocol: (self.method == Method::CONNECT).then_some("websocket"),
            fields: self.fields,
            listener: IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        respond(rules, &request, hub, NOW)
    }
}

fn decide(target: &str, fields: &[(&str, &str)]) -> Decision {
    get(target, fields).decide(&rules(), &hub()).decision
}

/// The status of a refusal and the names of its fields; `None` where nothing is refused.
fn refused(decision: &Decision) -> Option<(u16, Vec<&str>)> {
    let Decision::Refuse(refusal) = decision else { return None };
    let names = refusal.fields.iter().map(|(name, _)| name.as_str()).collect();
    Some((refusal.status.as_u16(), names))
}

/// Every path by every method: what it becomes, and what it says of its connection.
#[test]
fn each_path_takes_its_methods_and_says_so_to_others() {
    use ConnectionClass::{Control, LongPoll, Publish, ShortPoll};
    let paths = [
        ("/", "GET,HEAD", Some(Control)),
        ("/healthz", "GET,HEAD", Some(Control)),
        ("/stats", "GET,HEAD", Some(Control)),
        ("/metrics", "GET,HEAD", Some(Control)),
        ("/ends", "GET,HEAD", Some(Control)),
        ("/PollingStock//PollingStock", "GET,HEAD", Some(ShortPoll)),
        ("/topics/t/poll", "GET,HEAD", Some(ShortPoll)),
        ("/topics/t/long-poll", "GET,HEAD", Some(LongPoll)),
        ("/topics/t/messages", "POST", Some(Publish)),
        ("/topics/t/events", "GET,HEAD", None),
        ("/topics/t/stream", "GET,HEAD", None),
        ("/topics/t/ws", "GET,HEAD,CONNECT", None),
    ];
    let methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"];
    for (target, takes, class) in paths {
        for name in methods {
            let method = Method::from_bytes(name.as_bytes()).expect("a method");
            let asked = Asked { method, ..get(target, &[HOST]) };
            let decided = asked.decide(&rules(), &hub());
            if takes.split(',').any(|taken| taken == name) {
                let status = refused(&decided.decision).map(|(status, _)| status);
                // What a stream says to HEAD is its own.
                let is_own = name == "HEAD" && class.is_none();
                assert!(is_own || status != Some(405), "{name} {target}");
                // A subscriber is one only once it has subscribed.
                let expected = match decided.decision {
                    Decision::Subscribe(ref stream) => Some(stream.class()),
                    _ => class,
                };
                assert_eq!(decided.class, expected, "{name} {target}");
            } else {
                let reason = format!("{target} takes no {name}");
                let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, reason);
                let expected = Decision::Refuse(refusal.with(ALLOW, takes));
                assert_eq!(decided, Decided { class: None, decision: expected }, "{name} {target}");
            }
        }
    }
    for target in ["*", "", "/topics", "/topics/t", "/topics/t/", "/topics/t/poll/", "/Stats"] {
        let expected = Refusal::new(StatusCode::NOT_FOUND, format!("there is nothing at {target}"));
        assert_eq!(decide(target, &[HOST]), Decision::Refuse(expected));
    }
}

#[test]
fn what_is_refused_says_why_and_what_would_do() {
    let websocket = |name: &str, value: &'static str| {
        [
            HOST,
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", KEY),
        ]
        .map(|(known, good)| (known, if known == name { value } else { good }))
    };
    let to_websocket = [UPGRADE, CONNECTION, SEC_WEBSOCKET_VERSION];
    let nothing: [http::HeaderName; 0] = [];
    let rows: [(&str, Sent<'_>, u16, &[http::HeaderName]); 28] = [
        ("/healthz", &[], 400, &nothing),
        ("/healthz", &[HOST, HOST], 400, &nothing),
        ("/healthz", &[("Host", "a b")], 400, &nothing),
        ("/healthz", &[("Host", "\u{e9}")], 400, &nothing),
        ("/healthz", &[("Host", "evil.example")], 421, &nothing),
        ("/healthz", &[HOST, ("Transfer-Encoding", "gzip")], 501, &nothing),
        (
            "/healthz",
            &[HOST, ("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
            501,
            &nothing,
        ),
        // The host is looked at before the path is.
        ("/nothing", &[("Host", "evil.example")], 421, &nothing),
        ("/topics/a%20b/poll", &[HOST], 400, &nothing),
        ("/topics//poll", &[HOST], 400, &nothing),
        ("/topics/t/poll?after=x", &[HOST], 400, &nothing),
        ("/topics/t/long-poll?after=x", &[HOST], 400, &nothing),
        ("/topics/t/long-poll?hold=x", &[HOST], 400, &nothing),
        ("/topics/t/long-poll?hold=1h", &[HOST], 400, &nothing),
        ("/topics/t/events?after=x", &[HOST], 400, &nothing),
        ("/topics/t/events", &[HOST, ("Last-Event-ID", "x")], 400, &nothing),
        ("/topics/t/stream?after=x", &[HOST], 400, &nothing),
        ("/ends?topics=a,b%20c", &[HOST], 400, &nothing),
        ("/topics/t/ws", &[HOST], 426, &to_websocket),
        ("/topics/t/ws", &websocket("Upgrade", "h2c"), 426, &to_websocket),
        ("/topics/t/ws", &websocket("Connection", "close"), 400, &nothing),
        ("/topics/t/ws", &websocket("Sec-WebSocket-Version", "8"), 426, &to_websocket),
        ("/topics/t/ws", &websocket("Sec-WebSocket-Key", "short"), 400, &nothing),
        ("/topics/t/ws?after=x", &websocket("", ""), 400, &nothing),
        ("/topics/t/ws?nudge=2", &websocket("", ""), 400, &nothing),
        ("/topics/t/ws?nudge=x", &websocket("", ""), 400, &nothing),
        ("/topics/a%20b/ws", &websocket("", ""), 400, &nothing),
        ("/topics/a%20b/events", &[HOST], 400, &nothing),
    ];
    for (target, fields, status, names) in rows {
        let decision = decide(target, fields);
        let names = names.iter().map(http::HeaderName::as_str).collect();
        assert_eq!(refused(&decision), Some((status, names)), "{target} {fields:?}: {decision:?}");
    }
    for (target, version, status) in
        [("/topics/t/events", Version::HTTP_10, 505), ("/topics/t/ws", Version::HTTP_10, 400)]
    {
        let asked = Asked { version, ..get(target, &[]) };
        let decided = asked.decide(&rules(), &hub());
        assert_eq!(refused(&decided.decision), Some((status, vec![])), "{target}");
    }
    let head = Asked { method: Method::HEAD, ..get("/topics/t/events", &[HOST]) };
    let decided = head.decide(&rules(), &hub());
    assert_eq!(refused(&decided.decision), Some((405, vec!["allow"])));
}

#[test]
fn http_2_names_its_host_once_or_twice_the_same() {
    for (fields, expected) in [
        (&[][..], None),
        (&[HOST][..], None),
        (&[("Host", "H")][..], None),
        (&[("Host", "other")][..], Some((400, vec![]))),
    ] {
        let asked = Asked { version: Version::HTTP_2, ..get("/healthz", fields) };
        assert_eq!(refused(&asked.decide(&rules(), &hub()).decision), expected, "{fields:?}");
    }
}

#[test]
fn pages_of_other_hosts_neither_publish_nor_subscribe() {
    for (origin, expected) in [
        ("http://evil.example", Some((403, vec![]))),
        ("http://allowed.example", None),
        ("http://h", None),
    ] {
        let fields = [HOST, ("Origin", origin)];
        let asked = Asked { method: Method::POST, ..get("/topics/t/messages", &fields) };
        let decided = asked.decide(&rules(), &hub());
        assert_eq!(refused(&decided.decision), expected, "{origin}");
        // On HTTP/2 the host is `:authority`.
        let fields = [("Sec-WebSocket-Version", "13"), ("Origin", origin)];
        let (method, version) = (Method::CONNECT, Version::HTTP_2);
        let asked = Asked { method, version, ..get("/topics/t/ws", &fields) };
        assert_eq!(refused(&asked.decide(&rules(), &hub()).decision), expected, "{origin}");
    }
}

#[test]
fn a_publish_needs_the_token_where_there_is_one_and_is_read_within_its_bounds() {
    let rules = Rules { publish_token: Some("secret".to_owned()), ..rules() };
    let asked = |fields| Asked { method: Method::POST, ..get("/topics/t/messages", fields) };
    let decided = asked(&[HOST]).decide(&rules, &hub());
    assert_eq!(refused(&decided.decision), Some((401, vec![WWW_AUTHENTICATE.as_str()])));
    let decided = asked(&[HOST, ("Authorization", "Bearer secret")]).decide(&rules, &hub());
    let Decision::Publish(publish) = decided.decision else { panic!("{decided:?}") };
    assert_eq!(publish.topic.as_str(), "t");
    assert_eq!(publish.most_bytes, rules.limits.body_bytes);
    assert_eq!(publish.within, rules.limits.head_timeout);
}

fn polled(status: AnswerStatus, content: &'static [u8], mark: AnswerMark) -> Response {
    let content = Content::Whole { bytes: content.into(), is_coded: false };
    Response::Poll(PollResponse { status, content, mark })
}

fn poll(status: AnswerStatus, content: &'static [u8], mark: AnswerMark) -> Decision {
    Decision::Respond(polled(status, content, mark))
}

#[test]
fn a_poll_gets_what_its_mode_says() {
    use AnswerStatus::{Empty, Messages, NotModified};
    use Deliver::{Every, Latest};
    use Unchanged as U;
    let none = AnswerMark::default();
    let cursor = AnswerMark { cursor: Some(at(2)), ..none };
    let tag = AnswerMark { tag: Some(at(2)), ..none };
    let both = AnswerMark { cursor: Some(at(2)), tag: Some(at(2)), gap: 0 };
    let (before, now) = (at(1).to_string(), at(2).to_string());
    let quoted = format!("\"{now}\"");
    let tagged = [HOST, ("If-None-Match", quoted.as_str())];
    let plain = [HOST];
    let rows: [(_, _, &str, Sent<'_>, Decision); 12] = [
        (Every, U::Resend, "", &plain, poll(Messages, b"one\ntwo\n", cursor)),
        (Every, U::Resend, &before, &plain, poll(Messages, b"two\n", cursor)),
        (Every, U::Resend, &now, &plain, poll(Messages, b"", cursor)),
        (Every, U::Empty, &now, &plain, poll(Empty, b"", cursor)),
        (Every, U::NotModified, &now, &plain, poll(Messages, b"", both)),
        (Every, U::NotModified, "", &tagged, poll(NotModified, b"", both)),
        (Latest, U::Resend, "", &plain, poll(Messages, b"two", none)),
        (Latest, U::Resend, &now, &plain, poll(Messages, b"two", none)),
        (Latest, U::Empty, &before, &plain, poll(Messages, b"two", cursor)),
        (Latest, U::Empty, &now, &plain, poll(Empty, b"", cursor)),
        (Latest, U::NotModified, &now, &plain, poll(Messages, b"two", tag)),
        (Latest, U::NotModified, "", &tagged, poll(NotModified, b"", tag)),
    ];
    for (deliver, unchanged, after, fields, expected) in rows {
        let rules = Rules { poll: PollSettings { deliver, unchanged }, ..rules() };
        let target = match after {
            "" => "/topics/t/poll".to_owned(),
            after => format!("/topics/t/poll?after={after}"),
        };
        let decided = get(&target, fields).decide(&rules, &hub());
        assert_eq!(decided.class, Some(ConnectionClass::ShortPoll));
        assert_eq!(decided.decision, expected, "{deliver} {unchanged} {after}");
    }
}

#[test]
fn a_body_is_compressed_for_those_who_accept_it() {
    let coding = BodyCompression { coding: Compression::Gzip, threshold: 1 };
    let rules = Rules { bodies: Bodies::new(coding, 1_000), ..rules() };
    for target in ["/topics/t/poll", "/topics/t/long-poll"] {
        for (accepted, expected) in [("gzip", true), ("br", false), ("gzip;q=0", false)] {
            let fields = [HOST, ("Accept-Encoding", accepted)];
            let decided = get(target, &fields).decide(&rules, &hub());
            let Decision::Respond(Response::Poll(response)) = decided.decision else {
                panic!("{target}: {:?}", decided.decision)
            };
            let Content::Whole { is_coded, .. } = response.content else { panic!("{response:?}") };
            assert_eq!(is_coded, expected, "{target} {accepted}");
        }
    }
}

#[test]
fn a_stream_is_compressed_for_those_who_accept_it() {
    let coding = StreamCoding::new(Compression::Gzip, None);
    let rules = Rules { stream_compression: coding, ..rules() };
    for target in ["/topics/t/events", "/topics/t/stream"] {
        for (accepted, expected) in [("gzip", coding), ("identity", None), ("gzip;q=0", None)] {
            let fields = [HOST, ("Accept-Encoding", accepted)];
            let decided = get(target, &fields).decide(&rules, &hub());
            let Decision::Subscribe(stream) = decided.decision else { panic!("{decided:?}") };
            assert_eq!(stream.coding, expected, "{target} {accepted}");
        }
    }
}

#[test]
fn what_is_too_much_to_copy_is_read_from_a_topic_that_stays() {
    let hub = hub();
    publish(&mut hub.borrow_mut(), "t", &[b'x'; 100_000]);
    let decided = get("/topics/t/poll", &[HOST]).decide(&rules(), &hub);
    let Decision::Respond(Response::Poll(PollResponse {
        content: Content::Pieces(pieces), ..
    })) = decided.decision
    else {
        panic!("{:?}", decided.decision)
    };
    assert_eq!((pieces.from, pieces.to, pieces.bytes), (0, 3, 100_001 + 8));
    // There is a reader to be taken away.
    hub.borrow_mut().leave(pieces.topic);
}

#[test]
fn a_long_poll_waits_for_the_next_message_or_for_its_end() {
    let (rules, hub) = (rules(), hub());
    let target = format!("/topics/t/long-poll?after={}&hold=2s", Cursor::NOW);
    let decided = get(&target, &[HOST]).decide(&rules, &hub);
    assert_eq!(decided.class, Some(ConnectionClass::LongPoll));
    let Decision::Wait { topic, then } = decided.decision else { panic!("{decided:?}") };
    let until = NOW.plus(Duration::from_secs(2));
    assert_eq!(then.until, until);
    // Asked again before anything has come it waits on.
    let Polled::Wait { then, .. } = then.again(&rules, &hub, topic, NOW) else {
        panic!("nothing has come")
    };
    let mark = |position| AnswerMark { cursor: Some(at(position)), ..AnswerMark::default() };
    let over = then.clone().again(&rules, &hub, topic, until);
    assert_eq!(over, Polled::Answer(polled(AnswerStatus::Empty, b"", mark(2))));
    publish(&mut hub.borrow_mut(), "t", b"three");
    let news = then.again(&rules, &hub, topic, NOW);
    assert_eq!(news, Polled::Answer(polled(AnswerStatus::Messages, b"three\n", mark(3))));

    // One with news already, and one that may not be held, are answered at once.
    let expected = poll(AnswerStatus::Messages, b"one\ntwo\nthree\n", mark(3));
    assert_eq!(get("/topics/t/long-poll", &[HOST]).decide(&rules, &hub).decision, expected);
    let target = format!("/topics/t/long-poll?after={}&hold=0s", at(3));
    let expected = poll(AnswerStatus::Empty, b"", mark(3));
    assert_eq!(get(&target, &[HOST]).decide(&rules, &hub).decision, expected);
}

#[test]
fn subscribers_begin_where_they_ask_to_and_are_told_what_they_missed() {
    let websocket = [
        HOST,
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", KEY),
        ("Sec-WebSocket-Extensions", "permessage-deflate"),
    ];
    let seen = at(1).to_string();
    let foreign = Cursor { epoch: 9, position: 1 }.to_string();
    let (after, id) = (format!("?after={seen}"), [HOST, ("Last-Event-ID", seen.as_str())]);
    let foreign = format!("?after={foreign}");
    for (query, fields, kind, position, gap) in [
        ("", &[HOST][..], StreamKind::Events, 2, 0),
        (&after, &[HOST][..], StreamKind::Events, 1, 0),
        ("", &id[..], StreamKind::Events, 1, 0),
        // What an event source has seen wins over its address.
        (&foreign, &id[..], StreamKind::Events, 1, 0),
        ("", &id[..], StreamKind::Lines, 2, 0),
        (&foreign, &[HOST][..], StreamKind::Lines, 0, 1),
    ] {
        let (path, class) = match kind {
            StreamKind::Events => ("events", ConnectionClass::Sse),
            StreamKind::Lines => ("stream", ConnectionClass::Stream),
        };
        let target = format!("/topics/t/{path}{query}");
        let decided = get(&target, fields).decide(&rules(), &hub());
        assert_eq!(decided.class, Some(class), "{target}");
        let Decision::Subscribe(stream) = decided.decision else { panic!("{decided:?}") };
        assert_eq!((stream.kind, stream.has_heartbeat), (kind, kind == StreamKind::Events));
        let expected = AnswerMark { cursor: Some(at(position)), tag: None, gap };
        assert_eq!(stream.mark(), expected, "{target} {fields:?}");
    }
    for (query, has_deflate) in [("", true), ("?nudge=0", true), ("?nudge=1", false)] {
        let target = format!("/topics/t/ws{query}");
        let decided = get(&target, &websocket).decide(&rules(), &hub());
        assert_eq!(decided.class, Some(ConnectionClass::WebSocket), "{target}");
        let Decision::Upgrade(upgrade) = decided.decision else { panic!("{decided:?}") };
        assert_eq!(upgrade.accept.as_deref(), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        assert_eq!(upgrade.extensions.is_some(), has_deflate, "{target}");
        assert_eq!(upgrade.deflate.is_some(), has_deflate, "{target}");
        assert!(upgrade.may_publish && upgrade.has_heartbeat);
    }
    let asked = Asked {
        method: Method::CONNECT,
        version: Version::HTTP_2,
        ..get("/topics/t/ws", &[("Sec-WebSocket-Version", "13")])
    };
    let decided = asked.decide(&rules(), &hub());
    let Decision::Upgrade(upgrade) = decided.decision else { panic!("{decided:?}") };
    assert_eq!(upgrade.accept, None, "its 200 says it all");
}

#[test]
fn one_topic_too_many_to_wait_for_is_refused_and_polling_makes_none() {
    let (rules, hub) = (rules(), hub());
    for _ in 0..20 {
        get("/topics/unknown/poll", &[HOST]).decide(&rules, &hub);
        get("/topics/unknown/long-poll?hold=0s", &[HOST]).decide(&rules, &hub);
    }
    assert_eq!(hub.borrow().levels().topics, 1);
    for name in ["a", "b", "c"] {
        let target = format!("/topics/{name}/events");
        let decided = get(&target, &[HOST]).decide(&rules, &hub);
        assert!(matches!(decided.decision, Decision::Subscribe(_)), "{decided:?}");
    }
    for target in ["/topics/d/events", "/topics/d/stream", "/topics/d/long-poll"] {
        let decided = get(target, &[HOST]).decide(&rules, &hub);
        assert_eq!(refused(&decided.decision), Some((503, vec![])), "{target}");
    }
    assert_eq!(hub.borrow().levels().topics, 4);
}

#[test]
fn a_subscribers_format_is_what_was_agreed() {
    let subscribe = |extensions| {
        let fields = [
            HOST,
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", KEY),
            ("Sec-WebSocket-Extensions", extensions),
        ];
        match get("/topics/t/ws", &fields).decide(&rules(), &hub()).decision {
            Decision::Upgrade(upgrade) => upgrade.subscription.place.format(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(subscribe("x-unknown"), Format::Frame);
    assert_eq!(subscribe("permessage-deflate"), Format::Payload);
    let shared = subscribe("permessage-deflate; server_no_context_takeover");
    assert!(matches!(shared, Format::Deflated(_)), "{shared:?}");
}

proptest! {
    /// Whatever is asked: the same twice, and no topic that nobody reads.
    #[test]
    fn a_decision_depends_on_its_arguments_alone_and_leaves_no_reader_behind(
        method in "GET|HEAD|POST|CONNECT|[A-Z]{1,6}",
        path in "/topics/[a-z%]{0,3}/(poll|long-poll|events|stream|ws|messages)|/[a-z]{0,7}",
        query in "(after=[0-9a-z]{0,16}|hold=[0-9]{1,3}m?s|nudge=[0-9]|topics=[a-z,]{0,5}|&){0,3}",
        name in "Host|Origin|Upgrade|Accept-Encoding|If-None-Match|Last-Event-ID|Authorization",
        value in "[ -~]{0,12}",
        is_http2: bool,
    ) {
        let target = format!("{path}?{query}");
        let fields = [HOST, (name.as_str(), value.as_str())];
        let asked = Asked {
            method: Method::from_bytes(method.as_bytes()).expect("a method"),
            version: if is_http2 { Version::HTTP_2 } else { Version::HTTP_11 },
            ..get(&target, &fields)
        };
        let (rules, hub) = (rules(), hub());
        let decided = asked.decide(&rules, &hub);
        prop_assert_eq!(&decided, &asked.decide(&rules, &super::tests::hub()));
        let reads = match &decided.decision {
            Decision::Wait { topic, .. } => Some(*topic),
            Decision::Subscribe(stream) => Some(stream.subscription.place.topic()),
            Decision::Upgrade(upgrade) => Some(upgrade.subscription.place.topic()),
            Decision::Respond(_) | Decision::Refuse(_) | Decision::Publish(_) | Decision::Report(_) => None,
        };
        if let Some(topic) = reads {
            hub.borrow_mut().leave(topic);
        }
        prop_assert_eq!(hub.borrow().levels().topics, 1, "the one with messages");
    }
}
