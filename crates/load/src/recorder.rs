//! What subscribers received: deliveries, order, latency, age. Pure: every time is an argument.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pushbench_protocol::{Deliver, Envelope, Timestamp};

use crate::outcome::{Counts, Outcome, TimeAverage};
use crate::plan::TopicCount;
use crate::timeline::Timeline;
use pushbench_stats::Histogram;

/// When each message was sent, written by the publisher and read by all workers.
///
/// One slot for each message of the trial, so nobody waits for anybody. Zero is "not yet".
#[derive(Debug)]
pub(crate) struct PublishTimes {
    first_of_topic: Vec<usize>,
    sent_at: Vec<AtomicU64>,
}

impl PublishTimes {
    pub(crate) fn new(topics: &[TopicCount]) -> Self {
        let mut first_of_topic = Vec::with_capacity(topics.len());
        let mut len = 0;
        for topic in topics {
            first_of_topic.push(len);
            len += topic.all as usize;
        }
        Self { first_of_topic, sent_at: (0..len).map(|_| AtomicU64::new(0)).collect() }
    }

    pub(crate) fn set(&self, topic: u32, number: u32, at: Timestamp) {
        self.sent_at[self.first_of_topic[topic as usize] + number as usize]
            .store(at.as_nanos(), Ordering::Relaxed);
    }

    fn of(&self, topic: u32, number: u32) -> Option<Timestamp> {
        let slot = &self.sent_at[self.first_of_topic[topic as usize] + number as usize];
        match slot.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Timestamp::from_nanos(nanos)),
        }
    }
}

/// What a message was to the client that received it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Receipt {
    /// Its first copy here.
    New,
    /// The client had it, or one that replaces it.
    Repeat,
    /// No message of this trial.
    Foreign,
}

/// Whether a message was asked for; a repeat that was asked for is no duplicate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Arrival {
    /// In an answer.
    Polled,
    /// Unasked.
    Pushed,
}

/// One client's place among the messages of its topic.
#[derive(Clone, Debug)]
struct Seat {
    topic: u32,
    /// Number after the newest received.
    next: u32,
    /// Numbers before `next` that have not come (`every`).
    missing: Vec<u32>,
    /// Deliveries of the measured population.
    delivered: u32,
    newest_due: Timestamp,
    /// When the first message came.
    held_from: Timestamp,
    /// Until when age has been added up.
    aged_until: Timestamp,
}

/// Everything that the clients of one worker received.
#[derive(Debug)]
pub(crate) struct Recorder {
    deliver: Deliver,
    topics: Arc<[TopicCount]>,
    publish_times: Arc<PublishTimes>,
    seats: Vec<Seat>,
    pub(crate) counts: Counts,
    latency: Histogram,
    service_time: Histogram,
    pub(crate) connect_tcp: Histogram,
    pub(crate) connect_tls: Histogram,
    pub(crate) connect_upgrade: Histogram,
    pub(crate) poll_lateness: Histogram,
    pub(crate) poll_kept_waiting: Histogram,
    age: TimeAverage,
    /// Numbers held times seconds, to be taken from the versions there were.
    held: TimeAverage,
}

impl Recorder {
    pub(crate) fn new(
        deliver: Deliver,
        topics: Arc<[TopicCount]>,
        publish_times: Arc<PublishTimes>,
    ) -> Self {
        Self {
            deliver,
            topics,
            publish_times,
            seats: Vec::new(),
            counts: Counts::default(),
            latency: Histogram::new(),
            service_time: Histogram::new(),
            connect_tcp: Histogram::new(),
            connect_tls: Histogram::new(),
            connect_upgrade: Histogram::new(),
            poll_lateness: Histogram::new(),
            poll_kept_waiting: Histogram::new(),
            age: TimeAverage::default(),
            held: TimeAverage::default(),
        }
    }

    /// Seats a client of `topic`; gives its place here.
    pub(crate) fn seat(&mut self, topic: u32) -> usize {
        self.seats.push(Seat {
            topic,
            next: 0,
            missing: Vec::new(),
            delivered: 0,
            newest_due: Timestamp::default(),
            held_from: Timestamp::default(),
            aged_until: Timestamp::default(),
        });
        self.seats.len() - 1
    }

    /// Books a message that `seat` has received whole at `received_at`.
    pub(crate) fn receive(
        &mut self,
        seat: usize,
        payload: &[u8],
        received_at: Timestamp,
        arrival: Arrival,
        timeline: &Timeline,
    ) -> Receipt {
        let topic_index = self.seats[seat].topic;
        let topic = self.topics[topic_index as usize];
        let began = timeline.warm_up_at.unwrap_or(received_at);
        let Some(envelope) = Envelope::decode(payload)
            .filter(|envelope| envelope.number.0 < topic.all && envelope.due_at >= began)
        else {
            self.counts.foreign += 1;
            return Receipt::Foreign;
        };
        let number = envelope.number.0;
        let place = &mut self.seats[seat];
        if number < place.next {
            if let Some(at) = place.missing.iter().position(|&missing| missing == number) {
                place.missing.swap_remove(at);
                self.counts.out_of_order += 1;
            } else {
                match arrival {
                    Arrival::Pushed => self.counts.duplicates += 1,
                    Arrival::Polled if self.deliver == Deliver::Every => {
                        self.counts.duplicates += 1;
                    }
                    Arrival::Polled if number + 1 < place.next => self.counts.out_of_order += 1,
                    Arrival::Polled => {}
                }
                return Receipt::Repeat;
            }
        } else {
            if self.deliver == Deliver::Every {
                place.missing.extend(place.next..number);
            }
            self.advance(seat, received_at, timeline);
            let place = &mut self.seats[seat];
            if place.next == 0 {
                // A client that holds nothing has no age: it begins here.
                place.held_from = received_at;
                place.aged_until = received_at;
            }
            place.next = number + 1;
            place.newest_due = envelope.due_at;
        }
        let measured = number >= topic.warm_up;
        if measured {
            self.seats[seat].delivered += 1;
            self.latency.record(received_at.since(envelope.due_at));
            if let Some(sent_at) = self.publish_times.of(topic_index, number) {
                self.service_time.record(received_at.since(sent_at));
            }
        }
        Receipt::New
    }

    /// Whether a client holds the last message of its topic, so that nothing more is to come.
    pub(crate) fn holds_last(&self, seat: usize) -> bool {
        let seat = &self.seats[seat];
        seat.next >= self.topics[seat.topic as usize].all
    }

    /// Clients that do not yet hold the last message of their topic.
    pub(crate) fn waiting_for_last(&self) -> u64 {
        (0..self.seats.len()).filter(|&seat| !self.holds_last(seat)).count() as u64
    }

    /// Adds up a client's age until `now`, within the measure phase.
    fn advance(&mut self, seat: usize, now: Timestamp, timeline: &Timeline) {
        let place = &mut self.seats[seat];
        let (Some(begin), Some(end)) = (timeline.measure_at, timeline.measure_ends_at()) else {
            return;
        };
        let from = place.aged_until.max(begin);
        let until = now.min(end);
        if place.next == 0 || until <= from {
            return;
        }
        let born = on_schedule(place.newest_due, timeline);
        let seconds = until.since(from).as_secs_f64();
        // The age grows from `from` to `until`: its mean there is that of the two ends.
        let mean = (from.since(born) + until.since(born)).as_secs_f64() / 2.0;
        self.age += TimeAverage { area: mean * seconds, seconds };
        self.held += TimeAverage { area: f64::from(place.next) * seconds, seconds };
        place.aged_until = until;
    }

    /// Closes the books: what is expected and has not come is lost or superseded.
    pub(crate) fn finish(mut self, timeline: &Timeline, published: &[TopicDues]) -> Outcome {
        let end = timeline.measure_ends_at();
        let mut version_area = 0.0;
        for seat in 0..self.seats.len() {
            if let Some(end) = end {
                self.advance(seat, end, timeline);
            }
            let place = &self.seats[seat];
            let topic = self.topics[place.topic as usize];
            if place.next > 0 {
                let from = timeline.place(place.held_from);
                version_area +=
                    published[place.topic as usize].versions_times_seconds(from, timeline);
            }
            let expected = u64::from(topic.all - topic.warm_up);
            let delivered = u64::from(place.delivered);
            let after_newest = u64::from(topic.all - place.next.max(topic.warm_up));
            let lost = match self.deliver {
                Deliver::Every => expected - delivered,
                Deliver::Latest => after_newest,
            };
            self.counts.expected += expected;
            self.counts.delivered += delivered;
            self.counts.lost += lost;
            self.counts.superseded += expected - delivered - lost;
        }
        let version_age =
            TimeAverage { area: version_area - self.held.area, seconds: self.held.seconds };
        Outcome {
            counts: self.counts,
            latency: self.latency,
            service_time: self.service_time,
            connect_tcp: self.connect_tcp,
            connect_tls: self.connect_tls,
            connect_upgrade: self.connect_upgrade,
            poll_lateness: self.poll_lateness,
            poll_kept_waiting: self.poll_kept_waiting,
            age: self.age,
            version_age,
            ..Outcome::default()
        }
    }
}

/// When the messages of one topic are due, on the schedule.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TopicDues(pub(crate) Vec<Duration>);

impl TopicDues {
    /// Versions that there were, times the seconds that there were so many, in the measure phase
    /// from `from` on.
    fn versions_times_seconds(&self, from: Duration, timeline: &Timeline) -> f64 {
        let from = from.max(timeline.warm_up_end);
        self.0
            .iter()
            .map(|&at| timeline.measure_end.saturating_sub(at.max(from)).as_secs_f64())
            .sum()
    }
}

/// A due moment of the warm-up, moved past the time for which the schedule stood still, so that the
/// stillness ages nothing.
fn on_schedule(due_at: Timestamp, timeline: &Timeline) -> Timestamp {
    match (timeline.warm_up_at, timeline.measure_at) {
        (Some(warm_up_at), Some(measure_at)) if due_at < measure_at => {
            let still = measure_at.since(warm_up_at.plus(timeline.warm_up_end));
            due_at.plus(still)
        }
        _ => due_at,
    }
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::PublishNumber;

    use super::*;

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
        let topics: Arc<[TopicCount]> = Arc::from([TopicCount { warm_up: 2, all: 6 }]);
        let times = Arc::new(PublishTimes::new(&topics));
        let mut recorder = Recorder::new(deliver, topics, times);
        recorder.seat(0);
        recorder
    }

    fn dues() -> [TopicDues; 1] {
        [TopicDues((0..6).map(Duration::from_secs).collect())]
    }

    /// Receives each message `delay` after it was due.
    fn play(deliver: Deliver, arrival: Arrival, numbers: &[u32], delay: Duration) -> Outcome {
        let mut recorder = recorder(deliver);
        for &number in numbers {
            recorder.receive(0, &payload(number), due(number).plus(delay), arrival, &timeline());
        }
        recorder.finish(&timeline(), &dues())
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
        let late =
            play(Deliver::Every, Arrival::Pushed, &[0, 1, 2, 4, 3, 5], Duration::ZERO).counts;
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
        let age = outcome.age.mean().expect("time passed");
        assert!((age - 0.5).abs() < 1e-9, "{age}");
        let behind = outcome.version_age.mean().expect("time passed");
        assert!(behind.abs() < 1e-9, "{behind}");
    }

    #[test]
    fn a_client_that_holds_nothing_has_no_age_until_its_first_message() {
        let outcome = play(Deliver::Latest, Arrival::Pushed, &[4, 5], Duration::ZERO);
        assert!((outcome.age.seconds - 2.0).abs() < 1e-9, "{:?}", outcome.age);
        let behind = outcome.version_age.mean().expect("time passed");
        assert!(behind.abs() < 1e-9, "{behind}");
    }

    #[test]
    fn age_and_version_age_grow_with_the_delay() {
        let delay = Duration::from_millis(500);
        let outcome = play(Deliver::Latest, Arrival::Pushed, &[0, 1, 2, 3, 4, 5], delay);
        let age = outcome.age.mean().expect("time passed");
        assert!((age - 1.0).abs() < 1e-9, "{age}");
        let behind = outcome.version_age.mean().expect("time passed");
        assert!((behind - 0.5).abs() < 1e-9, "{behind}");
    }
}
