//! Every transport over HTTP/2, clear and in TLS, alone and shared: the books balance, and the model
//! agrees to the byte.

use std::io::Write;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use pushbench_protocol::{ByteKind, ConnectionClass, Direction, Layer, figure};
use pushbench_store::{RunV2, TrialV2};

use crate::quiet::Job;
use crate::support::{Bench, Server, invalid_checks, needs};
use crate::{piped, turncoat};

/// Clients of a scenario.
const CLIENTS: u64 = 12;
/// Most bytes of a date that is new, in the Huffman code.
const DATE: f64 = 26.0;

/// What every transport must carry alike: small, quick, and slow enough that each message of a push
/// has a moment of its own.
fn scenario(more: &str) -> String {
    let kinds = ["short-poll", "long-poll", "sse", "stream", "websocket"];
    let transports = kinds.map(|kind| {
        let interval = if kind == "short-poll" { "interval = \"500ms\"\n" } else { "" };
        format!("[[transport]]\nkind = \"{kind}\"\nhttp = \"2\"\n{interval}{more}\n")
    });
    format!(
        "question = \"Do the books balance and does the model agree over HTTP/2?\"\n\n\
         [workload]\nclients = {CLIENTS}\npublish = {{ every = \"250ms\" }}\n\
         payload = {{ bytes = 40 }}\nwarm_up = \"500ms\"\nmeasure = \"1s\"\nrounds = 1\n\n{}",
        transports.concat()
    )
}

/// Sums whose bytes do not depend on when a second begins on the wall's clock: all of what is pushed;
/// of polls, what goes up, and what goes down beside heads.
fn is_timeless(trial: &TrialV2, sum: &str, direction: Direction) -> bool {
    let has_headers = sum == ByteKind::Header.label() || sum == Layer::Stream.label();
    !has_headers
        || direction == Direction::Up
        || !trial.figures.contains_key("header_bytes_first_poll")
}

/// Plays a scenario over pipes; `connections` is what its clients share.
fn check(more: &str, sets: &[&str], connections: u64) {
    let arguments: Vec<_> = sets.iter().flat_map(|set| ["--set", *set]).collect();
    let run = piped::valid_run(&scenario(more), &arguments);
    look_at(&run, &format!("{more} {sets:?}"), connections, 1);
}

/// Plays a scenario over sockets.
fn check_sockets(more: &str, connections: u64) {
    let (_, run) = Bench::with(&scenario(more)).valid_run(&[]);
    look_at(&run, more, connections, 2);
}

/// Looks at a run; of its witnesses so many pairs are compared in all five phases.
fn look_at(run: &RunV2, what: &str, connections: u64, pairs_of_clients: usize) {
    assert_eq!(run.trials.len(), 5);
    for trial in &run.trials {
        let label = format!("{what} {}", trial.transport);
        for pair in &trial.books.reconciliations {
            assert_eq!(pair.left, pair.right, "{label}: {pair:?}");
        }
        let pairs = trial.books.reconciliations.len();
        assert_eq!(pairs, piped::comparisons(pairs_of_clients), "{label}");
        assert_eq!(trial.counts.lost, 0, "{label}");
        assert!(trial.counts.errors.is_empty(), "{label}: {:?}", trial.counts.errors);
        let deliveries = trial.counts.deliveries_in_measure;
        if trial.transport != "short-poll" {
            assert_eq!(deliveries, CLIENTS * 4, "{label}");
        }
        let of = |name: &str| (trial.figures[name], trial.model.figures[name]);
        let kinds = ByteKind::ALL.iter().filter(|kind| kind.is_in(Layer::Stream));
        let kinds = kinds.filter(|kind| !kind.is_third_party());
        for sum in kinds.map(|kind| kind.label()).chain([Layer::Stream.label()]) {
            for &direction in Direction::ALL {
                let name = figure::bytes_per(sum, Some(direction), "delivery");
                let (measured, modelled) = of(&name);
                let off = (measured - modelled).abs() * deliveries as f64;
                // A connection may have seen one second more or less begin, and dates are not all
                // equally long.
                let bound = if is_timeless(trial, sum, direction) {
                    1e-6
                } else {
                    DATE * connections as f64 + deliveries as f64
                };
                assert!(off <= bound, "{label}: {name} is {measured}, the model says {modelled}");
            }
        }
        if connections == CLIENTS {
            let (measured, modelled) = of("connect_stream_bytes_per_connection");
            // One date a connection.
            assert!((measured - modelled).abs() <= 2.0, "{label}: {measured} {modelled}");
        }
        if trial.figures.contains_key("header_bytes_first_poll") {
            for name in ["header_bytes_up_first_poll", "header_bytes_up_uncompressed_poll"] {
                let (measured, modelled) = of(name);
                assert!(
                    (measured - modelled).abs() < 1e-6,
                    "{label} {name}: {measured} {modelled}"
                );
            }
            if connections == CLIENTS {
                let (measured, modelled) = of("header_bytes_down_first_poll");
                assert!((measured - modelled).abs() <= 2.0, "{label}: {measured} {modelled}");
            }
        }
    }
}

#[test]
fn books_balance_and_the_model_agrees_in_clear_text_and_in_tls() {
    check_sockets("tls = \"none\"", CLIENTS);
    for tls in ["none", "full"] {
        let more = format!("tls = \"{tls}\"");
        check(&more, &[], CLIENTS);
        check(&more, &["workload.deliver=every", "headers.request=chrome"], CLIENTS);
    }
}

#[test]
fn the_model_agrees_where_frames_and_blocks_reach_their_limits() {
    // A line of 16,383 bytes fills a frame.
    const ROWS: [&[&str]; 6] = [
        &["workload.payload.bytes=125"],
        &["workload.payload.bytes=126", "headers.cookie_bytes=2000"],
        &["headers.request=minimal", "headers.response=kaazing-2009"],
        &["workload.payload.bytes=16383"],
        &["workload.payload.bytes=16384"],
        &["workload.payload.bytes=66000"],
    ];
    for row in ROWS {
        check("", row, CLIENTS);
    }
}

/// What is pushed takes the records that the model says, and nearly the segments, whatever its size:
/// how many pieces of one message the receiver acknowledges together is its kernel's timing, for which
/// there are 3 %.
pub(crate) fn of_the_kernel() -> Vec<Job> {
    const PUSHED: [&str; 3] = ["sse", "stream", "websocket"];
    let carriers = ["tls = \"none\"", "tls = \"full\""];
    let rows = carriers.map(|more| [1_024, 16_384, 65_536].map(|bytes| (more, bytes)));
    let job = |&(more, bytes): &(&'static str, u32)| {
        let play = move || {
            let set = format!("workload.payload.bytes={bytes}");
            let arguments = ["--only", &PUSHED.join(","), "--set", &set];
            Bench::with(&scenario(more)).valid_run(&arguments).1
        };
        Job::new(format!("HTTP/2 {more} {bytes}"), play, move |run| {
            assert_eq!(run.trials.len(), PUSHED.len());
            for trial in &run.trials {
                let label = format!("{more} {bytes} {}", trial.transport);
                let of = |name: &str| (trial.figures[name], trial.model.figures[name]);
                let (measured, modelled) = of("tls_bytes_per_delivery");
                assert!((measured - modelled).abs() < 1e-6, "{label}: {measured} {modelled}");
                let (measured, modelled) = of("tcp_ip_bytes_per_delivery");
                let off = measured / modelled - 1.0;
                assert!(off.abs() <= 0.03, "{label}: {measured} {modelled}");
            }
        })
    };
    rows.as_flattened().iter().map(job).collect()
}

#[test]
fn many_clients_share_a_connection_and_its_books() {
    check_sockets("clients_per_connection = 4", 3);
    for more in ["clients_per_connection = 4", "clients_per_connection = 5\ntls = \"full\""] {
        check(more, &["workload.topics=2"], 3);
    }
}

#[test]
fn curl_takes_polls_and_events_over_http_2() {
    if !needs("curl") {
        return;
    }
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    let curl = |arguments: &[&str]| {
        let url = server.url();
        let arguments = arguments.iter().map(|argument| argument.replace("URL", &url));
        let output = Command::new("curl")
            .args(["--silent", "--http2-prior-knowledge", "--max-time", "5"])
            .args(arguments)
            .output()
            .expect("curl is installed");
        String::from_utf8(output.stdout).expect("text")
    };
    curl(&["--data-binary", "hello", "URL/topics/t0000/messages"]);
    let version = ["--write-out", " %{http_version} %{http_code}"];
    let poll = curl(&[&version[..], &["URL/topics/t0000/poll?after=0000000000000000"]].concat());
    assert_eq!(poll, "hello 2 200");
    let resume = ["--header", "Last-Event-ID: 0000000000000000", "--max-time", "1"];
    let events = curl(&[&resume[..], &["URL/topics/t0000/events"]].concat());
    assert!(events.ends_with("\ndata: hello\n\n"), "{events}");
    assert_eq!(server.stats().connections[&ConnectionClass::Sse].accepted, 1);
}

/// A server whose connections speak HTTP/1.1 only, but for the first `count` that begin otherwise:
/// those are refused, the rest is the real one's.
fn only_http_1(server: &Server, count: usize) -> String {
    let (target, seen) = (server.address, AtomicUsize::new(0));
    let address = turncoat::relay(move |client| {
        let mut first = [0; 3];
        client.peek(&mut first)?;
        if &first == b"PRI" && seen.fetch_add(1, Ordering::Relaxed) >= count {
            (&*client).write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")?;
            return Err(std::io::ErrorKind::Unsupported.into());
        }
        Ok(target)
    });
    format!("http://{address}")
}

#[test]
fn a_target_without_http_2_is_told_and_not_believed() {
    let bench = Bench::with(&scenario(""));
    let server = Server::start(&bench, &[]);
    let url = only_http_1(&server, 0);
    let ended = bench.play(&["run", "small.toml", "--only", "websocket", "--target", &url]);
    assert_eq!(ended.code, 1, "{ended}");
    assert!(ended.stderr.contains("the server does not speak HTTP/2"), "{ended}");
    assert!(bench.records().is_empty(), "{ended}");
    let url = only_http_1(&server, 1);
    let ended = bench.play(&["run", "small.toml", "--only", "websocket", "--target", &url]);
    let (_, record) = bench.newest_record();
    assert_eq!(ended.code, 98, "{ended}");
    assert!(invalid_checks(&record).contains(&"errors".to_owned()), "{ended}");
    assert_eq!(record.trials[0].counts.errors["http-version-not-spoken"], CLIENTS, "{ended}");
}
