//! A run around its trials: what was asked, where it ran, and what was expected.

use pushbench_store::{
    CellV1, EnvironmentV1, ExpectationV1, RunStatus, RunV2, ScenarioV1, ToolV1, TransportV1,
    TrialV2,
};

pub(super) fn run(transports: Vec<TransportV1>, trials: Vec<TrialV2>) -> RunV2 {
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
