//! What one trial of the load generator is to do.

use std::net::SocketAddr;
use std::time::Duration;

use pushbench_protocol::{Cursor, TopicName};
use pushbench_scenario::{Carriage, Due, Scenario, TransportSettings};

/// What one trial of the load generator is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenario, with the seed of this round.
    pub scenario: Scenario,
    /// The transport that answers.
    pub transport: TransportSettings,
    /// What carries it.
    pub carriage: Carriage,
    /// Where the server listens.
    pub target: SocketAddr,
    /// The `Host` field: name and port of the target.
    pub host: String,
    /// `Authorization: Bearer` of the publisher, where the server asks for one.
    pub publish_token: Option<String>,
    /// Every message of the trial, earliest first.
    pub dues: Vec<Due>,
    /// Where each topic's subscribers begin; one entry for each topic.
    pub start_cursors: Vec<Cursor>,
    /// Threads that play clients.
    pub workers: u32,
    /// Clients that may share one loopback source address.
    pub clients_per_address: u32,
}

impl Plan {
    /// Topic of a client.
    pub fn topic_of(&self, client: u32) -> u32 {
        client % self.scenario.workload.topics.get()
    }

    /// Name of a topic.
    pub fn topic_name(topic: u32) -> TopicName {
        TopicName::numbered(topic)
    }

    /// End of the warm-up on the schedule.
    pub fn warm_up_end(&self) -> Duration {
        self.scenario.workload.warm_up
    }

    /// End of the measure phase on the schedule.
    pub fn measure_end(&self) -> Duration {
        self.scenario.workload.warm_up + self.scenario.workload.measure
    }

    /// For each topic, how many messages are due in the warm-up and how many in all.
    pub fn topic_counts(&self) -> Vec<TopicCount> {
        let mut counts = vec![TopicCount::default(); self.scenario.workload.topics.get() as usize];
        for due in &self.dues {
            let count = &mut counts[due.topic as usize];
            count.all += 1;
            if due.at < self.warm_up_end() {
                count.warm_up += 1;
            }
        }
        counts
    }
}

/// Messages of one topic. Numbers below `warm_up` are the warm-up's, those from there to `all` are
/// measured.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TopicCount {
    /// Due in the warm-up.
    pub warm_up: u32,
    /// Due in warm-up and measure phase.
    pub all: u32,
}
