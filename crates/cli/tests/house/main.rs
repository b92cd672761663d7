//! The rules of the house that the compiler does not know.

mod circles;
mod module;

use std::path::{Path, PathBuf};

use crate::circles::Files;

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
