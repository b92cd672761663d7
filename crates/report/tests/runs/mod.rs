//! Runs made by hand, with the figures that the published sample would give.

use std::collections::BTreeMap;
use std::time::Duration;

use pushbench_protocol::{Phase, TransportKind};
use pushbench_stats::Histogram;
use pushbench_store::{
    BooksV1, CellV1, CheckV1, CountsV1, DisturbedV1, EnvironmentV1, ExpectationV1, HistogramV1,
    ModelV1, ReconciliationV1, RunStatus, RunV2, SampleV1, ScenarioV1, ToolV1, TransportV1,
    TrialV2, Verdict, WaitingV2, WorkV2,
};

/// All of them, each with its name.
pub(crate) fn every() -> Vec<(&'static str, RunV2)> {
    vec![
        ("valid", valid()),
        ("single_round", single_round()),
        ("invalid", invalid()),
        ("absent_figures", absent_figures()),
        ("kaazing", kaazing()),
        ("four_transports", four_transports()),
        ("disturbed", disturbed()),
        ("no_difference", no_difference()),
        ("sweep", sweep()),
        ("large_sweep", large_sweep()),
        ("without_trials", without_trials()),
    ]
}

/// Short poll and WebSocket, three rounds that differ a little, nothing wrong.
pub(crate) fn valid() -> RunV2 {
    let transports = vec![short_poll("short-poll", "1s"), websocket("websocket")];
    let trials = (1..=3).flat_map(|round| [poll_trial("short-poll", round), push_trial(round)]);
    run(transports, trials.collect())
}

/// The same with one round.
pub(crate) fn single_round() -> RunV2 {
    let mut run = valid();
    run.trials.retain(|trial| trial.round == 1);
    run
}

/// The same with a lost message, unbalanced books, and a warning in two rounds.
pub(crate) fn invalid() -> RunV2 {
    let mut run = valid();
    run.status = RunStatus::Aborted;
    let trial = &mut run.trials[3];
    trial.figures.insert("lost".to_owned(), 3.0);
    trial.checks[0] = check(
        "books-balance",
        Verdict::Invalid,
        "codec = client sockets differs by 5 B (measure, down)",
    );
    trial.checks[1] = check("lost", Verdict::Invalid, "3 messages of 10,000 never arrived");
    trial.books.reconciliations[1].right -= 5;
    for trial in [0, 2] {
        run.trials[trial].checks[2] = check(
            "load-generator",
            Verdict::Warning,
            "polls left late: p99 6.1 ms, bound 5 ms; use fewer clients or more workers",
        );
    }
    run
}

/// The same, where two trials were played again.
pub(crate) fn disturbed() -> RunV2 {
    let late = |transport: &str, round, millis: u32| DisturbedV1 {
        transport: transport.to_owned(),
        round,
        cell: CellV1::new(),
        started_at: format!("2026-11-22T14:3{round}:00.100Z"),
        checks: vec![check(
            "publish-lateness",
            Verdict::Invalid,
            &format!("publishes were sent {millis}.00 ms late at p99"),
        )],
    };
    RunV2 { disturbed: vec![late("short-poll", 1, 640), late("websocket", 2, 512)], ..valid() }
}

/// The same on a kernel and a target that tell little: no layer 3, no CPU, no model.
pub(crate) fn absent_figures() -> RunV2 {
    let mut run = valid();
    run.environment =
        EnvironmentV1 { link: "http://192.0.2.1:80".to_owned(), ..EnvironmentV1::default() };
    run.environment.build = "debug".to_owned();
    for trial in &mut run.trials {
        let unknown = |name: &str| {
            ["wire", "tcp_ip", "cpu", "memory", "kernel"].iter().any(|part| name.contains(part))
        };
        trial.figures.retain(|name, _| !unknown(name));
        trial.model = ModelV1::default();
        trial.books = BooksV1::default();
        trial.checks.clear();
    }
    run.expectations[0].found = None;
    run.expectations[0].held = false;
    run
}

/// The same with the published sample's heads.
pub(crate) fn kaazing() -> RunV2 {
    let mut run = valid();
    run.scenario.settings.insert("headers.request".to_owned(), "kaazing-2009".to_owned());
    for trial in run.trials.iter_mut().filter(|trial| trial.transport == "short-poll") {
        trial.sample = Some(SampleV1 {
            request_head: String::new(),
            response_head: String::new(),
            request_characters: 692,
            response_characters: 179,
            request_bytes: 716,
            response_bytes: 193,
            body_bytes: 21,
        });
    }
    run
}

/// Three short polls of different intervals and a WebSocket.
pub(crate) fn four_transports() -> RunV2 {
    let polls = ["short-poll-1s", "short-poll-5s", "short-poll-with-a-rather-long-name-30s"];
    let transports = polls.iter().map(|label| short_poll(label, &label[11..]));
    let transports = transports.chain([websocket("websocket")]).collect();
    let trials = (1..=3).flat_map(|round| {
        let polls = polls.iter().map(move |label| poll_trial(label, round));
        polls.chain([push_trial(round)])
    });
    run(transports, trials.collect())
}

/// Two transports that the rounds do not tell apart.
pub(crate) fn no_difference() -> RunV2 {
    let mut run = valid();
    for trial in run.trials.iter_mut().filter(|trial| trial.transport == "websocket") {
        let round = f64::from(trial.round);
        let figures = [
            ("wire_bytes_per_delivery", 1_080.0 + 4.0 * round),
            ("latency.mean", 0.49 + 0.01 * round),
            ("server_cpu_per_delivery", 30e-6 + 3e-6 * round),
        ];
        trial.figures.extend(figures.map(|(name, value)| (name.to_owned(), value)));
    }
    run
}

/// Nothing ran.
pub(crate) fn without_trials() -> RunV2 {
    let mut run = valid();
    run.status = RunStatus::Failed;
    run.failure = Some("the server did not start within 5 s".to_owned());
    run.trials.clear();
    run.expectations.clear();
    run
}

fn run(transports: Vec<TransportV1>, trials: Vec<TrialV2>) -> RunV2 {
    RunV2 {
        format: RunV2::FORMAT.to_owned(),
        version: RunV2::VERSION,
        id: "7k3mqa".to_owned(),
        tool: ToolV1 { name: "pushbench".to_owned(), version: "0.1.0".to_owned(), commit: None },
        started_at: "2026-11-22T14:30:00.000Z".to_owned(),
        ended_at: "2026-11-22T14:31:24.250Z".to_owned(),
        elapsed_seconds: None,
        notes: Vec::new(),
        status: RunStatus::Completed,
        failure: None,
        scenario: ScenarioV1 {
            files: Vec::new(),
            cells: Vec::new(),
            name: "ticker".to_owned(),
            question: "What does a ticker cost by polling each second, and what by WebSocket?"
                .to_owned(),
            file: String::new(),
            overrides: Vec::new(),
            settings: [
                ("headers.request", "chrome"),
                ("network.mss", "1460"),
                ("question", "What does a ticker cost?"),
                ("transport.websocket.kind", "websocket"),
                ("workload.deliver", "latest"),
                ("workload.payload.bytes", "21"),
                ("workload.publish.every", "1s"),
                ("workload.topics", "1"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        },
        environment: EnvironmentV1 {
            cpu: Some("Some CPU @ 2.00GHz".to_owned()),
            cores: Some(2),
            memory_bytes: Some(8_589_934_592),
            kernel: Some("6.1.0".to_owned()),
            os: Some("Some Linux 12".to_owned()),
            open_files_limit: Some(1_048_576),
            port_range: Some([32_768, 60_999]),
            congestion_control: Some("cubic".to_owned()),
            tcp_timestamps: Some(true),
            link: "loopback".to_owned(),
            build: "release".to_owned(),
        },
        transports,
        trials,
        disturbed: Vec::new(),
        expectations: vec![
            expectation("websocket.latency.p99", "< 50ms", 0.001_31, 0.05, true),
            expectation(
                "websocket.wire_bytes_per_delivery",
                "< short-poll.wire_bytes_per_delivery / 10",
                127.04,
                108.6,
                false,
            ),
        ],
    }
}

fn expectation(figure: &str, condition: &str, found: f64, bound: f64, held: bool) -> ExpectationV1 {
    ExpectationV1 {
        cell: CellV1::new(),
        figure: figure.to_owned(),
        condition: condition.to_owned(),
        found: Some(found),
        bound: Some(bound),
        held,
    }
}

fn short_poll(label: &str, interval: &str) -> TransportV1 {
    let options = [("interval", interval), ("timing", "schedule"), ("unchanged", "resend")];
    transport(label, TransportKind::ShortPoll, &options)
}

fn websocket(label: &str) -> TransportV1 {
    transport(label, TransportKind::WebSocket, &[])
}

fn transport(label: &str, kind: TransportKind, options: &[(&str, &str)]) -> TransportV1 {
    let options = options.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    TransportV1 { label: label.to_owned(), kind, options: options.collect() }
}

fn check(name: &str, verdict: Verdict, text: &str) -> CheckV1 {
    CheckV1 { check: name.to_owned(), verdict, found: None, limit: None, text: text.to_owned() }
}

fn poll_trial(label: &str, round: u32) -> TrialV2 {
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

fn push_trial(round: u32) -> TrialV2 {
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

/// Two payload sizes, two rounds each.
pub(crate) fn sweep() -> RunV2 {
    let mut run = valid();
    let cell =
        |bytes: &str| CellV1::from([("workload.payload.bytes".to_owned(), bytes.to_owned())]);
    run.scenario.cells = vec![cell("20"), cell("200")];
    let mut large = run.trials.clone();
    for trial in &mut run.trials {
        trial.cell = cell("20");
    }
    for trial in &mut large {
        trial.cell = cell("200");
        for name in ["wire_bytes_per_delivery", "payload_bytes_per_delivery"] {
            *trial.figures.get_mut(name).expect("a byte figure") += 180.0;
        }
    }
    run.trials.append(&mut large);
    for expectation in &mut run.expectations {
        expectation.cell = cell("20");
    }
    run
}

/// Three settings varied, one of them whole sections: too many combinations to be told one by one.
pub(crate) fn large_sweep() -> RunV2 {
    let mut run = single_round();
    let trials = std::mem::take(&mut run.trials);
    let expectations = std::mem::take(&mut run.expectations);
    let sections = ["request minimal, response minimal", "request chrome, cookie_bytes 2048"];
    for (heavy, headers) in sections.iter().enumerate() {
        for (rare, every) in ["1s", "10s", "100s"].iter().enumerate() {
            for bytes in [20, 200, 2_000] {
                let cell = CellV1::from([
                    ("headers".to_owned(), (*headers).to_owned()),
                    ("workload.payload.bytes".to_owned(), bytes.to_string()),
                    ("workload.publish.every".to_owned(), (*every).to_owned()),
                ]);
                let polls = 10_f64.powi(i32::try_from(rare).expect("a small number"));
                let poll = (500.0 + 2_000.0 * heavy as f64 + f64::from(bytes)) * polls;
                let push = 106.0 + f64::from(bytes);
                for (mut trial, wire) in trials.clone().into_iter().zip([poll, push]) {
                    trial.cell = cell.clone();
                    for figures in [&mut trial.figures, &mut trial.model.figures] {
                        figures.insert("wire_bytes_per_delivery".to_owned(), wire);
                    }
                    if bytes < 2_000 {
                        let late = format!("publishes were sent {bytes} us late at p99");
                        trial.checks[2] = check("publish-lateness", Verdict::Warning, &late);
                    }
                    run.trials.push(trial);
                }
                for mut expectation in expectations.clone() {
                    expectation.held |= bytes < 2_000;
                    expectation.cell = cell.clone();
                    run.expectations.push(expectation);
                }
                run.scenario.cells.push(cell);
            }
        }
    }
    // One that the model sees differently.
    let off = run.trials.last_mut().expect("there are trials");
    off.figures.insert("wire_bytes_per_delivery".to_owned(), 2_000.0);
    run
}
