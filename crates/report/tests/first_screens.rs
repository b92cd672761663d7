//! What a run shows on one screen.

mod runs;

use std::fs;
use std::path::{Path, PathBuf};

use pushbench_report::{FirstScreen, Percentile, TextOptions, TimeUnit, Times, first_screen, text};
use pushbench_store::{RunV2, Verdict};
use textwrap::core::display_width;

fn screen() -> FirstScreen {
    let places = [
        ("page", "results/ticker/20261122T143000Z-7k3mqa/report.html"),
        ("all figures", "pushbench report latest --full"),
    ];
    let places = places.map(|(title, place)| (title.to_owned(), place.to_owned()));
    FirstScreen { places: places.to_vec(), ..FirstScreen::default() }
}

fn shown(run: &RunV2, width: usize) -> String {
    first_screen(run, &screen(), &TextOptions { width, ..TextOptions::default() })
}

/// Every record of the tree.
fn references() -> Vec<(String, RunV2)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results/reference");
    let folders = fs::read_dir(folder).expect("records of the tree");
    let mut folders: Vec<PathBuf> =
        folders.map(|entry| entry.expect("a readable folder").path()).collect();
    folders.sort();
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    let read = |path: PathBuf| (name(&path), pushbench_store::read(&path).expect("a record"));
    folders.into_iter().map(read).collect()
}

#[test]
fn the_first_screen_of_each_run_is_as_reviewed() {
    for (name, run) in runs::every() {
        insta::assert_snapshot!(format!("first_{name}"), shown(&run, 80));
    }
    for (name, run) in references() {
        if ["quickstart", "all-transports", "compression", "idle-feed", "mobile-idle"]
            .contains(&name.as_str())
        {
            insta::assert_snapshot!(format!("first_reference_{name}"), shown(&run, 80));
        }
    }
}

/// The runs made by hand and the records of the tree.
fn every() -> Vec<(String, RunV2)> {
    let by_hand = runs::every().into_iter().map(|(name, run)| (name.to_owned(), run));
    by_hand.chain(references()).collect()
}

#[test]
fn no_line_is_wider_than_the_terminal_and_no_word_is_torn() {
    let every = every();
    assert!(every.len() > 20, "{} runs", every.len());
    for (name, run) in every {
        let widest = shown(&run, 1_000);
        let whole: Vec<_> = widest.split_whitespace().collect();
        for width in [60, 72, 80, 100, 120, 160, 200] {
            let screen = shown(&run, width);
            for line in screen.lines() {
                let is_place = line.starts_with("page ") || line.starts_with("run ");
                assert!(is_place || display_width(line) <= width, "{name} at {width}: {line}");
            }
            let torn = screen
                .split_whitespace()
                .find(|word| !whole.contains(word) && !word.trim_matches('-').is_empty());
            assert_eq!(torn, None, "{name} at {width}:\n{screen}");
        }
    }
}

#[test]
fn the_quickstart_fits_a_terminal_of_80_columns_and_24_lines_with_its_prompt() {
    let (_, run) = references().into_iter().find(|(name, _)| name == "quickstart").expect("it");
    let screen = shown(&run, 80);
    // A notice on stderr and the next prompt need a line each.
    assert!(screen.lines().count() <= 22, "{screen}");
}

/// Every table: the lines from one that is empty to the next.
fn table_rows(screen: &str) -> usize {
    let with_columns = |line: &&str| line.trim().contains("  ");
    let parts = screen.split("\n\n").skip(2);
    let rows = parts.map(|part| part.lines().filter(with_columns).count());
    rows.max().unwrap_or(0)
}

#[test]
fn the_table_has_at_most_15_rows() {
    for (name, run) in every() {
        let screen = shown(&run, 200);
        // Two lines name the columns.
        assert!(table_rows(&screen) <= 15 + 2, "{name}:\n{screen}");
    }
    let (_, many) =
        references().into_iter().find(|(name, _)| name == "all-transports").expect("it");
    assert!(shown(&many, 200).contains("and 5 more"));
}

#[test]
fn whatever_speaks_against_the_numbers_stands_on_the_first_screen_in_full() {
    let mut checked = 0;
    for (name, run) in every() {
        let screen = shown(&run, 1_000);
        for check in run.judged_trials().flat_map(|trial| &trial.checks) {
            if check.verdict == Verdict::Invalid {
                assert!(screen.contains(&check.text), "{name}: {}\n{screen}", check.text);
                checked += 1;
            }
        }
        if let Some(why) = &run.failure {
            assert!(screen.contains(why.as_str()), "{name}: {why}");
            checked += 1;
        }
        for failed in run.expectations.iter().filter(|expectation| !expectation.held) {
            assert!(screen.contains(&format!("FAILED {}", failed.figure)), "{name}");
            checked += 1;
        }
        if run.worst_verdict() == Verdict::Invalid {
            let warned = screen.find("must not be believed").expect("it warns");
            assert!(screen.find("delivered").is_none_or(|answered| warned < answered), "{name}");
        }
    }
    assert!(checked > 10, "{checked} faults");
}

#[test]
fn warnings_of_one_cause_are_one_line_with_their_count() {
    let screen = shown(&runs::large_sweep(), 1_000);
    let warnings: Vec<_> = screen.lines().filter(|line| line.contains("warning (")).collect();
    assert_eq!(warnings.len(), 1, "{screen}");
    assert!(warnings[0].contains("in 24 trials (12 of short-poll, 12 of websocket)"), "{screen}");
}

#[test]
fn percentiles_and_the_unit_of_times_are_the_readers_choice() {
    let percentiles = ["50", "99.9"].map(|text| Percentile::read(text).expect("a percentile"));
    let times = Times { percentiles: Some(percentiles.to_vec()), unit: TimeUnit::from_label("us") };
    let screen = FirstScreen { times, ..screen() };
    let shown = first_screen(&runs::valid(), &screen, &TextOptions::default());
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<_> = shown.lines().map(words).collect();
    for expected in [
        "latency, mean 506,016 us 350 us 1,447x lower",
        "latency, p50 507,249 us 338 us 1,501x lower",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected}:\n{shown}");
    }
    assert!(lines.iter().any(|line| line.starts_with("latency, p99.9 ")), "{shown}");
    assert!(!shown.contains("p99 ") && !shown.contains(" ms"), "{shown}");
}

#[test]
fn the_whole_report_has_the_same_percentiles_and_unit() {
    let percentiles = ["99", "99.9", "99.99"].map(|text| Percentile::read(text).expect("one"));
    let times = Times { percentiles: Some(percentiles.to_vec()), unit: TimeUnit::from_label("us") };
    let document = pushbench_report::document_with(&runs::valid(), None, &times);
    let report = pushbench_report::render_markdown(&document);
    let rows: Vec<_> = report.lines().filter(|line| line.contains("latency p")).collect();
    let titles: Vec<_> =
        rows.iter().map(|row| row.split('|').nth(1).expect("a label").trim()).collect();
    assert_eq!(titles, ["latency p99", "latency p99.9", "latency p99.99"], "{report}");
    assert!(rows.iter().all(|row| row.contains(" us |") && !row.contains(" ms")), "{rows:?}");
    assert!(report.contains("| service time mean |"), "{report}");
}

#[test]
fn the_answer_alone_has_no_table() {
    let run = runs::valid();
    let answer = FirstScreen { without_table: true, ..screen() };
    let answer = first_screen(&run, &answer, &TextOptions::default());
    let whole = first_screen(&run, &screen(), &TextOptions::default());
    assert!(whole.contains("per delivered message") && !answer.contains("per delivered message"));
    for said in
        ["Believe it: 24 checks passed", "8.5 times fewer bytes", "pushbench report latest --full"]
    {
        assert!(answer.contains(said), "{said}:\n{answer}");
    }
}

#[test]
fn the_first_screen_says_nothing_that_the_report_does_not() {
    let (run, width) = (runs::valid(), 1_000);
    let report = text(&run, &TextOptions { width, ..TextOptions::default() });
    let screen = shown(&run, width);
    for figure in ["8.5 times fewer bytes on the wire", "506 ms", "350 us", "36.4 us", "12.6 kB"] {
        assert!(screen.contains(figure) && report.contains(figure), "{figure}:\n{screen}");
    }
}

/// A poll that finds one of ten messages has more bytes for each, and may have fewer in all.
#[test]
fn where_updates_are_dropped_bytes_per_second_stand_beside_those_per_message_and_may_say_otherwise()
{
    let all = runs::valid();
    assert!(!shown(&all, 1_000).contains("per client and second"), "nothing is dropped");
    let dropped = |poll: f64, push: f64| {
        let mut run = all.clone();
        for trial in &mut run.trials {
            let is_poll = trial.transport == "short-poll";
            if is_poll {
                let counts = &mut trial.counts;
                (counts.delivered, counts.superseded) = (1_000, 9_000);
            }
            let figure = "wire_bytes_per_client_second".to_owned();
            trial.figures.insert(figure, if is_poll { poll } else { push });
        }
        let report = text(&run, &TextOptions { width: 1_000, ..TextOptions::default() });
        [shown(&run, 1_000), report]
    };
    let otherwise = "by that measure short-poll is the one with fewer bytes, and the answer is the other \
                     way around";
    let both = "Per client and second websocket moved 1,260 B and short-poll 967 B";
    let [screen, report] = dropped(967.0, 1_260.0);
    assert!(screen.contains(&format!("{both}: {otherwise}.")), "{screen}");
    assert!(report.contains(&format!("{both}: {otherwise}.")), "{report}");
    assert!(screen.contains("bytes per client and second"), "{screen}");
    let [screen, report] = dropped(967.0, 126.0);
    for said in [screen, report] {
        assert!(said.contains("websocket moved 126 B and short-poll 967 B."), "{said}");
        assert!(!said.contains("other way around"), "{said}");
    }
}
