//! What a report says, in the order in which it says it.

mod advantage;
mod answer;
mod books;
mod client_libraries;
mod comparison;
mod conflation;
mod contest;
pub(crate) mod curve;
mod directions;
mod expectations;
mod extent;
mod field_blocks;
mod find;
mod finding;
mod floor;
mod grid;
mod idle;
mod legend;
mod link;
mod machine;
mod part;
mod pictures;
mod published;
pub(crate) mod swept;
mod validity;

use pushbench_store::RunV2;

use crate::layout::{Document, Section};

/// The report of a run; `record` is where the record lies, as the reader should type it.
pub fn document(run: &RunV2, record: Option<&str>) -> Document {
    let sections: [Option<Section>; 24] = [
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
        comparison::glance(run),
        comparison::comparison(run),
        link::link(run),
        floor::floor(run),
        client_libraries::client_libraries(run),
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
