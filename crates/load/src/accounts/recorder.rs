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
    pub(crate) reconnect_time: Histogram,
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
            reconnect_time: Histogram::new(),
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
            reconnect_time: self.reconnect_time,
            gap: self.gaps.map(Gaps::finish).unwrap_or_default(),
            age: self.ages.age(),
            version_age: self.ages.version_age(),
            ..WorkerOutcome::default()
        }
    }
}

#[cfg(test)]
mod tests;
