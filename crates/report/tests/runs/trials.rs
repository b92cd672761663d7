//! Transports and their trials, with the figures that the published sample would give.

use std::collections::BTreeMap;
use std::time::Duration;

use pushbench_protocol::{Phase, TransportKind};
use pushbench_stats::Histogram;
use pushbench_store::{
    BooksV1, CellV1, CheckV1, CountsV1, HistogramV1, ModelV1, ReconciliationV1, ThirdPartyV1,
    TransportV1, TrialV2, Verdict, WaitingV2, WorkV2,
};

pub(super) fn short_poll(label: &str, interval: &str) -> TransportV1 {
    let options = [("interval", interval), ("timing", "schedule"), ("unchanged", "resend")];
    transport(label, TransportKind::ShortPoll, &options)
}

pub(super) fn websocket(label: &str) -> TransportV1 {
    transport(label, TransportKind::WebSocket, &[])
}

/// The same, asked of a third-party server.
pub(super) fn of_server(transport: TransportV1, name: &str) -> TransportV1 {
    let server = ThirdPartyV1 {
        name: name.to_owned(),
        adapter: name.to_owned(),
        about: None,
        tested: None,
        started: true,
    };
    TransportV1 { server: Some(server), ..transport }
}

fn transport(label: &str, kind: TransportKind, options: &[(&str, &str)]) -> TransportV1 {
    let options = options.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    TransportV1 { label: label.to_owned(), kind, options: options.collect(), server: None }
}

pub(super) fn check(name: &str, verdict: Verdict, text: &str) -> CheckV1 {
    CheckV1 { check: name.to_owned(), verdict, found: None, limit: None, text: text.to_owned() }
}

pub(super) fn poll_trial(label: &str, round: u32) -> TrialV2 {
    let drift = 1.0 + 0.004 * f64::from(round);
    let bytes = [
        ("payload", 0.0, 21.0),
        ("repeat", 0.0, 0.0),
        ("header", 716.0, 193.0),
        ("framing", 0.0, 0.0),
        ("control", 0.0, 0.0),
        ("handshake", 0.0, 0.0),
        ("tls", 0.0, 0.0),
        ("tcp_ip", 104.0, 52.0 + 0.01 * f64::from(round)),
    ];
    let mut trial = trial(label, round, &bytes);
    let figures = [
        ("requests_per_second", 1_000.0),
        ("empty_polls", 0.000_2),
        ("messages_per_response", 1.0),
        ("header_bytes_per_poll", 909.0),
        ("stream_bytes_per_poll", 930.0),
        ("wire_bytes_per_poll", 1_086.0),
        ("server_cpu_per_delivery", 36.1e-6 * drift),
        ("server_cpu_per_client_second", 36.1e-6 * drift),
        ("load_cpu_per_delivery", 52.2e-6 * drift),
        ("load_cpu_per_client_second", 52.2e-6 * drift),
        ("server_memory_per_connection", 9_210.0 * drift),
        ("server_working_memory_per_connection", 17_200.0 * drift),
        ("poll_lateness.p99", 0.001_1),
        ("connect_stream_bytes_per_connection", 0.0),
        ("connect_wire_bytes_per_connection", 172.0),
    ];
    let waiting = [
        ("p50", 0.501 * drift),
        ("p90", 0.902),
        ("p99", 0.991),
        ("max", 1.003),
        ("mean", 0.502 * drift),
    ];
    let model = [
        ("latency.mean", 0.5),
        ("latency.p50", 0.5),
        ("latency.p99", 0.99),
        ("requests_per_second", 1_000.0),
        ("empty_polls", 0.0),
        ("wire_bytes_per_poll", 1_086.0),
    ];
    add(&mut trial, &figures, &waiting, &model);
    trial
}

pub(super) fn push_trial(round: u32) -> TrialV2 {
    let drift = 1.0 + 0.03 * f64::from(round);
    let bytes = [
        ("payload", 0.0, 21.0),
        ("repeat", 0.0, 0.0),
        ("header", 0.0, 0.0),
        ("framing", 0.0, 2.0),
        ("control", 0.0, 0.0),
        ("handshake", 0.0, 0.0),
        ("tls", 0.0, 0.0),
        ("tcp_ip", 52.0 + 0.02 * f64::from(round), 52.0),
    ];
    let mut trial = trial("websocket", round, &bytes);
    let figures = [
        ("server_cpu_per_delivery", 9.8e-6 * drift),
        ("server_cpu_per_client_second", 9.8e-6 * drift),
        ("load_cpu_per_delivery", 14.1e-6 * drift),
        ("load_cpu_per_client_second", 14.1e-6 * drift),
        ("server_memory_per_connection", 11_300.0 * drift),
        ("server_working_memory_per_connection", 11_900.0 * drift),
        ("connect_stream_bytes_per_connection", 862.0),
        ("connect_wire_bytes_per_connection", 1_138.0),
    ];
    let waiting = [
        ("p50", 0.000_31 * drift),
        ("p90", 0.000_62 * drift),
        ("p99", 0.001_25 * drift),
        ("max", 0.004_1 * drift),
        ("mean", 0.000_33 * drift),
    ];
    add(&mut trial, &figures, &waiting, &[("latency.mean", 0.0)]);
    trial
}

/// A trial with the figures that follow from bytes of a delivery, by kind, up and down.
fn trial(label: &str, round: u32, bytes: &[(&str, f64, f64)]) -> TrialV2 {
    let mut figures = BTreeMap::new();
    let mut model = BTreeMap::new();
    let layer = |kinds: &[&str]| {
        let kinds = bytes.iter().filter(|(kind, ..)| kinds.contains(kind));
        kinds.fold((0.0, 0.0), |sum, (_, up, down)| (sum.0 + up, sum.1 + down))
    };
    let stream = ["payload", "repeat", "header", "framing", "control", "handshake"];
    let (stream, whole) =
        (layer(&stream), layer(&bytes.iter().map(|kind| kind.0).collect::<Vec<_>>()));
    let sums = [("stream", stream.0, stream.1), ("wire", whole.0, whole.1)];
    for &(sum, up, down) in bytes.iter().chain(&sums) {
        for per in ["delivery", "client_second"] {
            for (direction, value) in [("", up + down), ("_up", up), ("_down", down)] {
                let name = format!("{sum}_bytes{direction}_per_{per}");
                model.insert(name.clone(), value.floor());
                figures.insert(name, value);
            }
        }
        if ["wire", "stream", "header"].contains(&sum) {
            figures.insert(format!("{sum}_bits_per_second"), (up + down) * 8_000.0);
            model.insert(format!("{sum}_bits_per_second"), (up + down).floor() * 8_000.0);
        }
    }
    figures.insert("goodput".to_owned(), 168_000.0);
    let ok = |name: &str| check(name, Verdict::Ok, "fine");
    TrialV2 {
        servers: Vec::new(),
        link: None,
        proxy: None,
        shard: None,
        shards: None,
        cell: CellV1::new(),
        transport: label.to_owned(),
        round,
        started_at: format!("2026-11-22T14:30:{round:02}.000Z"),
        clients: 1_000,
        connections: None,
        is_complete: Some(true),
        phase_seconds: BTreeMap::from([(Phase::Connect, 0.5), (Phase::Measure, 10.0)]),
        counts: CountsV1 {
            published: 10,
            expected: 10_000,
            delivered: 10_000,
            deliveries_in_measure: 10_000,
            ..CountsV1::default()
        },
        books: BooksV1 {
            reconciliations: [
                "codec = client sockets",
                "client sockets = server sockets",
                "client sockets = kernel",
            ]
            .iter()
            .map(|&pair| ReconciliationV1 {
                pair: pair.to_owned(),
                phases: "measure + drain".to_owned(),
                direction: "down".to_owned(),
                left: 2_140_000,
                right: 2_140_000,
            })
            .collect(),
            header_bytes_per_segment: 52,
            ..BooksV1::default()
        },
        waiting: WaitingV2::default(),
        work: WorkV2::default(),
        machines: Vec::new(),
        sample: None,
        tls: None,
        server: None,
        unexpected: Vec::new(),
        checks: ["books-balance", "lost", "load-generator", "delayed-ack"].map(ok).into(),
        figures,
        model: ModelV1 { figures: model },
    }
}

/// A thousand samples with about these quantiles.
fn samples(waiting: &[(&str, f64)]) -> Histogram {
    let of = |name: &str| {
        let (_, seconds) =
            waiting.iter().find(|known| known.0 == name).expect("every trial has it");
        Duration::from_secs_f64(*seconds)
    };
    let mut samples = Histogram::new();
    for (name, count) in [("p50", 500), ("p90", 400), ("p99", 90), ("max", 10)] {
        (0..count).for_each(|_| samples.record(of(name)));
    }
    samples
}

fn add(
    trial: &mut TrialV2,
    figures: &[(&str, f64)],
    waiting: &[(&str, f64)],
    model: &[(&str, f64)],
) {
    let named = |(name, value): &(&str, f64)| ((*name).to_owned(), *value);
    trial.figures.extend(figures.iter().map(named));
    trial.model.figures.extend(model.iter().map(named));
    let (mean, samples) = (waiting[4].1, samples(waiting));
    trial.figures.insert("latency.mean".to_owned(), mean);
    for (statistic, quantile) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0)] {
        let found = samples.quantile(quantile).expect("it has samples").as_secs_f64();
        trial.figures.insert(format!("latency.{statistic}"), found);
    }
    let samples = HistogramV1::of(&samples);
    for name in ["latency", "service_time"] {
        trial.waiting.histograms.insert(name.to_owned(), samples.clone());
    }
    let common = [
        ("service_time.mean", mean),
        ("age_mean", 0.5 + mean),
        ("deliveries_per_second", 1_000.0),
        ("kernel_memory_per_connection", 4_310.0),
        ("load_memory_per_connection", 5_180.0),
        ("lost", 0.0),
        ("duplicates", 0.0),
        ("out_of_order", 0.0),
        ("superseded", 0.0),
        ("publish_lateness.p99", 0.000_9),
    ];
    trial.figures.extend(common.iter().map(named));
}
