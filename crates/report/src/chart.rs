//! Pictures of figures, before they are drawn: what is shown, in which unit, and in which words.
//!
//! A [`Chart`] holds numbers and words only; `draw` makes SVG of it. Its [`description`] and its
//! [`numbers`] are made from the same values as the drawing, so that whoever cannot see the picture
//! is told the same.
//!
//! [`description`]: Chart::description
//! [`numbers`]: Chart::numbers

pub(crate) mod draw;
mod frame;
pub(crate) mod ink;

use pushbench_protocol::figure::Unit;

use crate::table::{ColumnGroup, Line, Table};
use crate::units::{ABSENT, scaled};

/// A picture with its words.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// Short name for files and links, as `bytes-wire`.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// What is drawn.
    pub picture: Picture,
    /// What to know to read it, terms explained.
    pub notes: Vec<Line>,
}

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
    /// A bar for each transport, in parts, with the model's behind it.
    Bars(Bars),
    /// A line for each transport.
    Curves(Curves),
}

/// A bar for each transport.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// What the length of a bar is.
    pub axis: String,
    /// Its unit.
    pub unit: Unit,
    /// The parts that bars consist of, the first leftmost.
    pub parts: Vec<Part>,
    /// The bars, topmost first.
    pub bars: Vec<Bar>,
    /// Length that the axis shows at least, so that bars of two charts can be compared.
    pub reach: f64,
}

/// A part of bars.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Which fill it has, the same in every chart of a report; `None` is that of a whole.
    pub fill: Option<usize>,
}

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What it is of.
    pub label: String,
    /// One length for each part; empty if one of them is not known.
    pub parts: Vec<f64>,
    /// Measured length of the whole, if known.
    pub total: Option<f64>,
    /// Modelled length of the whole, if there is a model.
    pub model: Option<f64>,
}

/// A line for each transport.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// What is asked for.
    pub x: Axis,
    /// What was found.
    pub y: Axis,
    /// The lines.
    pub lines: Vec<Curve>,
}

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it shows.
    pub title: String,
    /// Its unit.
    pub unit: Unit,
    /// How values lie on it.
    pub scale: Scale,
}

/// How values lie on an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Evenly, from 0.
    Linear,
    /// By their logarithm; all are above 0.
    Log,
    /// Quantiles, 0 to below 1, by how many samples lie beyond: each tenth of them takes as much
    /// room as all before, as HDR histograms are drawn.
    Percentile,
    /// Names in their order; a value is the place of its name, from 0.
    Names(Vec<String>),
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// What it is of.
    pub label: String,
    /// Measured points, x ascending.
    pub measured: Vec<(f64, f64)>,
    /// Modelled points.
    pub model: Vec<(f64, f64)>,
}

/// Quantiles that stand in the numbers beside a percentile curve.
const QUANTILES: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

impl Chart {
    /// The same in words, for whoever does not see it.
    pub fn description(&self) -> String {
        match &self.picture {
            Picture::Bars(bars) => bars.description(),
            Picture::Curves(curves) => curves.description(),
        }
    }

    /// The numbers that are drawn.
    pub fn numbers(&self) -> Table {
        match &self.picture {
            Picture::Bars(bars) => bars.numbers(),
            Picture::Curves(curves) => curves.numbers(),
        }
    }

    /// Whether there is nothing to draw: nothing was measured, or nothing but 0. A model alone is no
    /// picture of a run.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.picture {
            Picture::Bars(bars) => bars.bars.iter().all(|bar| is_nothing(bar.total)),
            Picture::Curves(curves) => curves
                .lines
                .iter()
                .all(|line| line.measured.iter().all(|point| is_nothing(Some(point.1)))),
        }
    }
}

fn is_nothing(value: Option<f64>) -> bool {
    value.is_none_or(|value| value == 0.0)
}

impl Bars {
    fn description(&self) -> String {
        let bars = self.bars.iter().map(|bar| {
            let total = shown(self.unit, bar.total);
            let parts = self.parts.iter().zip(&bar.parts).filter(|(_, length)| **length > 0.0);
            let parts: Vec<_> = parts
                .map(|(part, length)| format!("{} {}", part.name, scaled(self.unit, *length)))
                .collect();
            let parts = match parts.as_slice() {
                [] => String::new(),
                _ if self.is_undivided() => String::new(),
                parts => format!(" ({})", parts.join(", ")),
            };
            let model = match bar.model {
                Some(model) => format!(", model {}", scaled(self.unit, model)),
                None => String::new(),
            };
            format!("{}: {total}{parts}{model}", bar.label)
        });
        format!("Bars, {}. {}.", self.axis, bars.collect::<Vec<_>>().join("; "))
    }

    fn numbers(&self) -> Table {
        let parts = if self.is_undivided() { &[] } else { self.parts.as_slice() };
        let columns = parts.iter().map(|part| part.name.clone());
        let columns = columns.chain(["measured".to_owned(), "model".to_owned()]).collect();
        let rows = self.bars.iter().map(|bar| {
            let parts = (0..parts.len()).map(|place| bar.parts.get(place).copied());
            let values = parts.chain([bar.total, bar.model]);
            (bar.label.clone(), values.map(|value| shown(self.unit, value)).collect())
        });
        let group = ColumnGroup { title: String::new(), columns };
        Table::plain(&self.axis, vec![group], rows.collect())
    }

    /// Whether bars have no parts to tell apart.
    pub(crate) fn is_undivided(&self) -> bool {
        self.parts.iter().all(|part| part.fill.is_none())
    }

    /// Length of the longest bar, measured or modelled.
    pub(crate) fn longest(&self) -> f64 {
        let lengths = self.bars.iter().flat_map(|bar| [bar.total, bar.model]).flatten();
        lengths.fold(self.reach, f64::max)
    }
}

impl Curves {
    fn description(&self) -> String {
        let lines = self.lines.iter().filter_map(|line| {
            let places = self.places_of(line);
            let points: Vec<_> = places
                .iter()
                .filter_map(|&x| {
                    let y = at(&line.measured, x)?;
                    Some(format!("{} at {}", scaled(self.y.unit, y), self.x.shown(x)))
                })
                .collect();
            (!points.is_empty()).then(|| format!("{}: {}", line.label, points.join(", ")))
        });
        let lines: Vec<_> = lines.collect();
        format!("Lines, {} by {}. {}.", self.y.title, self.x.title, lines.join("; "))
    }

    fn numbers(&self) -> Table {
        let mut places: Vec<f64> =
            self.lines.iter().flat_map(|line| self.places_of(line)).collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        let has_model = self.lines.iter().any(|line| !line.model.is_empty());
        let columns = match has_model {
            true => vec!["measured".to_owned(), "model".to_owned()],
            false => vec!["measured".to_owned()],
        };
        let groups = self
            .lines
            .iter()
            .map(|line| ColumnGroup { title: line.label.clone(), columns: columns.clone() });
        let rows = places.iter().map(|&x| {
            let cells = self.lines.iter().flat_map(|line| {
                let model = has_model.then(|| shown(self.y.unit, at(&line.model, x)));
                [Some(shown(self.y.unit, at(&line.measured, x))), model].into_iter().flatten()
            });
            (self.x.shown(x), cells.collect())
        });
        Table::plain(&self.x.title, groups.collect(), rows.collect())
    }

    /// The x values that are worth a number.
    fn places_of(&self, line: &Curve) -> Vec<f64> {
        match self.x.scale {
            Scale::Percentile => QUANTILES.to_vec(),
            Scale::Linear | Scale::Log | Scale::Names(_) => {
                line.measured.iter().map(|point| point.0).collect()
            }
        }
    }
}

impl Axis {
    /// A value of the axis for people.
    pub(crate) fn shown(&self, value: f64) -> String {
        match &self.scale {
            Scale::Percentile => percentile(value),
            Scale::Names(names) => {
                names.get(value as usize).map_or_else(|| ABSENT.to_owned(), Clone::clone)
            }
            Scale::Linear | Scale::Log => scaled(self.unit, value),
        }
    }
}

/// A quantile as `p50` or `p99.9`.
pub(crate) fn percentile(quantile: f64) -> String {
    let percent = format!("{:.4}", quantile * 100.0);
    format!("p{}", percent.trim_end_matches('0').trim_end_matches('.'))
}

/// The y at exactly this x.
fn at(points: &[(f64, f64)], x: f64) -> Option<f64> {
    points.iter().find(|point| point.0 == x).map(|point| point.1)
}

fn shown(unit: Unit, value: Option<f64>) -> String {
    value.map_or_else(|| ABSENT.to_owned(), |value| scaled(unit, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars() -> Chart {
        let bar = |label: &str, parts: &[f64], model| Bar {
            label: label.to_owned(),
            parts: parts.to_vec(),
            total: (!parts.is_empty()).then(|| parts.iter().sum()),
            model,
        };
        let part = |name: &str, fill| Part { name: name.to_owned(), fill: Some(fill) };
        Chart {
            name: "bytes".to_owned(),
            title: "Bytes".to_owned(),
            picture: Picture::Bars(Bars {
                axis: "bytes a message".to_owned(),
                unit: Unit::Bytes,
                parts: vec![part("payload", 0), part("header", 1)],
                bars: vec![bar("poll", &[20.0, 790.0], Some(811.0)), bar("other", &[], None)],
                reach: 0.0,
            }),
            notes: Vec::new(),
        }
    }

    #[test]
    fn what_has_only_a_model_is_no_picture() {
        let curves = |measured: &[(f64, f64)]| Chart {
            picture: Picture::Curves(Curves {
                x: Axis { title: String::new(), unit: Unit::Count, scale: Scale::Percentile },
                y: Axis { title: String::new(), unit: Unit::Seconds, scale: Scale::Log },
                lines: vec![Curve {
                    label: "poll".to_owned(),
                    measured: measured.to_vec(),
                    model: vec![(0.5, 0.5)],
                }],
            }),
            ..bars()
        };
        assert!(curves(&[]).is_empty());
        assert!(curves(&[(0.5, 0.0)]).is_empty());
        assert!(!curves(&[(0.5, 0.4)]).is_empty());
    }

    #[test]
    fn a_description_says_every_length_and_what_is_not_known() {
        assert_eq!(
            bars().description(),
            "Bars, bytes a message. poll: 810 B (payload 20 B, header 790 B), model 811 B; \
             other: n/a."
        );
    }

    #[test]
    fn the_numbers_have_a_column_for_each_part_the_whole_and_the_model() {
        let table = bars().numbers();
        assert_eq!(table.groups[0].columns, ["payload", "header", "measured", "model"]);
        assert_eq!(table.rows.len(), 2);
    }

    #[test]
    fn a_percentile_has_as_many_digits_as_it_needs() {
        assert_eq!(
            [0.0, 0.5, 0.99, 0.999, 0.9999].map(percentile),
            ["p0", "p50", "p99", "p99.9", "p99.99"]
        );
    }

    #[test]
    fn a_percentile_curve_is_told_by_the_usual_quantiles_that_it_reaches() {
        let curves = Curves {
            x: Axis { title: "percentile".to_owned(), unit: Unit::Share, scale: Scale::Percentile },
            y: Axis { title: "latency".to_owned(), unit: Unit::Seconds, scale: Scale::Log },
            lines: vec![Curve {
                label: "poll".to_owned(),
                measured: vec![(0.0, 0.001), (0.5, 0.5), (0.7, 0.7), (0.9, 0.9)],
                model: vec![(0.5, 0.5)],
            }],
        };
        assert_eq!(
            curves.description(),
            "Lines, latency by percentile. poll: 500 ms at p50, 900 ms at p90."
        );
    }
}
