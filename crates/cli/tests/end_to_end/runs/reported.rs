//! What is shown of a run, where and in which format.

use std::fs;

use pushbench_store::RunV2;

use super::PLAYED;
use crate::support::Bench;

#[test]
fn the_text_fits_80_columns_and_has_no_escape_codes() {
    let text = &PLAYED.ended.stdout;
    let page = PLAYED.named().replace("run.json", "report.html");
    assert!(text.contains(&page), "it does not say where the page is: {text}");
    assert!(!PLAYED.ended.stderr.contains(&page), "twice: {}", PLAYED.ended.stderr);
    let full = PLAYED.report(&["--full"]).stdout;
    assert!(full.contains(&PLAYED.named()), "it does not say where the record is: {full}");
    for text in [text, &full] {
        assert!(text.starts_with("What does a small run cost?\n"), "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
        }
    }
    for output in [text, &full, &PLAYED.ended.stderr] {
        assert!(!output.contains('\u{1b}'), "{output}");
    }
}

#[test]
fn how_much_a_report_shows_is_the_readers_choice() {
    let of = |arguments: &[&str]| PLAYED.report(arguments).stdout;
    let (answer, table, full) =
        (of(&["--summary", "answer"]), of(&["--summary", "table"]), of(&["--summary", "full"]));
    assert_eq!((of(&[]), of(&["--full"])), (table.clone(), full.clone()));
    assert!(answer.contains("websocket delivered") && !answer.contains("latency, p99"), "{answer}");
    assert!(table.contains("latency, p99") && !table.contains("service time"), "{table}");
    assert!(full.contains("service time mean") && full.contains("Where and how"), "{full}");
    let both = PLAYED.bench.play(&["report", &PLAYED.named(), "--full", "--summary", "answer"]);
    assert_eq!(both.code, 2, "{both}");
}

#[test]
fn a_report_goes_to_several_places_at_once_each_in_its_format() {
    let arguments =
        ["--out", "json=all/run.json", "--out", "md=report-2.md", "--out", "svg=charts-2"];
    let shown = PLAYED.bench.play(&[&["report", &PLAYED.named()], &arguments[..]].concat());
    // One place that is not there does not cost the others.
    assert_eq!(shown.code, 1, "{shown}");
    assert!(shown.stderr.contains("all/run.json"), "{shown}");
    assert_eq!(shown.stdout, PLAYED.report(&[]).stdout);
    let there = |name: &str| fs::read_to_string(PLAYED.bench.path().join(name)).expect(name);
    assert_eq!(there("report-2.md"), PLAYED.report(&["--format", "md"]).stdout);
    assert!(there("charts-2/latency.svg").starts_with("<svg"));
    PLAYED.report(&["--out", "json=again.json", "--out", "text=again.txt"]);
    let again: RunV2 = serde_json::from_str(&there("again.json")).expect("a record");
    assert_eq!(again, PLAYED.record);
    assert_eq!(there("again.txt"), PLAYED.report(&["--full"]).stdout);
    for (wrong, told) in [
        ("yaml=x", "expected one of text, json, md, csv, html, junit, annotations, svg"),
        ("x", "expected a format and a path"),
        ("md=-", "stdout is for --format"),
    ] {
        let ended = PLAYED.bench.play(&["report", "latest", "--out", wrong]);
        assert_eq!(ended.code, 2, "{ended}");
        assert!(ended.stderr.contains(told), "{told}: {ended}");
    }
}

#[test]
fn percentiles_and_the_unit_of_times_are_chosen_on_the_command_line() {
    let chosen = ["--percentiles", "50,99.9", "--time-unit", "us"];
    let screen = PLAYED.report(&chosen).stdout;
    let rows = |part: &str| {
        screen.lines().filter(|line| line.contains(part)).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!((rows("latency, p50").len(), rows("latency, p99.9").len()), (1, 1), "{screen}");
    assert!(rows("latency, p99 ").is_empty(), "{screen}");
    assert!(rows("latency, ").iter().all(|row| row.matches(" us").count() == 2), "{screen}");
    let page = PLAYED.report(&[&chosen[..], &["--format", "md"]].concat()).stdout;
    assert!(page.contains("| latency p99.9 |") && !page.contains("| latency p90 |"), "{page}");
    for wrong in [["--percentiles", "101"], ["--time-unit", "minutes"]] {
        let ended = PLAYED.bench.play(&[&["report", "latest"], &wrong[..]].concat());
        assert_eq!(ended.code, 2, "{ended}");
    }
}

#[test]
fn what_the_first_screen_says_to_type_shows_the_rest() {
    let text = &PLAYED.ended.stdout;
    let line = text.lines().find(|line| line.starts_with("all figures ")).expect("it says how");
    let typed: Vec<_> = line.split_whitespace().skip(3).collect();
    let ended = PLAYED.bench.play(&typed);
    assert_eq!(ended.stdout, PLAYED.report(&["--full"]).stdout, "{line}");
    assert!(!text.contains("pushbench compare"), "there is nothing to compare with: {text}");
}

#[test]
fn a_second_run_says_how_to_compare_it_with_the_first() {
    let bench = Bench::new();
    let arguments = ["--only", "websocket", "--results", "my runs"];
    for _ in 0..2 {
        let ended = bench.play(&[&["run", "small.toml"], &arguments[..]].concat());
        assert!([0, 98].contains(&ended.code), "{ended}");
    }
    let mut ids: Vec<_> = fs::read_dir(bench.path().join("my runs/small"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    ids.sort();
    let [first, second] =
        [0, 1].map(|place: usize| ids[place].rsplit_once('-').expect("<time>-<id>").1);
    let report = bench.play(&["report", second, "--results", "my runs"]);
    let told = format!("pushbench compare {first} {second} --results 'my runs'");
    assert!(report.stdout.contains(&told), "{told}: {report}");
    let compared = bench.play(&["compare", first, second, "--results", "my runs"]);
    let heading = format!("What changed in small from {first} to {second}");
    assert!(compared.stdout.starts_with(&heading), "{compared}");
}

#[test]
fn a_report_of_the_record_is_the_report_of_the_run() {
    assert_eq!(PLAYED.report(&[]).stdout, PLAYED.ended.stdout);
    let markdown = fs::read_to_string(PLAYED.folder.join("report.md")).expect("it lies beside");
    assert_eq!(PLAYED.report(&["--format", "md"]).stdout, markdown);
    assert!(markdown.starts_with("# "), "{markdown}");
    let page = fs::read_to_string(PLAYED.folder.join("report.html")).expect("it lies beside");
    assert_eq!(PLAYED.report(&["--format", "html"]).stdout, page);
}

#[test]
fn slides_are_a_file_for_each_chart_and_need_a_folder() {
    PLAYED.report(&["--format", "svg", "-o", "charts/of/it"]);
    let folder = PLAYED.bench.path().join("charts/of/it");
    for name in ["bytes-wire.svg", "latency.svg", "age.svg"] {
        let slide = fs::read_to_string(folder.join(name)).expect(name);
        assert!(slide.starts_with("<svg xmlns=") && slide.contains("short-poll"), "{slide}");
    }
    for nowhere in [&[][..], &["-o", "-"]] {
        let record = PLAYED.named();
        let arguments = [&["report", &record, "--format", "svg"], nowhere].concat();
        let ended = PLAYED.bench.play(&arguments);
        assert_eq!(ended.code, 2, "{ended}");
        assert!(ended.stderr.contains("--output"), "{ended}");
    }
}

#[test]
fn json_is_the_record_and_csv_has_a_row_for_each_trial() {
    let json = PLAYED.report(&["--format", "json"]).stdout;
    assert_eq!(serde_json::from_str::<RunV2>(&json).expect("one document"), PLAYED.record);
    let csv = PLAYED.report(&["--format", "csv"]).stdout;
    let rows: Vec<_> = csv.lines().collect();
    assert_eq!(rows.len(), 3, "{csv}");
    let columns = rows[0].split(',').count();
    assert!(rows.iter().all(|row| row.split(',').count() == columns), "{csv}");
}

#[test]
fn colour_is_there_when_asked_for_and_gone_when_refused() {
    let record = PLAYED.named();
    let coloured = |arguments: &[&str], environment: &[(&str, &str)]| {
        let arguments = [&["report", &record], arguments].concat();
        let output = PLAYED.bench.program(&arguments).envs(environment.iter().copied()).output();
        output.expect("it runs").stdout.contains(&0x1b)
    };
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&["--no-color"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!coloured(&["-o", "report.txt"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn a_report_in_a_file_leaves_stdout_empty() {
    for (format, begins) in [
        ("text", "What does"),
        ("md", "# "),
        ("json", "{"),
        ("csv", "run,"),
        ("html", "<!DOCTYPE html>"),
    ] {
        let file = format!("report.{format}");
        let ended = PLAYED.report(&["--format", format, "-o", &file]);
        assert_eq!(ended.stdout, "", "{format}");
        let written = fs::read_to_string(PLAYED.bench.path().join(&file)).expect("the file");
        assert!(written.starts_with(begins), "{format}: {written}");
        let shown = PLAYED.report(&["--format", format, "-o", "-", "--full"]).stdout;
        assert_eq!(shown, written, "{format}: a file gets the full report");
    }
}
