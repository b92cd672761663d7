//! A run around its trials: what was asked, where it ran, and what was expected.

#[path = "../../../store/tests/sample/mod.rs"]
mod sample;

use pushbench_store::{CellV1, ExpectationV1, RunStatus, RunV2, ScenarioV1, TransportV1, TrialV2};

/// What is not said here is as in the sample of the record itself.
pub(super) fn run(transports: Vec<TransportV1>, trials: Vec<TrialV2>) -> RunV2 {
    let sample = sample::run();
    RunV2 {
        ended_at: "2026-11-22T14:31:24.250Z".to_owned(),
        status: RunStatus::Completed,
        failure: None,
        scenario: ScenarioV1 {
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
            ..sample.scenario
        },
        transports,
        trials,
        floor: Vec::new(),
        no_floor: std::collections::BTreeMap::new(),
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
        ..sample
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
