//! Memory and CPU time, which no model knows: borrowed from records of runs.
//!
//! A connection in TLS, over HTTP/2 or with a compressor holds other memory than a plain one, and its
//! messages take other CPU time. So they are borrowed only from trials of the same transport with
//! the same settings; where there are none, they are not known.

use std::collections::{BTreeMap, BTreeSet};

use pushbench_protocol::TransportKind;
use pushbench_stats::Rounds;
use pushbench_store::{RunStatus, RunV2, TrialV2, Verdict};
use serde::Serialize;

/// Options that say how often something happens, or follow from another: they change neither the
/// memory of a connection nor the CPU time of a message.
const PACE: [&str; 8] = [
    "interval",
    "timing",
    "unchanged",
    "hold",
    "heartbeat",
    "conflate",
    "compression_level",
    "compression_threshold",
];
/// What an option was that a record of before there was such an option does not have.
const UNSAID: [(&str, &str); 4] = [
    ("http", "1.1"),
    ("connection", "keep-alive"),
    ("clients_per_connection", "1"),
    // Everything else: TLS, compression and what belongs to it.
    ("", "none"),
];

/// Clients from which on what each of them takes outweighs what the server itself takes: with a few
/// hundred, the logs of the topics and the allocator's reserve are half of the memory per client.
const MANY: u64 = 1_000;

/// A record, and where it lies.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// As the reader should type it.
    pub path: String,
    /// The run.
    pub run: RunV2,
}

/// Where something was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Origin {
    /// Clients of that run.
    pub clients: u64,
    /// The record it is from.
    pub from: String,
    /// Version of the program that made the record, and the commit if it names one.
    pub version: String,
    /// When the run started, RFC 3339.
    pub started_at: String,
}

/// Memory of one client's connections, as it was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Memory {
    /// Resident memory of the server for each client while it is used, in bytes; median of the
    /// rounds.
    pub server_bytes_per_client: f64,
    /// Kernel memory for each client, both ends of loopback, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel_bytes_per_client: Option<f64>,
    /// Where it was measured.
    #[serde(flatten)]
    pub origin: Origin,
}

/// CPU time of the server for what it does most, as it was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cpu {
    /// Seconds of CPU time for each request of a client that polls, for each delivery to others;
    /// median of the rounds.
    pub seconds_per_event: f64,
    /// Which of the two.
    pub event: Event,
    /// Bytes of a message there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_bytes: Option<u64>,
    /// Where it was measured.
    #[serde(flatten)]
    pub origin: Origin,
}

/// What the server's CPU time is spent on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A request, with a message or without.
    Request,
    /// A message at a client.
    Delivery,
}

impl Event {
    /// What it is for a kind of transport.
    pub fn of(kind: TransportKind) -> Self {
        if kind.polls() { Self::Request } else { Self::Delivery }
    }

    /// The figure of how many there are a second, all clients together.
    pub fn per_second(self) -> &'static str {
        match self {
            Self::Request => "requests_per_second",
            Self::Delivery => "deliveries_per_second",
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Delivery => "delivery",
        }
    }
}

/// A transport that something is borrowed for.
#[derive(Clone, Copy, Debug)]
pub struct Borrower<'a> {
    /// Its kind.
    pub kind: TransportKind,
    /// Its options by name, defaults included.
    pub options: &'a BTreeMap<String, String>,
}

impl Borrower<'_> {
    /// Whether a recorded transport is the same, but for its pace.
    fn is_like(&self, kind: TransportKind, options: &BTreeMap<String, String>) -> bool {
        let names: BTreeSet<&str> =
            self.options.keys().chain(options.keys()).map(String::as_str).collect();
        let mut names = names.into_iter().filter(|name| !PACE.contains(name));
        kind == self.kind && names.all(|name| value(self.options, name) == value(options, name))
    }

    /// What `of` makes of the newest trials that have it: of the rounds of one transport of one valid
    /// run, in the cell with the most clients. Runs with many clients come first.
    fn newest<T>(
        &self,
        records: &[Record],
        of: impl Fn(&RunV2, &[&TrialV2], Origin) -> Option<T>,
    ) -> Option<T> {
        let is_valid = |run: &RunV2| {
            run.status == RunStatus::Completed && run.worst_verdict() != Verdict::Invalid
        };
        let mut alike: Vec<_> = records
            .iter()
            .filter(|record| is_valid(&record.run))
            .flat_map(|record| {
                let transports = record.run.transports.iter();
                let alike = transports.filter(|t| self.is_like(t.kind, &t.options));
                alike.filter_map(move |transport| largest(record, &transport.label))
            })
            .collect();
        // RFC 3339 in UTC sorts as time does.
        alike.sort_by_key(|(record, _, clients)| {
            std::cmp::Reverse((*clients >= MANY, &record.run.started_at))
        });
        alike.into_iter().find_map(|(record, trials, clients)| {
            let tool = &record.run.tool;
            let origin = Origin {
                clients,
                from: record.path.clone(),
                version: match &tool.commit {
                    Some(commit) => format!("{} ({commit})", tool.version),
                    None => tool.version.clone(),
                },
                started_at: record.run.started_at.clone(),
            };
            of(&record.run, &trials, origin)
        })
    }

    /// What a connection holds.
    pub(crate) fn memory(&self, records: &[Record]) -> Option<Memory> {
        self.newest(records, |_, trials, origin| {
            Some(Memory {
                server_bytes_per_client: median(trials, "server_working_memory_per_connection")?,
                kernel_bytes_per_client: median(trials, "kernel_socket_memory_per_connection"),
                origin,
            })
        })
    }

    /// What the server does for a request or a delivery.
    pub(crate) fn cpu(&self, records: &[Record]) -> Option<Cpu> {
        let event = Event::of(self.kind);
        self.newest(records, |run, trials, origin| {
            if !run.environment.is_optimized() {
                return None;
            }
            let clients = origin.clients as f64;
            let of_clients = median(trials, "server_cpu_per_client_second")? * clients;
            Some(Cpu {
                seconds_per_event: of_clients / median(trials, event.per_second())?,
                event,
                payload_bytes: run
                    .scenario
                    .settings
                    .get("workload.payload.bytes")
                    .and_then(|bytes| bytes.parse().ok()),
                origin,
            })
        })
    }
}

/// The trials of a transport with the most clients that it has, and how many those are.
fn largest<'a>(record: &'a Record, label: &str) -> Option<(&'a Record, Vec<&'a TrialV2>, u64)> {
    let trials = || record.run.trials.iter().filter(|trial| trial.transport == label);
    let clients = trials().map(|trial| trial.clients).max()?;
    Some((record, trials().filter(|trial| trial.clients == clients).collect(), clients))
}

fn value<'a>(options: &'a BTreeMap<String, String>, name: &str) -> &'a str {
    let unsaid = UNSAID.iter().find(|(option, _)| option.is_empty() || *option == name);
    let unsaid = unsaid.map_or("", |(_, value)| value);
    options.get(name).map_or(unsaid, String::as_str)
}

/// Median of a figure over trials; `None` where one lacks it, or it is nothing: what is below its own
/// resolution is not known.
fn median(trials: &[&TrialV2], figure: &str) -> Option<f64> {
    let values: Option<Vec<f64>> =
        trials.iter().map(|trial| trial.figures.get(figure).copied()).collect();
    Rounds::of(&values?).map(|rounds| rounds.value).filter(|median| *median > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_transport_is_like_another_where_only_its_pace_differs() {
        let planned = options(&[
            ("http", "1.1"),
            ("tls", "none"),
            ("interval", "5s"),
            ("unchanged", "empty"),
            ("connection", "keep-alive"),
            ("compression", "none"),
        ]);
        let kind = TransportKind::ShortPoll;
        let borrower = Borrower { kind, options: &planned };
        for (recorded, is_like) in [
            (options(&[("interval", "1s"), ("unchanged", "resend"), ("timing", "aligned")]), true),
            (options(&[("clients_per_connection", "1")]), true),
            (options(&[("tls", "full")]), false),
            (options(&[("http", "2")]), false),
            (options(&[("http", "2"), ("clients_per_connection", "10")]), false),
            (options(&[("compression", "gzip"), ("compression_level", "6")]), false),
            (options(&[("connection", "per-poll")]), false),
        ] {
            assert_eq!(borrower.is_like(kind, &recorded), is_like, "{recorded:?}");
        }
        assert!(!borrower.is_like(TransportKind::LongPoll, &planned));
    }
}
