//! What of a trial adds up: one type for a worker, a shard, a machine, and a whole trial.
//!
//! Everything here is an integer that is added, the samples of a histogram, or a highest or lowest
//! value, so the sum of parts is the same in whatever order and grouping they are added, and a trial
//! that was played by one is the sum of the same trial played by many. Figures and verdicts are made
//! from sums alone. What is of a machine and not of the trial is no part of them: [`MachineV2`] has
//! no sum.
//!
//! [`MachineV2`]: crate::MachineV2

mod add;
mod record;
mod servers;

use std::collections::{BTreeMap, BTreeSet};

use pushbench_protocol::{ByteKind, Direction, Phase};
use pushbench_stats::{DecodeError, Histogram};

use crate::record::{
    AreaV2, CountsV1, HandshakesV2, InFlightV2, ReconciliationV1, SampleV1, TallyV2, UnexpectedV1,
    WitnessV2, WorkV2,
};

/// Sums of a trial, or of a part of one. The default is a part that did nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    /// Clients that were played.
    pub clients: u64,
    /// Connections that they had.
    pub connections: u64,
    /// Parts that were not played to their end.
    pub broken_off: u64,
    /// The servers that the parts were played against, by their places; none of a part that did not
    /// ask any.
    pub servers: BTreeSet<u32>,
    /// Length of each phase that ran: the longest of the parts, which run at the same time.
    pub phase_seconds: BTreeMap<Phase, f64>,
    /// What was counted.
    pub counts: CountsV1,
    /// Bytes above TLS, as the codec booked them.
    pub ledger: BTreeMap<(Phase, Direction, ByteKind), u64>,
    /// What each witness had counted when each phase ended, by its name.
    pub witnesses: BTreeMap<String, WitnessV2>,
    /// The same of connections that were made for a session to resume.
    pub tickets: BTreeMap<String, TallyV2>,
    /// Bytes that the server's kernel sent again in each phase, as far as that is known.
    pub retransmitted_down: BTreeMap<Phase, u64>,
    /// To whom something was on its way when a phase ended.
    pub in_flight: BTreeMap<Phase, InFlightV2>,
    /// Comparisons of single parts that do not balance, in order.
    pub unbalanced: Vec<ReconciliationV1>,
    /// Distributions by name.
    pub samples: BTreeMap<String, Histogram>,
    /// Age of the newest message held: nanoseconds times nanoseconds.
    pub age: AreaV2,
    /// Versions behind: versions times nanoseconds.
    pub version_age: AreaV2,
    /// The longest stall of each kind of thread.
    pub longest_stall_ns: BTreeMap<String, u64>,
    /// The shortest round trip of any connection.
    pub shortest_round_trip_ns: Option<u64>,
    /// TLS handshakes of the clients; absent in clear text.
    pub handshakes: Option<ClientHandshakes>,
    /// TLS handshakes that the server counted, if it is ours.
    pub server_handshakes: Option<HandshakesV2>,
    /// What it cost to run.
    pub work: WorkV2,
    /// One exchange, of those that the parts give the one that sorts first.
    pub sample: Option<SampleV1>,
    /// A response that was not what was expected, for each kind of failure.
    pub unexpected: BTreeMap<String, UnexpectedV1>,
}

/// TLS handshakes of clients.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ClientHandshakes {
    /// With a certificate, on connections that are in the books.
    pub full: u64,
    /// Resuming an earlier session, on connections that are in the books.
    pub resumed: u64,
    /// With a certificate, on connections that were made to have a session to resume.
    pub preliminary: u64,
    /// The cipher suite; absent if no handshake came to its end.
    pub cipher_suite: Option<String>,
}

/// Why parts do not add up.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub enum SumsError {
    /// A sum is more than its counter holds.
    #[error("{what} of the parts come to more than 2^64 - 1, or an area to more than 2^127 - 1")]
    TooLarge {
        /// Which sum.
        what: String,
    },
    /// Two parts have counts of the same server.
    #[error("two parts have {what} of the server, expected one part that has asked it")]
    ServerTwice {
        /// Which counts.
        what: &'static str,
    },
    /// Parts of trials that are not the same.
    #[error("one part has {what} {left}, another {right}: they are not parts of one trial")]
    Apart {
        /// What differs.
        what: &'static str,
        /// One value.
        left: String,
        /// Another.
        right: String,
    },
    /// A trial whose record has no sums: of version 1.
    #[error("{transport}, round {round}: the record has no sums, expected one of version 2")]
    NoSums {
        /// Label of the trial's transport.
        transport: String,
        /// The trial's round.
        round: u32,
    },
    /// Samples that cannot be read.
    #[error("{name}: {cause}")]
    Samples {
        /// Name of the distribution.
        name: String,
        /// What is wrong with them.
        cause: DecodeError,
    },
}

impl Sums {
    /// The sum of all parts.
    ///
    /// # Errors
    ///
    /// If one of the sums is more than its counter holds, or two parts have the server's counts.
    pub fn of<'parts>(parts: impl IntoIterator<Item = &'parts Self>) -> Result<Self, SumsError> {
        let mut sums = Self::default();
        parts.into_iter().try_for_each(|part| sums.add(part))?;
        Ok(sums)
    }

    /// Samples of a distribution; empty if there are none.
    pub fn samples_of(&self, name: &str) -> Histogram {
        self.samples.get(name).cloned().unwrap_or_default()
    }

    /// Whether all parts were played to their end.
    pub fn is_complete(&self) -> bool {
        self.broken_off == 0
    }

    /// Whether the messages of the trial are among the counts. Each is due once in a trial, however many
    /// servers it is published to, so the part of the first server alone counts them.
    pub fn counts_messages(&self) -> bool {
        self.servers.contains(&0)
    }

    /// Length of the measure phase; zero if it was not played.
    pub fn measure_seconds(&self) -> f64 {
        self.phase_seconds.get(&Phase::Measure).copied().unwrap_or(0.0)
    }

    /// CPU share of the busiest load worker over the measure phase.
    pub fn busiest_worker_share(&self) -> Option<f64> {
        let workers = self.work.load.iter().flat_map(|process| &process.worker_cpu_ns);
        let busiest = workers.max()?;
        let seconds = self.measure_seconds();
        (seconds > 0.0).then(|| *busiest as f64 / 1e9 / seconds)
    }
}
