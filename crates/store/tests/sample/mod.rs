//! A small run with every field of the record filled at least once.

use std::collections::BTreeMap;

use pushbench_protocol::{Phase, TransportKind};
use pushbench_store::{
    AreaV2, BooksV1, CheckV1, CountsV1, EnvironmentV1, ExpectationV1, HistogramV1, InFlightV2,
    KindsV1, MachineTimeV2, MachineV2, ModelV1, PhaseBooksV1, ProcessWorkV2, ReconciliationV1,
    RunStatus, RunV2, SampleV1, ScenarioV1, SideV2, SocketMemoryV1, TallyV2, ToolV1, TransportV1,
    TrialV2, Verdict, WaitingV2, WitnessV2, WorkV2,
};

/// One short poller, one round, ten polls.
pub(crate) fn run() -> RunV2 {
    RunV2 {
        format: RunV2::FORMAT.to_owned(),
        version: RunV2::VERSION,
        id: "7k3mqa".to_owned(),
        tool: ToolV1 { name: "pushbench".to_owned(), version: "0.1.0".to_owned(), commit: None },
        started_at: "2026-11-22T14:30:00.000Z".to_owned(),
        ended_at: "2026-11-22T14:30:14.250Z".to_owned(),
        elapsed_seconds: None,
        notes: Vec::new(),
        tags: BTreeMap::new(),
        status: RunStatus::Aborted,
        failure: Some("stopped by a signal".to_owned()),
        scenario: ScenarioV1 {
            files: Vec::new(),
            cells: Vec::new(),
            name: "ticker".to_owned(),
            question: "What does a ticker cost by polling each second?".to_owned(),
            file: "question = \"What does a ticker cost by polling each second?\"\n".to_owned(),
            overrides: vec!["workload.clients=1".to_owned()],
            settings: BTreeMap::from([("workload.clients".to_owned(), "1".to_owned())]),
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
            placement: None,
            link: "loopback".to_owned(),
            build: "release".to_owned(),
        },
        transports: vec![TransportV1 {
            label: "short-poll".to_owned(),
            kind: TransportKind::ShortPoll,
            options: BTreeMap::from([("interval".to_owned(), "1s".to_owned())]),
            server: None,
        }],
        trials: vec![trial()],
        disturbed: Vec::new(),
        floor: Vec::new(),
        no_floor: BTreeMap::new(),
        finds: Vec::new(),
        until: None,
        expectations: vec![ExpectationV1 {
            cell: BTreeMap::new(),
            figure: "short-poll.latency.p99".to_owned(),
            condition: "< 50ms".to_owned(),
            found: Some(0.991),
            bound: Some(0.05),
            held: false,
        }],
    }
}

fn trial() -> TrialV2 {
    TrialV2 {
        servers: Vec::new(),
        link: None,
        proxy: None,
        shard: None,
        shards: None,
        cell: BTreeMap::new(),
        transport: "short-poll".to_owned(),
        round: 1,
        started_at: "2026-11-22T14:30:00.100Z".to_owned(),
        clients: 1,
        connections: Some(1),
        is_complete: Some(true),
        phase_seconds: BTreeMap::from([(Phase::Connect, 0.1), (Phase::Measure, 10.0)]),
        counts: CountsV1 {
            published: 10,
            sent: Some(10),
            connecting_segments: Some(0),
            examples: BTreeMap::from([("foreign".to_owned(), "hello".to_owned())]),
            expected: 10,
            delivered: 10,
            deliveries_in_measure: 10,
            polls: 10,
            answers: BTreeMap::from([(200, 10)]),
            errors: BTreeMap::from([("connect-refused".to_owned(), 0)]),
            ..CountsV1::default()
        },
        books: BooksV1 {
            phases: BTreeMap::from([(
                Phase::Measure,
                PhaseBooksV1 {
                    up: KindsV1 {
                        header: 7_160,
                        tls: Some(0),
                        tcp_ip: Some(1_040),
                        ..KindsV1::default()
                    },
                    down: KindsV1 { payload: 210, header: 1_930, ..KindsV1::default() },
                    segments_up: Some(20),
                    segments_down: Some(10),
                    retransmitted_up: Some(0),
                    retransmitted_down: None,
                },
            )]),
            witnesses: BTreeMap::from([("client sockets".to_owned(), witness())]),
            tickets: BTreeMap::new(),
            in_flight: BTreeMap::from([(Phase::WarmUp, InFlightV2::Server)]),
            unbalanced: Vec::new(),
            reconciliations: vec![ReconciliationV1 {
                pair: "codec = client sockets".to_owned(),
                phases: "measure".to_owned(),
                direction: "up".to_owned(),
                left: 7_160,
                right: 7_160,
            }],
            header_bytes_per_segment: 52,
        },
        waiting: WaitingV2 {
            histograms: BTreeMap::from([("latency".to_owned(), HistogramV1::default())]),
            // A client and ten seconds at half a second each, more than 64 bits.
            age: Some(AreaV2 { area: 5 * 10_i128.pow(18), width_ns: 10_000_000_000 }),
            version_age: Some(AreaV2 { area: 5_000_000_000, width_ns: 10_000_000_000 }),
            longest_stall_ns: BTreeMap::from([("a load worker".to_owned(), 120_000)]),
            shortest_round_trip_ns: Some(31_000),
        },
        work: WorkV2 {
            server: Some(ProcessWorkV2 {
                cpu_ns: Some(1_200_000),
                cpu_user_ns: Some(0),
                cpu_system_ns: Some(0),
                resident_before_bytes: Some(4_000_000),
                resident_connected_bytes: Some(4_008_192),
                resident_load_bytes: None,
                resident_rest_bytes: None,
                resident_end_bytes: Some(4_008_192),
                resident_peak_bytes: Some(4_100_000),
                worker_cpu_ns: Vec::new(),
                sockets: None,
            }),
            servers: Vec::new(),
            load: vec![ProcessWorkV2 {
                worker_cpu_ns: vec![100_000_000],
                sockets: Some(SocketMemoryV1 { sockets: 1, bytes: 4_352 }),
                ..ProcessWorkV2::default()
            }],
            server_sockets: Some(SocketMemoryV1 { sockets: 1, bytes: 4_352 }),
        },
        machines: vec![MachineV2 {
            name: None,
            slab_before_bytes: Some(50_000_000),
            slab_connected_bytes: Some(50_010_000),
            tcp_buffers_connected_bytes: Some(8_192),
            socket_structures_bytes: None,
            time: Some(MachineTimeV2 { stolen_ticks: 3, all_ticks: 2_000 }),
        }],
        tls: None,
        server: None,
        sample: Some(SampleV1 {
            request_head: "GET / HTTP/1.1\r\n\r\n".to_owned(),
            response_head: "HTTP/1.1 200 OK\r\n\r\n".to_owned(),
            request_characters: 14,
            response_characters: 15,
            request_bytes: 18,
            response_bytes: 19,
            body_bytes: 21,
        }),
        unexpected: Vec::new(),
        checks: vec![
            CheckV1 {
                check: "books-balance".to_owned(),
                verdict: Verdict::Ok,
                found: Some(0.0),
                limit: Some(0.0),
                text: "the books balance to the byte".to_owned(),
            },
            CheckV1 {
                check: "lateness".to_owned(),
                verdict: Verdict::Warning,
                found: Some(0.006),
                limit: Some(0.005),
                text: "polls left late: p99 6 ms, bound 5 ms; use fewer clients".to_owned(),
            },
        ],
        figures: BTreeMap::from([
            ("latency.mean".to_owned(), 0.1 + 0.2),
            ("wire_bytes_per_delivery".to_owned(), 1_086.0),
        ]),
        model: ModelV1 {
            figures: BTreeMap::from([("wire_bytes_per_delivery".to_owned(), 1_086.0)]),
        },
    }
}

/// The sockets of one client, which had sent its headers when the measure phase ended.
fn witness() -> WitnessV2 {
    let counts = [("up", 7_160), ("down", 2_140), ("connections", 1)];
    let counts = counts.map(|(name, count)| (name.to_owned(), count)).into();
    WitnessV2 {
        side: SideV2::Client,
        layer: "socket".to_owned(),
        until: BTreeMap::from([(Phase::Measure, TallyV2 { missing: 0, counts })]),
    }
}
