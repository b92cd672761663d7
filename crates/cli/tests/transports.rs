//! Every transport through the binary: the books balance, and the model agrees to the byte.

use std::fs;
use std::process::Command;

use serde_json::Value;

/// What every transport must carry alike: small, quick, and slow enough that each message of a push
/// has a moment of its own.
const SCENARIO: &str = r#"
question = "Do the books balance and does the model agree?"

[workload]
clients = 12
topics = 2
publish = { every = "250ms" }
payload = { bytes = 40 }
warm_up = "500ms"
measure = "1s"
rounds = 1

[[transport]]
kind = "short-poll"
interval = "500ms"

[[transport]]
kind = "long-poll"

[[transport]]
kind = "sse"

[[transport]]
kind = "stream"

[[transport]]
kind = "websocket"

[[transport]]
kind = "nudge"
"#;

/// Transports that bring each message by itself, so that every byte of a delivery is predicted.
const ONE_BY_ONE: [&str; 5] = ["long-poll", "sse", "stream", "websocket", "nudge"];

fn run(deliver: &str) -> Value {
    let folder = tempfile::tempdir().expect("a folder for the record");
    let scenario = folder.path().join("transports.toml");
    fs::write(&scenario, SCENARIO).expect("a scenario can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_pushbench"))
        .args(["run", "--quiet", "--format", "json", "--set"])
        .arg(format!("workload.deliver={deliver}"))
        .arg("--results")
        .arg(folder.path())
        .arg(&scenario)
        .output()
        .expect("the binary is built with its tests");
    let record: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    });
    let checks: Vec<_> = trials(&record)
        .iter()
        .flat_map(|trial| trial["checks"].as_array().expect("checks"))
        .filter(|check| check["verdict"] == "invalid")
        .collect();
    assert!(output.status.success(), "{}: {checks:#?}", output.status);
    record
}

fn trials(record: &Value) -> &[Value] {
    record["trials"].as_array().expect("trials")
}

fn check(deliver: &str) {
    let record = run(deliver);
    for trial in trials(&record) {
        let label = trial["transport"].as_str().expect("a label");
        let pairs = trial["books"]["reconciliations"].as_array().expect("comparisons");
        // Two pairs in five phases and one in four spans, each way.
        assert_eq!(pairs.len(), 2 * (2 * 5 + 4), "{deliver} {label}");
        for pair in pairs {
            assert_eq!(pair["left"], pair["right"], "{deliver} {label}: {pair}");
        }
        let counts = &trial["counts"];
        assert_eq!(counts["lost"], 0, "{deliver} {label}");
        assert_eq!(counts["errors"].as_object().map(serde_json::Map::len), Some(0), "{label}");
        if !ONE_BY_ONE.contains(&label) {
            continue;
        }
        // Six clients on each of two topics, four messages.
        assert_eq!(counts["delivered"], 48, "{deliver} {label}");
        for kind in ["payload", "repeat", "header", "framing", "control", "handshake", "stream"] {
            for direction in ["", "_up", "_down"] {
                let figure = format!("{kind}_bytes{direction}_per_delivery");
                let (measured, modelled) =
                    (&trial["figures"][&figure], &trial["model"]["figures"][&figure]);
                assert!(measured.is_number(), "{deliver} {label} {figure}");
                assert_eq!(measured, modelled, "{deliver} {label} {figure}");
            }
        }
        let connect = "connect_stream_bytes_per_connection";
        let (measured, modelled) =
            (&trial["figures"][connect], &trial["model"]["figures"][connect]);
        assert_eq!(measured, modelled, "{deliver} {label} {connect}");
    }
}

#[test]
fn books_balance_and_the_model_agrees_where_every_message_must_arrive() {
    check("every");
}

#[test]
fn books_balance_and_the_model_agrees_where_only_the_newest_counts() {
    check("latest");
}
