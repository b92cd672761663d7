//! Reports of every record of the tree at the widths of terminals.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pushbench_compare::compare;
use pushbench_report::{Compared, TextOptions, comparison_document, render_text, text};
use pushbench_store::RunV2;
use textwrap::core::display_width;

const WIDTHS: [usize; 4] = [60, 80, 100, 120];

fn records() -> Vec<(PathBuf, RunV2)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results/reference");
    let folders = fs::read_dir(folder).expect("records of the tree");
    let folders = folders.map(|entry| entry.expect("a readable folder").path());
    let records =
        folders.map(|path| (path.clone(), pushbench_store::read(&path).expect("a record")));
    records.collect()
}

/// No line is wider than asked, and no word was torn: every word of the widest is in the others.
fn check(name: &str, render: impl Fn(usize) -> String) {
    let widest = render(1_000);
    let whole: BTreeSet<_> = widest.split_whitespace().collect();
    for width in WIDTHS {
        let text = render(width);
        for line in text.lines() {
            assert!(display_width(line) <= width, "{name} at {width}: {line}");
        }
        // A word alone may be longer than what a line has beside its indent and marker.
        let is_too_long = |word: &str| {
            whole.iter().any(|whole| display_width(whole) > width - 4 && whole.contains(word))
        };
        let torn = text.split_whitespace().find(|word| {
            // The rules of a table's titles are as long as there is room.
            !whole.contains(word) && !word.trim_matches('-').is_empty() && !is_too_long(word)
        });
        assert_eq!(torn, None, "{name} at {width}");
    }
}

#[test]
fn no_line_of_a_report_is_wider_than_asked_and_no_word_is_torn() {
    let records = records();
    assert!(records.len() >= 8, "{} records", records.len());
    for (path, run) in records {
        check(&path.display().to_string(), |width| {
            text(&run, &TextOptions { colour: false, width, record: None })
        });
    }
}

#[test]
fn no_line_of_a_comparison_is_wider_than_asked() {
    for (path, base) in records() {
        let mut new = RunV2 { id: "another".to_owned(), ..base.clone() };
        for trial in &mut new.trials {
            let by = 1.0 + f64::from(trial.round) / 10.0;
            trial.figures.values_mut().for_each(|value| *value *= by);
        }
        let compared =
            [Compared { comparison: compare(&base, &new, &BTreeSet::new()), gate: None }];
        let document = comparison_document(&compared);
        check(&path.display().to_string(), |width| {
            render_text(&document, &TextOptions { colour: false, width, record: None })
        });
    }
}
