//! Whether a trial's result may be believed, by its sums. Pure: values in, verdicts out.
//!
//! A file for each family of checks; what they judge by is in `evidence`, and their order is here.

mod books;
mod close;
mod deliveries;
mod ended;
mod evidence;
mod handshakes;
mod link;
mod link_waits;
mod load;
mod machine;
mod model;
mod payloads;
mod proxy;
mod pushed;
mod reconnects;
mod refused;
mod server;
mod server_books;
mod server_kernel;
mod shards;
pub(crate) mod stalls;
#[cfg(test)]
mod testing;
mod third_party;
mod timers;
mod trust;
mod unsaid;

pub(crate) use refused::{close_said, said};

use std::time::Duration;

use pushbench_stats::Histogram;
use pushbench_store::CheckV1;

use self::{
    books::{books_balance, quiet},
    close::close,
    deliveries::{deliveries, errors, published},
    ended::ended,
    handshakes::handshakes,
    link::link,
    link_waits::link_kept_waiting,
    load::{lateness, load_busy},
    machine::steal,
    payloads::{delivered, foreign, payloads, unexplained, unfinished, wrapping},
    proxy::proxy_books,
    pushed::{conflated, heartbeats},
    reconnects::reconnects,
    server::server,
    server_books::server_books,
    server_kernel::server_kernel,
    shards::shards,
    stalls::{Stall, load_stall, server_kept_waiting},
    third_party::{chatter, overtaken},
    timers::tcp_timers,
    unsaid::unsaid,
};

pub(crate) use self::evidence::{Circumstances, Evidence, not_checked};
pub(crate) use self::model::as_modelled;
pub(crate) use self::trust::trust;

/// Connections that the scenario has the server end.
fn disconnected(evidence: &Evidence<'_>) -> u64 {
    evidence.scenario.faults.map_or(0, |_| evidence.sums.clients)
}

/// Every check of a trial, in the order reports show them.
pub(crate) fn judge(evidence: &Evidence<'_>) -> Vec<CheckV1> {
    let mut checks = vec![server(evidence)];
    checks.extend(shards(evidence));
    checks.extend(ended(evidence));
    checks.push(books_balance(evidence));
    checks.extend(server_kernel(evidence));
    checks.extend(proxy_books(evidence));
    checks.extend(link(evidence));
    checks.extend([
        quiet(evidence),
        deliveries(evidence),
        errors(evidence),
        close(&evidence.sums.counts),
        published(evidence),
    ]);
    checks.extend(server_books(evidence));
    checks.push(payloads(&evidence.sums.counts));
    checks.extend(foreign(&evidence.sums.counts));
    checks.extend(overtaken(&evidence.sums.counts));
    checks.extend(unexplained(evidence.sums));
    checks.extend(unfinished(&evidence.sums.counts));
    checks.extend(wrapping(&evidence.sums.counts));
    checks.extend(unsaid(&evidence.sums.counts));
    checks.extend(delivered(&evidence.sums.counts));
    checks.extend(reconnects(&evidence.sums.counts, disconnected(evidence)));
    checks.extend(heartbeats(evidence));
    checks.extend(conflated(evidence));
    checks.extend(chatter(evidence));
    checks.extend(handshakes(evidence.tls, evidence.sums));
    checks.push(load_busy(evidence));
    let workload = &evidence.scenario.workload;
    let samples = |name: &str| evidence.sums.samples_of(name);
    checks.extend(load_stall(Stall::of(evidence.sums), workload.measure));
    let (polls, publishes) = (samples("poll_kept_waiting"), samples("publish_kept_waiting"));
    match &evidence.circumstances.link {
        // The publisher is beside the server, and no poll is.
        Some(link) => {
            checks.extend(server_kept_waiting(&Histogram::new(), &publishes));
            checks.extend(link_kept_waiting(link, &polls));
        }
        None => checks.extend(server_kept_waiting(&polls, &publishes)),
    }
    let period = 1.0 / workload.publish.rate.per_second();
    checks.push(lateness(
        "publish-lateness",
        "publishes",
        &samples("publish_lateness"),
        Duration::try_from_secs_f64(period).unwrap_or(Duration::MAX),
    ));
    checks.extend(steal(evidence));
    match evidence.transport.interval() {
        Some(interval) => {
            checks.push(lateness("poll-lateness", "polls", &samples("poll_lateness"), interval));
        }
        None => {
            let timers = tcp_timers(evidence, &checks);
            checks.extend(timers);
        }
    }
    checks
}
