//! What subscribers received: deliveries, order, latency. Pure: every time is an argument.

use std::sync::Arc;
use std::time::Duration;

use pushbench_protocol::{Deliver, PublishNumber, Timestamp};

use crate::Fault;
use crate::accounts::age::{Ages, Holding, TopicDues};
use crate::accounts::gaps::Gaps;
use crate::accounts::published::Published;
use crate::accounts::receipt::{Arrival, Receipt, identify};
use crate::accounts::recent::Recent;
use crate::accounts::theirs::{Backwards, Had, took};
use crate::accounts::timeline::Timeline;
use crate::outcome::{Counts, WorkerOutcome};
use crate::plan::TopicCount;
use crate::so_far::SoFar;
use pushbench_stats::Histogram;
use pushbench_wire::Ledger;

/// One client's place among the messages of its topic.
#[derive(Clone, Debug)]
struct SubscriberState {
    topic: u32,
    /// Numbers before the newest received that have not come (`every`).
    missing: Vec<u32>,
    /// Which of the last numbers before the newest have come (`latest`).
    recent: Recent,
    /// Deliveries of the measured population.
    delivered: u32,
    holding: Holding,
    /// What it has had of a server that publishes by itself, if it is one's.
    had: Option<Box<Had>>,
}

/// Everything that the clients of one worker received.
#[derive(Debug)]
pub(crate) struct Recorder {
    deliver: Deliver,
    topics: Arc<[TopicCount]>,
    published: Arc<Published>,
    subscriber_ids: Vec<SubscriberState>,
    /// Clients that do not yet hold the last message of their topic.
    waiting_for_last: u64,
    pub(crate) counts: Counts,
    latency: Histogram,
    latency_sum: Duration,
    service_time: Histogram,
    pub(crate) connect_tcp: Histogram,
    pub(crate) connect_tls: Histogram,
    pub(crate) connect_upgrade: Histogram,
    pub(crate) poll_lateness: Histogram,
    pub(crate) poll_kept_waiting: Histogram,
    pub(crate) response_time: Histogram,
    ages: Ages,
    /// Of tokens alone.
    gaps: Option<Gaps>,
}

impl Recorder {
    pub(crate) fn new(
        deliver: Deliver,
        topics: Arc<[TopicCount]>,
        published: Arc<Published>,
    ) -> Self {
        Self {
            deliver,
            topics,
            published,
            subscriber_ids: Vec::new(),
            waiting_for_last: 0,
            counts: Counts::default(),
            latency: Histogram::new(),
            latency_sum: Duration::ZERO,
            service_time: Histogram::new(),
            connect_tcp: Histogram::new(),
            connect_tls: Histogram::new(),
            connect_upgrade: Histogram::new(),
            poll_lateness: Histogram::new(),
            poll_kept_waiting: Histogram::new(),
            response_time: Histogram::new(),
            ages: Ages::default(),
            gaps: None,
        }
    }

    /// The same for messages that are tokens, whose gaps are recorded too.
    pub(crate) fn of_tokens(self) -> Self {
        Self { gaps: Some(Gaps::default()), ..self }
    }

    /// Seats a client of `topic`; gives its place here.
    pub(crate) fn subscriber_id(&mut self, topic: u32) -> usize {
        self.waiting_for_last += u64::from(self.topics[topic as usize].all > 0);
        self.subscriber_ids.push(SubscriberState {
            topic,
            missing: Vec::new(),
            recent: Recent::default(),
            delivered: 0,
            holding: Holding::default(),
            had: None,
        });
        self.subscriber_ids.len() - 1
    }

    /// Books a message that `subscriber_id` has received whole at `received_at`.
    pub(crate) fn receive(
        &mut self,
        subscriber_id: usize,
        payload: &[u8],
        received_at: Timestamp,
        arrival: Arrival,
        timeline: &Timeline,
    ) -> Receipt {
        let topic_index = self.subscriber_ids[subscriber_id].topic;
        let topic = self.topics[topic_index as usize];
        let (number, sent) = match identify(&self.published, &mut self.counts, topic_index, payload)
        {
            Ok((PublishNumber(number), sent)) => (number, sent),
            Err(receipt) => return receipt,
        };
        let place = &mut self.subscriber_ids[subscriber_id];
        if number < place.holding.next {
            let [late, newest] = [number, place.holding.next - 1].map(PublishNumber);
            let came_late =
                |counts: &mut Counts| match self.published.is_before(topic_index, late, newest) {
                    true => counts.out_of_order += 1,
                    false => counts.overtaken += 1,
                };
            if let Some(at) = place.missing.iter().position(|&missing| missing == number) {
                place.missing.swap_remove(at);
                came_late(&mut self.counts);
            } else {
                let age = place.holding.next - 1 - number;
                match arrival {
                    _ if self.deliver == Deliver::Every => self.counts.duplicates += 1,
                    // Sent again, whatever has come since.
                    Arrival::Pushed if place.recent.has(age) => self.counts.duplicates += 1,
                    // Replaced before it came.
                    _ if age > 0 => came_late(&mut self.counts),
                    Arrival::Pushed => self.counts.duplicates += 1,
                    Arrival::Polled => {}
                }
                place.recent.has_come(age);
                return Receipt::Repeat;
            }
        } else {
            if self.deliver == Deliver::Every {
                place.missing.extend(place.holding.next..number);
            }
            place.recent.move_on(number + 1 - place.holding.next);
            let is_last = place.holding.next < topic.all && number + 1 >= topic.all;
            self.waiting_for_last -= u64::from(is_last);
            self.ages.take(&mut place.holding, number + 1, sent.due_at, received_at, timeline);
            if let Some(gaps) = &mut self.gaps {
                let is_measured = (topic.warm_up..topic.all).contains(&number);
                gaps.take(subscriber_id, received_at, is_measured);
            }
        }
        if (topic.warm_up..topic.all).contains(&number) {
            self.subscriber_ids[subscriber_id].delivered += 1;
            if received_at < sent.due_at || received_at < sent.sent_at {
                // Nothing arrives before it is sent: clocks that are not one have no latency between
                // them, and zero would be the best there is.
                self.counts.fail(Fault::Clock, false);
            } else {
                self.take_latency(received_at.since(sent.due_at));
                self.service_time.record(received_at.since(sent.sent_at));
            }
        }
        Receipt::New
    }

    /// Books a message of a server that publishes by itself, with what the server says of it: its id,
    /// and when it was sent.
    pub(crate) fn receive_theirs(
        &mut self,
        subscriber_id: usize,
        (id, sent_at): (Option<&[u8]>, Option<Timestamp>),
        received_at: Timestamp,
        arrival: Arrival,
        timeline: &Timeline,
    ) -> Receipt {
        let had = self.subscriber_ids[subscriber_id].had.get_or_insert_default();
        if !id.is_none_or(|id| had.is_new(id)) {
            self.counts.duplicates += u64::from(arrival == Arrival::Pushed);
            return Receipt::Repeat;
        }
        match sent_at.and_then(|sent_at| took(sent_at, received_at, timeline.measure_at)) {
            None => {}
            Some(Ok(took)) => {
                // It was due when it was sent, as far as anybody knows.
                self.take_latency(took);
                self.service_time.record(took);
            }
            Some(Err(Backwards)) => self.counts.fail(Fault::Clock, false),
        }
        Receipt::New
    }

    fn take_latency(&mut self, latency: Duration) {
        self.latency.record(latency);
        self.latency_sum = self.latency_sum.saturating_add(latency);
    }

    /// What the measure phase has brought so far. Takes no longer the more there is.
    pub(crate) fn so_far(&self, ledger: &Ledger) -> SoFar {
        SoFar::of(ledger, self.latency_sum, self.latency.count())
    }

    /// Whether a client holds the last message of its topic, so that nothing more is to come.
    pub(crate) fn holds_last(&self, subscriber_id: usize) -> bool {
        let subscriber_id = &self.subscriber_ids[subscriber_id];
        subscriber_id.holding.next >= self.topics[subscriber_id.topic as usize].all
    }

    /// Clients that do not yet hold the last message of their topic.
    pub(crate) fn waiting_for_last(&self) -> u64 {
        self.waiting_for_last
    }

    /// Closes the books: what is expected and has not come is lost or superseded. A trial that was
    /// broken off expects of each client what was due up to the newest that it holds: nobody waited
    /// for the rest, and some of it was never due.
    pub(crate) fn finish(
        mut self,
        timeline: &Timeline,
        published: &[TopicDues],
        is_complete: bool,
    ) -> WorkerOutcome {
        for subscriber_id in 0..self.subscriber_ids.len() {
            let place = &mut self.subscriber_ids[subscriber_id];
            let topic = self.topics[place.topic as usize];
            self.ages.finish(&mut place.holding, &published[place.topic as usize], timeline);
            let newest = place.holding.next.clamp(topic.warm_up, topic.all);
            let end = if is_complete { topic.all } else { newest };
            let expected = u64::from(end - topic.warm_up);
            let delivered = u64::from(place.delivered);
            let after_newest = u64::from(end - newest);
            let lost = match self.deliver {
                Deliver::Every => expected - delivered,
                Deliver::Latest => after_newest,
            };
            self.counts.expected += expected;
            self.counts.delivered += delivered;
            self.counts.lost += lost;
            self.counts.superseded += expected - delivered - lost;
        }
        WorkerOutcome {
            counts: self.counts,
            latency: self.latency,
            service_time: self.service_time,
            connect_tcp: self.connect_tcp,
            connect_tls: self.connect_tls,
            connect_upgrade: self.connect_upgrade,
            poll_lateness: self.poll_lateness,
            poll_kept_waiting: self.poll_kept_waiting,
            response_time: self.response_time,
            gap: self.gaps.map(Gaps::finish).unwrap_or_default(),
            age: self.ages.age(),
            version_age: self.ages.version_age(),
            ..WorkerOutcome::default()
        }
    }
}

#[cfg(test)]
mod tests {

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
}
