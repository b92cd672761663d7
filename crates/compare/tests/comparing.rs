//! Comparisons of runs made by hand.

mod runs;

use std::collections::{BTreeMap, BTreeSet};

use pushbench_compare::{
    About, Change, Comparison, Condition, Estimate, Found, Gate, Judgement, Scale, Shown, Side,
    Untold, compare,
};
use pushbench_store::{FileV1, RunStatus, RunV2, SampleV1, Verdict};

use runs::{Figures, check, run, run_of};

const WIRE: &str = "wire_bytes_per_delivery";
const P99: &str = "latency.p99";

/// How one figure changed between two runs that have it in these rounds.
fn change(figure: &str, base: &[f64], new: &[f64]) -> Change {
    let comparison = strictly(&run(&[(figure, base)]), &run(&[(figure, new)]));
    comparison.pairs[0].change(figure).expect("both have it").clone()
}

fn strictly(base: &RunV2, new: &RunV2) -> Comparison {
    compare(base, new, &BTreeSet::new())
}

fn estimate(change: &Change) -> Estimate {
    match change.found {
        Found::Interval(estimate) => estimate,
        Found::Same | Found::Exact { .. } | Found::OneSided { .. } | Found::None { .. } => {
            panic!("{change:?}")
        }
    }
}

#[test]
fn one_byte_a_message_in_every_round_is_exact_and_shown() {
    let change = change(WIRE, &[126.0; 3], &[127.0; 3]);
    assert_eq!(change.found, Found::Exact { difference: 1.0 });
    assert_eq!(change.shown(), Shown::Yes);
    assert!(change.is_worse());
    assert_eq!(change.relative(), Some(1.0 / 126.0));
}

#[test]
fn the_same_bytes_in_every_round_are_the_same_even_where_rounds_differ() {
    // A scenario's seed makes the same chance in both runs.
    let change = change(WIRE, &[957.176_2, 947.818_6], &[957.176_2, 947.818_6]);
    assert_eq!(change.found, Found::Same);
    assert_eq!(change.shown(), Shown::No);
}

#[test]
fn a_header_of_forty_bytes_is_exact_though_the_rounds_differ() {
    let change =
        change("header_bytes_per_poll", &[770.190_33, 770.432_42], &[810.190_33, 810.432_42]);
    let Found::Exact { difference } = change.found else { panic!("{change:?}") };
    assert!((difference - 40.0).abs() < 1e-6, "{difference}");
}

#[test]
fn bytes_of_a_client_second_and_bits_a_second_are_exact_by_the_client() {
    // 100 clients, 10 s: 5 bytes more for each client are half a byte a second, and 400 bit/s.
    for (figure, base, by) in
        [("wire_bytes_per_client_second", 74.5, 0.5), ("wire_bits_per_second", 59_600.0, 400.0)]
    {
        let exact = change(figure, &[base; 2], &[base + by; 2]);
        assert_eq!(exact.found, Found::Exact { difference: by }, "{figure}");
        let chance = change(figure, &[base; 3], &[base + by / 100.0; 3]);
        assert!(matches!(chance.found, Found::Interval(_)), "{figure}: {chance:?}");
    }
}

#[test]
fn an_acknowledgement_more_for_one_client_is_never_a_difference() {
    // One of 1,000 deliveries cost 52 bytes more: by chance in one round, in all, in none.
    let more = 126.052;
    for (base, new) in [
        ([126.0, 126.0, 126.0], [126.0, more, 126.0]),
        ([126.0, 126.0, 126.0], [more, more, more]),
        ([126.0, more, 126.0], [more, more, more]),
        ([more, more, more], [126.0, 126.0, 126.0]),
    ] {
        let change = change(WIRE, &base, &new);
        assert_eq!(estimate(&change).shown, Shown::No, "{base:?} {new:?}");
    }
}

#[test]
fn the_trace_of_rare_events_is_no_size() {
    let change = change("repeat_bytes_per_delivery", &[0.0; 3], &[0.02, 0.02, 0.04]);
    let estimate = estimate(&change);
    assert_eq!((estimate.scale, estimate.shown), (Scale::Difference, Shown::No));
    assert_eq!(change.relative(), None);
}

#[test]
fn what_is_counted_is_exact_where_every_round_of_a_side_says_the_same() {
    for (figure, base, new) in [
        ("lost", 0.0, 5.0),
        ("errors", 0.0, 7.0),
        ("duplicates", 0.0, 3.0),
        ("foreign", 0.0, 1.0),
        ("retransmitted_bytes", 0.0, 1_000.0),
        ("out_of_order", 2.0, 1.0),
        ("empty_polls", 0.25, 0.5),
        ("header_bytes_per_delivery", 770.4, 770.9),
        ("repeat_bytes_per_delivery", 0.0, 0.02),
    ] {
        let change = change(figure, &[base; 3], &[new; 3]);
        assert_eq!(change.found, Found::Exact { difference: new - base }, "{figure}");
        assert_eq!(change.shown(), Shown::Yes, "{figure}");
    }
}

#[test]
fn a_fault_that_was_never_and_is_in_every_round_is_one_however_its_number_varies() {
    let gate = ["*.lost > +0%"];
    for (base, new, expected) in [
        (&[0.0; 3], &[4.0, 5.0, 6.0], Judgement::Regression),
        (&[0.0; 3], &[1.0, 1.0, 2.0], Judgement::Regression),
        (&[0.0; 3], &[0.0, 0.0, 1.0], Judgement::Unsure),
        (&[4.0, 5.0, 6.0], &[0.0; 3], Judgement::Passed),
        (&[0.0; 3], &[0.0; 3], Judgement::Passed),
    ] {
        let [base, new] = [base, new].map(|rounds| run(&[("lost", rounds)]));
        assert_eq!(judge(&base, &new, &gate)[0].1, expected, "{new:?}");
    }
    let change = change("lost", &[0.0; 3], &[4.0, 5.0, 6.0]);
    assert_eq!(change.found, Found::OneSided { difference: 5.0 });
}

#[test]
fn foreign_messages_of_older_records_are_compared_by_their_count() {
    let base = run(&[(WIRE, &[126.0; 3])]);
    let mut new = base.clone();
    for trial in &mut new.trials {
        trial.counts.foreign = 4;
    }
    let judged = judge(&base, &new, &["*.foreign > +0%"]);
    assert_eq!(judged, [("foreign".to_owned(), Judgement::Regression)]);
}

/// Rounds of five deliveries at layer 3: what the programs sent, and the kernel's part.
fn layer3(socket: f64, tcp_ip: [f64; 3]) -> RunV2 {
    let wire = tcp_ip.map(|tcp_ip| socket + tcp_ip);
    let mut run = run(&[
        (WIRE, &wire),
        ("socket_bytes_per_delivery", &[socket; 3]),
        ("tcp_ip_bytes_per_delivery", &tcp_ip),
    ]);
    for trial in &mut run.trials {
        trial.counts.deliveries_in_measure = 5;
    }
    run
}

#[test]
fn one_stray_acknowledgement_hides_no_header() {
    let base = layer3(896.0, [104.0, 104.0, 114.4]);
    let gate = ["*.wire_bytes_per_delivery > +0.5%"];
    let new = layer3(946.0, [104.0; 3]);
    let change = strictly(&base, &new).pairs[0].change(WIRE).unwrap().clone();
    let found = estimate(&change);
    assert_eq!((found.scale, found.exact_part), (Scale::Difference, Some(50.0)));
    assert!(5.0 < found.low && found.high < 95.0, "{found:?}");
    assert_eq!(judge(&base, &new, &gate)[0].1, Judgement::Regression);
    // And where the programs sent the same, the acknowledgement alone is no difference.
    let new = layer3(896.0, [114.4; 3]);
    assert_eq!(judge(&base, &new, &["*.wire_bytes_per_delivery > +0%"])[0].1, Judgement::Unsure);
    // Without the parts, 50 bytes of 1,000 are lost among five deliveries.
    let whole = |run: &RunV2| {
        let mut run = run.clone();
        for trial in &mut run.trials {
            trial.figures.retain(|name, _| name == WIRE);
        }
        run
    };
    let [base, new] = [base, layer3(946.0, [104.0; 3])].map(|run| whole(&run));
    assert_eq!(judge(&base, &new, &gate)[0].1, Judgement::Unsure);
}

#[test]
fn the_interval_that_is_shown_is_the_one_that_was_judged() {
    let base = run(&[(P99, &[0.100, 0.101, 0.102]), ("latency.p50", &[0.1, 0.5, 0.3])]);
    for new in [[0.111, 0.112, 0.113], [0.120, 0.121, 0.122], [0.109, 0.113, 0.119]] {
        let new = run(&[(P99, &new), ("latency.p50", &[0.1, 0.6, 0.3])]);
        for conditions in [&["*.latency.p99 > +10%"][..], &["*.latency.* > +10%"]] {
            let conditions: Vec<_> = conditions.iter().map(|text| text.parse().unwrap()).collect();
            for judged in Gate::judge(&strictly(&base, &new), &conditions).unwrap().judged {
                let interval = judged.interval.expect("estimated");
                assert_eq!(interval.scale, Scale::Ratio);
                let is_beyond = interval.low >= 1.1;
                assert_eq!(judged.judgement == Judgement::Regression, is_beyond, "{judged:?}");
            }
        }
    }
}

#[test]
fn a_header_is_found_by_its_interval_where_rounds_vary_by_chance() {
    let change =
        change(WIRE, &[940.0, 940.4, 940.0, 941.4, 940.0], &[980.1, 980.0, 980.0, 980.4, 980.0]);
    let estimate = estimate(&change);
    assert_eq!((estimate.scale, estimate.shown), (Scale::Ratio, Shown::Yes));
    assert!((change.new - change.base - 39.7).abs() < 0.2, "{change:?}");
}

#[test]
fn a_time_is_judged_by_the_ratio_of_geometric_means() {
    let change = change(P99, &[0.010, 0.011, 0.012], &[0.020, 0.022, 0.024]);
    let estimate = estimate(&change);
    assert!((estimate.estimate - 2.0).abs() < 1e-12, "{estimate:?}");
    assert!(1.5 < estimate.low && estimate.low < 2.0 && 2.0 < estimate.high, "{estimate:?}");
    assert!((estimate.low * estimate.high - 4.0).abs() < 1e-9, "symmetric in the logarithm");
    assert_eq!(estimate.shown, Shown::Yes);
    assert!((change.new / change.base - 2.0).abs() < 1e-12, "what is shown agrees with the ratio");
}

#[test]
fn an_interval_that_holds_one_shows_no_difference() {
    let change = change(P99, &[0.010, 0.013, 0.012], &[0.012, 0.011, 0.014]);
    let estimate = estimate(&change);
    assert!(estimate.low < 1.0 && 1.0 < estimate.high);
    assert_eq!(estimate.shown, Shown::No);
    let floor = estimate.noise_floor.unwrap();
    assert!(floor > estimate.estimate - 1.0, "what is not shown lies below the noise floor");
}

#[test]
fn neither_one_round_nor_two_give_a_verdict_on_time_nor_one_on_bytes() {
    let too_few = Found::None { reason: Untold::TooFewRounds };
    assert_eq!(change(P99, &[0.1], &[0.9]).found, too_few);
    assert_eq!(change(P99, &[0.1, 0.1], &[0.9, 0.9]).found, too_few);
    assert_eq!(change(P99, &[0.1, 0.1, 0.1], &[0.9, 0.9]).found, too_few);
    assert_eq!(change(WIRE, &[126.0], &[127.0]).found, too_few);
    assert_eq!(change(WIRE, &[126.0], &[126.0]).found, too_few);
    assert!(!strictly(&run(&[(P99, &[0.1])]), &run(&[(P99, &[0.9])])).is_comparable());
}

#[test]
fn among_many_figures_one_that_differs_a_little_only_perhaps_does() {
    // An interval that just does not hold 1; alone it stands, among nine others it does not.
    let (base, new) = ([0.100, 0.101, 0.102], [0.1025, 0.1035, 0.1045]);
    let alone = strictly(&run(&[(P99, &base)]), &run(&[(P99, &new)]));
    assert_eq!(alone.pairs[0].change(P99).unwrap().shown(), Shown::Yes);
    let equals = [0.5, 0.6, 0.7];
    let figures: Vec<(&str, &[f64])> =
        ["latency.mean", "latency.p50", "age_mean", "service_time.mean"]
            .into_iter()
            .map(|name| (name, &equals[..]))
            .collect();
    let among = |values| run(&[&figures[..], &[(P99, values)]].concat());
    let turned = [0.6, 0.7, 0.5];
    let mut other = among(&new);
    for (trial, value) in other.trials.iter_mut().zip(turned) {
        for (name, _) in &figures {
            trial.figures.insert((*name).to_owned(), value);
        }
    }
    let among = strictly(&among(&base), &other);
    assert_eq!(among.pairs[0].change(P99).unwrap().shown(), Shown::Perhaps);
}

#[test]
fn a_figure_that_is_not_positive_is_judged_by_its_difference() {
    let change =
        change("server_memory_per_connection", &[-100.0, 0.0, 200.0], &[9_000.0, 9_100.0, 9_200.0]);
    let estimate = estimate(&change);
    assert_eq!(estimate.scale, Scale::Difference);
    assert!(8_000.0 < estimate.low && estimate.high < 10_500.0, "{estimate:?}");
}

fn objection(base: &RunV2, new: &RunV2) -> Vec<(About, String)> {
    let new = RunV2 { id: "bbbbbb".to_owned(), ..new.clone() };
    let objections = strictly(base, &new).objections.into_iter();
    objections.map(|objection| (objection.about, objection.text)).collect()
}

#[test]
fn another_machine_kernel_or_build_spoils_times_and_leaves_bytes() {
    let figures: Figures<'_> = &[(WIRE, &[126.0; 3]), (P99, &[0.1, 0.2, 0.3])];
    let base = run(figures);
    type Alter = fn(&mut RunV2);
    let cases: [(Alter, About, &str); 5] = [
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
            "load.workers: unknown and 2",
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

#[test]
fn transports_are_paired_by_name_and_one_with_other_options_is_left_out() {
    let figures: Figures<'_> = &[(WIRE, &[126.0; 2])];
    let base = run_of(&[("websocket", figures), ("sse", figures), ("old", figures)]);
    let mut new = run_of(&[("sse", figures), ("websocket", figures), ("newer", figures)]);
    new.transports[0].options = BTreeMap::from([("interval".to_owned(), "2s".to_owned())]);
    let comparison = strictly(&base, &new);
    let found: Vec<_> = comparison
        .pairs
        .iter()
        .map(|pair| (pair.transport.as_str(), pair.changes[0].found))
        .collect();
    let apart = Found::None { reason: Untold::NotComparable };
    assert_eq!(found, [("websocket", Found::Same), ("sse", apart)]);
    assert_eq!(objection(&base, &new), [(About::Transport, "sse: interval: 1s and 2s".to_owned())]);
    let alone: Vec<_> =
        comparison.unpaired.iter().map(|alone| (alone.transport.as_str(), alone.only_in)).collect();
    assert_eq!(alone, [("old", Side::Base), ("newer", Side::New)]);
}

#[test]
fn the_cells_of_a_sweep_are_compared_apart() {
    let cell =
        |clients: &str| BTreeMap::from([("workload.clients".to_owned(), clients.to_owned())]);
    let swept = |bytes: [f64; 2]| {
        let mut run = run(&[(WIRE, &[bytes[0], bytes[0], bytes[1], bytes[1]])]);
        run.scenario.cells = vec![cell("100"), cell("1000")];
        for (place, trial) in run.trials.iter_mut().enumerate() {
            trial.round = u32::try_from(place % 2).unwrap() + 1;
            trial.cell = run.scenario.cells[place / 2].clone();
        }
        run
    };
    let mut new = swept([126.0, 128.0]);
    let comparison = strictly(&swept([126.0, 126.0]), &new);
    let found: Vec<_> = comparison
        .pairs
        .iter()
        .map(|pair| (pair.cell["workload.clients"].as_str(), pair.changes[0].found))
        .collect();
    assert_eq!(found, [("100", Found::Same), ("1000", Found::Exact { difference: 2.0 })]);

    new.trials.truncate(2);
    let comparison = strictly(&swept([126.0, 126.0]), &new);
    assert_eq!(comparison.pairs.len(), 1);
    assert_eq!(comparison.unpaired[0].cell, cell("1000"));
}

/// What a gate says of each figure that its conditions name.
fn judge(base: &RunV2, new: &RunV2, conditions: &[&str]) -> Vec<(String, Judgement)> {
    let conditions: Vec<Condition> = conditions.iter().map(|text| text.parse().unwrap()).collect();
    let gate = Gate::judge(&strictly(base, new), &conditions).unwrap();
    gate.judged.into_iter().map(|judged| (judged.figure, judged.judgement)).collect()
}

#[test]
fn a_gate_on_bytes_rings_at_the_first_byte_beyond_its_bound() {
    let base = run(&[(WIRE, &[200.0; 2])]);
    for (new, condition, expected) in [
        (201.0, "websocket.wire_bytes_per_delivery > +0.5%", Judgement::Passed),
        (202.0, "websocket.wire_bytes_per_delivery > +0.5%", Judgement::Regression),
        (201.0, "*.wire_bytes_per_delivery > +0%", Judgement::Regression),
        (200.0, "*.wire_bytes_per_delivery > +0%", Judgement::Passed),
        (190.0, "*.wire_bytes_per_delivery > +0%", Judgement::Passed),
        (190.0, "*.wire_bytes_per_delivery < -4%", Judgement::Regression),
    ] {
        let new = run(&[(WIRE, &[new; 2])]);
        assert_eq!(judge(&base, &new, &[condition]), [(WIRE.to_owned(), expected)], "{condition}");
    }
}

#[test]
fn from_no_bytes_to_some_is_a_regression_by_any_share() {
    let [base, new] = [0.0, 4.0].map(|bytes| run(&[("framing_bytes_per_delivery", &[bytes; 3])]));
    let judged = judge(&base, &new, &["*.framing_bytes_per_delivery > +500%"]);
    assert_eq!(judged[0].1, Judgement::Regression);
}

#[test]
fn a_gate_on_time_takes_the_whole_interval_beyond_the_bound() {
    let base = run(&[(P99, &[0.100, 0.101, 0.102])]);
    for (new, expected) in [
        ([0.100, 0.102, 0.101], Judgement::Passed),
        // Slower for sure, but not for sure by a tenth.
        ([0.111, 0.112, 0.113], Judgement::Unsure),
        ([0.108, 0.109, 0.110], Judgement::Passed),
        ([0.120, 0.121, 0.122], Judgement::Regression),
        // Far beyond in the mean, and all over the place.
        ([0.100, 0.500, 0.200], Judgement::Unsure),
    ] {
        let new = run(&[(P99, &new)]);
        assert_eq!(judge(&base, &new, &["*.latency.p99 > +10%"])[0].1, expected, "{new:?}");
    }
}

#[test]
fn a_figure_that_was_not_judged_passes_no_gate() {
    let base = run(&[(P99, &[0.1])]);
    let conditions = ["*.latency.p99 > +10%".parse().unwrap()];
    let gate = Gate::judge(&strictly(&base, &base), &conditions).unwrap();
    assert_eq!(gate.judged[0].judgement, Judgement::NotJudged);
    assert!(gate.has_unjudged_condition());
}

#[test]
fn a_condition_that_names_nothing_is_refused_with_what_was_meant() {
    let base = run(&[(WIRE, &[126.0; 2])]);
    for (condition, said) in [
        (
            "websockte.wire_bytes_per_delivery > +1%",
            "no transport `websockte` among websocket; did you mean `websocket`?",
        ),
        (
            "*.wire_bytes_per_delivry > +1%",
            "* has no figure `wire_bytes_per_delivry`; did you mean `wire_bytes_per_delivery`?",
        ),
        ("websocket.bananas > +1%", "websocket has no figure `bananas`"),
    ] {
        let conditions = [condition.parse().unwrap()];
        let error = Gate::judge(&strictly(&base, &base), &conditions).unwrap_err().to_string();
        let expected = format!("`{condition}` names nothing that was compared: {said}");
        assert_eq!(error, expected);
    }
}
