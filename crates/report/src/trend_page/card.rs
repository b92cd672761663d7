//! One figure over the runs: a small drawing, and its latest value.

use std::fmt::Write as _;

use pushbench_compare::{Better, Change, Trend, TrendLine};
use pushbench_store::RunV2;

use super::write::{minute, put};
use crate::comparison_report::clause;
use crate::comparison_table::valued;
use crate::html::escape::{attribute, text};

/// Size of the drawing, and the room at its edges.
const WIDTH: f64 = 260.0;
const HEIGHT: f64 = 64.0;
const EDGE: [f64; 2] = [6.0, 14.0];
/// Half of what the scale shows at least, as a share of the middle: noise must not look like a cliff.
const LEAST: f64 = 0.05;
/// Marks that say what changed when they are pointed at.
const TOLD: usize = 4;

/// Writes the card of a figure.
pub(super) fn card<'run>(
    out: &mut String,
    trend: &Trend,
    line: &TrendLine,
    title: &str,
    run: &dyn Fn(usize) -> &'run RunV2,
) {
    let values = || line.points.iter().flatten().copied();
    let (low, high) =
        (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    let Some(latest) = values().next_back() else { return };
    let [latest, lowest, highest] = [latest, low, high].map(|value| valued(&line.figure, value));
    let changes = match line.changes.len() {
        0 => "no change".to_owned(),
        1 => "1 change".to_owned(),
        count => format!("{count} changes"),
    };
    let extent = match lowest == highest {
        true => "in every run".to_owned(),
        false => format!("of {lowest} to {highest}, {changes}"),
    };
    let said = format!("{title}, latest run: {latest} {extent}");
    put(
        out,
        format_args!(
            "<div class=\"card\"><h4>{}</h4>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             aria-label=\"{}\">",
            text(title),
            attribute(&said)
        ),
    );
    let scale = Scale::of(low, high, trend.runs.len());
    let breaks = trend.breaks(line);
    let broken: String = (0..breaks.len())
        .filter(|&step| breaks[step])
        .map(|step| format!("M{:.1} 4v{}", scale.x(step) - scale.step() / 2.0, HEIGHT - 8.0))
        .collect();
    if !broken.is_empty() {
        put(out, format_args!("<path class=\"break\" d=\"{broken}\"/>"));
    }
    put(out, format_args!("<path class=\"line\" d=\"{}\"/>", course(line, &breaks, &scale)));
    marks(out, line, &scale, run);
    put(
        out,
        format_args!(
            "</svg>\n<p><strong>{}</strong> <span class=\"faint\">{}</span></p></div>\n",
            text(&latest),
            text(&extent)
        ),
    );
}

/// Where values and runs lie.
struct Scale {
    low: f64,
    high: f64,
    runs: usize,
}

impl Scale {
    fn of(low: f64, high: f64, runs: usize) -> Self {
        let middle = f64::midpoint(low, high);
        let half = ((high - low) / 2.0).max(middle.abs() * LEAST);
        Self { low: middle - half, high: middle + half, runs }
    }

    fn step(&self) -> f64 {
        (WIDTH - 2.0 * EDGE[0]) / (self.runs.max(2) - 1) as f64
    }

    fn x(&self, step: usize) -> f64 {
        EDGE[0] + self.step() * step as f64
    }

    fn y(&self, value: f64) -> f64 {
        let reach = self.high - self.low;
        let share = if reach > 0.0 { (value - self.low) / reach } else { 0.5 };
        HEIGHT - EDGE[1] - share * (HEIGHT - 2.0 * EDGE[1])
    }
}

/// The line, begun anew where a run has no value or could not be compared.
fn course(line: &TrendLine, breaks: &[bool], scale: &Scale) -> String {
    let mut path = String::new();
    let mut is_open = false;
    for (step, point) in line.points.iter().enumerate() {
        let Some(value) = point else {
            is_open = false;
            continue;
        };
        let command = if is_open && !breaks[step] { 'L' } else { 'M' };
        let (x, y) = (scale.x(step), scale.y(*value));
        write!(path, "{command}{x:.1} {y:.1}").expect("a string takes every write");
        if command == 'M' {
            // A point alone is seen, by its round ends.
            path.push_str("h0");
        }
        is_open = true;
    }
    path
}

/// A triangle for each change, in the direction in which the figure went: above the line or below it.
fn marks<'run>(
    out: &mut String,
    line: &TrendLine,
    scale: &Scale,
    run: &dyn Fn(usize) -> &'run RunV2,
) {
    let (silent, told) = line.changes.split_at(line.changes.len().saturating_sub(TOLD));
    for class in ["good", "bad", "neither"] {
        let of_class = silent.iter().filter(|(_, change)| class_of(change) == class);
        let path: String = of_class.filter_map(|mark| triangle(line, scale, mark)).collect();
        if !path.is_empty() {
            put(out, format_args!("<path class=\"{class}\" d=\"{path}\"/>"));
        }
    }
    for mark @ (step, change) in told {
        let Some(path) = triangle(line, scale, mark) else { continue };
        let of = run(*step);
        let words = format!("{}, run {}: {}", minute(&of.started_at), of.id, clause(change));
        put(
            out,
            format_args!(
                "<path class=\"{}\" d=\"{path}\"><title>{}</title></path>",
                class_of(change),
                text(&words)
            ),
        );
    }
}

fn triangle(line: &TrendLine, scale: &Scale, (step, change): &(usize, Change)) -> Option<String> {
    let value = (*line.points.get(*step)?)?;
    let (x, y) = (scale.x(*step), scale.y(value));
    Some(match change.new > change.base {
        true => format!("M{x:.1} {:.1}l4 7h-8z", y - 11.0),
        false => format!("M{x:.1} {:.1}l4-7h-8z", y + 11.0),
    })
}

fn class_of(change: &Change) -> &'static str {
    match change.better {
        Better::Neither => "neither",
        Better::Lower | Better::Higher if change.is_worse() => "bad",
        Better::Lower | Better::Higher => "good",
    }
}
