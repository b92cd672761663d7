//! What a link adds to waiting: the laws with its nominal delay. Pure.

use pushbench_protocol::{Arrival, ConnectionUse, Deliver, LinkShape};
use pushbench_scenario::Arrivals;

use crate::flow::Figures;
use crate::subject::Subject;
use crate::waiting::LongPollWait;

/// Quantiles that are predicted where a delay is all that there is.
const QUANTILES: [(&str, f64); 6] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999), ("max", 1.0)];
/// Times of handshakes, each of one round trip: TCP's, TLS 1.3's (RFC 8446, section 2), and the request
/// and response by which a stream begins.
const HANDSHAKES: [&str; 3] = ["connect_tcp", "connect_tls", "connect_upgrade"];

/// Adds what the scenario's link delays. Of a link that loses packets there is no law; one with jitter
/// has a mean.
pub(super) fn delay(figures: &mut Figures, subject: &Subject<'_>, rate: f64) {
    let Some(link) = subject.scenario.network.link else { return };
    if link.loses() {
        figures.retain(|name, _| !is_of_waiting(name));
        return;
    }
    let settings = subject.transport.settings;
    let kind = settings.kind();
    let [up, down] =
        [link.up, link.down].map(|path| path.delay.as_secs_f64() + path.jitter.as_secs_f64() / 2.0);
    let trip = up + down;
    match kind.properties().arrival {
        // What a poll finds was at the server when the poll came there.
        Arrival::Timer => shift(figures, down, rate),
        Arrival::Pushed if figures.contains_key("latency.mean") => shift(figures, down, rate),
        Arrival::Pushed => arrives_after(figures, down, rate),
        // The laws below are of a connection that is open: one that is closed and made anew before
        // each request takes round trips that they do not know.
        Arrival::Notified | Arrival::Held if settings.connection() == ConnectionUse::PerPoll => {
            figures.retain(|name, _| !is_of_waiting(name));
        }
        // The client asks when it has been notified.
        Arrival::Notified => arrives_after(figures, down + trip, rate),
        Arrival::Held => held(figures, subject, (down, trip), rate),
    }
    if has_jitter(&link) {
        figures.retain(|name, _| !name.starts_with("latency.") || name == "latency.mean");
    } else {
        for name in HANDSHAKES {
            for (quantile, _) in QUANTILES {
                figures.insert(format!("{name}.{quantile}"), trip);
            }
        }
    }
    for name in HANDSHAKES {
        figures.insert(format!("{name}.mean"), trip);
    }
}

/// All that waits, waits so much longer.
fn shift(figures: &mut Figures, by: f64, rate: f64) {
    for (_, seconds) in figures.iter_mut().filter(|(name, _)| name.starts_with("latency.")) {
        *seconds += by;
    }
    age(figures, by, rate);
}

/// Every message waits so long.
fn arrives_after(figures: &mut Figures, delay: f64, rate: f64) {
    if rate <= 0.0 {
        return;
    }
    figures.insert("latency.mean".to_owned(), delay);
    for (name, _) in QUANTILES {
        figures.insert(format!("latency.{name}"), delay);
    }
    age(figures, delay, rate);
}

/// A message waits for the next request where none is held. The law is one of random messages, all of
/// which are delivered.
fn held(figures: &mut Figures, subject: &Subject<'_>, (down, trip): (f64, f64), rate: f64) {
    let workload = &subject.scenario.workload;
    let is_random = workload.publish.arrivals == Arrivals::Poisson;
    if rate <= 0.0 || !is_random || workload.deliver != Deliver::Every {
        return;
    }
    let law = LongPollWait { delay: trip / 2.0, rate };
    // The law is of two equal delays; the way back is what differs where they are not.
    let more = down - trip / 2.0;
    figures.insert("latency.mean".to_owned(), law.mean() + more);
    for (name, quantile) in QUANTILES {
        figures.insert(format!("latency.{name}"), law.quantile(quantile) + more);
    }
    age(figures, law.mean() + more, rate);
}

/// What clients hold is as much older as updates take longer.
fn age(figures: &mut Figures, by: f64, rate: f64) {
    if let Some(age) = figures.get_mut("age_mean") {
        *age += by;
    }
    if let Some(behind) = figures.get_mut("version_age_mean") {
        *behind += by * rate;
    }
}

fn is_of_waiting(name: &str) -> bool {
    name.starts_with("latency.") || ["age_mean", "version_age_mean"].contains(&name)
}

fn has_jitter(link: &LinkShape) -> bool {
    !link.up.jitter.is_zero() || !link.down.jitter.is_zero()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use pushbench_scenario::{Scenario, Source, read};
    use pushbench_wire::segments::SegmentHeaders;

    use super::*;
    use crate::predict_trial;

    fn scenario(network: &str) -> Scenario {
        let text = format!(
            "question = \"?\"\n[workload]\nclients = 10\ntopics = 10\ndeliver = \"every\"\nmeasure = \"60s\"\n\
             publish = {{ rate = \"4/s\", arrivals = \"poisson\" }}\n{network}\n[[transport]]\n\
             kind = \"short-poll\"\ninterval = \"1s\"\n[[transport]]\nkind = \"long-poll\"\n\
             [[transport]]\nkind = \"websocket\"\n[[transport]]\nkind = \"nudge\"\n\
             [[transport]]\nname = \"anew\"\nkind = \"long-poll\"\nconnection = \"per-poll\"\n"
        );
        let no_file = |_: &Path| Err(std::io::Error::other("no file"));
        let path = Path::new("a.toml");
        let source = Source { path, text: &text, overrides: &[], only: &[], read_file: &no_file };
        read(&source).unwrap_or_else(|refused| panic!("{refused}"))
    }

    /// A figure of each transport.
    fn figure(network: &str, name: &str) -> Vec<Option<f64>> {
        let scenario = scenario(network);
        let of = |transport| {
            let headers = SegmentHeaders { ipv6: false, timestamps: true };
            let (host, started_at) = ("198.18.0.1:1", "2026-01-01T00:00:00Z");
            let subject =
                Subject { scenario: &scenario, transport, host, headers, tls: None, started_at };
            predict_trial(&subject).get(name).copied()
        };
        scenario.transports.iter().map(of).collect()
    }

    /// Source: DESIGN, section 6, at a delay of 50 ms and four messages a second.
    #[test]
    fn the_laws_of_waiting_are_those_of_the_links_delay() {
        let near = |found: Option<f64>, expected: f64| {
            let found = found.expect("a law");
            assert!((found - expected).abs() < 1e-4, "{found}, expected {expected}");
        };
        const LINK: &str = "[network]\ndelay = \"50ms\"";
        let rate = figure("", "deliveries_per_second")[3].expect("a rate") / 10.0;
        let long_poll = LongPollWait { delay: 0.05, rate };
        let means = figure(LINK, "latency.mean");
        let [short, long, push, nudge, anew] = means[..] else { unreachable!() };
        assert_eq!(anew, None, "a connection for each poll");
        near(short, 0.55);
        near(long, long_poll.mean());
        near(push, 0.05);
        near(nudge, 0.15);
        let [short, long, push, ..] = figure(LINK, "latency.max")[..] else { unreachable!() };
        near(short, 1.05);
        near(long, 0.15);
        near(push, 0.05);
        let ages = figure(LINK, "age_mean");
        let without = figure("", "age_mean");
        near(ages[0], without[0].expect("a law") + 0.05);
        near(ages[2], without[2].expect("a law") + 0.05);
        near(figure(LINK, "connect_tcp.p50")[2], 0.1);
    }

    #[test]
    fn without_a_link_there_is_no_law_of_distance_and_with_loss_none_of_waiting() {
        assert_eq!(figure("", "latency.mean")[1..], [None; 4]);
        assert_eq!(figure("", "connect_tcp.p50"), [None; 5]);
        assert_eq!(figure("[network]\nloss = \"1%\"", "latency.mean"), [None; 5]);
        let jitter = "[network]\ndelay = \"40ms\"\njitter = \"20ms\"";
        assert_eq!(figure(jitter, "latency.p99"), [None; 5]);
        assert_eq!(figure(jitter, "latency.mean")[2], Some(0.05));
    }

    #[test]
    fn a_way_back_that_is_longer_is_in_every_latency() {
        let link = "[network.up]\ndelay = \"10ms\"\n[network.down]\ndelay = \"30ms\"";
        let [_, long, push, nudge, _] = figure(link, "latency.max")[..] else { unreachable!() };
        assert!((long.expect("a law") - 0.07).abs() < 1e-9, "a round trip and the way back");
        assert!((push.expect("a law") - 0.03).abs() < 1e-9);
        assert!((nudge.expect("a law") - 0.07).abs() < 1e-9);
    }
}
