//! The charts of a report as SVG files of their own, for slides.

use pushbench_store::RunV2;

use crate::chart::draw::{Canvas, draw};
use crate::chart::ink::Ink;
use crate::sections::document;

/// Pixels, before whoever shows it scales it.
const WIDTH: f64 = 960.0;
const LETTERS: u32 = 16;

/// A chart that stands alone: its own title, colours and white paper.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Slide {
    /// Name of its file, `bytes-wire.svg`.
    pub file: String,
    /// The file.
    pub svg: String,
}

/// Every chart of a run's report, in its order.
pub fn slides(run: &RunV2) -> Vec<Slide> {
    let document = document(run, None);
    let slides = document.charts().map(|chart| {
        let id = &chart.name;
        let canvas =
            Canvas { id, ink: Ink::Slide, width: WIDTH, letters: LETTERS, has_title: true };
        Slide { file: format!("{}.svg", chart.name), svg: draw(chart, &canvas) + "\n" }
    });
    slides.collect()
}
