//! Laws that the model of rates keeps over the whole range that a plan may ask for.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use pushbench_model::{Subject, predict_rates};
use pushbench_protocol::Deliver;
use pushbench_scenario::{Arrivals, Rate, Scenario, Source, read};
use pushbench_wire::segments::SegmentHeaders;

/// Every kind, and every carriage that changes how it is predicted.
const TRANSPORTS: &str = r#"
[[transport]]
kind = "short-poll"
[[transport]]
kind = "short-poll"
name = "short-poll-h2"
http = "2"
[[transport]]
kind = "long-poll"
[[transport]]
kind = "long-poll"
name = "long-poll-h2"
http = "2"
clients_per_connection = 7
[[transport]]
kind = "sse"
[[transport]]
kind = "stream"
http = "2"
[[transport]]
kind = "websocket"
[[transport]]
kind = "websocket"
name = "websocket-h2"
http = "2"
tls = "full"
clients_per_connection = 20
[[transport]]
kind = "nudge"
"#;

/// Transports whose clients share connections. Who shares one shares its segments, so clients of a
/// last connection that is not full are dearer, and a mean over some of the connections is a little
/// off.
const SHARED: [&str; 2] = ["long-poll-h2", "websocket-h2"];

fn scenario(deliver: Deliver) -> Scenario {
    let text = format!(
        "question = \"What would it cost?\"\n[workload]\nclients = 1_000\n\
         publish = {{ every = \"1s\" }}\npayload = {{ bytes = 20 }}\ndeliver = \"{deliver}\"\n\
         {TRANSPORTS}"
    );
    let path = Path::new("plan.toml");
    let read_file = |_: &Path| Err(std::io::Error::other("no file"));
    let source = Source { path, text: &text, overrides: &[], only: &[], read_file: &read_file };
    read(&source).unwrap_or_else(|refused| panic!("{refused}"))
}

/// A size and a pace.
#[derive(Clone, Copy, Debug)]
struct Pace {
    clients: u32,
    every: f64,
    interval: f64,
    arrivals: Arrivals,
    deliver: Deliver,
}

impl Pace {
    /// The figures of each transport, by its label.
    fn figures(self) -> BTreeMap<String, BTreeMap<String, f64>> {
        let mut scenario = scenario(self.deliver);
        let workload = &mut scenario.workload;
        workload.clients = NonZeroU32::new(self.clients).expect("at least one");
        workload.publish.arrivals = self.arrivals;
        let per = Duration::from_secs_f64(self.every);
        workload.publish.rate = Rate { count: NonZeroU32::MIN, per };
        let rate = workload.publish.rate.per_second();
        for transport in &mut scenario.transports {
            let interval = Duration::from_secs_f64(self.interval);
            if transport.settings.kind().has_timer() {
                transport.settings = transport.settings.with_interval(interval);
            }
        }
        let figures = scenario.transports.iter().map(|transport| {
            let subject = Subject {
                scenario: &scenario,
                transport,
                host: "www.example.com",
                headers: SegmentHeaders { ipv6: false, timestamps: true },
                tls: None,
                started_at: "2026-01-01T00:00:00Z",
            };
            (transport.label.clone(), predict_rates(&subject, rate))
        });
        figures.collect()
    }
}

/// From a millisecond to a day, as many short ones as long ones.
fn time() -> impl Strategy<Value = f64> {
    (0.001_f64.ln()..86_400_f64.ln()).prop_map(f64::exp)
}

fn pace() -> impl Strategy<Value = Pace> {
    let arrivals = prop_oneof![Just(Arrivals::Regular), Just(Arrivals::Poisson)];
    let deliver = prop_oneof![Just(Deliver::Every), Just(Deliver::Latest)];
    (1_u32..2_000_000_000, time(), time(), arrivals, deliver).prop_map(
        |(clients, every, interval, arrivals, deliver)| Pace {
            clients,
            every,
            interval,
            arrivals,
            deliver,
        },
    )
}

fn is_near(found: f64, expected: f64, share: f64) -> bool {
    (found - expected).abs() <= share * expected.abs()
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn messages_that_are_k_times_rarer_give_k_times_fewer_deliveries(
        pace in pace(),
        k in 1.0_f64..1_000.0,
    ) {
        let rarer = Pace { every: (pace.every * k).min(86_400.0), ..pace };
        let k = rarer.every / pace.every;
        let (often, seldom) = (pace.figures(), rarer.figures());
        for (label, often) in &often {
            let [often, seldom] = [often, &seldom[label]].map(|f| f["deliveries_per_second"]);
            prop_assert!(seldom > 0.0, "{label}: {often} and {seldom}");
            // Of versions that come faster than polls, the newest is delivered and the others are not.
            if label.starts_with("short-poll") && pace.deliver == Deliver::Latest {
                prop_assert!(seldom <= often * (1.0 + 1e-9), "{label}: {often} and {seldom}");
                prop_assert!(seldom * k >= often * (1.0 - 1e-6), "{label}: {often} and {seldom}");
            } else {
                prop_assert!(
                    is_near(seldom * k, often, 1e-6),
                    "{label}: {often} and {seldom} are not {k} apart"
                );
            }
        }
    }

    #[test]
    fn cost_never_falls_when_clients_rise(pace in pace(), more in 1_u32..1_000_000_000) {
        let larger = Pace { clients: pace.clients.saturating_add(more), ..pace };
        let (few, many) = (pace.figures(), larger.figures());
        for (label, few) in &few {
            let many = &many[label];
            let slack = if SHARED.contains(&label.as_str()) { 0.01 } else { 1e-9 };
            for name in ["wire_bits_per_second", "deliveries_per_second"] {
                prop_assert!(
                    many[name] >= few[name] * (1.0 - slack),
                    "{label}: {name} is {} for {pace:?} and {} for {larger:?}",
                    few[name],
                    many[name]
                );
            }
        }
    }

    #[test]
    fn every_figure_is_finite_and_whatever_is_delivered_costs_bytes(pace in pace()) {
        for (label, figures) in pace.figures() {
            for (name, value) in &figures {
                prop_assert!(value.is_finite() && *value >= 0.0, "{label}: {name} is {value}");
            }
            // A message of 20 bytes cannot come cheaper than its bytes.
            let wire = figures["wire_bits_per_second"];
            let least = figures["deliveries_per_second"] * 20.0 * 8.0;
            prop_assert!(wire > least, "{label}: {wire} b/s for {least}");
        }
    }
}

/// A plan once inherited the window of a trial, in which none of these messages was due.
#[test]
fn a_message_a_minute_is_delivered_each_minute() {
    for &arrivals in Arrivals::ALL {
        let (clients, every, interval) = (100_000, 60.0, 5.0);
        let pace = Pace { clients, every, interval, arrivals, deliver: Deliver::Latest };
        for (label, figures) in pace.figures() {
            let deliveries = figures["deliveries_per_second"];
            let seen = if label.starts_with("short-poll") { figures["versions_seen"] } else { 1.0 };
            let expected = 100_000.0 / 60.0 * seen;
            assert!(is_near(deliveries, expected, 1e-9), "{label}: {deliveries} {expected}");
            assert!(seen > 0.9, "{label}: {seen}");
        }
    }
}
