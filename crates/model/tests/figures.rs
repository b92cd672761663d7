//! What the model says of every kind of transport, however it is carried, on a committed page: who
//! changes a formula sees what it moves, and who moves its code that nothing does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use pushbench_model::{Handshake, HandshakeKind, TlsLink};
use pushbench_model::{Subject, predict_rates, predict_trial};
use pushbench_scenario::{Scenario, Source, Transport, read};
use pushbench_wire::segments::SegmentHeaders;

/// Workloads: what is published, and what of it a client gets.
const WORKLOADS: [(&str, &str); 4] = [
    ("latest", "publish = { every = \"250ms\" }\npayload = { bytes = 20 }"),
    (
        "every-64k",
        "publish = { every = \"100ms\" }\npayload = { bytes = 65_536 }\ndeliver = \"every\"",
    ),
    (
        "poisson-json",
        "publish = { every = \"400ms\", arrivals = \"poisson\" }\n\
         payload = { bytes = 1_024, content = \"json\" }\ndeliver = \"every\"\ntopics = 3",
    ),
    ("idle", "publish = { every = \"1h\" }\npayload = { bytes = 20 }"),
];

/// Figures of a row, and how each is headed.
const COLUMNS: [(&str, &str); 11] = [
    ("deliveries_per_second", "deliveries/s"),
    ("requests_per_second", "requests/s"),
    ("stream_bytes_up_per_client_second", "stream up"),
    ("stream_bytes_down_per_client_second", "down"),
    ("header_bytes_per_client_second", "header"),
    ("framing_bytes_per_client_second", "framing"),
    ("control_bytes_per_client_second", "control"),
    ("tls_bytes_per_client_second", "tls"),
    ("tcp_ip_bytes_per_client_second", "tcp_ip"),
    ("connect_wire_bytes_per_connection", "connect"),
    ("age_mean", "age"),
];

/// The transports: each kind with each of its options that moves bytes.
fn transports(is_compressed: bool) -> String {
    const KINDS: [(&str, &[&str]); 6] = [
        (
            "short-poll",
            &[
                "",
                "unchanged = \"empty\"",
                "unchanged = \"not-modified\"",
                "compression = \"gzip\"",
                "timing = \"aligned\"",
            ],
        ),
        ("long-poll", &["hold = \"3s\"", "hold = \"3s\"\ncompression = \"br\""]),
        (
            "sse",
            &[
                "",
                "heartbeat = \"500ms\"",
                "conflate = \"500ms\"",
                "heartbeat = \"500ms\"\ncompression = \"gzip\"",
            ],
        ),
        ("stream", &["", "conflate = \"500ms\"", "compression = \"br\""]),
        ("websocket", &["", "heartbeat = \"500ms\"", "compression = \"deflate\""]),
        ("nudge", &[""]),
    ];
    const CARRIAGES: [(&str, &str); 6] = [
        ("", ""),
        ("tls", "tls = \"full\""),
        ("alone", "connection = \"per-poll\""),
        ("h2", "http = \"2\""),
        ("h2-tls", "http = \"2\"\ntls = \"full\""),
        ("h2-shared", "http = \"2\"\nclients_per_connection = 4"),
    ];
    let mut text = String::new();
    for (kind, options) in KINDS {
        for (carriage, settings) in CARRIAGES {
            let is_polled = kind.ends_with("poll");
            if (kind == "nudge" && carriage.starts_with("h2"))
                || (carriage == "alone" && !is_polled)
            {
                continue;
            }
            for (number, option) in options.iter().enumerate() {
                // Options move the same bytes in TLS; compressors take their time.
                let is_left_out = (number > 0 && !["", "h2"].contains(&carriage))
                    || (option.contains("compression") && !is_compressed);
                if is_left_out {
                    continue;
                }
                let name = [kind, carriage, &format!("o{number}")].join("-").replace("--", "-");
                let interval = if kind == "short-poll" { "interval = \"500ms\"" } else { "" };
                writeln!(
                    text,
                    "[[transport]]\nkind = \"{kind}\"\nname = \"{name}\"\n{interval}\n{settings}\n{option}"
                )
                .expect("a string takes all");
            }
        }
    }
    text
}

fn scenario(workload: &str, transports: &str) -> Scenario {
    let text = format!(
        "question = \"What does the model say?\"\n[workload]\nclients = 12\n{workload}\n\
         warm_up = \"1s\"\nmeasure = \"4s\"\n{transports}"
    );
    let path = Path::new("figures.toml");
    let read_file = |_: &Path| Err(std::io::Error::other("no file"));
    let source = Source { path, text: &text, overrides: &[], only: &[], read_file: &read_file };
    read(&source).unwrap_or_else(|refused| panic!("{refused}"))
}

fn row(figures: &BTreeMap<String, f64>) -> String {
    let cell = |name| match figures.get(name) {
        Some(value) => format!("{value:>14.4}"),
        None => format!("{:>14}", "-"),
    };
    COLUMNS.iter().map(|&(name, _)| cell(name)).collect::<Vec<_>>().join(" ")
}

fn page(workload: &str) -> String {
    let is_idle = workload.contains("1h");
    let keeps = |text: &str| {
        // What conflates takes only the newest.
        let newest_only = !workload.contains("\"every\"");
        text.split_inclusive("[[transport]]\n")
            .filter(|part| newest_only || !part.contains("conflate"))
            .collect::<String>()
    };
    let scenario = scenario(workload, &keeps(&transports(workload.contains("json"))));
    let mut page = format!("{workload}\n\n{:34}", "");
    COLUMNS.iter().for_each(|(_, head)| write!(page, " {head:>14}").expect("a string takes all"));
    page.push('\n');
    for transport in &scenario.transports {
        let subject = subject(&scenario, transport);
        let rate = scenario.workload.publish.rate.per_second();
        for (name, figures) in [
            ("trial", predict_trial(&subject)),
            ("rates", predict_rates(&subject, if is_idle { 0.0 } else { rate })),
        ] {
            writeln!(page, "{:28} {name} {}", transport.label, row(&figures)).expect("a string");
        }
    }
    page
}

fn subject<'a>(scenario: &'a Scenario, transport: &'a Transport) -> Subject<'a> {
    let is_secure = transport.carriage.tls != pushbench_protocol::TlsUse::None;
    let kind = HandshakeKind::Full { certificate: 400 };
    let handshake = Handshake { kind, server_name: Some(9), protocol: 8, tickets: 2 };
    Subject {
        scenario,
        transport,
        host: "127.0.0.1:8080",
        headers: SegmentHeaders { ipv6: false, timestamps: true },
        tls: is_secure.then_some(TlsLink { handshake: Some(handshake) }),
        started_at: "2026-01-09T23:59:58Z",
    }
}

#[test]
fn figures_are_those_on_the_page() {
    for (name, workload) in WORKLOADS {
        insta::assert_snapshot!(name, page(workload));
    }
}
