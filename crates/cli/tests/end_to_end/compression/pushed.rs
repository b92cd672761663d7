//! Messages that are deflated over a WebSocket.

use pushbench_protocol::Phase;
use pushbench_protocol::figure::bytes_per;
use pushbench_store::TrialV2;

use super::{
    AS_IT_STANDS, NEAR, all, carriage, figure, is_near, modelled, near, payload, play, same,
    segments,
};
use crate::quiet::Job;
use crate::support::{Bench, trial};

pub(super) const PUSHED: &str = r#"question = "What does deflate save?"

[workload]
clients = 6
publish = { every = "125ms" }
payload = { bytes = 1_000, content = "json" }
warm_up = "500ms"
measure = "1s"
rounds = 1

[headers]
request = "minimal"

[[transport]]
kind = "websocket"
name = "clear"

[[transport]]
kind = "websocket"
name = "takeover"
compression = "deflate"

[[transport]]
kind = "websocket"
name = "alone"
compression = "deflate"
context_takeover = false

[[transport]]
kind = "websocket"
name = "small"
compression = "deflate"
window_bits = 10

[[transport]]
kind = "websocket"
name = "small-alone"
compression = "deflate"
window_bits = 10
context_takeover = false
"#;

pub(crate) fn of_the_kernel() -> Vec<Job> {
    let parts: [&[&str]; 2] = [&["clear", "takeover", "alone"], &["small", "small-alone"]];
    parts.map(|labels| segments(PUSHED.to_owned(), labels)).into()
}

#[test]
fn deflated_messages_are_smaller_and_their_framing_is_the_models() {
    let labels = ["clear", "takeover", "alone", "small", "small-alone"];
    let run = play(PUSHED, &AS_IT_STANDS);
    for label in labels {
        let trial = trial(&run, label);
        for name in ["framing", "header", "control", "repeat"] {
            same(trial, &bytes_per(name, None, "delivery"));
        }
        same(trial, "connect_stream_bytes_per_connection");
        assert_eq!(trial.counts.delivered, 48, "{label}");
        if label == "clear" {
            same(trial, "payload_bytes_per_delivery");
            continue;
        }
        near(trial, "payload_bytes_per_delivery");
        same(trial, "uncompressed_payload_bytes_per_delivery");
        assert_eq!(figure(trial, "uncompressed_payload_bytes_per_delivery"), 1_000.0, "{label}");
        let ratio = 1_000.0 / payload(&run, label);
        assert!((figure(trial, "compression_ratio") - ratio).abs() < 1e-9, "{label}");
        same_goodput(trial);
    }
    // The filler is cut from a pool that repeats after 64 KiB, so a window finds little of it.
    assert!(payload(&run, "alone") < 0.6 * payload(&run, "clear"));
    assert!(payload(&run, "takeover") < 0.9 * payload(&run, "alone"));
    assert!(payload(&run, "small") < payload(&run, "alone"));
    assert!(payload(&run, "takeover") <= payload(&run, "small"));
}

/// What carries the bytes does not change them: each has its own framing, and the model knows it.
#[test]
fn messages_are_deflated_alike_in_tls_and_over_http_2() {
    let labels = ["clear", "takeover", "alone", "small", "small-alone"];
    let plain = play(PUSHED, &AS_IT_STANDS);
    for (http, tls, together) in [("1.1", "full", 1), ("2", "none", 1), ("2", "full", 3)] {
        let sets = all(&labels, &carriage(http, tls, together));
        let run = play(PUSHED, &sets);
        for label in labels {
            let trial = trial(&run, label);
            for name in ["framing", "header", "control", "repeat"] {
                same(trial, &bytes_per(name, None, "delivery"));
            }
            near(trial, "payload_bytes_per_delivery");
            let (here, there) = (payload(&run, label), payload(&plain, label));
            assert!(is_near(here, there), "{http} {tls} {label}: {here}, alone {there}");
            assert_eq!(trial.counts.delivered, 48, "{http} {tls} {label}");
            assert_eq!(figure(trial, "tls_bytes_per_delivery") > 0.0, tls == "full", "{label}");
            if together == 1 {
                // One date a connection.
                let name = "connect_stream_bytes_per_connection";
                let (found, expected) = (figure(trial, name), modelled(trial, name));
                assert!((found - expected).abs() <= 2.0, "{label}: {found}, model {expected}");
            }
        }
    }
}

/// A ping between two messages is no part of the window, and of conflated messages those that are
/// dropped are not in it either. Of as many messages as make the digits of one due time weigh little.
#[test]
fn heartbeats_and_conflation_leave_the_window_as_it_is() {
    let labels = ["takeover", "alone", "small", "small-alone"];
    let mut sets = all(&labels, &["heartbeat=500ms".to_owned()]);
    sets.extend(["workload.publish.every=1250ms", "workload.measure=25s"].map(str::to_owned));
    let run = play(PUSHED, &sets);
    for label in labels {
        let trial = trial(&run, label);
        let ticks = trial.counts.heartbeats.expect("they are counted");
        assert!(ticks > 0, "{label}");
        let books = &trial.books.phases[&Phase::Measure];
        assert_eq!((books.down.control, books.up.control), (2 * ticks, 6 * ticks), "{label}");
        same(trial, "framing_bytes_per_delivery");
        near(trial, "payload_bytes_per_delivery");
    }
    let mut conflated = all(&labels, &["conflate=500ms".to_owned()]);
    // Which of them go depends on when the measure phase begins, which the model cannot know; so they
    // are many, and long enough that each has a length of two bytes.
    conflated.extend(["workload.payload.bytes=1500", "workload.measure=25s"].map(str::to_owned));
    let run = play(PUSHED, &conflated);
    for label in labels {
        let trial = trial(&run, label);
        let counts = &trial.counts;
        assert!(counts.delivered > 0 && counts.superseded > 0, "{label}: {counts:?}");
        same(trial, "framing_bytes_per_delivery");
        assert_eq!(figure(trial, "uncompressed_payload_bytes_per_delivery"), 1_500.0, "{label}");
        assert!(payload(&run, label) < 900.0, "{label}: {}", payload(&run, label));
        // Of the messages that were dropped no window knows, and the model neither.
        near(trial, "payload_bytes_per_delivery");
    }
}

#[test]
fn a_reader_sees_what_was_published_what_was_saved_and_what_it_costs() {
    let bench = Bench::with(PUSHED);
    let (ended, run) = bench.valid_run(&["--full", "--only", "takeover,alone"]);
    for row in ["as published", "saved", "memory per connection", "before use"] {
        assert!(ended.stdout.contains(row), "no `{row}`: {ended}");
    }
    for label in ["takeover", "alone"] {
        let trial = trial(&run, label);
        let saved = 1.0 - payload(&run, label) / 1_000.0;
        assert!((figure(trial, "compression_saved") - saved).abs() < 1e-9, "{label}");
        assert!((saved - modelled(trial, "compression_saved")).abs() < NEAR, "{label}: {saved}");
        assert!(trial.figures.contains_key("server_working_memory_per_connection"), "{label}");
    }
}

fn same_goodput(trial: &TrialV2) {
    assert!(is_near(figure(trial, "goodput"), modelled(trial, "goodput")), "{}", trial.transport);
}

/// For compressors that are not optimised: what was sent must have come before the next is due. And as
/// many messages as make the digits of one due time, which the model does not know, weigh little.
const SELDOM: [&str; 4] = [
    "workload.clients=2",
    "workload.publish.every=500ms",
    "workload.warm_up=1s",
    "workload.measure=8s",
];

/// A message that no compressor makes smaller stays a message: noise in base64 loses a quarter, and
/// a window what the message before it had of the same pool.
#[test]
fn small_messages_and_large_ones_get_the_framing_of_their_compressed_length() {
    for (bytes, content, framing) in
        [(16, "text", 2.0), (60, "random", 2.0), (2_000, "random", 4.0), (140_000, "random", 10.0)]
    {
        let sets = [
            format!("workload.payload.bytes={bytes}"),
            format!("workload.payload.content={content}"),
        ];
        let sets: Vec<_> = sets.iter().map(String::as_str).chain(SELDOM).collect();
        let run = play(PUSHED, &sets);
        for label in ["takeover", "alone", "small", "small-alone"] {
            let trial = trial(&run, label);
            assert_eq!(figure(trial, "framing_bytes_per_delivery"), framing, "{label} {bytes}");
            same(trial, "framing_bytes_per_delivery");
            near(trial, "payload_bytes_per_delivery");
        }
    }
}

#[test]
fn a_profile_that_offers_deflate_is_sent_as_it_stands() {
    let sets = ["headers.request=chrome", "headers.cookie_bytes=100"];
    let run = play(PUSHED, &sets);
    for label in ["clear", "takeover", "alone", "small"] {
        same(trial(&run, label), "connect_stream_bytes_per_connection");
    }
    let up = |label| trial(&run, label).books.phases[&Phase::Connect].up.handshake;
    assert_eq!(up("clear"), up("takeover"));
    assert!(up("alone") > up("clear"));
}
