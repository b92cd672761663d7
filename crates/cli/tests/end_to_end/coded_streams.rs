//! Compressed streams of events and of lines through the binary: every byte is booked, what surrounds
//! a flush is the model's to the byte, and the flush nearly.

use pushbench_protocol::Phase;
use pushbench_protocol::figure::bytes_per;

use crate::compression::{
    AS_IT_STANDS, all, carriage, figure, near, payload, play, same, segments,
};
use crate::quiet::Job;
use crate::support::trial;

static LABELS: [&str; 8] = [
    "sse-clear",
    "sse-gzip",
    "sse-gzip-9",
    "sse-br",
    "stream-clear",
    "stream-gzip",
    "stream-gzip-9",
    "stream-br",
];

/// A scenario with each kind of stream, as it is and in each coding.
fn streamed() -> String {
    let transport = |label: &&str| {
        let (kind, coding) = label.split_once('-').expect("a kind and a coding");
        let options = match coding {
            "clear" => "",
            "gzip" => "compression = \"gzip\"\n",
            "gzip-9" => "compression = \"gzip\"\nwindow_bits = 9\n",
            _ => "compression = \"br\"\n",
        };
        format!("\n[[transport]]\nname = \"{label}\"\nkind = \"{kind}\"\n{options}")
    };
    let transports: String = LABELS.iter().map(transport).collect();
    format!(
        "question = \"What does compressing a stream save?\"\n\n[workload]\nclients = 6\n\
         publish = {{ every = \"125ms\" }}\npayload = {{ bytes = 2_000, content = \"json\" }}\n\
         warm_up = \"500ms\"\nmeasure = \"1s\"\nrounds = 1\n\n[headers]\n\
         request = \"minimal\"\n{transports}"
    )
}

pub(crate) fn of_the_kernel() -> Vec<Job> {
    LABELS.chunks(3).map(|labels| segments(streamed(), labels)).collect()
}

#[test]
fn compressed_streams_are_smaller_and_all_but_the_coder_is_the_models() {
    let run = play(&streamed(), &AS_IT_STANDS);
    for label in LABELS {
        let trial = trial(&run, label);
        for name in ["framing", "header", "control", "repeat"] {
            same(trial, &bytes_per(name, None, "delivery"));
        }
        same(trial, "connect_stream_bytes_per_connection");
        assert_eq!(trial.counts.delivered, 48, "{label}");
        if label.ends_with("clear") {
            same(trial, "payload_bytes_per_delivery");
            continue;
        }
        near(trial, "payload_bytes_per_delivery");
        same(trial, "uncompressed_payload_bytes_per_delivery");
        assert_eq!(figure(trial, "uncompressed_payload_bytes_per_delivery"), 2_000.0, "{label}");
        let clear = if label.starts_with("sse") { "sse-clear" } else { "stream-clear" };
        assert!(payload(&run, label) < 0.6 * payload(&run, clear), "{label}");
    }
    for kind in ["sse", "stream"] {
        let of = |coding: &str| payload(&run, &format!("{kind}-{coding}"));
        assert!(of("gzip") < of("gzip-9"), "{kind}: the larger the window, the less is sent");
        assert!(of("br") < of("gzip"), "{kind}");
    }
}

/// What carries the bytes does not change them: each has its own framing, and the model knows it.
#[test]
fn streams_are_compressed_alike_in_tls_and_over_http_2() {
    for (http, tls, together) in [("1.1", "full", 1), ("2", "none", 1), ("2", "full", 3)] {
        let run = play(&streamed(), &all(&LABELS, &carriage(http, tls, together)));
        for label in LABELS {
            let trial = trial(&run, label);
            for name in ["framing", "header", "control", "repeat"] {
                same(trial, &bytes_per(name, None, "delivery"));
            }
            near(trial, "payload_bytes_per_delivery");
            assert_eq!(trial.counts.delivered, 48, "{http} {tls} {label}");
            assert_eq!(figure(trial, "tls_bytes_per_delivery") > 0.0, tls == "full", "{label}");
        }
    }
}

/// A comment is compressed by the same coder as the messages around it, and what conflation drops by
/// none.
#[test]
fn comments_and_conflation_are_the_models_too() {
    let labels = ["sse-gzip", "sse-gzip-9", "sse-br"];
    let mut sets = all(&labels, &["heartbeat=500ms".to_owned()]);
    sets.extend(["workload.publish.every=1250ms", "workload.measure=4s"].map(str::to_owned));
    let only = format!("--only={}", labels.join(","));
    let run = crate::compression::play_only(&streamed(), &sets, &only);
    for label in labels {
        let trial = trial(&run, label);
        let ticks = trial.counts.heartbeats.expect("they are counted");
        assert!(ticks > 0, "{label}");
        let books = &trial.books.phases[&Phase::Measure];
        // As deflate makes of three bytes behind others, and a flush; brotli takes one byte less.
        let each = books.down.control as f64 / ticks as f64;
        assert!((6.0..=10.0).contains(&each), "{label}: {each}");
        assert_eq!(books.up.control, 0, "{label}");
        near(trial, "control_bytes_per_delivery");
        near(trial, "payload_bytes_per_delivery");
    }
    let labels = ["sse-gzip", "sse-br", "stream-gzip", "stream-br"];
    let mut sets = all(&labels, &["conflate=500ms".to_owned()]);
    sets.push("workload.measure=5s".to_owned());
    let only = format!("--only={}", labels.join(","));
    let run = crate::compression::play_only(&streamed(), &sets, &only);
    for label in labels {
        let trial = trial(&run, label);
        let counts = &trial.counts;
        assert!(counts.delivered > 0 && counts.superseded > 0, "{label}: {counts:?}");
        same(trial, "framing_bytes_per_delivery");
        assert_eq!(figure(trial, "uncompressed_payload_bytes_per_delivery"), 2_000.0, "{label}");
        near(trial, "payload_bytes_per_delivery");
    }
}
