//! A run's headlines for services that keep the history of figures.

use std::collections::BTreeMap;

use pushbench_compare::{Better, HEADLINES};
use pushbench_protocol::OverRounds;
use pushbench_protocol::figure::{self, Figure, Unit};
use pushbench_stats::Rounds;
use pushbench_store::{RunV2, TrialV2, rounds};
use serde::Serialize;

use crate::csv::column;
use crate::sections::curve::name_of;
use crate::units::digits;

/// Runs in Bencher's metric format (BMF, <https://bencher.dev/docs/reference/bencher-metric-format/>):
/// a benchmark for each transport of each scenario, a measure for each figure, its value over
/// rounds with the lowest and the highest round. Measures are named as in CSV, with their unit, in the
/// kebab case of Bencher's slugs: `latency-s-p99`.
///
/// # Errors
///
/// Never in practice: all of it is plain values.
pub fn bmf(runs: &[&RunV2]) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Metric {
        value: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        lower_value: Option<f64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        upper_value: Option<f64>,
    }
    let mut benchmarks: BTreeMap<String, BTreeMap<String, Metric>> = BTreeMap::new();
    for Point { benchmark, figure, rounds } in points(runs) {
        let spread = |end: f64| (rounds.count > 1).then_some(end);
        let metric = Metric {
            value: rounds.value,
            lower_value: spread(rounds.min),
            upper_value: spread(rounds.max),
        };
        let measure = column(&figure).replace('_', "-");
        benchmarks.entry(benchmark).or_default().insert(measure, metric);
    }
    Ok(serde_json::to_string_pretty(&benchmarks)? + "\n")
}

/// Runs for github-action-benchmark, tool `customSmallerIsBetter`
/// (<https://github.com/benchmark-action/github-action-benchmark>): the figures of which less is
/// better, over all rounds.
///
/// # Errors
///
/// Never in practice: all of it is plain values.
pub fn github(runs: &[&RunV2]) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Entry {
        name: String,
        unit: &'static str,
        value: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        range: Option<String>,
        extra: String,
    }
    let points = points(runs).into_iter();
    let points = points.filter(|point| Better::of(&point.figure) == Better::Lower);
    let entries = points.map(|Point { benchmark, figure, rounds }| Entry {
        name: format!("{benchmark} {}", figure.name),
        unit: unit(&figure),
        value: rounds.value,
        range: (rounds.count > 1)
            .then(|| format!("{} to {}", digits(rounds.min, 4), digits(rounds.max, 4))),
        extra: format!(
            "{}; {}",
            figure.meaning,
            OverRounds::of(&figure.name).described(rounds.count)
        ),
    });
    Ok(serde_json::to_string_pretty(&entries.collect::<Vec<_>>())? + "\n")
}

/// One headline of one transport, in one cell where settings were swept.
struct Point {
    benchmark: String,
    figure: Figure,
    rounds: Rounds,
}

fn points(runs: &[&RunV2]) -> Vec<Point> {
    let mut points = Vec::new();
    for run in runs {
        let mut groups: BTreeMap<String, Vec<&TrialV2>> = BTreeMap::new();
        for trial in &run.trials {
            let cell = match trial.cell.is_empty() {
                true => String::new(),
                false => format!("/{}", name_of(&trial.cell)),
            };
            let benchmark = format!("{}/{}{cell}", run.scenario.name, trial.transport);
            groups.entry(benchmark).or_default().push(trial);
        }
        for (benchmark, trials) in groups {
            let figures = HEADLINES.iter().filter_map(|name| figure::find(name));
            points.extend(figures.filter_map(|figure| {
                let rounds = rounds::measured(&figure.name, trials.iter().copied())?;
                Some(Point { benchmark: benchmark.clone(), figure, rounds })
            }));
        }
    }
    points
}

fn unit(figure: &Figure) -> &'static str {
    match figure.unit {
        Unit::Bytes => "B",
        Unit::BitsPerSecond => "bit/s",
        Unit::Seconds => "s",
        Unit::CpuSeconds => "CPU-s",
        Unit::PerSecond => "1/s",
        Unit::Share => "share",
        Unit::Count => "messages",
        Unit::Times => "x",
    }
}
