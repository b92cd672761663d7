//! One figure over the rounds of one transport, and how fine it can be.

use pushbench_protocol::Phase;
use pushbench_protocol::figure::{Figure, Unit};
use pushbench_store::TrialV1;

use crate::family::Family;

/// A figure in one round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    /// From 1.
    pub(crate) round: u32,
    /// In the figure's unit.
    pub(crate) value: f64,
    /// The value in bytes for each of what it is counted for (delivery, poll, connection, client);
    /// `None` where it is no such figure.
    pub(crate) bytes_per_unit: Option<f64>,
    /// The smallest spread that the value can be told to have: see [`floor`].
    pub(crate) floor: f64,
}

/// The figure in each trial that has it, by round.
pub(crate) fn series(figure: &Figure, trials: &[&TrialV1]) -> Vec<Point> {
    let mut points: Vec<_> = trials
        .iter()
        .filter_map(|trial| {
            let value = *trial.figures.get(&figure.name)?;
            let bytes_per_unit = bytes_per_unit(figure, trial, value);
            Some(Point {
                round: trial.round,
                value,
                bytes_per_unit,
                floor: floor(figure, trial, value),
            })
        })
        .collect();
    points.sort_by_key(|point| point.round);
    points
}

/// What each delivery, poll, connection or client cost, where that is what a figure counts.
///
/// Where a program alone decides, this is a whole number: every delivery costs the same. One client
/// among hundreds that paid for an acknowledgement more makes it a broken one.
fn bytes_per_unit(figure: &Figure, trial: &TrialV1, value: f64) -> Option<f64> {
    if Family::of(figure) != Family::Bytes {
        return None;
    }
    let seconds = trial.phase_seconds.get(&Phase::Measure).copied();
    match figure.unit {
        Unit::BitsPerSecond => {
            let clients = trial.clients as f64;
            seconds.filter(|_| clients > 0.0).map(|seconds| value * seconds / 8.0 / clients)
        }
        Unit::Bytes if figure.name.ends_with("_per_client_second") => {
            seconds.map(|seconds| value * seconds)
        }
        Unit::Bytes => Some(value),
        Unit::Seconds | Unit::CpuSeconds | Unit::PerSecond | Unit::Share | Unit::Count => None,
    }
}

/// The smallest standard deviation between rounds that a value may be taken to have: rounds that
/// agree within it may do so by chance.
///
/// - bytes: one exchange more or less in the round; where there is less than a byte for each
///   exchange, which is the trace of a few rare ones, all of it;
/// - times and CPU: a thousandth, the resolution of the histograms;
/// - memory: a page for the whole server, or a thousandth;
/// - counts: the square root, as of independent events, at least one.
fn floor(figure: &Figure, trial: &TrialV1, value: f64) -> f64 {
    const PAGE: f64 = 4_096.0;
    let exchanges = trial.counts.deliveries_in_measure.max(trial.counts.polls);
    let clients = trial.clients.max(1) as f64;
    match Family::of(figure) {
        Family::Bytes => {
            let units = match figure.name.ends_with("_per_connection") {
                true => clients,
                false => exchanges.max(1) as f64,
            };
            let is_rare = bytes_per_unit(figure, trial, value).is_some_and(|bytes| bytes < 1.0);
            if is_rare { value.abs() } else { value.abs() / units }
        }
        Family::Time | Family::Work => value.abs() / 1_000.0,
        Family::Memory => (PAGE / clients).max(value.abs() / 1_000.0),
        Family::Count if figure.unit == Unit::Share => 1.0 / exchanges.max(1) as f64,
        Family::Count => value.abs().sqrt().max(1.0),
    }
}
