//! Libraries as clients: the same work as by the exact client, every byte booked, and the server's own
//! books as the witness of what they sent.

use pushbench_protocol::{Direction, Phase};
use pushbench_store::TrialV2;

use crate::support::{Bench, trial};

/// The exact client and the libraries, with the headers that the libraries write by themselves and the
/// scenario's cookie.
fn scenario(more: &str) -> String {
    let transport = |name: &str, kind: &str, options: &str| {
        format!("[[transport]]\nname = \"{name}\"\nkind = \"{kind}\"\n{options}\n")
    };
    let poll = "interval = \"250ms\"\nunchanged = \"not-modified\"\n";
    let transports = [
        transport("poll", "short-poll", poll),
        transport("poll-library", "short-poll", &format!("{poll}client = \"reqwest\"")),
        transport("held", "long-poll", "hold = \"600ms\""),
        transport("held-library", "long-poll", "hold = \"600ms\"\nclient = \"reqwest\""),
        transport("socket", "websocket", ""),
        transport("socket-library", "websocket", "client = \"tungstenite\""),
        transport("socket-tls", "websocket", "client = \"tungstenite\"\ntls = \"full\""),
    ];
    format!(
        "question = \"Do libraries do the same work, and is all of it booked?\"\n\n\
         [workload]\nclients = 12\npublish = {{ every = \"400ms\" }}\npayload = {{ bytes = 40 }}\n\
         warm_up = \"500ms\"\nmeasure = \"2s\"\nrounds = 1\n\n{more}\n{}",
        transports.concat()
    )
}

/// Names of the pairs that were compared over bytes.
fn pairs(trial: &TrialV2) -> Vec<&str> {
    let moved = trial.books.reconciliations.iter().filter(|pair| pair.left.max(pair.right) > 0);
    let mut pairs: Vec<_> = moved.map(|pair| pair.pair.as_str()).collect();
    pairs.dedup();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

#[test]
fn a_library_does_the_same_work_and_each_of_its_bytes_is_on_three_books() {
    let more = "[headers]\nrequest = \"rust\"\nresponse = \"typical\"\ncookie_bytes = 31\n";
    let (ended, run) = Bench::with(&scenario(more)).valid_run(&["--full"]);
    for trial in &run.trials {
        let label = &trial.transport;
        assert_eq!((trial.counts.lost, trial.counts.out_of_order), (0, 0), "{label}");
        assert!(trial.counts.errors.is_empty(), "{label}: {:?}", trial.counts.errors);
        assert!(trial.counts.deliveries_in_measure > 0, "{label}");
        for pair in &trial.books.reconciliations {
            assert_eq!(pair.left, pair.right, "{label}: {pair:?}");
        }
        let compared = pairs(trial);
        let has = |pair: &str| compared.contains(&pair);
        let is_blind = ["poll-library", "held-library"].contains(&label.as_str());
        // Of what a library opens for itself nobody counts the socket; the kernel stands in.
        for stands_in in ["codec = kernel", "kernel = server sockets"] {
            assert_eq!(has(stands_in), is_blind, "{label}: {compared:?}");
        }
        for counted in ["codec = client sockets", "client sockets = server sockets"] {
            assert_eq!(has(counted), !is_blind, "{label}: {compared:?}");
        }
        let measured = &trial.books.phases[&Phase::Measure];
        assert_eq!(measured.up.unexplained + measured.down.unexplained, 0, "{label}");
    }
    // With its own headers an exact client sends as many bytes, and the model knows how many.
    for (exact, library) in [("poll", "poll-library"), ("held", "held-library")] {
        let of = |label: &str| &trial(&run, label).figures["header_bytes_up_per_poll"];
        assert_eq!(of(exact), of(library), "{library}");
        let model = &trial(&run, library).model.figures["header_bytes_up_per_poll"];
        assert!((model - of(library)).abs() < 1e-9, "{library}: {model} and {}", of(library));
    }
    // It opens its connection with its first poll, whose bytes are those of connecting.
    for (exact, library) in [("poll", "poll-library"), ("held", "held-library")] {
        for label in [exact, library] {
            let trial = trial(&run, label);
            for layer in ["stream", "wire"] {
                let figure = format!("connect_{layer}_bytes_per_connection");
                let [measured, modelled] =
                    [&trial.figures, &trial.model.figures].map(|figures| figures[&figure]);
                assert_eq!(measured, modelled, "{label}: {figure}");
            }
        }
    }
    let polls = |label: &str| trial(&run, label).counts.polls;
    assert_eq!((polls("poll"), polls("poll-library")), (12 * 8, 12 * 8));
    let upgrade = |label: &str, direction| {
        let books = &trial(&run, label).books.phases[&Phase::Connect];
        match direction {
            Direction::Up => books.up.handshake,
            Direction::Down => books.down.handshake,
        }
    };
    for &direction in Direction::ALL {
        let of = |label| upgrade(label, direction);
        assert!(of("socket") > 0);
        assert_eq!(of("socket"), of("socket-library"), "{direction:?}");
        assert_eq!(of("socket"), of("socket-tls"), "{direction:?}");
    }
    assert!(ended.stdout.contains("Client libraries, measured"), "{}", ended.stdout);
    let sentence = "Per poll, reqwest sends as many bytes of request headers as the exact client";
    let report = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(report.contains(sentence), "{}", ended.stdout);
}

#[test]
fn a_library_does_not_send_the_profile_and_the_report_says_what_it_sends_instead() {
    let (ended, run) =
        Bench::with(&scenario("")).valid_run(&["--full", "--only", "poll,poll-library"]);
    let up = |label: &str| trial(&run, label).figures["header_bytes_up_per_poll"];
    // A browser says far more of itself.
    assert!(up("poll") > up("poll-library") + 300.0, "{} {}", up("poll"), up("poll-library"));
    let report = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let sentence = " fewer bytes of request headers than the exact client";
    assert!(report.contains(sentence), "{}", ended.stdout);
    let model = trial(&run, "poll-library").checks.iter().find(|of| of.check == "model-bytes");
    assert_eq!(model.and_then(|of| of.found), Some(0.0), "to the byte: {model:?}");
}
