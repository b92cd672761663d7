//! How messages, gaps and notices look in each format, and what conflation leaves of them.

use super::*;

/// What subscribers of each format are given, one after the other.
fn given(hub: &mut Hub, place: &mut SubscriberPlace) -> Vec<String> {
    let mut given = Vec::new();
    while let Next::Message(piece) | Next::Notice(piece) = hub.next(place, Timestamp::default()) {
        given.push(String::from_utf8_lossy(&piece).into_owned());
    }
    given
}

#[test]
fn each_format_tells_messages_and_gaps_in_its_own_way() {
    for (format, expected) in [
        (
            Format::Event,
            [
                "14\r\nevent: gap\ndata: 3\n\n\r\n",
                "1e\r\nid: 000o00000000000c\ndata: 3\n\n\r\n",
                "1e\r\nid: 000o00000000000e\ndata: 4\n\n\r\n",
            ]
            .as_slice(),
        ),
        (Format::Line, ["7\r\n!gap 3\n\r\n", "2\r\n3\n\r\n", "2\r\n4\n\r\n"].as_slice()),
        // Nothing is missed by someone who fetches it all.
        (Format::Nudge, ["\u{fffd}\u{5}!news", "\u{fffd}\u{5}!news"].as_slice()),
    ] {
        let (mut hub, topic) = hub(SlowPolicy::DropOldest, 2, 4);
        let mut place = hub.subscribe(topic, Cursor::NOW, format);
        publish(&mut hub, topic, 0..5);
        assert_eq!(given(&mut hub, &mut place), expected, "{format:?}");
    }
}

#[test]
fn a_nudge_is_no_message_sent() {
    let (mut hub, topic) = hub(SlowPolicy::Conflate, 4, 4);
    let mut place = hub.subscribe(topic, Cursor::NOW, Format::Nudge);
    publish(&mut hub, topic, 0..3);
    assert_eq!(given(&mut hub, &mut place).len(), 3);
    assert_eq!(hub.counts().sent_messages, 0);
}

/// What a subscriber is given at these moments, each a millisecond, while a message is published
/// before each of them; the hub conflates to one in 10 ms.
fn conflated(format: Format, moments: &[u64]) -> (Vec<String>, u64) {
    let (mut hub, topic) = hub(SlowPolicy::Disconnect, 1, 8);
    hub.settings.conflate = Some(Duration::from_millis(10));
    let mut place = hub.subscribe(topic, Cursor::NOW, format);
    let mut seen = Vec::new();
    for (n, &moment) in (0..).zip(moments) {
        publish(&mut hub, topic, n..n + 1);
        let now = Timestamp::from_nanos(moment * 1_000_000);
        seen.push(match hub.next(&mut place, now) {
            Next::Message(frame) | Next::Notice(frame) => {
                String::from_utf8_lossy(&frame[2..]).into_owned()
            }
            Next::Wait => "wait".to_owned(),
            Next::Later(at) => format!("later {}", at.as_nanos() / 1_000_000),
            Next::Disconnect => "disconnect".to_owned(),
        });
    }
    (seen, hub.counts().superseded)
}

#[test]
fn where_messages_are_conflated_the_newest_goes_out_when_it_may() {
    let (seen, superseded) = conflated(Format::Frame, &[5, 6, 9, 14, 15, 16, 40]);
    assert_eq!(seen, ["0", "later 15", "later 15", "later 15", "4", "later 25", "6"]);
    assert_eq!(superseded, 4, "1, 2, 3 and 5");
}

#[test]
fn who_is_only_told_that_there_is_a_message_is_told_of_each() {
    let (seen, superseded) = conflated(Format::Nudge, &[5, 6, 7]);
    assert_eq!((seen, superseded), (vec!["!news".to_owned(); 3], 0));
}

#[test]
fn where_messages_are_conflated_nobody_lags_and_a_gap_from_before_is_told() {
    let (mut hub, topic) = hub(SlowPolicy::Disconnect, 1, 3);
    hub.settings.conflate = Some(Duration::from_millis(10));
    publish(&mut hub, topic, 0..5);
    let mut place = hub.subscribe(topic, at(1), Format::Frame);
    publish(&mut hub, topic, 5..50);
    assert!(hub.keeps(&mut place));
    assert_eq!(drain(&mut hub, &mut place), ["!gap 1", "49"]);
    publish(&mut hub, topic, 50..51);
    assert_eq!(drain(&mut hub, &mut place), ["later 10000000"]);
}
