//! How often the interval of 95 % holds the truth at a handful of rounds, and how often that of a plain
//! percentile bootstrap would: the table on the crate's page.
//!
//! `cargo run --release -p pushbench-stats --example coverage`
#![expect(clippy::print_stdout, reason = "an example shows its result")]

mod simulated;

use simulated::{Model, Random, coverage};

/// Rounds of each side, a column for each.
const ROUNDS: [usize; 4] = [2, 3, 5, 10];

/// A line of the table: shares of the simulations whose interval holds the truth.
struct Line {
    name: String,
    shares: [f64; ROUNDS.len()],
}

fn main() {
    let rounds = ROUNDS.map(|rounds| format!("{rounds:8}")).concat();
    println!("{:16}{rounds}", "rounds");
    for model in Model::ALL {
        for Line { name, shares } in lines(model, 20_000, 2_000) {
            let shares = shares.map(|share| format!("{:8.1}", 100.0 * share)).concat();
            println!("{name:16}{shares}");
        }
    }
}

/// The interval over so many simulations, and a bootstrap over so many.
fn lines(model: Model, simulations: usize, of_bootstrap: usize) -> [Line; 2] {
    let interval = |rounds| coverage(model, rounds, simulations, 5);
    let bootstrap = |rounds| bootstrap_coverage(model, rounds, of_bootstrap, 6);
    [
        Line { name: format!("{model:?}"), shares: ROUNDS.map(interval) },
        Line { name: "  bootstrap".to_owned(), shares: ROUNDS.map(bootstrap) },
    ]
}

/// What a plain percentile bootstrap of the difference of means would have covered.
fn bootstrap_coverage(model: Model, rounds: usize, simulations: usize, seed: u64) -> f64 {
    const RESAMPLES: usize = 1_000;
    let mut random = Random::new(seed);
    let resampled = |values: &[f64], random: &mut Random| {
        let picked = values.iter().map(|_| values[random.bits() as usize % values.len()]);
        picked.sum::<f64>() / values.len() as f64
    };
    let held = (0..simulations).filter(|_| {
        let base = model.rounds(&mut random, rounds, false);
        let new = model.rounds(&mut random, rounds, true);
        let mut differences: Vec<_> = (0..RESAMPLES)
            .map(|_| resampled(&new, &mut random) - resampled(&base, &mut random))
            .collect();
        differences.sort_by(f64::total_cmp);
        differences[RESAMPLES / 40] <= 0.0 && 0.0 <= differences[RESAMPLES - 1 - RESAMPLES / 40]
    });
    held.count() as f64 / simulations as f64
}

#[cfg(test)]
mod tests {
    use super::{Line, Model, lines};

    #[test]
    fn at_two_rounds_the_interval_holds_the_truth_far_more_often_than_a_bootstrap() {
        for model in Model::ALL {
            let [interval, bootstrap] = lines(model, 200, 20).map(|Line { shares, .. }| shares);
            assert!(interval.iter().all(|share| *share >= 0.9), "{model:?}: {interval:?}");
            assert!(interval[0] > bootstrap[0] + 0.1, "{model:?}: {interval:?} {bootstrap:?}");
        }
    }
}
