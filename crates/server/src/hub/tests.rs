//! The hub's rules as tables: no socket, no clock.

use std::num::NonZeroU32;
use std::time::Duration;

use pushbench_protocol::{Deliver, Unchanged};

use super::*;

fn number(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).expect("not zero")
}

const EPOCH: u16 = 7;

fn hub(slow_subscriber: SlowPolicy, queue: u32, log: u32) -> (Hub, TopicId) {
    let mut hub = Hub::new(HubSettings {
        epoch: EPOCH,
        topics: number(2),
        log: number(log),
        log_bytes: u64::MAX,
        total_log_bytes: u64::MAX,
        queue: number(queue),
        slow_subscriber,
        conflate: None,
    });
    let topic = hub.topic(&TopicName::numbered(0)).expect("the first");
    (hub, topic)
}

fn publish(hub: &mut Hub, topic: TopicId, range: std::ops::Range<u32>) {
    for n in range {
        hub.publish(topic, Message::new(n.to_string().as_bytes()).expect("one line"));
    }
}

/// Everything a subscriber is given until it waits or is ended.
fn drain(hub: &mut Hub, place: &mut SubscriberPlace) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        match hub.next(place, Timestamp::default()) {
            Next::Message(frame) | Next::Notice(frame) => {
                seen.push(String::from_utf8(frame[2..].to_vec()).expect("text"));
            }
            Next::Wait => return seen,
            Next::Later(at) => {
                seen.push(format!("later {}", at.as_nanos()));
                return seen;
            }
            Next::Disconnect => {
                seen.push("disconnect".to_owned());
                return seen;
            }
        }
    }
}

fn at(position: u64) -> Cursor {
    Cursor { epoch: EPOCH, position }
}

fn body(text: &'static str, position: u64, gap: u64) -> PollAnswer {
    let body = PollBody::Whole(Bytes::from(text));
    PollAnswer::Messages { body, next: at(position), gap }
}

#[test]
fn a_topic_is_created_once_and_one_too_many_is_refused() {
    let (mut hub, topic) = hub(SlowPolicy::Conflate, 1, 1);
    publish(&mut hub, topic, 0..1);
    assert_eq!(hub.topic(&TopicName::numbered(0)), Ok(topic));
    let second = hub.topic(&TopicName::numbered(1)).expect("the second of two");
    publish(&mut hub, second, 0..1);
    assert_eq!(hub.topic(&TopicName::numbered(2)), Err(TooManyTopics { limit: number(2) }));
    assert_eq!(hub.topic(&TopicName::numbered(0)), Ok(topic));
}

#[test]
fn reading_makes_no_topic_that_stays_and_takes_no_room_of_those_that_are_published_to() {
    let mut hub = Hub::new(*hub(SlowPolicy::Conflate, 1, 1).0.settings());
    let readers = [5, 6].map(|n| hub.enter(&TopicName::numbered(n)).expect("two may wait"));
    assert_eq!(hub.enter(&TopicName::numbered(7)), Err(TooManyTopics { limit: number(2) }));
    for n in [0, 1] {
        let topic = hub.topic(&TopicName::numbered(n)).expect("room for two with messages");
        publish(&mut hub, topic, 0..1);
        // A reader of what is there waits for no place.
        assert_eq!(hub.enter(&TopicName::numbered(n)), Ok(topic));
        hub.leave(topic);
    }
    assert!(hub.topic(&TopicName::numbered(5)).is_err(), "a third with messages");
    assert!(hub.takes(readers[0]).is_err());
    assert_eq!(hub.levels().topics, 4);
    hub.stay(readers[0]);
    hub.leave(readers[0]);
    assert_eq!(hub.find("t0005"), Some(readers[0]), "it has one reader left");
    for topic in readers {
        hub.leave(topic);
    }
    assert_eq!((hub.levels().topics, hub.find("t0005")), (2, None));
    let again = hub.enter(&TopicName::numbered(8)).expect("room again");
    assert!(readers.contains(&again), "its slot is used again");
}

#[test]
fn all_logs_together_keep_no_more_bytes_than_they_may_and_the_oldest_go_first() {
    let (template, _) = hub(SlowPolicy::DropOldest, 4, 4);
    let large = |n: u32| Message::new(format!("{n}{}", "x".repeat(9_000)).as_bytes());
    let mut hub = Hub::new(HubSettings { total_log_bytes: 30_000, ..*template.settings() });
    let [first, second] = [0, 1].map(|n| hub.topic(&TopicName::numbered(n)).expect("room for two"));
    hub.publish(first, large(0).expect("text"));
    hub.publish(second, large(1).expect("text"));
    hub.publish(second, large(2).expect("text"));
    assert_eq!(hub.levels().log_messages, 3);
    hub.publish(second, large(3).expect("text"));
    assert!(hub.levels().log_bytes <= 30_000);
    // The first topic has lost its only message, and nobody reads it.
    assert_eq!((hub.find("t0000"), hub.levels().topics), (None, 1));
    assert_eq!(hub.levels().log_messages, 3);
    // Who comes back to it is told that something is missing.
    let back = hub.enter(&TopicName::numbered(0)).expect("room");
    let mut place = hub.subscribe(back, at(0), Format::Frame);
    assert_eq!(place.take_gap(), 1);
    // A form that nobody needed before makes a log larger, and the oldest gives it room.
    let mut place = hub.subscribe(second, Cursor::OLDEST, Format::Event);
    for _ in 0..3 {
        hub.next(&mut place, Timestamp::default());
        assert!(hub.levels().log_bytes <= 30_000, "{:?}", hub.levels());
    }
    // The newest stays whatever its size.
    hub.publish(second, Message::new(&[b'x'; 50_000]).expect("text"));
    assert_eq!(hub.levels().log_messages, 1);
}

#[test]
fn a_large_body_is_read_from_the_log_piece_by_piece() {
    let (mut hub, topic) = hub(SlowPolicy::Conflate, 1, 3);
    let settings = PollSettings { deliver: Deliver::Every, unchanged: Unchanged::Empty };
    for n in 0..4_u8 {
        hub.publish(topic, Message::new(&[b'a' + n; 40_000]).expect("text"));
    }
    let one = hub.answer_poll(Some(topic), at(3), settings);
    let PollAnswer::Messages { body: PollBody::Whole(one), .. } = one else { panic!("{one:?}") };
    assert_eq!(hub.piece(topic, 3).map(|piece| piece.as_ptr()), Some(one.as_ptr()), "no copy");
    let all = hub.answer_poll(Some(topic), Cursor::OLDEST, settings);
    let pieces = Pieces { topic, from: 1, to: 4, bytes: 3 * 40_001 };
    let expected = PollAnswer::Messages { body: PollBody::Pieces(pieces), next: at(4), gap: 0 };
    assert_eq!(all, expected);
    for (position, first) in [(0, None), (1, Some(b'b')), (3, Some(b'd')), (4, None)] {
        let piece = hub.piece(topic, position);
        assert_eq!(piece.as_ref().map(|piece| piece[0]), first, "{position}");
        assert!(piece.is_none_or(|piece| piece.len() == 40_001 && piece.ends_with(b"\n")));
    }
    assert_eq!(hub.counts().sent_messages, 4);
}

#[test]
fn a_poll_gets_what_its_mode_promises() {
    use Deliver::{Every, Latest};
    use Unchanged::{Empty, NotModified, Resend};
    let nothing = || PollAnswer::Empty { next: at(5) };
    let same = || PollAnswer::NotModified { next: at(5) };
    for (deliver, unchanged, after, expected) in [
        (Every, Resend, at(3), body("3\n4\n", 5, 0)),
        (Every, Resend, at(0), body("2\n3\n4\n", 5, 2)),
        (Every, Resend, Cursor::OLDEST, body("2\n3\n4\n", 5, 0)),
        (Every, Resend, at(5), body("", 5, 0)),
        (Every, Resend, Cursor::NOW, body("", 5, 0)),
        (Every, Empty, at(4), body("4\n", 5, 0)),
        (Every, Empty, at(5), nothing()),
        (Every, NotModified, at(5), same()),
        (Every, NotModified, at(9), body("2\n3\n4\n", 5, 2)),
        (Latest, Resend, at(5), body("4", 5, 0)),
        (Latest, Resend, at(0), body("4", 5, 0)),
        (Latest, Resend, Cursor::NOW, body("4", 5, 0)),
        (Latest, Empty, at(5), nothing()),
        (Latest, Empty, at(1), body("4", 5, 0)),
        (Latest, Empty, Cursor { epoch: 9, position: 5 }, body("4", 5, 0)),
        (Latest, NotModified, at(5), same()),
        (Latest, NotModified, at(4), body("4", 5, 0)),
    ] {
        let (mut hub, topic) = hub(SlowPolicy::Conflate, 1, 3);
        publish(&mut hub, topic, 0..5);
        let answer = hub.answer_poll(Some(topic), after, PollSettings { deliver, unchanged });
        assert_eq!(answer, expected, "{deliver} {unchanged} after {after}");
    }
}

#[test]
fn before_the_first_publish_a_poll_for_the_latest_is_empty_in_every_mode() {
    for &unchanged in Unchanged::ALL {
        let (mut hub, topic) = hub(SlowPolicy::Conflate, 1, 3);
        for topic in [None, Some(topic)] {
            for after in [Cursor::OLDEST, Cursor::NOW, at(0)] {
                let settings = PollSettings { deliver: Deliver::Latest, unchanged };
                let answer = hub.answer_poll(topic, after, settings);
                assert_eq!(answer, PollAnswer::Empty { next: at(0) }, "{unchanged} {after}");
            }
        }
    }
}

#[test]
fn a_poll_with_the_cursor_it_was_given_misses_nothing_and_repeats_nothing() {
    let (mut hub, topic) = hub(SlowPolicy::Conflate, 1, 10);
    let settings = PollSettings { deliver: Deliver::Every, unchanged: Unchanged::Empty };
    let mut after = Cursor::OLDEST;
    let mut seen = String::new();
    for n in 0..9 {
        publish(&mut hub, topic, n..n + 1);
        if n % 3 == 2 {
            match hub.answer_poll(Some(topic), after, settings) {
                PollAnswer::Messages { body: PollBody::Whole(body), next, gap: 0 } => {
                    seen.push_str(std::str::from_utf8(&body).expect("text"));
                    after = next;
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(seen, "0\n1\n2\n3\n4\n5\n6\n7\n8\n");
    assert_eq!(hub.counts().sent_messages, 9);
}

#[test]
fn a_subscriber_that_keeps_up_gets_everything_in_order_under_every_policy() {
    for &policy in SlowPolicy::ALL {
        let (mut hub, topic) = hub(policy, 2, 4);
        let mut place = hub.subscribe(topic, Cursor::NOW, Format::Frame);
        for n in 0..10 {
            publish(&mut hub, topic, 2 * n..2 * n + 2);
            let expected = [(2 * n).to_string(), (2 * n + 1).to_string()];
            assert_eq!(drain(&mut hub, &mut place), expected, "{policy}");
        }
        assert_eq!(hub.counts().dropped.values().sum::<u64>(), 0, "{policy}");
    }
}

#[test]
fn a_subscriber_that_lags_meets_its_policy_and_is_told() {
    for (policy, expected, dropped, disconnected) in [
        (SlowPolicy::DropOldest, vec!["!gap 3", "3", "4"], 3, 0),
        (SlowPolicy::Conflate, vec!["!gap 4", "4"], 4, 0),
        (SlowPolicy::Disconnect, vec!["disconnect"], 0, 1),
    ] {
        let (mut hub, topic) = hub(policy, 2, 4);
        let mut place = hub.subscribe(topic, Cursor::NOW, Format::Frame);
        publish(&mut hub, topic, 0..5);
        assert_eq!(drain(&mut hub, &mut place), expected, "{policy}");
        assert_eq!(hub.counts().dropped[&policy], dropped, "{policy}");
        assert_eq!(hub.counts().disconnected, disconnected, "{policy}");
    }
}

#[test]
fn judging_at_each_publish_drops_no_more_than_judging_at_the_end() {
    for policy in [SlowPolicy::DropOldest, SlowPolicy::Conflate] {
        let (mut hub, topic) = hub(policy, 2, 4);
        let mut place = hub.subscribe(topic, Cursor::NOW, Format::Frame);
        for n in 0..7 {
            publish(&mut hub, topic, n..n + 1);
            assert!(hub.keeps(&mut place));
        }
        let seen = drain(&mut hub, &mut place);
        let dropped = hub.counts().dropped[&policy];
        assert_eq!(seen[0], format!("!gap {dropped}"), "{policy}");
        assert_eq!(seen.len() as u64 - 1 + dropped, 7, "{policy}");
        assert_eq!(seen.last().map(String::as_str), Some("6"), "{policy}");
    }
}

#[test]
fn a_subscriber_that_comes_back_is_not_judged_by_the_backlog_the_log_still_holds() {
    for &policy in SlowPolicy::ALL {
        let (mut hub, topic) = hub(policy, 2, 8);
        publish(&mut hub, topic, 0..8);
        let mut place = hub.subscribe(topic, at(1), Format::Frame);
        assert_eq!(drain(&mut hub, &mut place), ["1", "2", "3", "4", "5", "6", "7"], "{policy}");
    }
}

#[test]
fn a_backlog_that_falls_out_of_the_log_is_dropped_and_told() {
    let (mut hub, topic) = hub(SlowPolicy::DropOldest, 4, 4);
    publish(&mut hub, topic, 0..4);
    let mut place = hub.subscribe(topic, Cursor::OLDEST, Format::Frame);
    publish(&mut hub, topic, 4..6);
    assert_eq!(drain(&mut hub, &mut place), ["!gap 2", "2", "3", "4", "5"]);
}

#[test]
fn a_gap_from_before_the_subscription_is_known_at_once() {
    let (mut hub, topic) = hub(SlowPolicy::DropOldest, 2, 2);
    publish(&mut hub, topic, 0..5);
    let mut place = hub.subscribe(topic, at(1), Format::Frame);
    assert_eq!(place.take_gap(), 2);
    assert_eq!(hub.cursor(&place), at(3));
    assert_eq!(drain(&mut hub, &mut place), ["3", "4"]);
}

const NOON: Timestamp = Timestamp::from_nanos(1_000);
const LATER: Timestamp = Timestamp::from_nanos(2_000);

#[test]
fn a_poll_is_held_while_there_is_nothing_new_and_its_hold_is_not_over() {
    use Deliver::{Every, Latest};
    let held = || None;
    let empty = || Some(PollAnswer::Empty { next: at(5) });
    let body = |text, position, gap| Some(body(text, position, gap));
    for (deliver, after, now, expected) in [
        (Every, at(5), NOON, held()),
        (Every, at(5), LATER, empty()),
        (Every, Cursor::NOW, NOON, held()),
        (Every, at(4), NOON, body("4\n", 5, 0)),
        (Every, at(4), LATER, body("4\n", 5, 0)),
        (Every, at(0), NOON, body("2\n3\n4\n", 5, 2)),
        (Every, Cursor { epoch: 9, position: 5 }, NOON, body("2\n3\n4\n", 5, 2)),
        (Latest, at(5), NOON, held()),
        (Latest, at(5), LATER, empty()),
        (Latest, at(3), NOON, body("4", 5, 0)),
        (Latest, Cursor::OLDEST, NOON, body("4", 5, 0)),
    ] {
        for &unchanged in Unchanged::ALL {
            let (mut hub, topic) = hub(SlowPolicy::Conflate, 1, 3);
            publish(&mut hub, topic, 0..5);
            let settings = PollSettings { deliver, unchanged };
            let answer = hub.answer_long_poll(topic, after, settings, LATER, now);
            match (unchanged, &expected) {
                // Only what an answer without news looks like depends on it.
                (Unchanged::Resend | Unchanged::NotModified, Some(PollAnswer::Empty { .. })) => {}
                _ => assert_eq!(answer, expected, "{deliver} {unchanged} after {after}"),
            }
        }
    }
}

#[test]
fn a_poll_of_an_empty_topic_is_held_in_both_modes() {
    for &deliver in Deliver::ALL {
        let (mut hub, topic) = hub(SlowPolicy::Conflate, 1, 3);
        let settings = PollSettings { deliver, unchanged: Unchanged::Empty };
        let mut poll = |now| hub.answer_long_poll(topic, Cursor::OLDEST, settings, LATER, now);
        assert_eq!(poll(NOON), None, "{deliver}");
        assert_eq!(poll(LATER), Some(PollAnswer::Empty { next: at(0) }), "{deliver}");
    }
}

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
fn who_is_only_told_that_there_is_news_is_told_of_each() {
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
