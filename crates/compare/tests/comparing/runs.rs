//! Runs made by hand: what matters to a comparison, and nothing else.

use std::collections::BTreeMap;

use pushbench_protocol::{Phase, TransportKind};
use pushbench_store::{
    BooksV1, CellV1, CheckV1, CountsV1, EnvironmentV1, ModelV1, RunStatus, RunV2, ScenarioV1,
    ToolV1, TransportV1, TrialV2, Verdict, WaitingV2, WorkV2,
};

/// Figures by name, one value for each round.
pub(crate) type Figures<'a> = &'a [(&'a str, &'a [f64])];

/// A completed run of a WebSocket with one value of each figure for each round.
pub(crate) fn run(figures: Figures<'_>) -> RunV2 {
    run_of(&[("websocket", figures)])
}

/// The same of several transports.
pub(crate) fn run_of(transports: &[(&str, Figures<'_>)]) -> RunV2 {
    let trials = transports.iter().flat_map(|(label, figures)| trials(label, figures));
    RunV2 {
        format: RunV2::FORMAT.to_owned(),
        version: RunV2::VERSION,
        id: "aaaaaa".to_owned(),
        tool: ToolV1 { name: "pushbench".to_owned(), version: "0.1.0".to_owned(), commit: None },
        started_at: "2026-11-22T14:30:00.000Z".to_owned(),
        ended_at: "2026-11-22T14:31:00.000Z".to_owned(),
        elapsed_seconds: None,
        notes: Vec::new(),
        tags: BTreeMap::new(),
        status: RunStatus::Completed,
        failure: None,
        scenario: ScenarioV1 {
            files: Vec::new(),
            name: "ticker".to_owned(),
            question: "What does a ticker cost?".to_owned(),
            file: String::new(),
            overrides: Vec::new(),
            settings: BTreeMap::from([("workload.clients".to_owned(), "100".to_owned())]),
            cells: Vec::new(),
        },
        environment: EnvironmentV1 {
            cpu: Some("Some CPU".to_owned()),
            cores: Some(2),
            memory_bytes: Some(8_000_000_000),
            kernel: Some("6.1.0".to_owned()),
            link: "loopback".to_owned(),
            build: "release".to_owned(),
            ..EnvironmentV1::default()
        },
        transports: transports
            .iter()
            .map(|(label, _)| TransportV1 {
                label: (*label).to_owned(),
                kind: TransportKind::WebSocket,
                options: BTreeMap::from([("interval".to_owned(), "1s".to_owned())]),
                server: None,
            })
            .collect(),
        trials: trials.collect(),
        disturbed: Vec::new(),
        floor: Vec::new(),
        no_floor: BTreeMap::new(),
        finds: Vec::new(),
        until: None,
        expectations: Vec::new(),
    }
}

fn trials(label: &str, figures: Figures<'_>) -> Vec<TrialV2> {
    let rounds = figures.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    (0..rounds)
        .map(|round| TrialV2 {
            servers: Vec::new(),
            link: None,
            proxy: None,
            shard: None,
            shards: None,
            transport: label.to_owned(),
            round: u32::try_from(round).unwrap() + 1,
            cell: CellV1::new(),
            started_at: "2026-11-22T14:30:00.100Z".to_owned(),
            clients: 100,
            connections: None,
            is_complete: Some(true),
            phase_seconds: BTreeMap::from([(Phase::Measure, 10.0)]),
            counts: CountsV1 { deliveries_in_measure: 1_000, ..CountsV1::default() },
            books: BooksV1::default(),
            waiting: WaitingV2::default(),
            work: WorkV2::default(),
            machines: Vec::new(),
            sample: None,
            checks: vec![check(Verdict::Ok, "in order")],
            figures: figures
                .iter()
                .filter_map(|(name, values)| Some(((*name).to_owned(), *values.get(round)?)))
                .collect(),
            model: ModelV1::default(),
            tls: None,
            server: None,
            unexpected: Vec::new(),
        })
        .collect()
}

/// What a check found.
pub(crate) fn check(verdict: Verdict, text: &str) -> CheckV1 {
    CheckV1 {
        check: "publish-lateness".to_owned(),
        verdict,
        found: None,
        limit: None,
        text: text.to_owned(),
    }
}
