//! A client of MQTT without a socket.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::publishing::Publishing;

fn transport(settings: &[(&str, &str)]) -> (Arc<Transport>, Values) {
    let shipped = crate::Shipped::named("mqtt").expect("it ships");
    let adapter = crate::read(Path::new("mqtt.toml"), shipped.text).expect("it is right");
    let mut values = Values::new(Arc::clone(&adapter.settings));
    for (name, value) in [("channel", "c1"), ("random", "r")].iter().chain(settings) {
        values.set(name, *value);
    }
    (Arc::clone(&adapter.transports[0]), values)
}

fn subscriber(settings: &[(&str, &str)]) -> Box<dyn Dialogue> {
    let (transport, values) = transport(settings);
    let mut dialogue = transport.dialogue(values).expect("a dialogue");
    assert!(matches!(dialogue.next(), Ok(Next::Connect(_))));
    dialogue.on_connected().expect("it was asked for");
    dialogue
}

fn publisher(settings: &[(&str, &str)]) -> Box<dyn Dialogue> {
    let (transport, values) = transport(settings);
    let Publishing::Connection(mut dialogue) = transport.publishing(values).expect("a dialogue")
    else {
        panic!("a publisher of MQTT has a connection of its own");
    };
    assert!(matches!(dialogue.next(), Ok(Next::Connect(_))));
    dialogue.on_connected().expect("it was asked for");
    assert!(matches!(dialogue.next(), Ok(Next::Send(_))));
    receive(&mut *dialogue, b"\x20\x02\0\0").expect("it is accepted");
    assert_eq!(dialogue.next(), Ok(Next::Open));
    dialogue
}

/// What is received of bytes, as text.
fn receive(dialogue: &mut dyn Dialogue, bytes: &[u8]) -> Result<Vec<String>, DialogueError> {
    let mut all = Vec::new();
    dialogue.on_bytes(bytes, Edge::Read, &mut |received| all.push(format!("{received:?}")))?;
    Ok(all)
}

fn open(settings: &[(&str, &str)]) -> Box<dyn Dialogue> {
    let mut dialogue = subscriber(settings);
    assert!(matches!(dialogue.next(), Ok(Next::Send(_))));
    receive(&mut *dialogue, b"\x20\x02\0\0").expect("it is accepted");
    assert!(matches!(dialogue.next(), Ok(Next::Send(_))));
    receive(&mut *dialogue, b"\x90\x03\0\x01\0").expect("it is subscribed");
    assert_eq!(dialogue.next(), Ok(Next::Open));
    dialogue
}

#[test]
fn a_message_of_quality_1_is_acknowledged_once() {
    let mut dialogue = open(&[("qos", "1")]);
    let bytes = b"\x32\x08\0\x02c1\x01\x02m1\x33\x08\0\x02c1\x01\x03m0\xd0\0";
    let received = receive(&mut *dialogue, bytes).expect("packets");
    assert_eq!(received.len(), 3);
    assert!(received[0].contains("payload: 2, wrapping: 6, framing: 2,"), "{received:?}");
    assert!(received[1].starts_with("Received { said: Ignored"), "what was retained is no message");
    let mut replies = Vec::new();
    while let Some(reply) = dialogue.reply().expect("it can be put together") {
        replies.push(reply);
    }
    let acknowledged = [&b"\x40\x02\x01\x02"[..], b"\x40\x02\x01\x03"];
    assert_eq!(replies, acknowledged.map(|bytes| message(bytes.to_vec())));
}

#[test]
fn a_publisher_numbers_its_messages_without_0() {
    let mut dialogue = publisher(&[("qos", "1")]);
    let mut last = Vec::new();
    for _ in 0..=65_535 {
        let Some(Outgoing::Message { bytes, is_binary: true }) =
            dialogue.publish(b"m").expect("it can be put together")
        else {
            panic!("a binary message");
        };
        assert_ne!(&bytes[6..8], b"\0\0");
        last = bytes;
    }
    assert_eq!(last, b"\x32\x07\0\x02c1\0\x01m");
    let taken = receive(&mut *dialogue, b"\x40\x02\0\x01").expect("a packet");
    assert!(taken[0].starts_with("Received { said: Acknowledgement"), "{taken:?}");
    let mut dialogue = publisher(&[]);
    let published = dialogue.publish(b"m").expect("it can be put together");
    assert_eq!(published, Some(message(b"\x30\x05\0\x02c1m".to_vec())));
    assert_eq!(open(&[]).publish(b"m"), Ok(None), "a subscriber publishes nothing");
}

#[test]
fn a_server_that_refuses_is_told_of_in_its_words() {
    let mut dialogue = subscriber(&[]);
    assert!(matches!(dialogue.next(), Ok(Next::Send(_))));
    let error = receive(&mut *dialogue, b"\x20\x02\0\x05").expect_err("it is refused");
    let said = "CONNECT: the server says \"return code 5: not authorized\"";
    assert_eq!(error.to_string(), said);

    let mut dialogue = subscriber(&[]);
    assert!(matches!(dialogue.next(), Ok(Next::Send(_))));
    let error = receive(&mut *dialogue, b"HTTP/1.1 400").expect_err("no MQTT");
    let said = "CONNECT got a packet that begins with 0x48, expected CONNACK, which begins with \
                0x20: is it a server of MQTT 3.1.1?";
    assert_eq!(error.to_string(), said);

    let mut dialogue = subscriber(&[]);
    assert!(matches!(dialogue.next(), Ok(Next::Send(_))));
    receive(&mut *dialogue, b"\x20\x02\0\0").expect("it is accepted");
    assert!(matches!(dialogue.next(), Ok(Next::Send(_))));
    let error = receive(&mut *dialogue, b"\x90\x03\0\x01\x80").expect_err("it is refused");
    assert_eq!(error.to_string(), "SUBSCRIBE: the server says \"no subscription to c1\"");
}

#[test]
fn a_setting_that_mqtt_cannot_have_is_refused_by_name() {
    for (name, value) in
        [("qos", "2"), ("qos", "x"), ("keep_alive", "65536"), ("topic", ""), ("password", "p")]
    {
        let (transport, values) = transport(&[(name, value)]);
        let error = transport.dialogue(values).expect_err(name).to_string();
        assert!(error.starts_with(&format!("`{name}` is ")), "{error}");
    }
    let (transport, values) = transport(&[("topic", "a/#")]);
    assert!(transport.dialogue(values.clone()).is_ok(), "a filter may be subscribed to");
    let error = transport.publishing(values).expect_err("and not published to");
    assert!(error.to_string().contains("without + and #"), "{error}");
}

#[test]
fn a_secret_is_in_no_message() {
    let settings = [("env:MQTT_PASSWORD", "s3cret"), ("user", "u"), ("password", "s3cret\0")];
    let (transport, values) = transport(&settings);
    let error = transport.dialogue(values).expect_err("a NUL").to_string();
    assert!(error.starts_with("`password` is ") && !error.contains("s3cret"), "{error}");
    let dialogue = open(&[("user", "u"), ("password", "s3cret")]);
    assert!(!format!("{dialogue:?}").contains("s3cret"), "{dialogue:?}");
}

#[test]
fn pings_are_as_far_apart_as_the_setting_says() {
    let every =
        |seconds| open(&[("keep_alive", seconds)]).keep_alive().expect("it can be put together");
    assert_eq!(every("7"), Some((Duration::from_secs(7), message(b"\xc0\0".to_vec()))));
    assert_eq!(every("0"), None);
}

#[test]
fn what_no_rule_explains_is_said_and_what_a_stream_ends_in() {
    let mut dialogue = open(&[]);
    let received = receive(&mut *dialogue, b"\xf0\x01x").expect("a packet");
    assert!(received[0].contains("unexplained: 3"), "{received:?}");
    receive(&mut *dialogue, b"\x30\x06\0").expect("a part of one");
    assert_eq!(dialogue.pending(), 3);
    let mut torn = Vec::new();
    let ended = dialogue.on_bytes(b"", Edge::Stream, &mut |said| torn.push(said.parts));
    assert_eq!(ended, Ok(()));
    assert_eq!(torn, [Parts { unexplained: 3, ..Parts::default() }]);
    assert_eq!(dialogue.pending(), 0);
}
