//! How well the rounds of one run know a figure.

use pushbench_compare::known_within;
use pushbench_protocol::figure;

use crate::runs::run;

const CPU: &str = "server_cpu_per_delivery";

fn within(name: &str, rounds: &[f64]) -> Option<f64> {
    let run = run(&[(name, rounds)]);
    let trials: Vec<_> = run.trials.iter().collect();
    known_within(&figure::find(name).expect("a figure"), &trials)
}

#[test]
fn it_takes_three_rounds_and_is_the_interval_of_their_logarithms() {
    assert_eq!(within(CPU, &[1.0, 1.1]), None);
    // Three logarithms a tenth apart: 4.303 times 0.1 over the root of 3.
    let rounds = [-0.1_f64, 0.0, 0.1].map(f64::exp);
    let found = within(CPU, &rounds).expect("three rounds");
    assert!((found - (4.302_65 * 0.1 / 3.0_f64.sqrt()).exp_m1()).abs() < 1e-5, "{found}");
    let more = within(CPU, &[rounds, rounds].concat()).expect("six rounds");
    assert!(more < found / 2.0, "{more} after {found}");
}

#[test]
fn rounds_that_agree_are_known_no_better_than_they_are_counted() {
    // A thousandth, the resolution of what measures times and CPU.
    let found = within(CPU, &[2.0; 3]).expect("three rounds");
    assert!((0.001..0.003).contains(&found), "{found}");
}

#[test]
fn a_figure_of_nothing_has_no_share() {
    assert_eq!(within("lost", &[0.0; 5]), None);
    let found = within("lost", &[0.0, 9.0, 3.0]).expect("a mean above 0");
    assert!(found > 1.0, "{found}");
}
