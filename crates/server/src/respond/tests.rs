//! Decisions as tables: no socket, no clock.

mod polls;
mod subscriptions;

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;

use http::header::{CONNECTION, SEC_WEBSOCKET_VERSION, UPGRADE, WWW_AUTHENTICATE};
use http::{Method, Version};
use proptest::prelude::*;
use pushbench_protocol::{AllowedHosts, Cursor, Deliver, SlowPolicy, TopicName, Unchanged};

use super::bodies::Bodies;
use super::*;
use crate::config::{BodyCompression, DeflateLimits, Limits};
use crate::hub::{Hub, HubSettings, PollSettings};
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
        bodies: Bodies::new(BodyCompression::default()),
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
            listener: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
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
        ("/topics/t/ws", "GET,CONNECT", None),
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
