//! The hub's rules as tables: no socket, no clock.

use std::num::NonZeroU32;
use std::time::Duration;

use pushbench_protocol::{Deliver, Unchanged};

use super::*;

mod formats;
mod polls;
mod subscribers;

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
