//! What a scenario's messages take in the server's logs.

use pushbench_protocol::logs::message_bytes;

use crate::{Scenario, Workload};

/// Bytes of the server's logs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LogNeeds {
    /// Of one topic.
    pub topic: u64,
    /// Of all topics.
    pub total: u64,
}

impl LogNeeds {
    /// What the logs of a scenario hold when they hold most: as many messages as each topic keeps,
    /// or as many as are published.
    pub fn of(scenario: &Scenario) -> Self {
        let workload = &scenario.workload;
        let kept = u64::from(scenario.server.log.get()).min(most_published(workload));
        let each = message_bytes(u64::from(workload.payload.bytes));
        let topic = kept.saturating_mul(each);
        Self { topic, total: topic.saturating_mul(u64::from(workload.topics.get())) }
    }
}

/// Messages of one topic in a whole trial, with room for arrivals that lie closer than usual and for
/// those that are published beyond its end.
fn most_published(workload: &Workload) -> u64 {
    let trial = workload.warm_up + workload.measure + workload.drain;
    let usual = workload.publish.rate.per_second() * trial.as_secs_f64();
    // Beyond 2^53 no log keeps as many.
    (usual + 6.0 * usual.sqrt() + 16.0).ceil() as u64
}
