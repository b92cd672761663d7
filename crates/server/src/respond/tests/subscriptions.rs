//! Subscribers: where they begin, and in which form they are told.

use http::{Method, Version};
use pushbench_protocol::Cursor;
use pushbench_protocol::headers::{AnswerMark, StreamKind};

use super::super::*;
use super::{Asked, HOST, KEY, at, get, hub, refused, rules};
use crate::hub::Format;

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
        assert_eq!(stream.subscription.mark(), expected, "{target} {fields:?}");
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
