//! Runs made by hand, with the figures that the published sample would give.

mod searched;
mod sweeps;
mod trials;
mod whole;

use pushbench_protocol::TransportKind;
use pushbench_store::{
    BooksV1, CellV1, DisturbedV1, EnvironmentV1, FloorPlayV2, FloorSideV2, FloorV2, FloorWorkV2,
    ModelV1, RunStatus, RunV2, SampleV1, TransportV1, TrialV2, Verdict,
};

pub(crate) use self::searched::searched;
pub(crate) use self::sweeps::{large_sweep, sweep};
use self::trials::{check, of_server, poll_trial, push_trial, short_poll, websocket};
use self::whole::run;

/// All of them, each with its name.
pub(crate) fn every() -> Vec<(&'static str, RunV2)> {
    vec![
        ("valid", valid()),
        ("single_round", single_round()),
        ("invalid", invalid()),
        ("absent_figures", absent_figures()),
        ("kaazing", kaazing()),
        ("four_transports", four_transports()),
        ("third_party", third_party()),
        ("by_itself", by_itself()),
        ("disturbed", disturbed()),
        ("no_difference", no_difference()),
        ("floored", floored()),
        ("sweep", sweep()),
        ("large_sweep", large_sweep()),
        ("searched", searched()),
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

/// Two third-party servers, one of which puts something around a message, beside two of ours.
pub(crate) fn third_party() -> RunV2 {
    let mut transports = vec![short_poll("short-poll", "1s"), websocket("websocket")];
    transports.extend(["nchan", "socket-io"].map(|name| of_server(websocket(name), name)));
    let trials = (1..=3).flat_map(|round| {
        let [nchan, mut wrapped] = ["nchan", "socket-io"]
            .map(|name| TrialV2 { transport: name.to_owned(), ..push_trial(round) });
        for per in ["delivery", "client_second"] {
            for (way, bytes) in [("", 13.0), ("_up", 0.0), ("_down", 13.0)] {
                let figures = &mut wrapped.figures;
                figures.insert(format!("wrapping_bytes{way}_per_{per}"), bytes);
                for layer in ["stream", "wire"] {
                    *figures.get_mut(&format!("{layer}_bytes{way}_per_{per}")).unwrap() += bytes;
                }
            }
        }
        [poll_trial("short-poll", round), push_trial(round), nchan, wrapped]
    });
    run(transports, trials.collect())
}

/// Polls of a service that publishes by itself, with messages of 50 bytes.
pub(crate) fn by_itself() -> RunV2 {
    let trials = (1..=3).map(|round| {
        let mut trial = poll_trial("orders", round);
        trial.counts.published = 0;
        trial.counts.publishes_by_itself = true;
        let deliveries = trial.counts.deliveries_in_measure;
        trial.counts.uncompressed_payload_bytes_in_measure = Some(50 * deliveries);
        trial.figures.insert("empty_polls".to_owned(), 0.6);
        trial.model = ModelV1::default();
        trial
    });
    run(vec![of_server(short_poll("orders", "1s"), "orders")], trials.collect())
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

/// Two transports with a floor, and one that has none.
pub(crate) fn floored() -> RunV2 {
    let mut run = valid();
    run.transports
        .push(TransportV1 { kind: TransportKind::LongPoll, ..short_poll("long-poll", "1s") });
    for trial in &mut run.trials {
        let is_poll = trial.transport == "short-poll";
        let round = f64::from(trial.round);
        let (server, load) = if is_poll { (2.28, 1.17) } else { (1.36, 1.01) };
        let multiples = [("server_cpu_over_floor", server), ("load_cpu_over_floor", load)];
        let multiples = multiples.map(|(name, times)| (name.to_owned(), times + round * 0.01));
        trial.figures.extend(multiples);
        let side = |cpu_ns| FloorSideV2 { operations: 1_000, cpu_ns, ..FloorSideV2::default() };
        run.floor.push(FloorV2 {
            transport: trial.transport.clone(),
            round: trial.round,
            cell: CellV1::new(),
            started_at: trial.started_at.clone(),
            played: FloorPlayV2 {
                work: if is_poll { FloorWorkV2::Polls } else { FloorWorkV2::Deliveries },
                connections: 1_000,
                topics: 1,
                bytes_up: if is_poll { 690 } else { 0 },
                bytes_down: if is_poll { 299 } else { 23 },
                every_ns: Some(1_000_000_000),
                at_once: 1,
                measured_seconds: 3.0,
                server: side(Some(5_400_000 + u64::from(trial.round) * 10_000)),
                client: side(if is_poll { Some(6_700_000) } else { None }),
            },
        });
    }
    let polls = run.trials.iter().filter(|trial| trial.transport == "short-poll");
    for trial in polls.cloned().collect::<Vec<_>>() {
        let mut held = TrialV2 { transport: "long-poll".to_owned(), ..trial };
        held.figures.retain(|name, _| !name.ends_with("_over_floor"));
        run.trials.push(held);
    }
    run.no_floor.insert("long-poll".to_owned(), "requests that are held".to_owned());
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
