//! What a report says, in the order in which it says it.

mod advantage;
pub(crate) mod answer;
mod books;
mod client_libraries;
mod comparison;
mod conflation;
pub(crate) mod contest;
pub(crate) mod curve;
pub(crate) mod denominator;
mod directions;
pub(crate) mod expectations;
mod extent;
pub(crate) mod extremes;
mod field_blocks;
pub(crate) mod find;
mod finding;
mod floor;
pub(crate) mod grid;
pub(crate) mod idle;
pub(crate) mod layer;
mod legend;
mod link;
pub(crate) mod machine;
pub(crate) mod part;
mod pictures;
mod proxy;
mod published;
pub(crate) mod swept;
mod tokens;
pub(crate) mod until;
pub(crate) mod validity;

use pushbench_store::RunV2;

use crate::layout::{Document, Section};
use crate::times::Times;

/// The report of a run; `record` is where the record lies, as the reader should type it.
pub fn document(run: &RunV2, record: Option<&str>) -> Document {
    document_with(run, record, &Times::default())
}

/// The same with times as the reader has chosen.
pub fn document_with(run: &RunV2, record: Option<&str>, times: &Times) -> Document {
    let sections: [Option<Section>; 26] = [
        Some(answer::question(run)),
        Some(answer::answer(run)),
        Some(validity::validity(run)),
        find::find(run),
        pictures::bytes::layers(run),
        pictures::bytes::directions(run),
        pictures::work::idle(run),
        pictures::waiting::waiting(run),
        pictures::sweep::sweep(run),
        pictures::work::work(run),
        curve::curves(run),
        comparison::glance(run, times),
        comparison::comparison(run, times),
        link::link(run),
        proxy::proxy(run),
        floor::floor(run),
        client_libraries::client_libraries(run),
        tokens::tokens(run),
        conflation::conflation(run),
        field_blocks::field_blocks(run),
        directions::directions(run),
        Some(books::books(run)),
        expectations::expectations(run),
        published::published(run),
        legend::legend(run),
        Some(machine::machine(run, record)),
    ];
    Document { sections: sections.into_iter().flatten().collect() }
}
