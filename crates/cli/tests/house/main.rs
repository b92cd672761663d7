//! The rules of the house that the compiler does not know.

mod circles;
mod module;
mod naming;

use std::path::{Path, PathBuf};

use crate::circles::{Files, source_files};
use crate::naming::names_a_variant;

fn crates() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut crates: Vec<_> = std::fs::read_dir(folder)
        .expect("the crates")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.join("src").is_dir())
        .map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), path))
        .collect();
    crates.sort();
    crates
}

#[test]
fn no_files_of_a_crate_need_each_other_in_a_circle() {
    let mut wrong = Vec::new();
    for (name, path) in crates() {
        let found = Files::read(&path.join("src")).circles();
        if !found.is_empty() {
            let circles: Vec<_> = found.iter().map(|circle| circle.arrows.join("\n    ")).collect();
            wrong.push(format!(
                "{name} has {} circles of files, expected none\n    {}",
                found.len(),
                circles.join("\n\n    ")
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "move what two files need of each other into a third, below both:\n{}",
        wrong.join("\n")
    );
}

/// The files that tell kinds of transport apart beside the table in `protocol::kind`: their options
/// as written and as checked, and who plays them.
const OF_KINDS: [&str; 3] = [
    "load/src/transport.rs",
    "scenario/src/transport_file.rs",
    "scenario/src/transport_settings.rs",
];
/// The model has formulae for each; it may have them in so many files.
const OF_THE_MODEL: usize = 3;

#[test]
fn kinds_of_transport_are_told_apart_in_few_files_and_the_others_ask_the_table() {
    let mut found = Vec::new();
    for (name, path) in crates() {
        let src = path.join("src");
        let files = Files::read(&src);
        for (file, text) in source_files(&src) {
            let is_test = !files.has(&file);
            if !is_test && names_a_variant(&text, &["TransportKind", "TransportSettings"]) {
                found.push(format!("{name}/src/{file}"));
            }
        }
    }
    let is_model = |file: &String| ["model/"].iter().any(|at| file.starts_with(at));
    let (of_the_model, others): (Vec<_>, Vec<_>) = found.into_iter().partition(is_model);
    assert_eq!(others, OF_KINDS, "ask `TransportKind::properties` or an option of the settings");
    assert!(of_the_model.len() <= OF_THE_MODEL, "{of_the_model:?}");
}
