//! The requests that publish messages, and what becomes known of a message when it is sent.

use std::sync::Arc;

use pushbench_protocol::clock::Clock;
use pushbench_protocol::{Envelope, Timestamp, publish_head};
use pushbench_scenario::{Due, PayloadWriter};

use crate::accounts::published::{Published, Sent, digest};
use crate::accounts::turns::Late;
use crate::{Plan, PublisherOutcome};

/// Makes the requests of one publisher.
pub(crate) struct Messages {
    payloads: PayloadWriter,
    /// By topic.
    headers: Vec<Vec<u8>>,
    published: Arc<Published>,
    clock: Clock,
}

impl Messages {
    pub(crate) fn of(plan: &Plan, published: Arc<Published>, clock: Clock) -> Self {
        let workload = &plan.scenario.workload;
        let payload_len = workload.payload.bytes as usize;
        let token = plan.publish_token.as_deref();
        let head = |topic| publish_head(&plan.topic_name(topic), &plan.host, token, payload_len);
        let headers = (0..workload.topics.get()).map(|topic| head(topic).into_bytes()).collect();
        Self { payloads: PayloadWriter::of(workload), headers, published, clock }
    }

    /// Makes the request that publishes a message, takes note of what it is, and gives when that was.
    pub(crate) fn fill(&self, topic: u32, envelope: Envelope, buffer: &mut Vec<u8>) -> Timestamp {
        buffer.clear();
        buffer.extend_from_slice(&self.headers[topic as usize]);
        self.payload(topic, envelope, buffer)
    }

    /// Appends what a message publishes, and the rest of the same.
    pub(crate) fn payload(
        &self,
        topic: u32,
        envelope: Envelope,
        buffer: &mut Vec<u8>,
    ) -> Timestamp {
        let head = buffer.len();
        self.payloads.write(envelope, buffer);
        let digest = digest(&buffer[head..]);
        let sent_at = self.clock.now();
        let sent = Sent { sent_at, due_at: envelope.due_at, digest };
        self.published.set(topic, envelope.number, sent);
        sent_at
    }
}

impl PublisherOutcome {
    /// A request of so many bytes has been written.
    pub(crate) fn has_sent(&mut self, bytes: usize) {
        *self.bytes_up.get_or_insert(0) += bytes as u64;
        self.published += 1;
    }

    /// One that is due in the measure phase was sent so late.
    pub(crate) fn is_late(&mut self, late: Late) {
        self.published_in_measure += 1;
        self.lateness.record(late.own);
        self.kept_waiting.record(late.kept);
    }

    /// Adds what was sent in another way, by whom this is told.
    pub(crate) fn add(&mut self, other: Self) {
        self.published += other.published;
        self.published_in_measure += other.published_in_measure;
        self.lateness.merge(&other.lateness);
        self.kept_waiting.merge(&other.kept_waiting);
        for (fault, count) in other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        for (fault, unexpected) in other.unexpected {
            self.unexpected.entry(fault).or_insert(unexpected);
        }
    }
}

/// Whether a message is due in the measure phase, where it is of interest how late it is.
pub(crate) fn is_measured(plan: &Plan, due: Due) -> bool {
    (plan.warm_up_end()..plan.measure_end()).contains(&due.at)
}
