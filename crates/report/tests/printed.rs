//! What the READMEs print of a record is made from that record: each block between two marks is held
//! against its source. `PUSHBENCH_BLESS=1` writes the blocks anew.
//!
//! A block stands between `<!-- made from SOURCE: WHAT -->` and `<!-- end -->`. WHAT is the name of one
//! of the makers below, or a list of figures, which makes a table with a row for each transport.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pushbench_protocol::figure::{self, Figure};
use pushbench_report::units::{ABSENT, ratio, scaled};
use pushbench_report::{FirstScreen, TextOptions, first_screen, markdown};
use pushbench_store::{RunV2, Verdict, rounds};

/// The texts that have blocks.
const TEXTS: [&str; 2] = ["README.md", "results/README.md"];
const END: &str = "<!-- end -->\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn record(source: &str) -> RunV2 {
    pushbench_store::read(&root().join(source)).unwrap_or_else(|error| panic!("{source}: {error}"))
}

/// The text with each block made anew, and how many blocks there are.
fn made_anew(text: &str) -> (String, usize) {
    let mut out = String::new();
    let mut blocks = 0;
    let mut rest = text;
    while let Some(at) = rest.find("<!-- made from ") {
        let (before, block) = rest.split_at(at);
        let (mark, block) = block.split_once(" -->\n").expect("a mark ends its line");
        let (_, after) = block.split_once(END).unwrap_or_else(|| panic!("{mark}: no end"));
        let made_from = mark.trim_start_matches("<!-- made from ");
        let (source, what) = made_from.split_once(": ").expect("a source, then what is made of it");
        out.push_str(&format!("{before}{mark} -->\n{}{END}", made(source, what)));
        rest = after;
        blocks += 1;
    }
    (out + rest, blocks)
}

fn made(source: &str, what: &str) -> String {
    match what {
        "first screen" => first_screen_of(&record(source)),
        "at a glance" => at_a_glance(&record(source)),
        "machines" => machines(source),
        "ratios" => ratios(source),
        figures => by_transport(&record(source), figures),
    }
}

#[test]
fn what_is_printed_of_a_record_is_made_from_it() {
    let mut blocks = 0;
    for name in TEXTS {
        let path = root().join(name);
        let found = fs::read_to_string(&path).expect(name);
        let (anew, here) = made_anew(&found);
        blocks += here;
        if std::env::var_os("PUSHBENCH_BLESS").is_some() {
            fs::write(&path, anew).expect("the text can be written");
        } else {
            assert!(found == anew, "{name}: PUSHBENCH_BLESS=1 makes it anew from the records");
        }
    }
    assert!(blocks > 5, "{blocks} blocks");
}

#[test]
fn a_number_that_is_not_of_the_record_is_seen() {
    let text = fs::read_to_string(root().join(TEXTS[1])).expect("a text");
    let (anew, _) = made_anew(&text);
    let (start, _) = anew.match_indices("| websocket |").next().expect("a row of a WebSocket");
    let digit = start + anew[start..].find(|c: char| c.is_ascii_digit()).expect("a figure");
    let other = if &anew[digit..=digit] == "7" { "8" } else { "7" };
    let altered = format!("{}{other}{}", &anew[..digit], &anew[digit + 1..]);
    assert_eq!(made_anew(&altered).0, anew);
}

/// What a run ends with on a terminal of 80 columns, from its answer on and without where its files are.
fn first_screen_of(run: &RunV2) -> String {
    let options = TextOptions { width: 80, ..TextOptions::default() };
    let screen = first_screen(run, &FirstScreen::default(), &options);
    let (_question, answer) =
        screen.split_once("\n\n").expect("the question and the work come first");
    format!("```text\n{answer}```\n")
}

/// The table that a report begins with.
fn at_a_glance(run: &RunV2) -> String {
    let report = markdown(run, None);
    let rows = report.lines().skip_while(|line| !line.starts_with("| measured |"));
    rows.take_while(|line| line.starts_with('|')).map(|line| format!("{line}\n")).collect()
}

/// The records of a folder: when, by which version, where, and how many trials were valid.
fn machines(folder: &str) -> String {
    let folders = fs::read_dir(root().join(folder)).expect("a folder of records");
    let mut names: Vec<_> = folders
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    names.sort();
    let mut table =
        "| scenario | date | version | machine | trials | valid |\n|---|---|---|---|---:|---:|\n"
            .to_owned();
    for name in names {
        let run = record(&format!("{folder}/{name}/run.json"));
        let there = &run.environment;
        let valid =
            run.trials.iter().filter(|trial| trial.worst_verdict() != Verdict::Invalid).count();
        table.push_str(&format!(
            "| `{name}` | {} | {} | {}, {} cores, Linux {} | {} | {valid} |\n",
            &run.started_at[..10],
            run.tool.version,
            there.cpu.as_deref().unwrap_or(ABSENT),
            there.cores.map_or(ABSENT.to_owned(), |cores| cores.to_string()),
            there.kernel.as_deref().and_then(|kernel| kernel.split('-').next()).unwrap_or(ABSENT),
            run.trials.len(),
        ));
    }
    table
}

/// A row for each transport, a column for each figure: measured, with the model's where it differs.
fn by_transport(run: &RunV2, figures: &str) -> String {
    let figures: Vec<_> = figures
        .split(", ")
        .map(|name| figure::find(name).unwrap_or_else(|| panic!("{name} is no figure")))
        .collect();
    let names = figures.iter().map(|figure| format!(" {} |", title(&figure.name)));
    let mut table = format!("| |{}\n", names.collect::<String>());
    table.push_str(&format!("|---|{}\n", "---:|".repeat(figures.len())));
    for transport in &run.transports {
        let trials = || run.trials.iter().filter(|trial| trial.transport == transport.label);
        let cells = cells_of(run).into_iter().map(|cell| {
            let of_cell = || trials().filter(|trial| trial.cell == cell);
            let values = figures.iter().map(|figure| {
                let measured = rounds::measured(&figure.name, of_cell()).map(|found| found.value);
                format!(
                    " {} |",
                    shown_both(figure, measured, rounds::modelled(&figure.name, of_cell()))
                )
            });
            let of = cell.values().cloned().collect::<Vec<_>>().join(", ");
            let name = match of.is_empty() {
                true => transport.label.clone(),
                false => format!("{}, {of}", transport.label),
            };
            format!("| {name} |{}\n", values.collect::<String>())
        });
        table.extend(cells);
    }
    table
}

/// The combinations of swept settings; one without a name where nothing was swept.
fn cells_of(run: &RunV2) -> Vec<BTreeMap<String, String>> {
    let mut cells: Vec<_> = run.trials.iter().map(|trial| trial.cell.clone()).collect();
    cells.sort();
    cells.dedup();
    cells
}

/// A figure's name as the title of a column.
fn title(figure: &str) -> String {
    let plain = figure.trim_end_matches("_bytes_per_delivery").replace('.', ", ");
    let mut title = plain.replace('_', " ").replace("cpu", "CPU").replace("tcp ip", "tcp_ip");
    for (state, when) in [(" working", " under load"), (" resting", " at rest")] {
        if let Some(at) = title.find(state) {
            title.replace_range(at..at + state.len(), "");
            title.push_str(when);
        }
    }
    title
}

/// Measured, and in brackets what the model says where it is more than a thousandth off.
fn shown_both(figure: &Figure, measured: Option<f64>, modelled: Option<f64>) -> String {
    let Some(measured) = measured else {
        return ABSENT.to_owned();
    };
    let shown = scaled(figure.unit, measured);
    match modelled {
        Some(modelled) if (modelled - measured).abs() > 1e-3 * measured.abs() => {
            format!("{shown} ({})", scaled(figure.unit, modelled))
        }
        _ => shown,
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

/// How many times the bytes of a WebSocket a poll takes.
fn ratios(source: &str) -> String {
    let sweep = sweep(source);
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
    table
}
