//! What one trial of the load generator is to do.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use pushbench_adapter::{Transport, Values};
use pushbench_link::Namespace;
use pushbench_protocol::headers::HeadTarget;
use pushbench_protocol::{
    Arrival, Cursor, Deliver, Timestamp, TlsUse, TopicName, TopicNames, Unchanged,
};
use pushbench_scenario::{Carriage, Due, Scenario, Shard, TransportSettings, source_address};
use pushbench_tls::Connector;

use crate::publish_to::{PublishTo, of_now};

/// What one trial of the load generator is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenario, with the seed of this round.
    pub scenario: Scenario,
    /// The transport that answers.
    pub transport: TransportSettings,
    /// What carries it.
    pub carriage: Carriage,
    /// Where the server listens for the publisher, and for subscribers unless `tls` says otherwise.
    pub target: SocketAddr,
    /// The `Host` field: name and port of the target.
    pub host: String,
    /// Where subscribers connect by TLS; there exactly if the carriage says so.
    pub tls: Option<TlsTarget>,
    /// The proxy that subscribers connect to in place of the server; `None` without one, and in TLS.
    pub via: Option<Via>,
    /// `Authorization: Bearer` of the publisher, where the server asks for one.
    pub publish_token: Option<String>,
    /// Every message of the trial, earliest first. What is due after the measure phase is published
    /// on, unmeasured, while the drain waits for clients that would wait longer without it.
    pub dues: Vec<Due>,
    /// What the topics are called.
    pub topic_names: TopicNames,
    /// Where each topic's subscribers begin; one entry for each topic.
    pub start_cursors: Vec<Cursor>,
    /// The clients of the scenario that are played here.
    pub shard: Shard,
    /// Threads that play them.
    pub workers: u32,
    /// Clients that may share one loopback source address.
    pub clients_per_address: u32,
    /// Where the clients' threads are, if not where the conductor is: the far end of a link.
    pub namespace: Option<Arc<Namespace>>,
    /// How a third-party server is spoken to; `None` of our own.
    pub adapted: Option<Arc<Adapted>>,
}

/// How a third-party server is spoken to.
#[derive(Clone, Debug)]
pub struct Adapted {
    /// The transport as the server's adapter describes it.
    pub transport: Arc<Transport>,
    /// What its templates are filled with, for each topic: the topic's channel and what the scenario
    /// sets. What is each client's own is set when it begins.
    pub values: Vec<Values>,
    /// The path of the server's URL, without a slash at its end; what requests ask for is below it.
    pub base: String,
    /// Where it is published to, unless subscribers do so or the server itself.
    pub publish_to: PublishTo,
}

impl Adapted {
    /// What the templates of one client are filled with as it begins: those of its topic, and its own.
    pub(crate) fn values_of(&self, plan: &Plan, topic: u32, client: u64, now: Timestamp) -> Values {
        let mut values = self.values[topic as usize].clone();
        values.set("client", client.to_string());
        values.set("host", plan.head_target("/").host);
        for (name, value) in of_now(self.publish_to.calendar, now) {
            values.set(name, value);
        }
        values
    }
}

/// A proxy in front of the server. The publisher is beside the server, and does not go through it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Via {
    /// Where it listens.
    pub address: SocketAddr,
    /// The `Host` field: that of the proxy, as its clients know no other.
    pub host: String,
}

/// Where subscribers connect by TLS.
#[derive(Clone, Debug)]
pub struct TlsTarget {
    /// Where the server listens.
    pub address: SocketAddr,
    /// The `Host` field.
    pub host: String,
    /// Makes the connections; it forgets every session.
    pub connector: Connector,
}

impl Plan {
    /// The source address that is a client's own, where there are enough of them.
    pub(crate) fn source_of(&self, client: u32) -> Option<Ipv4Addr> {
        let target = self.subscribers_target();
        let has_many = target.is_ipv4() && target.ip().is_loopback();
        has_many.then(|| source_address(client, self.clients_per_address))
    }

    /// The path of a client's WebSocket: behind `after`, or from where its topic's subscribers begin.
    pub(crate) fn websocket_path(&self, client: u32, after: Option<Cursor>) -> String {
        let topic = self.topic_of(client);
        let after = after.unwrap_or(self.start_cursors[topic as usize]);
        self.topic_name(topic).websocket_path(after)
    }

    /// Clients that are played here.
    pub fn clients(&self) -> u32 {
        self.shard.clients(&self.scenario.workload, self.carriage.clients_per_connection).count()
            as u32
    }

    /// Connections, or pairs of them, that these share out.
    pub fn connections(&self) -> u32 {
        let shared_by = self.carriage.clients_per_connection.get();
        self.shard.groups(self.scenario.workload.clients.get().div_ceil(shared_by))
    }

    /// Where subscribers connect.
    pub fn subscribers_target(&self) -> SocketAddr {
        let target = self.via.as_ref().map_or(self.target, |via| via.address);
        self.tls.as_ref().map_or(target, |tls| tls.address)
    }

    /// Whether each connection resumes a session of the client's own.
    pub(crate) fn resumes(&self) -> bool {
        match self.carriage.tls {
            TlsUse::None | TlsUse::Full => false,
            TlsUse::Resumed => true,
        }
    }

    /// Whether the server publishes by itself, so that nothing is due.
    pub fn publishes_by_itself(&self) -> bool {
        self.adapted.as_ref().is_some_and(|adapted| adapted.transport.publishes_by_itself())
    }

    /// What the heads of subscribers are filled with.
    pub fn head_target<'a>(&'a self, path: &'a str) -> HeadTarget<'a> {
        HeadTarget {
            path,
            host: match (&self.tls, &self.via) {
                (Some(tls), _) => &tls.host,
                (None, Some(via)) => &via.host,
                (None, None) => &self.host,
            },
            secure: self.tls.is_some(),
            cookie_bytes: self.scenario.headers.cookie_bytes,
        }
    }

    /// Topic of a client.
    pub fn topic_of(&self, client: u32) -> u32 {
        self.scenario.workload.topic_of(client)
    }

    /// The scheme of the target's address.
    pub fn scheme(&self) -> &'static str {
        match self.carriage.tls {
            TlsUse::None => "http",
            TlsUse::Full | TlsUse::Resumed => "https",
        }
    }

    /// Name of a topic.
    pub fn topic_name(&self, topic: u32) -> TopicName {
        self.topic_names.name(topic)
    }

    /// Whether the server's clock moves bytes where nothing is published and no poll is due: holds
    /// end, heartbeats are sent. Of a third-party server that is not known beforehand.
    pub fn has_server_clock(&self) -> bool {
        let is_held = self.transport.kind().properties().arrival == Arrival::Held;
        is_held || self.transport.heartbeat().is_some() || self.adapted.is_some()
    }

    /// End of the warm-up on the schedule.
    pub fn warm_up_end(&self) -> Duration {
        self.scenario.workload.warm_up
    }

    /// Until when on the schedule this scenario's messages are due for a transport: to the end of the
    /// drain where a version waits until somebody asks, or until conflation lets the newest pass.
    /// Without newer ones the last of the measure phase would wait for longer than any before it.
    pub fn publish_until(scenario: &Scenario, transport: TransportSettings) -> Duration {
        let workload = &scenario.workload;
        let end = workload.warm_up + workload.measure;
        let waits = transport.kind().has_timer() || transport.conflate().is_some();
        match workload.deliver {
            Deliver::Latest if waits => end + workload.drain,
            Deliver::Latest | Deliver::Every => end,
        }
    }

    /// Topics that have a state from the start: where a poll that finds nothing new is answered with
    /// what there is, a topic without any message in the warm-up is begun with one that counts for
    /// nothing.
    pub(crate) fn begun_topics(&self) -> Vec<u32> {
        match self.transport.unchanged() {
            None | Some(Unchanged::Empty) => Vec::new(),
            Some(Unchanged::Resend | Unchanged::NotModified) => (0..)
                .zip(self.topic_counts())
                .filter(|(_, count)| count.warm_up == 0)
                .map(|(topic, _)| topic)
                .collect(),
        }
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
            count.with_after += 1;
            if due.at < self.measure_end() {
                count.all += 1;
            }
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
    /// The same and those that may be published after it.
    pub with_after: u32,
}
