//! Whether a trial's result may be believed. Pure: values in, verdicts out.
//!
//! A file for each family of checks; what they judge by, and their order, stand here.

mod books;
mod close;
mod deliveries;
mod load;
mod machine;
mod model;
mod payloads;
mod pushed;
mod refused;
mod server;
pub(crate) mod stalls;
#[cfg(test)]
mod testing;
mod timers;

pub(crate) use refused::on_record;

use std::time::Duration;

use pushbench_load::Outcome;
use pushbench_protocol::{HandshakeStats, TlsUse};
use pushbench_scenario::{Scenario, TransportSettings};
use pushbench_store::{BooksV1, CheckV1, CountsV1, Verdict};

use self::{
    books::{books_balance, quiet},
    close::close,
    deliveries::{deliveries, errors, published},
    load::{lateness, load_busy},
    machine::steal,
    payloads::{delivered, foreign, payloads},
    pushed::{conflated, heartbeats},
    server::server,
    stalls::{load_stall, server_kept_waiting},
    timers::tcp_timers,
};
use crate::tls;

pub(crate) use self::model::as_modelled;

/// What a trial is judged by.
pub(crate) struct Evidence<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) transport: TransportSettings,
    pub(crate) tls: TlsUse,
    /// TLS handshakes that the server counted, if it is ours.
    pub(crate) handshakes: Option<HandshakeStats>,
    pub(crate) outcome: &'a Outcome,
    pub(crate) counts: &'a CountsV1,
    pub(crate) books: &'a BooksV1,
    /// CPU share of the busiest load worker.
    pub(crate) busy: Option<f64>,
    /// Why the kernel gives no `TCP_INFO`, if it does not.
    pub(crate) kernel_refusal: Option<String>,
    /// Share of the machine's time that the host took.
    pub(crate) steal: Option<f64>,
    /// Whether the trial was played to its end.
    pub(crate) is_complete: bool,
    /// How the server ended before its time, if it did.
    pub(crate) server_death: Option<String>,
    /// What went wrong when the server was told to end, if something did.
    pub(crate) server_end: Option<String>,
}

/// Every check of a trial, in the order reports show them.
pub(crate) fn judge(evidence: &Evidence<'_>) -> Vec<CheckV1> {
    let mut checks = vec![
        server(evidence),
        books_balance(evidence),
        quiet(evidence),
        deliveries(evidence),
        errors(evidence),
        close(evidence.counts),
        published(evidence),
    ];
    checks.push(payloads(&evidence.outcome.counts));
    checks.extend(foreign(&evidence.outcome.counts));
    checks.extend(delivered(&evidence.outcome.counts));
    checks.extend(heartbeats(evidence));
    checks.extend(conflated(evidence));
    checks.extend(tls::handshakes(evidence.tls, evidence.outcome, evidence.handshakes));
    checks.push(load_busy(evidence));
    let workload = &evidence.scenario.workload;
    let outcome = evidence.outcome;
    checks.extend(load_stall(outcome.stall(), workload.measure));
    checks.extend(server_kept_waiting(&outcome.poll_kept_waiting, &outcome.publisher.kept_waiting));
    let period = 1.0 / workload.publish.rate.per_second();
    checks.push(lateness(
        "publish-lateness",
        "publishes",
        &evidence.outcome.publisher.lateness,
        Duration::try_from_secs_f64(period).unwrap_or(Duration::MAX),
    ));
    checks.extend(steal(evidence));
    match evidence.transport {
        TransportSettings::ShortPoll(poll) => checks.push(lateness(
            "poll-lateness",
            "polls",
            &evidence.outcome.poll_lateness,
            poll.interval,
        )),
        TransportSettings::LongPoll(_)
        | TransportSettings::Sse(_)
        | TransportSettings::Stream(_)
        | TransportSettings::WebSocket(_)
        | TransportSettings::Nudge(_) => {
            let timers = tcp_timers(evidence, &checks);
            checks.extend(timers);
        }
    }
    checks
}

/// What a check says that had nothing to look at: why not.
pub(crate) fn not_checked(name: &str, why: impl Into<String>) -> CheckV1 {
    check(name, Verdict::NotChecked, why.into())
}

fn check(name: &str, verdict: Verdict, text: String) -> CheckV1 {
    CheckV1 { check: name.to_owned(), verdict, found: None, limit: None, text }
}
