//! How long news took, by percentile, and how old it was.

use pushbench_protocol::figure::{QUANTILES, Unit};
use pushbench_stats::Histogram;
use pushbench_store::{RunV2, TransportV1, rounds};

use super::{bars_of, is_plain, note, section};
use crate::chart::{Axis, Chart, Curve, Curves, Picture, Scale};
use crate::figures::{modelled, trials};
use crate::layout::Section;
use crate::sections::{idle, legend};

/// Points of a curve for each tenfold of samples.
const POINTS: u32 = 24;

/// Latency by percentile and age, where no setting was swept and there was news.
pub(crate) fn waiting(run: &RunV2) -> Option<Section> {
    if !is_plain(run) || idle::answer(run).is_some() {
        return None;
    }
    let mut age = bars_of(run, "age", "Age of the newest message held", "mean age", "age_mean");
    age.notes = legend::about(&["age"]);
    section("Latency", vec![latency(run), age])
}

fn latency(run: &RunV2) -> Chart {
    let lines = run.transports.iter().map(|transport| Curve {
        label: transport.label.clone(),
        measured: samples(run, transport).as_ref().map(points).unwrap_or_default(),
        model: law(run, transport),
    });
    let lines: Vec<_> = lines.collect();
    let mut notes = vec![note(
        "Read a line as: this share of the messages took at most this long. The slow messages \
         are to the right: each step has the same width and covers a tenth of the messages of \
         the step before it. All samples of all rounds together.",
    )];
    if lines.iter().any(|line| !line.model.is_empty()) {
        notes.push(note("Circles are what the model predicts."));
    }
    notes.extend(legend::about(&["latency"]));
    Chart {
        name: "latency".to_owned(),
        title: "Latency by percentile".to_owned(),
        picture: Picture::Curves(Curves {
            x: Axis {
                title: "percentile of messages".to_owned(),
                unit: Unit::Share,
                scale: Scale::Percentile,
            },
            y: Axis { title: "latency".to_owned(), unit: Unit::Seconds, scale: Scale::Log },
            lines,
        }),
        notes,
    }
}

/// The samples of all rounds in one, if there are any.
fn samples(run: &RunV2, transport: &TransportV1) -> Option<Histogram> {
    rounds::samples("latency", trials(run, transport))
}

/// Quantiles from all to the slowest single sample, evenly on the axis, and the usual ones.
fn points(samples: &Histogram) -> Vec<(f64, f64)> {
    let beyond = |quantile: f64| (1.0 - quantile) * samples.count() as f64;
    let steps = (0..).map(|step| 1.0 - 10_f64.powf(-f64::from(step) / f64::from(POINTS)));
    let mut quantiles: Vec<f64> =
        steps.take_while(|quantile| beyond(*quantile) >= 1.0 - 1e-9).collect();
    quantiles.extend(
        QUANTILES.iter().map(|(_, quantile)| *quantile).filter(|q| beyond(*q) >= 1.0 - 1e-9),
    );
    quantiles.sort_by(f64::total_cmp);
    quantiles.dedup_by(|one, other| (*one - *other).abs() < 1e-12);
    let value = |quantile| samples.quantile(quantile).map(|found| found.as_secs_f64());
    quantiles.into_iter().filter_map(|quantile| Some((quantile, value(quantile)?))).collect()
}

/// What the model says of the quantiles that are figures.
fn law(run: &RunV2, transport: &TransportV1) -> Vec<(f64, f64)> {
    let found = |name: &str| modelled(run, transport, &format!("latency.{name}"));
    // Nothing has no place on an axis of logarithms.
    QUANTILES
        .into_iter()
        .filter_map(|(name, quantile)| Some((quantile, found(name)?)))
        .filter(|(_, latency)| *latency > 0.0)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_curve_ends_at_its_slowest_sample_and_has_the_usual_quantiles() {
        let mut samples = Histogram::new();
        (1..=1_000).for_each(|millis| samples.record(Duration::from_millis(millis)));
        let points = points(&samples);
        let at = |quantile: f64| points.iter().find(|point| point.0 == quantile).unwrap().1;
        for quantile in [0.5, 0.9, 0.95, 0.99, 0.999] {
            assert!((at(quantile) / quantile - 1.0).abs() < 0.002, "{quantile}");
        }
        assert!(points.iter().all(|point| point.0 <= 0.999 + 1e-9));
        assert!(points.is_sorted_by(|one, other| one.0 < other.0 && one.1 <= other.1));
    }
}
