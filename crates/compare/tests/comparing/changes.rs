//! What a change of a figure is: none, exact, of one side, an interval, or untold.

use pushbench_compare::{Change, Estimate, Found, Gate, Judgement, Scale, Shown, Untold};
use pushbench_store::RunV2;

use crate::runs::run;
use crate::{P99, WIRE, judge, strictly};

/// How one figure changed between two runs that have it in these rounds.
fn change(figure: &str, base: &[f64], new: &[f64]) -> Change {
    let comparison = strictly(&run(&[(figure, base)]), &run(&[(figure, new)]));
    comparison.pairs[0].change(figure).expect("both have it").clone()
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
