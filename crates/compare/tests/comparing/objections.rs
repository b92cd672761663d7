//! What stands against comparing two runs: other inputs, another machine, a run that is not valid.

use std::collections::BTreeSet;

use pushbench_compare::{About, Found, Untold, compare};
use pushbench_store::{FileV1, PlacementV2, RunStatus, RunV2, SampleV1, Verdict};

use crate::runs::{Figures, check, run};
use crate::{P99, WIRE, strictly};

pub(crate) fn objection(base: &RunV2, new: &RunV2) -> Vec<(About, String)> {
    let new = RunV2 { id: "bbbbbb".to_owned(), ..new.clone() };
    let objections = strictly(base, &new).objections.into_iter();
    objections.map(|objection| (objection.about, objection.text)).collect()
}

#[test]
fn another_machine_placement_kernel_or_build_spoils_times_and_leaves_bytes() {
    let figures: Figures<'_> = &[(WIRE, &[126.0; 3]), (P99, &[0.1, 0.2, 0.3])];
    let base = run(figures);
    type Alter = fn(&mut RunV2);
    let cases: [(Alter, About, &str); 6] = [
        (|run| run.environment.cpu = None, About::Machine, "CPU: Some CPU and unknown"),
        (|run| run.environment.cores = Some(64), About::Machine, "cores: 2 and 64"),
        (
            |run| run.environment.memory_bytes = Some(16_000_000_000),
            About::Machine,
            "memory in bytes: 8000000000 and 16000000000",
        ),
        (
            |run| run.environment.kernel = Some("6.18.0".to_owned()),
            About::Kernel,
            "kernel: 6.1.0 and 6.18.0",
        ),
        (
            |run| {
                run.environment.placement = Some(PlacementV2 {
                    server_cpus: vec![0],
                    load_cpus: vec![1],
                    ..PlacementV2::default()
                });
                // What was asked for is not what was done.
                run.scenario.settings.insert("pin".to_owned(), "auto".to_owned());
            },
            About::Placement,
            "processes: anywhere and server on CPU 0, load generator on CPU 1",
        ),
        (
            |run| run.environment.build = "debug".to_owned(),
            About::Build,
            "build: release and debug",
        ),
    ];
    for (alter, about, text) in cases {
        let mut new = run(figures);
        alter(&mut new);
        assert_eq!(objection(&base, &new), [(about, text.to_owned())]);
        let comparison = strictly(&base, &new);
        let found = |figure| comparison.pairs[0].change(figure).unwrap().found;
        assert_eq!(found(WIRE), Found::Same, "{text}");
        assert_eq!(found(P99), Found::None { reason: Untold::NotComparable }, "{text}");
        assert!(comparison.is_comparable());
        let despite = compare(&base, &new, &BTreeSet::from([about]));
        assert!(despite.objections[0].set_aside);
        assert_eq!(despite.pairs[0].change(P99).unwrap().found, Found::Same, "{text}");
    }
}

#[test]
fn another_scenario_network_or_a_run_that_is_not_valid_spoils_everything() {
    let figures: Figures<'_> = &[(WIRE, &[126.0; 3])];
    let base = run(figures);
    type Alter = fn(&mut RunV2);
    let cases: [(Alter, About, &str); 6] = [
        (
            |run| {
                run.scenario.settings.insert("workload.clients".to_owned(), "50".to_owned());
            },
            About::Scenario,
            "workload.clients: 100 and 50",
        ),
        (
            |run| {
                run.scenario.settings.insert("load.workers".to_owned(), "2".to_owned());
            },
            About::Scenario,
            "load.workers: not set and 2",
        ),
        (
            |run| run.environment.link = "target http://127.0.0.1:80".to_owned(),
            About::Network,
            "link: loopback and target http://127.0.0.1:80",
        ),
        (
            |run| run.environment.tcp_timestamps = Some(true),
            About::Network,
            "TCP timestamps: unknown and true",
        ),
        (|run| run.status = RunStatus::Aborted, About::Validity, "new: the run was aborted"),
        (
            |run| run.trials[1].checks = vec![check(Verdict::Invalid, "due times slipped")],
            About::Validity,
            "new: the run is invalid: websocket, round 2: due times slipped",
        ),
    ];
    for (alter, about, text) in cases {
        let mut new = run(figures);
        alter(&mut new);
        assert_eq!(objection(&base, &new), [(about, text.to_owned())]);
        assert!(!strictly(&base, &new).is_comparable(), "{text}");
        assert!(compare(&base, &new, &BTreeSet::from([about])).is_comparable(), "{text}");
    }
}

#[test]
fn a_setting_that_a_record_does_not_say_has_its_default() {
    let figures: Figures<'_> = &[(WIRE, &[126.0; 3])];
    let set = |name: &str, value: &str| {
        let mut run = run(figures);
        run.scenario.settings.insert(name.to_owned(), value.to_owned());
        run
    };
    let cases = [
        ("server.engine", "axum", "lean"),
        ("workload.time_scale", "1", "10"),
        ("floor", "false", "true"),
        ("load.shards", "1", "2"),
    ];
    let base = run(figures);
    for (name, usual, other) in cases {
        assert_eq!(objection(&base, &set(name, usual)), [], "{name}");
        let text = format!("{name}: {usual} and {other}");
        assert_eq!(objection(&base, &set(name, other)), [(About::Scenario, text)]);
    }
    let option = |name: &str, value: &str| {
        let mut run = run(figures);
        run.transports[0].options.insert(name.to_owned(), value.to_owned());
        run
    };
    for (name, usual, other) in [
        ("client", "exact", "reqwest"),
        ("clients_per_connection", "1", "10"),
        ("compression", "none", "gzip"),
        ("pace", "open", "closed"),
        ("window_bits", "not set", "15"),
    ] {
        let text = format!("websocket: {name}: {usual} and {other}");
        let objections = objection(&base, &option(name, other));
        assert!(objections.contains(&(About::Transport, text)), "{objections:?}");
    }
    assert_eq!(objection(&base, &option("client", "exact")), []);
}

#[test]
fn what_nobody_told_a_target_is_no_difference() {
    let at_target = |engine: Option<&str>| {
        let mut run = run(&[(WIRE, &[126.0; 3])]);
        run.environment.link = "target http://127.0.0.1:80".to_owned();
        let engine = engine.map(|engine| ("server.engine".to_owned(), engine.to_owned()));
        run.scenario.settings.extend(engine);
        run
    };
    assert_eq!(objection(&at_target(None), &at_target(Some("lean"))), []);
}

#[test]
fn a_header_file_that_changed_under_its_name_is_the_inputs_difference() {
    let with = |setting: &str, name: &str, field: &str| {
        let mut run = run(&[(WIRE, &[126.0 + field.len() as f64; 3])]);
        run.scenario.settings.insert(setting.to_owned(), name.to_owned());
        run.trials[0].sample = Some(SampleV1 {
            request_head: format!("GET / HTTP/1.1\r\nHost: h:{}\r\n{field}\r\n", field.len()),
            response_head: format!("HTTP/1.1 200 OK\r\nDate: {field}\r\n{field}\r\n"),
            request_characters: 0,
            response_characters: 0,
            request_bytes: 0,
            response_bytes: 0,
            body_bytes: 0,
        });
        run
    };
    for setting in ["headers.request", "headers.response"] {
        let base = with(setting, "my.head", "X-A: 1\r\n");
        let new = with(setting, "my.head", "X-A: 12345678\r\n");
        let text = format!("{setting}: `my.head` is another file: `X-A: 1` and `X-A: 12345678`");
        assert_eq!(objection(&base, &new), [(About::Scenario, text)]);
        assert!(!strictly(&base, &new).is_comparable());
        assert!(strictly(&base, &base.clone()).is_comparable());
        // A built-in profile is the program's, and so is what it changes there.
        let [base, new] =
            ["X-A: 1\r\n", "X-A: 12345678\r\n"].map(|field| with(setting, "minimal", field));
        assert!(strictly(&base, &new).is_comparable());
    }
}

#[test]
fn a_file_that_the_records_keep_is_compared_itself_wherever_it_differs() {
    let with = |bytes: &[u8]| {
        let mut run = run(&[(WIRE, &[126.0; 3])]);
        run.scenario.settings.insert("headers.request".to_owned(), "my.head".to_owned());
        run.scenario.files = vec![FileV1::of("my.head".to_owned(), bytes)];
        run
    };
    // A host and a date are filled in and not seen in an exchange; a template's are the file's.
    let base = with(b"GET / HTTP/1.1\r\nHost: {host}\r\nX-A: 1\r\n");
    for (other, told) in [
        (
            &b"GET / HTTP/1.1\r\nHost: {host}\r\nX-A: 12\r\n"[..],
            "`X-A: 1\\r\\n` and `X-A: 12\\r\\n`",
        ),
        (b"GET / HTTP/1.1\r\nHost: {host}\r\n", "`X-A: 1\\r\\n` and nothing"),
        (
            b"GET / HTTP/1.1\r\nHost: other\r\nX-A: 1\r\n",
            "`Host: {host}\\r\\n` and `Host: other\\r\\n`",
        ),
        (b"\xff", "38 and 1 bytes, not the same ones"),
    ] {
        let new = with(other);
        let text = format!("headers.request: `my.head` is another file: {told}");
        assert_eq!(objection(&base, &new), [(About::Scenario, text)]);
        assert!(!strictly(&base, &new).is_comparable());
    }
    assert!(strictly(&base, &base.clone()).is_comparable());
}

#[test]
fn more_rounds_another_question_or_version_are_no_obstacle() {
    let base = run(&[(WIRE, &[126.0; 3])]);
    let mut new = run(&[(WIRE, &[127.0; 5])]);
    new.scenario.question = "Another?".to_owned();
    new.scenario.settings.insert("workload.rounds".to_owned(), "5".to_owned());
    new.scenario.settings.insert("question".to_owned(), "Another?".to_owned());
    new.tool.version = "0.2.0".to_owned();
    let comparison = strictly(&base, &new);
    assert_eq!(objection(&base, &new), [(About::Note, "pushbench: 0.1.0 and 0.2.0".to_owned())]);
    let found = comparison.pairs[0].change(WIRE).unwrap().found;
    assert_eq!(found, Found::Exact { difference: 1.0 });
}

#[test]
fn a_run_compared_with_itself_says_so() {
    let run = run(&[(WIRE, &[126.0; 2])]);
    let objections = strictly(&run, &run).objections;
    assert_eq!(objections[0].text, "both are the same run");
}
