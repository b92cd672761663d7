//! Reports of runs that were played over a link.

#[expect(dead_code, reason = "shared with the other reports' tests")]
mod runs;

use std::time::Duration;

use pushbench_report::{TextOptions, text};
use pushbench_stats::Histogram;
use pushbench_store::{HistogramV1, LinkPathV2, LinkV2, PacketsV2, RunV2};

fn report(run: &RunV2) -> String {
    let wide = TextOptions { width: 200, ..TextOptions::default() };
    text(run, &wide)
}

fn histogram(micros: &[u64]) -> HistogramV1 {
    let mut histogram = Histogram::new();
    for &micros in micros {
        histogram.record(Duration::from_micros(micros));
    }
    HistogramV1::of(&histogram)
}

#[test]
fn what_a_link_counted_and_added_is_shown_for_each_transport_and_without_one_nothing_is() {
    let mut run = runs::valid();
    assert!(!report(&run).contains("The link"), "it was loopback");
    for trial in &mut run.trials {
        let path = |packets: u64, late: u64| LinkPathV2 {
            delay_ns: 20_000_000,
            entered: PacketsV2 { packets, bytes: 100 * packets },
            lost: PacketsV2 { packets: 7, bytes: 700 },
            lateness: histogram(&[late]),
            ..LinkPathV2::default()
        };
        trial.link = Some(LinkV2 {
            mtu: 1_500,
            up: path(1_000, 120),
            down: path(2_000, 900),
            echo: histogram(&[40_250]),
            scheduling: "SCHED_FIFO".to_owned(),
            ..LinkV2::default()
        });
    }
    let rounds = run.trials.iter().filter(|trial| trial.transport == "websocket").count() as u64;
    let text = report(&run);
    assert!(text.contains("The link"), "{text}");
    assert!(text.contains("forwarder SCHED_FIFO"), "{text}");
    let found = |part: &str| assert!(text.contains(part), "{part} in\n{text}");
    found(&format!("{rounds},000"));
    found(&(7 * rounds).to_string());
    found("900 us");
    found("250 us");
    for (name, value) in [("network.loss", "1%"), ("workload.clients", "10")] {
        run.scenario.cells = vec![[(name.to_owned(), value.to_owned())].into()];
        run.trials.iter_mut().for_each(|trial| trial.cell = run.scenario.cells[0].clone());
        let called = format!("websocket with {} {value}", name.trim_start_matches("workload."));
        let text = report(&run).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&called), "{called} in\n{text}");
    }
}
