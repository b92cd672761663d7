//! The bytes of the reference scenarios: a rebuilt house must send what the records say.
//!
//! Every scenario of `results/reference` is played in short, with few clients and short phases, and
//! each of its transports is held against the committed record: the text of a poll's headers, the
//! bytes of a connection by kind, and the bytes per poll, per message and per heartbeat by kind.
//! They do not depend on how many clients there are, nor for how long they are measured, so they
//! are equal, exactly; only where they depend on what a message contains does a tolerance stand,
//! with its reason. What is below TLS is not compared: it depends on segments.

mod compare;

use std::path::{Path, PathBuf};

use pushbench_store::{RECORD_FILE, RunV2, TrialV2};

use self::compare::{Carriage, compare};
use crate::support::{Bench, OF_THE_MACHINE, Running, invalid_checks};

/// A reference scenario in short: what is set, and for which transports.
struct Short {
    scenario: &'static str,
    only: &'static [&'static str],
    sets: &'static [&'static str],
}

/// What every one of them is played with: few clients, and phases of a few polls.
const BRIEF: [&str; 4] =
    ["workload.clients=4", "workload.warm_up=300ms", "workload.measure=1s", "workload.rounds=1"];

const fn all(scenario: &'static str, sets: &'static [&'static str]) -> Short {
    Short { scenario, only: &[], sets }
}

/// In processes of their own, all at a time; the long ones in several.
const SHORT: [Short; 19] = [
    all("quickstart", &["workload.publish.every=200ms", "transport.short-poll.interval=200ms"]),
    Short {
        scenario: "all-transports",
        only: &["short-poll", "long-poll", "sse", "stream", "websocket"],
        sets: &["workload.publish.every=200ms", "transport.short-poll.interval=200ms"],
    },
    Short {
        scenario: "all-transports",
        only: &["nudge", "short-poll-tls", "sse-tls", "stream-tls", "websocket-tls"],
        sets: &["workload.publish.every=200ms", "transport.short-poll-tls.interval=200ms"],
    },
    // A response's date is a field to be sent again once it has changed (RFC 7541), so polls by
    // HTTP/2 are as far apart as in the record, in whole seconds.
    Short {
        scenario: "all-transports",
        only: &["short-poll-h2", "long-poll-h2", "short-poll-h2-tls"],
        sets: &[
            "workload.publish.every=1s",
            "workload.warm_up=1s",
            "workload.measure=2s",
            "transport.short-poll-h2.interval=1s",
            "transport.short-poll-h2-tls.interval=1s",
        ],
    },
    Short {
        scenario: "all-transports",
        only: &["sse-h2", "stream-h2", "websocket-h2"],
        sets: &["workload.publish.every=200ms"],
    },
    Short {
        scenario: "all-transports",
        only: &["sse-h2-tls", "stream-h2-tls", "websocket-h2-tls"],
        sets: &["workload.publish.every=200ms"],
    },
    all("busy-feed", &["workload.publish.rate=200/s", "transport.short-poll.interval=200ms"]),
    Short {
        scenario: "compression",
        only: &["short-poll", "short-poll-gzip", "short-poll-br"],
        sets: &[
            "workload.publish.every=100ms",
            "transport.short-poll.interval=100ms",
            "transport.short-poll-gzip.interval=100ms",
            "transport.short-poll-br.interval=100ms",
        ],
    },
    Short {
        scenario: "compression",
        only: &["websocket", "websocket-deflate"],
        sets: &["workload.publish.every=100ms"],
    },
    Short {
        scenario: "compression",
        only: &["websocket-deflate-no-takeover", "websocket-deflate-10"],
        sets: &["workload.publish.every=100ms"],
    },
    all(
        "idle-feed",
        &[
            "workload.topics=4",
            "workload.publish.every=150ms",
            "transport.poll-resend.interval=50ms",
            "transport.poll-empty.interval=50ms",
            "transport.poll-not-modified.interval=50ms",
        ],
    ),
    Short {
        scenario: "kaazing-a",
        only: &["short-poll", "websocket", "poll-new-connection", "poll-tls", "websocket-tls"],
        sets: &[
            "workload.publish.every=100ms",
            "transport.short-poll.interval=100ms",
            "transport.poll-new-connection.interval=100ms",
            "transport.poll-tls.interval=100ms",
        ],
    },
    Short {
        scenario: "kaazing-a",
        only: &["poll-h2", "poll-h2-tls"],
        sets: &["workload.warm_up=1s", "workload.measure=2s"],
    },
    Short {
        scenario: "kaazing-a",
        only: &["websocket-h2", "websocket-h2-tls"],
        sets: &["workload.publish.every=100ms"],
    },
    all("kaazing-b", &["workload.publish.every=100ms", "transport.short-poll.interval=100ms"]),
    all(
        "latency-law",
        &["workload.topics=4", "workload.publish.rate=5/s", "transport.short-poll.interval=50ms"],
    ),
    all("memory", &["workload.publish.every=100ms"]),
    // A hold is a field of the path, so it has as many digits as in the record.
    Short {
        scenario: "mobile-idle",
        only: &["poll-60s", "poll-60s-alone", "hold-30s"],
        sets: &[
            "workload.measure=2s",
            "workload.time_scale=1",
            "transport.poll-60s.interval=200ms",
            "transport.poll-60s-alone.interval=200ms",
            "transport.hold-30s.hold=1s",
        ],
    },
    Short {
        scenario: "mobile-idle",
        only: &["events-30s", "socket-30s"],
        sets: &[
            "workload.measure=2s",
            "workload.time_scale=1",
            "transport.events-30s.heartbeat=500ms",
            "transport.socket-30s.heartbeat=500ms",
        ],
    },
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn reference_scenarios_send_the_bytes_that_their_records_say() {
    let played: Vec<_> = SHORT
        .iter()
        .map(|short| {
            let bench = Bench::new();
            let scenario = repository().join(format!("scenarios/{}.toml", short.scenario));
            let scenario = scenario.to_str().expect("a path in UTF-8");
            let mut arguments = vec!["run", scenario, "--quiet"];
            for set in BRIEF.iter().chain(short.sets) {
                arguments.extend(["--set", set]);
            }
            for only in short.only {
                arguments.extend(["--only", only]);
            }
            let running = Running::start(&mut bench.program(&arguments));
            (short, bench, running)
        })
        .collect();
    let mut differences = Vec::new();
    let mut held = 0;
    for (short, bench, running) in played {
        let ended = running.end();
        // What a short run expects is not met, and what a busy machine does moves no byte.
        assert!(matches!(ended.code, 0 | 98 | 99), "{}: {ended}", short.scenario);
        let now = bench.only_record(short.scenario);
        let invalid = invalid_checks(&now);
        assert!(
            invalid.iter().all(|check| OF_THE_MACHINE.contains(&check.as_str())),
            "{}: {invalid:?}\n{ended}",
            short.scenario
        );
        let record = repository().join("results/reference").join(short.scenario).join(RECORD_FILE);
        let reference = pushbench_store::read(&record).expect("a committed record");
        for transport in &now.transports {
            let options = &transport.options;
            let carriage = Carriage {
                is_http2: options["http"] == "2",
                is_compressed: options.get("compression").is_some_and(|found| found != "none"),
            };
            for trial in now.trials.iter().filter(|trial| trial.transport == transport.label) {
                let at = format!("{} {} {:?}", short.scenario, trial.transport, trial.cell);
                let Some(recorded) = the_same(&reference, trial) else {
                    differences.push(format!("{at}: not in the record"));
                    continue;
                };
                let found = compare(recorded, trial, carriage);
                assert!(found.held > 4, "{at}: too little was compared");
                held += found.held;
                differences.extend(found.differences.iter().map(|what| format!("{at}: {what}")));
            }
        }
    }
    assert!(held > 500, "{held} figures were compared, expected those of 64 trials");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The first trial of the record with the same transport and sweep settings.
fn the_same<'r>(reference: &'r RunV2, trial: &TrialV2) -> Option<&'r TrialV2> {
    let mut trials = reference.trials.iter();
    trials.find(|recorded| recorded.transport == trial.transport && recorded.cell == trial.cell)
}
