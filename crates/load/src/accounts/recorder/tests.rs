//! Messages in and out of order, late, lost and altered, without a socket.

use pushbench_protocol::{Envelope, PublishNumber};

use super::*;
use crate::accounts::published::{Sent, digest};

const SECOND: u64 = 1_000_000_000;

/// One topic: a message each second from 0, two in the warm-up, four measured; the schedule
/// stood still for ten seconds between.
fn timeline() -> Timeline {
    Timeline {
        warm_up_at: Some(Timestamp::from_nanos(100 * SECOND)),
        measure_at: Some(Timestamp::from_nanos(112 * SECOND)),
        ..Timeline::new(Duration::from_secs(2), Duration::from_secs(6))
    }
}

fn due(number: u32) -> Timestamp {
    timeline().moment(Duration::from_secs(u64::from(number))).expect("begun")
}

fn payload(number: u32) -> Vec<u8> {
    Envelope { number: PublishNumber(number), due_at: due(number) }.encode().to_vec()
}

fn recorder(deliver: Deliver) -> Recorder {
    let count = TopicCount { warm_up: 2, all: 6, with_after: 8 };
    let topics: Arc<[TopicCount]> = Arc::from([count]);
    let published = Published::new(&topics);
    for number in 0..8 {
        let (due_at, digest) = (due(number), digest(&payload(number)));
        published.set(0, PublishNumber(number), Sent { sent_at: due_at, due_at, digest });
    }
    let mut recorder = Recorder::new(deliver, topics, Arc::new(published));
    recorder.subscriber_id(0);
    recorder
}

fn dues() -> [TopicDues; 1] {
    [TopicDues((0..6).map(Duration::from_secs).collect())]
}

/// Receives each message `delay` after it was due.
fn play(deliver: Deliver, arrival: Arrival, numbers: &[u32], delay: Duration) -> WorkerOutcome {
    let mut recorder = recorder(deliver);
    for &number in numbers {
        recorder.receive(0, &payload(number), due(number).plus(delay), arrival, &timeline());
    }
    recorder.finish(&timeline(), &dues(), true)
}

#[test]
fn whoever_holds_the_last_message_is_waited_for_no_more() {
    let mut recorder = recorder(Deliver::Latest);
    recorder.subscriber_id(0);
    let mut waiting = Vec::new();
    for (subscriber_id, number) in [(0, 4), (0, 5), (0, 5), (0, 7), (1, 3), (1, 7)] {
        let (payload, at) = (payload(number), due(number));
        recorder.receive(subscriber_id, &payload, at, Arrival::Polled, &timeline());
        let walked = (0..2).filter(|&id| !recorder.holds_last(id)).count() as u64;
        assert_eq!(recorder.waiting_for_last(), walked);
        waiting.push(walked);
    }
    assert_eq!(waiting, [2, 1, 1, 1, 1, 0]);
}

#[test]
fn all_in_order_is_nothing_lost_and_only_measured_messages_have_a_latency() {
    let half = Duration::from_millis(500);
    let outcome = play(Deliver::Every, Arrival::Pushed, &[0, 1, 2, 3, 4, 5], half);
    let counts = outcome.counts;
    assert_eq!((counts.expected, counts.delivered, counts.lost), (4, 4, 0));
    assert_eq!((counts.duplicates, counts.out_of_order), (0, 0));
    assert_eq!(outcome.latency.count(), 4);
    let mean = outcome.latency.mean().expect("samples").as_secs_f64();
    assert!((mean - 0.5).abs() < 0.001);
}

#[test]
fn a_gap_in_every_is_a_loss_and_a_late_filling_of_it_is_out_of_order() {
    let lost = play(Deliver::Every, Arrival::Pushed, &[0, 1, 2, 4, 5], Duration::ZERO).counts;
    assert_eq!((lost.delivered, lost.lost, lost.superseded), (3, 1, 0));
    let late = play(Deliver::Every, Arrival::Pushed, &[0, 1, 2, 4, 3, 5], Duration::ZERO).counts;
    assert_eq!((late.delivered, late.lost, late.out_of_order), (4, 0, 1));
}

#[test]
fn a_gap_in_latest_is_superseded_and_a_missing_end_is_lost() {
    let counts = play(Deliver::Latest, Arrival::Polled, &[1, 3, 4], Duration::ZERO).counts;
    assert_eq!((counts.delivered, counts.superseded, counts.lost), (2, 1, 1));
}

#[test]
fn a_repeat_is_a_duplicate_only_if_nobody_asked_for_it() {
    let pushed = play(Deliver::Latest, Arrival::Pushed, &[2, 2], Duration::ZERO).counts;
    let polled = play(Deliver::Latest, Arrival::Polled, &[2, 2], Duration::ZERO).counts;
    assert_eq!((pushed.duplicates, polled.duplicates), (1, 0));
}

#[test]
fn versions_that_came_in_swapped_order_are_out_of_order_and_no_duplicates() {
    let counts = play(Deliver::Latest, Arrival::Pushed, &[2, 4, 3, 5], Duration::ZERO).counts;
    assert_eq!((counts.out_of_order, counts.duplicates), (1, 0));
}

#[test]
fn an_older_version_that_is_pushed_again_is_a_duplicate_and_one_that_comes_late_is_not() {
    for (numbers, expected) in [
        (&[2, 4, 2][..], (0, 1)),
        (&[2, 4, 3, 3], (1, 1)),
        (&[2, 4, 3, 4], (1, 1)),
        (&[0, 5, 0, 1], (1, 1)),
    ] {
        let counts = play(Deliver::Latest, Arrival::Pushed, numbers, Duration::ZERO).counts;
        assert_eq!((counts.out_of_order, counts.duplicates), expected, "{numbers:?}");
    }
    // A poll that brings what was replaced goes back, also to what the client once had.
    let polled = play(Deliver::Latest, Arrival::Polled, &[2, 4, 2], Duration::ZERO).counts;
    assert_eq!((polled.out_of_order, polled.duplicates), (1, 0));
}

#[test]
fn what_is_not_as_it_was_sent_is_no_delivery_and_its_first_example_is_kept() {
    let mut recorder = recorder(Deliver::Every);
    let longer = [&payload(2)[..], b"x"].concat();
    for _ in 0..2 {
        let receipt = recorder.receive(0, &longer, due(3), Arrival::Pushed, &timeline());
        assert_eq!(receipt, Receipt::Altered);
    }
    let outcome = recorder.finish(&timeline(), &dues(), true);
    assert_eq!((outcome.counts.altered, outcome.counts.delivered), (2, 0));
    assert_eq!(outcome.latency.count(), 0);
    let first = outcome.counts.first_altered.expect("an example");
    assert!(first.starts_with("message 2 of topic 0 came with 17 bytes"), "{first}");
}

#[test]
fn what_arrives_before_it_was_due_is_a_fault_of_the_clock_and_no_latency_of_zero() {
    let mut recorder = recorder(Deliver::Every);
    recorder.receive(0, &payload(3), due(2), Arrival::Pushed, &timeline());
    let outcome = recorder.finish(&timeline(), &dues(), true);
    assert_eq!(outcome.counts.faults.get(&Fault::Clock), Some(&1));
    assert_eq!((outcome.latency.count(), outcome.service_time.count()), (0, 0));
}

#[test]
fn what_is_published_after_the_measure_phase_replaces_and_is_not_measured() {
    let counts = play(Deliver::Latest, Arrival::Polled, &[2, 7], Duration::ZERO).counts;
    assert_eq!((counts.expected, counts.delivered), (4, 1));
    assert_eq!((counts.superseded, counts.lost), (3, 0), "it holds something newer");
}

#[test]
fn a_trial_that_was_broken_off_expects_nothing_that_it_did_not_play() {
    for (numbers, expected) in [(&[0, 1][..], 0), (&[0, 1, 2, 3][..], 2)] {
        let mut recorder = recorder(Deliver::Every);
        for &number in numbers {
            let at = due(number);
            recorder.receive(0, &payload(number), at, Arrival::Pushed, &timeline());
        }
        let counts = recorder.finish(&timeline(), &dues(), false).counts;
        assert_eq!((counts.expected, counts.delivered, counts.lost), (expected, expected, 0));
    }
}

#[test]
fn messages_of_another_trial_are_foreign() {
    let mut recorder = recorder(Deliver::Latest);
    let old = Envelope { number: PublishNumber(2), due_at: Timestamp::from_nanos(5) };
    let beyond = Envelope { number: PublishNumber(6), due_at: due(5) };
    for bytes in [&old.encode()[..], &beyond.encode()[..], b"hello"] {
        let receipt = recorder.receive(0, bytes, due(5), Arrival::Polled, &timeline());
        assert_eq!(receipt, Receipt::Foreign);
    }
    assert_eq!(recorder.counts.foreign, 3);
}

#[test]
fn age_of_a_perfect_push_is_half_a_period_and_stillness_does_not_age() {
    let outcome = play(Deliver::Latest, Arrival::Pushed, &[0, 1, 2, 3, 4, 5], Duration::ZERO);
    let age = outcome.age.mean().expect("time passed") / 1e9;
    assert!((age - 0.5).abs() < 1e-9, "{age}");
    let behind = outcome.version_age.mean().expect("time passed");
    assert!(behind.abs() < 1e-9, "{behind}");
}

#[test]
fn a_client_that_holds_nothing_has_no_age_until_its_first_message() {
    let outcome = play(Deliver::Latest, Arrival::Pushed, &[4, 5], Duration::ZERO);
    assert_eq!(outcome.age.width_ns, 2_000_000_000, "{:?}", outcome.age);
    let behind = outcome.version_age.mean().expect("time passed");
    assert!(behind.abs() < 1e-9, "{behind}");
}

#[test]
fn age_and_version_age_grow_with_the_delay() {
    let delay = Duration::from_millis(500);
    let outcome = play(Deliver::Latest, Arrival::Pushed, &[0, 1, 2, 3, 4, 5], delay);
    let age = outcome.age.mean().expect("time passed") / 1e9;
    assert!((age - 1.0).abs() < 1e-9, "{age}");
    let behind = outcome.version_age.mean().expect("time passed");
    assert!((behind - 0.5).abs() < 1e-9, "{behind}");
}
