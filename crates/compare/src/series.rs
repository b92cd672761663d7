//! One figure over the rounds of one transport, and how fine it can be.

use pushbench_protocol::Phase;
use pushbench_protocol::figure::{Figure, Unit};
use pushbench_store::TrialV2;

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
    /// Whether the programs alone decide it: the kernel sends no byte of it on its own.
    pub(crate) is_of_programs: bool,
    /// The parts of a figure of layer 3; `None` where it is no such figure or a record does not
    /// have them.
    pub(crate) layer3: Option<Layer3>,
}

/// A figure of layer 3 by who decides it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Layer3 {
    /// Bytes above TCP/IP (stream and TLS), which the programs decide, in the figure's unit.
    pub(crate) above: f64,
    /// What one more segment adds, in the figure's unit.
    pub(crate) segment: f64,
}

/// Headers of a segment without data at most: IPv6 (40), TCP (20) and its timestamps (12).
const SEGMENT: f64 = 72.0;

/// The figure in each trial that has it, by round.
pub(crate) fn series(figure: &Figure, trials: &[&TrialV2]) -> Vec<Point> {
    let mut points: Vec<_> = trials
        .iter()
        .filter_map(|trial| {
            let value = value(figure, trial)?;
            let bytes_per_unit = bytes_per_unit(figure, trial, value);
            Some(Point {
                round: trial.round,
                value,
                bytes_per_unit,
                floor: floor(figure, trial, value),
                is_of_programs: !["wire_", "tcp_ip_"].iter().any(|of| figure.name.contains(of)),
                layer3: layer3(figure, trial, value),
            })
        })
        .collect();
    points.sort_by_key(|point| point.round);
    points
}

fn value(figure: &Figure, trial: &TrialV2) -> Option<f64> {
    let recorded = trial.figures.get(&figure.name).copied();
    // Older records count foreign messages and have no figure of them.
    let counted = || (figure.name == "foreign").then_some(trial.counts.foreign as f64);
    recorded.or_else(counted)
}

fn layer3(figure: &Figure, trial: &TrialV2, value: f64) -> Option<Layer3> {
    let of = |name: &str| trial.figures.get(name).copied();
    let name = figure.name.as_str();
    let above = match name {
        "connect_wire_bytes_per_connection" => {
            let tls = of("connect_tls_bytes_per_connection");
            let tls = if trial.tls.is_some() { tls? } else { 0.0 };
            of("connect_stream_bytes_per_connection")? + tls
        }
        // All of the measure phase, told by another denominator.
        "wire_bytes_per_poll" | "wire_bits_per_second" => {
            let share = of("socket_bytes_per_client_second")? / of("wire_bytes_per_client_second")?;
            value * share
        }
        _ => of(&format!("socket_{}", name.strip_prefix("wire_")?))?,
    };
    let parts = Layer3 { above, segment: SEGMENT / denominator(figure, trial)? };
    (above > 0.0 && above < value && parts.segment.is_finite()).then_some(parts)
}

/// How many of what a figure of bytes is told for; 0 where there was none.
fn denominator(figure: &Figure, trial: &TrialV2) -> Option<f64> {
    let seconds = trial.phase_seconds.get(&Phase::Measure).copied();
    let clients = trial.clients as f64;
    match figure.name.rsplit_once("_per_")?.1 {
        "delivery" => Some(trial.counts.deliveries_in_measure as f64),
        "poll" => Some(trial.counts.polls as f64),
        "connection" => Some(clients),
        "client_second" => seconds.map(|seconds| seconds * clients),
        "second" => seconds.map(|seconds| seconds / 8.0),
        _ => None,
    }
}

/// What each delivery, poll, connection or client cost, where that is what a figure counts.
///
/// Where a program alone decides, this is a whole number: every delivery costs the same. One client
/// among hundreds that paid for an acknowledgement more makes it a broken one.
fn bytes_per_unit(figure: &Figure, trial: &TrialV2, value: f64) -> Option<f64> {
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
        Unit::Seconds
        | Unit::CpuSeconds
        | Unit::PerSecond
        | Unit::Share
        | Unit::Count
        | Unit::Times => None,
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
fn floor(figure: &Figure, trial: &TrialV2, value: f64) -> f64 {
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

/// Without their rounds.
pub(crate) fn values(points: &[Point]) -> Vec<f64> {
    points.iter().map(|point| point.value).collect()
}

/// Their arithmetic mean; at least one.
pub(crate) fn mean(values: &[f64]) -> f64 {
    // The same value in every round is that value, whatever adding and dividing would make of it.
    if values.iter().all(|value| value == &values[0]) {
        return values[0];
    }
    values.iter().sum::<f64>() / values.len() as f64
}
