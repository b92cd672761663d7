//! What subscribers are given who keep up, and who lag.

use super::*;

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
