//! Compressed bodies of responses to polls.

use pushbench_protocol::figure::bytes_per;
use pushbench_protocol::{Direction, Phase};
use pushbench_store::TrialV2;

use super::{A_FEW, all, carriage, figure, modelled, near, payload, play, play_only, same};
use crate::support::trial;

/// Clients of each scenario.
const CLIENTS: f64 = 6.0;
/// Most bytes of a date that is new, in HTTP/2's Huffman code.
const DATE: f64 = 26.0;

pub(super) const POLLED: &str = r#"question = "What does compressing bodies save?"

[workload]
clients = 6
publish = { every = "250ms" }
payload = { bytes = 10_000, content = "json" }
warm_up = "500ms"
measure = "1s"
rounds = 1

[[transport]]
kind = "short-poll"
name = "clear"
interval = "500ms"

[[transport]]
kind = "short-poll"
name = "gzip"
interval = "500ms"
compression = "gzip"

[[transport]]
kind = "short-poll"
name = "br"
interval = "500ms"
compression = "br"

[[transport]]
kind = "long-poll"
name = "held-clear"

[[transport]]
kind = "long-poll"
name = "held-gzip"
compression = "gzip"
"#;

#[test]
fn bodies_are_compressed_alike_in_tls_and_over_http_2() {
    let labels = ["clear", "gzip", "br", "held-clear", "held-gzip"];
    for (http, tls, together, deliver, unchanged) in [
        ("1.1", "full", 1, "latest", "empty"),
        ("2", "none", 1, "latest", "not-modified"),
        ("2", "none", 1, "every", "empty"),
        ("2", "full", 3, "latest", "resend"),
    ] {
        let mut sets = all(&labels, &carriage(http, tls, together));
        sets.extend(all(&["clear", "gzip", "br"], &[format!("unchanged={unchanged}")]));
        sets.push(format!("workload.deliver={deliver}"));
        let run = play(POLLED, &sets);
        for label in ["gzip", "br", "held-gzip"] {
            let trial = trial(&run, label);
            same(trial, "header_bytes_up_per_poll");
            let name = "header_bytes_down_per_poll";
            let off = (figure(trial, name) - modelled(trial, name)).abs();
            // On HTTP/2 a connection may have seen one second more or less begin.
            let dates = if http == "2" { CLIENTS * DATE / trial.counts.polls as f64 } else { 0.0 };
            assert!(off <= dates + A_FEW, "{http} {tls} {label}: {off}, at most {dates}");
            near(trial, "payload_bytes_per_delivery");
            near(trial, "framing_bytes_per_delivery");
            assert_eq!(figure(trial, "uncompressed_payload_bytes_per_delivery"), 10_000.0);
            let clear = if label.starts_with("held") { "held-clear" } else { "clear" };
            assert!(payload(&run, label) * 3.0 < payload(&run, clear), "{http} {tls} {label}");
        }
    }
}

/// Eight messages of 100 kB in a body are less than the bound of 1 MiB, sixteen are more; so are one or
/// two fewer or more, which a poll gets that leaves a little late.
#[test]
fn a_body_over_the_bound_is_sent_as_it_is_and_load_generator_and_model_know() {
    for (interval, measure, is_coded) in [("400ms", "1200ms", true), ("800ms", "1600ms", false)] {
        let sets = [
            "workload.deliver=every".to_owned(),
            "workload.clients=2".to_owned(),
            "workload.publish.every=50ms".to_owned(),
            "workload.payload.bytes=100_000".to_owned(),
            format!("workload.measure={measure}"),
            format!("transport.gzip.interval={interval}"),
        ];
        let run = play_only(POLLED, &sets, "--only=gzip");
        let trial = trial(&run, "gzip");
        near(trial, "payload_bytes_per_delivery");
        near(trial, "framing_bytes_per_delivery");
        let is_smaller = payload(&run, "gzip") < 60_000.0;
        assert_eq!(is_smaller, is_coded, "{interval}: {}", payload(&run, "gzip"));
    }
}

#[test]
fn compressed_answers_are_smaller_and_all_their_bytes_are_booked() {
    for deliver in ["latest", "every"] {
        for unchanged in ["empty", "not-modified"] {
            let mut sets = vec![format!("workload.deliver={deliver}")];
            for label in ["clear", "gzip", "br"] {
                sets.push(format!("transport.{label}.unchanged={unchanged}"));
            }
            let run = play(POLLED, &sets);
            for label in ["gzip", "br", "held-gzip"] {
                check_polls(trial(&run, label));
            }
            for (clear, compressed) in
                [("clear", "gzip"), ("clear", "br"), ("held-clear", "held-gzip")]
            {
                let (clear, compressed) = (payload(&run, clear), payload(&run, compressed));
                assert!(compressed * 3.0 < clear, "{deliver}: {compressed} of {clear}");
            }
        }
    }
}

fn check_polls(trial: &TrialV2) {
    let label = &trial.transport;
    same(trial, "header_bytes_up_per_poll");
    same(trial, "connect_stream_bytes_per_connection");
    near(trial, "header_bytes_down_per_poll");
    near(trial, "payload_bytes_per_delivery");
    assert_eq!(figure(trial, "uncompressed_payload_bytes_per_delivery"), 10_000.0, "{label}");
    let down = &trial.books.phases[&Phase::Measure].down;
    assert_eq!(down.framing, 0, "{label}: within a compressed body nothing is told apart");
    let sample = trial.sample.as_ref().expect("an answer with news");
    let coding = if label.ends_with("gzip") { "gzip" } else { "br" };
    let field = format!("\r\nContent-Encoding: {coding}\r\n");
    assert!(sample.response_head.contains(&field), "{label}: {}", sample.response_head);
    assert!(sample.body_bytes < 10_000, "{label}");
}

/// Polls twice for each message: half of the answers hold what the client had.
#[test]
fn a_repeat_is_booked_with_the_bytes_it_had_on_the_wire() {
    let sets = [
        "workload.publish.every=1s",
        "workload.measure=2s",
        "transport.clear.unchanged=resend",
        "transport.gzip.unchanged=resend",
        "transport.br.unchanged=resend",
    ];
    let run = play(POLLED, &sets);
    for label in ["gzip", "br"] {
        let trial = trial(&run, label);
        let kinds = |direction| bytes_per("repeat", Some(direction), "delivery");
        near(trial, &kinds(Direction::Down));
        near(trial, "payload_bytes_per_delivery");
        let repeat = figure(trial, &kinds(Direction::Down));
        assert!(repeat > 100.0 && repeat < 5_000.0, "{label}: {repeat}");
    }
}

/// A body under the threshold is left as it is, and the model knows.
#[test]
fn a_small_body_is_not_compressed_and_the_model_says_so_to_the_byte() {
    let run = play(POLLED, &["workload.payload.bytes=900"]);
    for label in ["gzip", "br", "held-gzip"] {
        let trial = trial(&run, label);
        same(trial, "payload_bytes_per_delivery");
        same(trial, "header_bytes_down_per_poll");
        assert_eq!(figure(trial, "compression_ratio"), 1.0, "{label}");
    }
}
