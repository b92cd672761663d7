//! What polls are given, at once or held.

use super::*;

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
