//! Compressed transports through the binary: the books balance, what is compressed is smaller, and
//! the model agrees: to the byte on everything but what the compressor made, and nearly on that.

use pushbench_protocol::figure::bytes_per;
use pushbench_protocol::{Direction, Phase};
use pushbench_store::{RunV2, TrialV2};

use crate::quiet::Job;
use crate::support::{Bench, Server, trial};
use crate::{piped, turncoat};

/// How far the model's guess of a compressed length may be off, relative and in bytes.
const NEAR: f64 = 0.02;
const A_FEW: f64 = 3.0;
/// Clients of each scenario.
const CLIENTS: f64 = 6.0;
/// Most bytes of a date that is new, in HTTP/2's Huffman code.
const DATE: f64 = 26.0;

const PUSHED: &str = r#"question = "What does deflate save?"

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

/// No settings but the scenario's own.
pub(crate) const AS_IT_STANDS: [&str; 0] = [];

const POLLED: &str = r#"question = "What does compressing bodies save?"

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

pub(crate) fn figure(trial: &TrialV2, name: &str) -> f64 {
    *trial.figures.get(name).unwrap_or_else(|| panic!("{}: no {name}", trial.transport))
}

pub(crate) fn modelled(trial: &TrialV2, name: &str) -> f64 {
    *trial.model.figures.get(name).unwrap_or_else(|| panic!("{}: no {name}", trial.transport))
}

pub(crate) fn same(trial: &TrialV2, name: &str) {
    let (found, expected) = (figure(trial, name), modelled(trial, name));
    // To the byte: sums of products of the model are off by what a float cannot hold.
    let is_same = (found - expected).abs() <= 1e-9 * expected.abs();
    assert!(is_same, "{} {name}: {found}, model {expected}", trial.transport);
}

pub(crate) fn is_near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= (NEAR * expected).max(A_FEW)
}

pub(crate) fn near(trial: &TrialV2, name: &str) {
    let (found, expected) = (figure(trial, name), modelled(trial, name));
    assert!(is_near(found, expected), "{} {name}: {found}, model {expected}", trial.transport);
}

pub(crate) fn check_books(run: &RunV2) {
    for trial in &run.trials {
        for pair in &trial.books.reconciliations {
            assert_eq!(pair.left, pair.right, "{}: {pair:?}", trial.transport);
        }
        assert_eq!(trial.counts.lost, 0, "{}", trial.transport);
        assert!(trial.counts.errors.is_empty(), "{}: {:?}", trial.transport, trial.counts);
        let options = &run.transports.iter().find(|t| t.label == trial.transport).expect("it");
        let is_compressed = options.options.get("compression").is_some_and(|it| it != "none");
        // Over pipes there is none but ours.
        let is_piped = trial.books.reconciliations.iter().all(|pair| !pair.pair.contains("kernel"));
        let is_ours = trial.work.server.is_some() || is_piped;
        let is_said = options.options.contains_key("compression_level");
        assert_eq!(is_said, is_compressed && is_ours, "{}", trial.transport);
        assert_eq!(trial.figures.contains_key("compression_ratio"), is_compressed);
    }
}

/// Payload on the wire, for each delivery.
pub(crate) fn payload(run: &RunV2, label: &str) -> f64 {
    figure(trial(run, label), "payload_bytes_per_delivery")
}

/// Plays a scenario over pipes.
pub(crate) fn play(scenario: &str, sets: &[impl AsRef<str>]) -> RunV2 {
    let sets: Vec<_> = sets.iter().flat_map(|set| ["--set", set.as_ref()]).collect();
    let run = piped::valid_run(scenario, &sets);
    check_books(&run);
    run
}

/// Plays some of the transports over pipes.
pub(crate) fn play_only(scenario: &str, sets: &[String], only: &str) -> RunV2 {
    let sets: Vec<_> = sets.iter().flat_map(|set| ["--set", set.as_str()]).collect();
    let run = piped::valid_run(scenario, &[&[only], &sets[..]].concat());
    check_books(&run);
    run
}

/// Transports over sockets: their segments are the model's too, within 2 %.
pub(crate) fn segments(scenario: String, labels: &'static [&str]) -> Job {
    let only = labels.join(",");
    let what = format!("compression of {only}");
    let play = move || Bench::with(&scenario).valid_run(&["--quiet", "--only", &only]).1;
    Job::new(what, play, |run| {
        let name = "tcp_ip_bytes_per_delivery";
        for trial in labels.iter().map(|label| trial(run, label)) {
            let (found, expected) = (figure(trial, name), modelled(trial, name));
            let off = found / expected - 1.0;
            assert!(off.abs() <= 0.02, "{} {name}: {found}, model {expected}", trial.transport);
        }
    })
    .whenever(check_books)
}

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

/// Settings of every transport of a scenario.
pub(crate) fn all(labels: &[&str], settings: &[String]) -> Vec<String> {
    let each = |label: &&str| {
        let label = (*label).to_owned();
        settings.iter().map(move |setting| format!("transport.{label}.{setting}"))
    };
    labels.iter().flat_map(each).collect()
}

pub(crate) fn carriage(http: &str, tls: &str, together: u32) -> Vec<String> {
    let mut settings = vec![format!("http=\"{http}\""), format!("tls={tls}")];
    if together > 1 {
        settings.push(format!("clients_per_connection={together}"));
    }
    settings
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

/// A ping between two messages is no part of the window, and of conflated messages those that are
/// dropped are not in it either.
#[test]
fn heartbeats_and_conflation_leave_the_window_as_it_is() {
    let labels = ["takeover", "alone", "small", "small-alone"];
    let mut sets = all(&labels, &["heartbeat=500ms".to_owned()]);
    sets.extend(["workload.publish.every=1250ms", "workload.measure=4s"].map(str::to_owned));
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
    conflated.push("workload.measure=5s".to_owned());
    let run = play(PUSHED, &conflated);
    for label in labels {
        let trial = trial(&run, label);
        let counts = &trial.counts;
        assert!(counts.delivered > 0 && counts.superseded > 0, "{label}: {counts:?}");
        same(trial, "framing_bytes_per_delivery");
        assert_eq!(figure(trial, "uncompressed_payload_bytes_per_delivery"), 1_000.0, "{label}");
        assert!(payload(&run, label) < 600.0, "{label}: {}", payload(&run, label));
        // Of the messages that were dropped no window knows, and the model neither.
        near(trial, "payload_bytes_per_delivery");
    }
}

#[test]
fn a_reader_sees_what_was_published_what_was_saved_and_what_it_costs() {
    let bench = Bench::with(PUSHED);
    let (ended, run) = bench.valid_run(&["--only", "takeover,alone"]);
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

/// For compressors that are not optimised: what was sent must have come before the next is due.
const SELDOM: [&str; 3] =
    ["workload.clients=2", "workload.publish.every=500ms", "workload.warm_up=1s"];

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

#[test]
fn a_server_that_does_not_compress_is_told_apart_from_one_that_does() {
    for (scenario, label, flags, fault) in [
        (PUSHED, "takeover", &[][..], "extension-not-as-asked"),
        (PUSHED, "alone", &["--deflate"], ""),
        (
            PUSHED,
            "takeover",
            &["--deflate", "--deflate-window-bits", "11"],
            "extension-not-as-asked",
        ),
        (PUSHED, "small", &["--deflate"], ""),
        (POLLED, "gzip", &[], "coding-not-as-asked"),
        (POLLED, "held-gzip", &["--compression", "br"], "coding-not-as-asked"),
        (POLLED, "br", &["--compression", "br"], ""),
    ] {
        let bench = Bench::with(scenario);
        let server = Server::start(&bench, &[&["--mss", "1460"], flags].concat());
        let arguments = ["--quiet", "--only", label, "--target", &server.url()];
        if fault.is_empty() {
            let (_, run) = bench.valid_run(&arguments);
            check_books(&run);
            continue;
        }
        let ended = bench.play(&[&["run", "small.toml"], &arguments[..]].concat());
        assert_eq!(ended.code, 1, "{label} {flags:?}: {ended}");
        let said = match fault {
            "extension-not-as-asked" => "the upgrade agrees on extensions that were not offered",
            _ => "the body is not compressed as requested",
        };
        assert!(ended.stderr.contains(said), "{label} {flags:?}: {ended}");
        assert!(bench.records().is_empty(), "{label} {flags:?}: {ended}");

        // One that stops compressing only once the run has begun.
        let able = Server::start(&bench, &["--deflate", "--compression", "gzip"]);
        let changed = turncoat::by_topic(able.address, server.address);
        let url = format!("http://{changed}");
        let arguments = ["run", "small.toml", "--quiet", "--only", label, "--target", &url];
        let ended = bench.play(&arguments);
        assert_eq!(ended.code, 98, "{label} {flags:?}: {ended}");
        let (_, run) = bench.newest_record();
        let errors = &trial(&run, label).counts.errors;
        assert_eq!(errors.keys().collect::<Vec<_>>(), [fault], "{label} {flags:?}: {errors:?}");
        assert!(ended.stdout.contains(fault), "{label} {flags:?}: {ended}");
    }
}
