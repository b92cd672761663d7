//! What README prints of a record is made from that record: each block between two marks is held
//! against its source. `PUSHBENCH_BLESS=1` writes the blocks anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pushbench_report::units::ratio;
use pushbench_report::{TextOptions, text};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Holds the lines between `<!-- made from SOURCE -->` and `<!-- end -->` against what they are to be.
fn holds(source: &str, expected: &str) {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).expect("README");
    let mark = format!("<!-- made from {source} -->\n");
    let (before, rest) = readme.split_once(&mark).unwrap_or_else(|| panic!("no {mark}"));
    let (found, after) = rest.split_once("<!-- end -->\n").expect("the end of a block");
    if std::env::var_os("PUSHBENCH_BLESS").is_some() {
        let readme = format!("{before}{mark}{expected}<!-- end -->\n{after}");
        fs::write(&path, readme).expect("README can be written");
    } else {
        assert_eq!(found, expected, "PUSHBENCH_BLESS=1 makes it anew from {source}");
    }
}

/// A ratio with two digits; where polling is cheaper the usual one would be left.
fn shown(value: f64) -> String {
    if value < 0.995 { format!("{value:.2}") } else { ratio(value) }
}

/// One figure of each transport in each cell of a sweep of one round, from its table of trials.
type Sweep = BTreeMap<(String, String), BTreeMap<String, f64>>;

fn sweep(source: &str) -> Sweep {
    let mut reader = csv::Reader::from_path(root().join(source)).expect("a table of trials");
    let names = reader.headers().expect("a head").clone();
    let mut sweep = Sweep::new();
    for row in reader.records() {
        let row = row.expect("a row");
        let of = |name: &str| names.iter().position(|found| found == name).map(|at| &row[at]);
        let key = ["cell", "transport"].map(|name| of(name).expect("a column").to_owned());
        let figures = names.iter().zip(&row);
        let figures =
            figures.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)));
        let [cell, transport] = key;
        let twice = sweep.insert((cell, transport), figures.collect());
        assert!(twice.is_none(), "a sweep of one round");
    }
    sweep
}

#[test]
fn the_ratios_that_readme_prints_are_those_of_the_sweep() {
    const SOURCE: &str = "results/sweeps/honest-ratio/trials.csv";
    let sweep = sweep(SOURCE);
    let cells = |headers: &str, every: &str, bytes: u32| {
        let wanted = |cell: &str| {
            cell.starts_with(headers)
                && cell.contains(&format!("publish every {every},"))
                && cell.ends_with(&format!("payload.bytes {bytes}"))
        };
        let mut found = sweep.keys().map(|(cell, _)| cell).filter(|cell| wanted(cell));
        found.next().unwrap_or_else(|| panic!("no cell of {headers}, {every}, {bytes}")).clone()
    };
    let times = |cell: &str, figure: &str| {
        let of = |transport: &str| sweep[&(cell.to_owned(), transport.to_owned())][figure];
        let [http1, http2] = ["poll", "poll-h2"].map(|poll| shown(of(poll) / of("websocket")));
        format!("{http1}, {http2}")
    };
    let (chrome, kaazing, minimal) =
        ("headers request chrome", "headers request kaazing-2009", "headers request minimal");
    let mut table = "\
| headers, payload | 0.01 | 0.1 | 1 | 10 | 10, by the second |
|---|---:|---:|---:|---:|---:|
"
    .to_owned();
    for (name, headers, bytes) in [
        ("minimal, 20 B", minimal, 20),
        ("kaazing-2009, 20 B", kaazing, 20),
        ("Chrome's with a cookie of 2 kB, 20 B", chrome, 20),
        ("Chrome's with a cookie of 2 kB, 1 kB", chrome, 1_000),
        ("Chrome's with a cookie of 2 kB, 10 kB", chrome, 10_000),
        ("minimal, 10 kB", minimal, 10_000),
    ] {
        table.push_str(&format!("| {name} |"));
        for every in ["6s", "600ms", "60ms", "6ms"] {
            let cell = cells(headers, every, bytes);
            table.push_str(&format!(" {} |", times(&cell, "wire_bytes_per_delivery")));
        }
        let busy = cells(headers, "6ms", bytes);
        table.push_str(&format!(" {} |\n", times(&busy, "wire_bytes_per_client_second")));
    }
    holds(SOURCE, &table);
}

#[test]
fn the_result_that_readme_shows_is_that_of_the_reference_run() {
    const SOURCE: &str = "results/reference/quickstart/run.json";
    let run = pushbench_store::read(&root().join(SOURCE)).expect("a record");
    let report = text(&run, &TextOptions { width: 80, ..TextOptions::default() });
    let from = report.find("Answer\n").expect("an answer");
    let until = report.find("\nUp and down").expect("what follows the comparison");
    holds(SOURCE, &format!("```text\n{}```\n", &report[from..until]));
}
