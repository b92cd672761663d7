//! Every transport through the binary, and over pipes: the books balance, and the model agrees to the
//! byte.

use pushbench_protocol::{ByteKind, Layer, figure};
use pushbench_store::RunV2;

use crate::piped;
use crate::support::Bench;

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

/// Looks at a run; of its witnesses so many pairs are compared in all five phases.
fn check(deliver: &str, run: &RunV2, pairs_of_clients: usize) {
    assert_eq!(run.trials.len(), 6);
    for trial in &run.trials {
        let label = trial.transport.as_str();
        let pairs = &trial.books.reconciliations;
        assert_eq!(pairs.len(), piped::comparisons(pairs_of_clients), "{deliver} {label}");
        for pair in pairs {
            assert_eq!(pair.left, pair.right, "{deliver} {label}: {pair:?}");
        }
        assert_eq!(trial.counts.lost, 0, "{deliver} {label}");
        assert!(trial.counts.errors.is_empty(), "{deliver} {label}");
        if !ONE_BY_ONE.contains(&label) {
            continue;
        }
        // Six clients on each of two topics, four messages.
        assert_eq!(trial.counts.delivered, 48, "{deliver} {label}");
        let same = |name: &str| {
            let (measured, modelled) = (trial.figures.get(name), trial.model.figures.get(name));
            assert!(measured.is_some(), "{deliver} {label} {name}");
            assert_eq!(measured, modelled, "{deliver} {label} {name}");
        };
        let kinds = ByteKind::ALL.iter().filter(|kind| kind.is_in(Layer::Stream));
        let kinds = kinds.filter(|kind| !kind.is_third_party());
        for sum in kinds.map(|kind| kind.label()).chain([Layer::Stream.label()]) {
            same(&figure::bytes_per(sum, None, "delivery"));
            for &direction in pushbench_protocol::Direction::ALL {
                same(&figure::bytes_per(sum, Some(direction), "delivery"));
            }
        }
        same("connect_stream_bytes_per_connection");
    }
}

#[test]
fn books_balance_and_the_model_agrees_where_every_message_must_arrive() {
    let (_, run) = Bench::with(SCENARIO).valid_run(&["--set", "workload.deliver=every"]);
    check("every", &run, 2);
}

#[test]
fn books_balance_and_the_model_agrees_where_only_the_newest_counts() {
    // What the kernel has to say is in the other.
    check("latest", &piped::valid_run(SCENARIO, &["--set", "workload.deliver=latest"]), 1);
}
