//! The rules of the house that the compiler does not know.

mod circles;
mod links;
mod module;
mod naming;
mod words;

use std::path::{Path, PathBuf};

use self::circles::{Files, source_files};
use self::naming::{names_a_variant, names_http2};

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

/// Lines after which a file usually holds two things.
const LONG: usize = 400;
/// Files that may be longer, tests among them.
const LONG_FILES: usize = 5;

#[test]
fn few_files_hold_so_much_that_it_is_two_things() {
    let mut long = Vec::new();
    for (name, path) in crates() {
        let folders = ["src", "tests", "benches", "examples", "fuzz_targets"];
        for folder in folders.into_iter().filter(|folder| path.join(folder).is_dir()) {
            for (file, text) in source_files(&path.join(folder)) {
                let lines = text.lines().count();
                if lines > LONG {
                    long.push(format!("{name}/{folder}/{file}: {lines} lines"));
                }
            }
        }
    }
    assert!(
        long.len() <= LONG_FILES,
        "{} files have more than {LONG} lines, expected at most {LONG_FILES}; give what is a thing \
         of its own a file:\n{}",
        long.len(),
        long.join("\n")
    );
}

/// The files that tell kinds of transport apart beside the table in `protocol::kind`: their options
/// as written and as checked, and who plays them.
const OF_KINDS: [&str; 2] = ["load/src/transport.rs", "scenario/src/transport_settings.rs"];

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
    assert_eq!(found, OF_KINDS, "ask `TransportKind::properties` or an option of the settings");
}

/// The files that tell HTTP/2 from other versions: a version that is added is one more row or arm in each.
/// There may be fewer, and no more.
const OF_HTTP2: [&str; 10] = [
    // Its bytes and the model's.
    "model/src/lib.rs",
    "model/src/predict.rs",
    "protocol/src/headers.rs",
    "wire/src/lib.rs",
    // What each version is.
    "protocol/src/carrier.rs",
    // Who speaks it.
    "load/src/carrier.rs",
    "load/src/carrier/line.rs",
    "server/src/engine/axum.rs",
    "server/src/engine/axum/connection.rs",
    "server/src/first_words.rs",
];

#[test]
fn http_2_is_named_in_its_own_files_and_in_few_others() {
    let mut found = Vec::new();
    for (name, path) in crates().into_iter().filter(|(name, _)| name != "fuzz") {
        let src = path.join("src");
        let files = Files::read(&src);
        for (file, text) in source_files(&src) {
            let is_its_own = file.split('/').any(|part| part.contains("http2"));
            if !is_its_own && files.has(&file) && names_http2(&text) {
                found.push(format!("{name}/src/{file}"));
            }
        }
    }
    found.retain(|file| !OF_HTTP2.contains(&file.as_str()));
    assert!(
        found.is_empty(),
        "ask `HttpVersion::properties`, or move what is HTTP/2's to its own files: {found:?}"
    );
}

/// The pages that people read first.
const PAGES: [&str; 7] = [
    "README.md",
    "crates/README.md",
    "scenarios/README.md",
    "scenarios/servers/README.md",
    "results/README.md",
    ".github/CONTRIBUTING.md",
    ".github/SECURITY.md",
];
/// The most that README may have: it is what a newcomer needs.
const README_BYTES: usize = 12 * 1024;

#[test]
fn every_link_of_a_page_leads_to_a_file_and_a_heading_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut seen = 0;
    let mut broken = Vec::new();
    for page in PAGES.into_iter().chain(["CHANGELOG.md", "crates/adapter/README.md"]) {
        let text = std::fs::read_to_string(root.join(page)).expect(page);
        for link in links::of(&text) {
            seen += 1;
            if let Some(what) = links::broken(&root.join(page), &text, link) {
                broken.push(format!("{page}: {link}: {what}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(seen > 30, "only {seen} links were looked at");
}

#[test]
fn readme_stays_what_a_newcomer_reads() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let bytes = std::fs::metadata(readme).expect("README").len();
    assert!(bytes <= README_BYTES as u64, "{bytes} bytes, expected at most {README_BYTES}");
}

#[test]
fn names_and_what_people_read_are_in_the_words_of_the_field() {
    let mut wrong = Vec::new();
    for (name, path) in crates() {
        for (file, source) in source_files(&path.join("src")) {
            let text = words::Text::of(&source);
            // What documents an option of the command line is its `--help`.
            let found = text.wrong_names().into_iter().chain(text.wrong_prose(name == "cli"));
            wrong.extend(found.map(|found| format!("{name}/src/{file}: {found}")));
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for page in PAGES.into_iter().chain([
        "crates/lab/page/en.js",
        "crates/lab/page/zh.js",
        "crates/lab/page/teachers.html",
    ]) {
        let text = std::fs::read_to_string(root.join(page)).expect(page);
        let lines = text.lines().flat_map(words::wrong_prose);
        wrong.extend(lines.map(|found| format!("{page}: {found}")));
        let chinese = words::CHINESE.iter().filter(|(wrong, _)| text.contains(wrong));
        wrong.extend(chinese.map(|(wrong, right)| format!("{page}: {wrong}, write {right}")));
    }
    assert!(wrong.is_empty(), "say it in the field's words:\n{}", wrong.join("\n"));
}

#[test]
fn every_file_that_the_architecture_names_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(folder.join("README.md")).expect("the architecture");
    // Every second piece stands between backticks.
    let quoted = page.split('`').skip(1).step_by(2);
    let files: Vec<_> = quoted.filter(|text| text.contains('/') && !text.contains(' ')).collect();
    assert!(files.len() > 10, "{files:?}");
    let missing: Vec<_> = files.iter().filter(|file| !folder.join(file).exists()).collect();
    assert!(missing.is_empty(), "crates/README.md names {missing:?}, which are not there");
}
