//! A run as text, Markdown, HTML, SVG and CSV: pure functions from a record to a string.
//!
//! [`document`] builds what a report says, once, as a [`layout::Document`]; [`render_text`],
//! [`render_markdown`] and [`render_html`] are walks over it and hold no words of their own;
//! [`slides`] are its charts alone. [`csv`] is for programs and goes its own way. Deliberately
//! absent: anything that computes a figure (the record has them) or judges a trial (its checks do).
//!
//! Start with `sections.rs`, the table of contents; the face of the product is
//! `sections/comparison.rs`. What two runs have to say to each other is decided by
//! `pushbench-compare` and becomes a document in `comparison_report.rs`, what many have a page in
//! `trend_page.rs`; [`bmf`] and [`github`] are
//! for services that keep the history of figures.

pub mod chart;
mod comparison_report;
mod comparison_table;
mod csv;
mod exports;
mod figures;
mod first_screen;
mod held_to;
mod html;
pub mod layout;
mod markdown;
mod overlay;
mod printable;
mod sections;
mod slides;
mod table;
mod text;
mod times;
mod trend_page;
pub mod units;

use pushbench_store::RunV2;

pub use comparison_report::{Compared, comparison_document, comparison_html, comparison_json};
pub use csv::csv;
pub use exports::{bmf, github};
pub use first_screen::{FirstScreen, first_screen};
pub use held_to::{Held, Outcome, annotations, held_of_comparisons, held_of_run, junit};
pub use html::render_html;
pub use markdown::render_markdown;
pub use printable::{printable, printable_json, printable_styled};
pub use sections::{document, document_with};
pub use slides::{Slide, slides};
pub use text::{TextOptions, render_text};
pub use times::{Percentile, TimeUnit, Times};
pub use trend_page::{Listed, trend_page};

/// A run for a terminal.
pub fn text(run: &RunV2, options: &TextOptions) -> String {
    render_text(&document(run, options.record.as_deref()), options)
}

/// The same as Markdown; `record` is where the record lies, as the reader should type it.
pub fn markdown(run: &RunV2, record: Option<&str>) -> String {
    render_markdown(&document(run, record))
}

/// The same as one HTML file.
pub fn html(run: &RunV2, record: Option<&str>) -> String {
    render_html(&document(run, record))
}
