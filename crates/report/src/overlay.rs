//! The charts of two runs, one laid over the other.
//!
//! Each run has its charts already, in the words of its report; what both have becomes one: a bar of the
//! base above that of the new run, a line of each in one picture.

use pushbench_store::RunV2;

use crate::chart::{Bar, Bars, Chart, Curve, Curves, Part, Picture, Scale};
use crate::layout::{Block, Section};
use crate::sections::document;

/// Lines that are told apart in one picture; where there are more, each pair gets its own.
const MOST_LINES: usize = 4;
/// Pictures of one comparison; the reports of the runs have the rest.
const MOST_CHARTS: usize = 40;
/// What the two sides are called.
const SIDES: [&str; 2] = ["base", "new"];

/// The charts that both runs have; `None` if there are none.
pub(crate) fn overlaid(base: &RunV2, new: &RunV2) -> Option<Section> {
    let [base, new] = [base, new].map(|run| document(run, None));
    let mut section = Section::new("Both runs in one picture");
    let mut has_bytes = false;
    for was in base.charts() {
        // Of the layers the lowest, which has all bytes; up and down stand in the reports.
        let is_bytes = was.name.starts_with("bytes-");
        if is_bytes && std::mem::replace(&mut has_bytes, true) {
            continue;
        }
        let Some(is) = new.charts().find(|chart| chart.name == was.name) else { continue };
        section.blocks.extend(overlay(was, is).into_iter().map(Block::Chart));
    }
    section.blocks.truncate(MOST_CHARTS);
    (!section.blocks.is_empty()).then_some(section)
}

/// One chart of both, or one for each line of them.
fn overlay(base: &Chart, new: &Chart) -> Vec<Chart> {
    match (&base.picture, &new.picture) {
        (Picture::Bars(was), Picture::Bars(is)) if was.unit == is.unit => {
            vec![Chart { picture: Picture::Bars(both_bars(was, is)), ..base.clone() }]
        }
        (Picture::Curves(was), Picture::Curves(is))
            if was.x.scale == is.x.scale && was.y.unit == is.y.unit =>
        {
            both_curves(base, was, is)
        }
        (Picture::Bars(_) | Picture::Curves(_), _) => Vec::new(),
    }
}

fn side(label: &str, place: usize) -> String {
    format!("{label}, {}", SIDES[place])
}

/// Each bar of the base with that of the new run below it.
fn both_bars(base: &Bars, new: &Bars) -> Bars {
    let mut parts: Vec<Part> = base.parts.clone();
    parts.extend(new.parts.iter().filter(|part| !base.parts.contains(part)).cloned());
    let of = |bars: &Bars, bar: &Bar, place: usize| {
        let length = |part: &Part| {
            let at = bars.parts.iter().position(|known| known == part)?;
            bar.parts.get(at).copied()
        };
        // A bar without parts is one whose parts are not known.
        let lengths = parts.iter().map(|part| length(part).unwrap_or(0.0)).collect();
        Bar {
            label: side(&bar.label, place),
            parts: if bar.parts.is_empty() { Vec::new() } else { lengths },
            ..bar.clone()
        }
    };
    let pairs = base.bars.iter().filter_map(|was| {
        let is = new.bars.iter().find(|bar| bar.label == was.label)?;
        Some([of(base, was, 0), of(new, is, 1)])
    });
    Bars { bars: pairs.flatten().collect(), parts, ..base.clone() }
}

fn both_curves(chart: &Chart, base: &Curves, new: &Curves) -> Vec<Chart> {
    let pairs = base.lines.iter().filter_map(|was| {
        let is = new.lines.iter().find(|line| line.label == was.label)?;
        let is_drawn = |line: &Curve| !line.measured.is_empty();
        (is_drawn(was) && is_drawn(is)).then_some([was, is])
    });
    let pairs: Vec<_> = pairs.collect();
    let scale = match (&base.y.scale, &new.y.scale) {
        (Scale::Log, Scale::Log) => Scale::Log,
        _ => Scale::Linear,
    };
    let of = |pairs: &[[&Curve; 2]], name: String, title: String| {
        let line = |(place, line): (usize, &&Curve)| Curve {
            label: side(&line.label, place),
            // The model of both is the same but for what differs between the runs.
            model: Vec::new(),
            measured: line.measured.clone(),
        };
        let lines = pairs.iter().flat_map(|pair| pair.iter().enumerate().map(line)).collect();
        let mut y = base.y.clone();
        y.scale = scale.clone();
        let picture = Picture::Curves(Curves { x: base.x.clone(), y, lines });
        let is_of_model = |note: &crate::layout::Line| {
            note.iter().any(|span| span.text.starts_with("Circles are what the model"))
        };
        let notes = chart.notes.iter().filter(|note| !is_of_model(note)).cloned().collect();
        Chart { name, title, picture, notes }
    };
    if pairs.is_empty() {
        return Vec::new();
    }
    if 2 * pairs.len() <= MOST_LINES {
        return vec![of(&pairs, chart.name.clone(), chart.title.clone())];
    }
    let apart = pairs.iter().enumerate().map(|(place, pair)| {
        let title = format!("{}: {}", chart.title, pair[0].label);
        of(&[*pair], format!("{}-{}", chart.name, place + 1), title)
    });
    apart.collect()
}
