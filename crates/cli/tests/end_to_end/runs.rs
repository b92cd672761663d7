//! One run, and everything that is made of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use pushbench_protocol::Phase;
use pushbench_runner::{Played as Setting, merge};
use pushbench_scenario::{Shard, Source, read, round_seed};
use pushbench_store::{RunStatus, RunV2, TrialV2, Verdict};

use crate::support::{Bench, Ended, SMALL, TRANSPORTS, trial};

/// A run that several tests look at.
struct Played {
    bench: Bench,
    ended: Ended,
    folder: PathBuf,
    record: RunV2,
}

static PLAYED: LazyLock<Played> = LazyLock::new(|| {
    let bench = Bench::new();
    let (ended, _) = bench.timely_run(&[]);
    let (folder, record) = bench.newest_record();
    Played { bench, ended, folder, record }
});

impl Played {
    /// The record's path as the run itself has named it.
    fn named(&self) -> String {
        let path = self.folder.join("run.json");
        path.strip_prefix(self.bench.path()).expect("it lies there").display().to_string()
    }

    fn report(&self, arguments: &[&str]) -> Ended {
        let ended = self.bench.play(&[&["report", &self.named()], arguments].concat());
        assert_eq!(ended.code, 0, "{ended}");
        ended
    }
}

#[test]
fn a_run_is_on_record_and_beside_it_lies_its_report() {
    let Played { folder, record, ended, .. } = &*PLAYED;
    let name = folder.file_name().expect("a name").to_str().expect("text");
    let (stamp, id) = name.split_once('-').expect("<time>-<id>");
    assert_eq!(id, record.id);
    let digits: String = record.started_at.chars().filter(char::is_ascii_digit).take(14).collect();
    assert_eq!(stamp.replace(['T', 'Z'], ""), digits);

    assert_eq!(record.status, RunStatus::Completed);
    assert_eq!(record.scenario.name, "small");
    assert_eq!(record.scenario.file, SMALL);
    let labels: Vec<_> = record.transports.iter().map(|t| t.label.as_str()).collect();
    assert_eq!(labels, TRANSPORTS);
    assert_eq!(record.trials.len(), 2);
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    files.sort();
    assert_eq!(files, ["report.html", "report.md", "run.json", "run.json.sha256"]);
    assert!(ended.stderr.contains("trial 2/2"), "no progress: {}", ended.stderr);
}

#[test]
fn the_record_is_what_the_committed_schema_says() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../store/schema/run-v2.json");
    let schema = fs::read_to_string(schema).expect("the schema is committed");
    let schema = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let record = fs::read_to_string(PLAYED.folder.join("run.json")).expect("a record");
    let record = serde_json::from_str(&record).expect("JSON");
    let errors: Vec<_> = validator.iter_errors(&record).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
}

#[test]
fn all_books_agree_to_the_byte() {
    for transport in TRANSPORTS {
        let books = &trial(&PLAYED.record, transport).books;
        for pair in ["codec = client sockets", "client sockets = kernel"] {
            let phases = ["connect", "warm-up", "measure", "drain", "close"];
            let compared = books.reconciliations.iter().filter(|r| r.pair == pair);
            assert_eq!(compared.count(), 2 * phases.len(), "{transport}: {pair}");
        }
        let pair = "client sockets = server sockets";
        let compared = books.reconciliations.iter().filter(|r| r.pair == pair);
        assert_eq!(compared.count(), 2 * 4, "{transport}: {pair}");
        // The kernel forgets a connection that is closed, and is asked at quiet moments only.
        let pair = "client sockets = server kernel";
        let compared = books.reconciliations.iter().filter(|r| r.pair == pair);
        let spans: Vec<_> = compared.map(|r| r.phases.as_str()).collect();
        let expected = ["connect", "warm-up", "measure + drain"].map(|span| [span; 2]).concat();
        assert_eq!(spans, expected, "{transport}: {pair}");
        let checks = &trial(&PLAYED.record, transport).checks;
        let asked =
            checks.iter().find(|check| check.check == "server-kernel").expect("it is asked");
        assert_eq!(asked.verdict, Verdict::Ok, "{transport}: {}", asked.text);
        for compared in &books.reconciliations {
            assert_eq!(compared.left, compared.right, "{transport}: {compared:?}");
        }
        assert!(books.reconciliations.iter().any(|r| r.phases == "measure" && r.left > 0));
    }
}

#[test]
fn the_kernel_is_asked_of_both_ends_of_each_connection() {
    for transport in TRANSPORTS {
        let trial = trial(&PLAYED.record, transport);
        let clients = trial.work.load.iter().find_map(|process| process.sockets);
        let [clients, servers] = [clients, trial.work.server_sockets]
            .map(|ends| ends.expect("both ends are on this host").sockets);
        assert_eq!(clients, servers, "{transport}");
        assert!(clients >= 20, "{transport}: {clients}");
        // Loopback loses nothing, and that is known and not missing.
        let measured = &trial.books.phases[&Phase::Measure];
        assert_eq!(measured.retransmitted_down, Some(0), "{transport}");
        assert_eq!(trial.figures["retransmitted_bytes"], 0.0, "{transport}");
        assert!(trial.figures["kernel_buffers_per_connection"] >= 0.0, "{transport}");
    }
}

#[test]
fn figures_and_checks_are_made_anew_from_the_sums_on_record() {
    let record = &PLAYED.record;
    let mut scenario = read(&Source {
        path: Path::new("small.toml"),
        text: &record.scenario.file,
        overrides: &[],
        only: &[],
        read_file: &|_| Err(std::io::Error::other("no file")),
    })
    .unwrap_or_else(|refused| panic!("{refused}"));
    scenario.workload.seed = round_seed(scenario.workload.seed, 0);
    for (trial, transport) in record.trials.iter().zip(&scenario.transports) {
        let setting = Setting {
            scenario: &scenario,
            transport,
            round: trial.round,
            cell: trial.cell.clone(),
            started_at: trial.started_at.clone(),
            // The port was free, and its digits are in the model's bytes alone.
            host: "127.0.0.1:40000",
            is_ipv6: false,
            tls: None,
            is_ours: true,
            is_adapted: false,
            shard: Shard::WHOLE,
        };
        let anew = merge(std::slice::from_ref(trial), setting).expect("it has sums");
        assert_eq!(anew.figures, trial.figures, "{}", trial.transport);
        assert_eq!(anew.books, trial.books, "{}", trial.transport);
        let without_port = |of: &TrialV2| {
            let checks = of.checks.iter().filter(|check| check.check != "model-bytes");
            checks.cloned().collect::<Vec<_>>()
        };
        // What is said of transports beside each other comes with the run.
        assert!(without_port(trial).starts_with(&without_port(&anew)), "{:?}", anew.checks);
    }
}

#[test]
fn memory_under_load_is_no_less_than_before_use() {
    for transport in TRANSPORTS {
        let work = trial(&PLAYED.record, transport).work.server.clone().expect("it is ours");
        let before = work.resident_connected_bytes.expect("looked at");
        assert!(work.resident_load_bytes.expect("looked at") >= before, "{transport}: {work:?}");
        assert!(work.resident_rest_bytes.is_some(), "{transport}");
    }
}

#[test]
fn what_can_be_told_of_any_run_is_in_order() {
    for transport in TRANSPORTS {
        let trial = trial(&PLAYED.record, transport);
        let ok = ["server-alive", "books-balance", "quiet", "deliveries", "errors", "published"];
        for name in ok {
            let check = trial.checks.iter().find(|check| check.check == name);
            let check = check.unwrap_or_else(|| panic!("{transport} is not checked for {name}"));
            assert_eq!(check.verdict, Verdict::Ok, "{transport}: {check:?}");
        }
        assert_eq!(trial.clients, 20);
        let counts = &trial.counts;
        assert_eq!(counts.expected, 40, "two messages, 20 clients");
        assert_eq!(counts.delivered + counts.superseded, 40, "{counts:?}");
        assert!(counts.errors.is_empty(), "{counts:?}");
        for (name, value) in &trial.figures {
            assert!(pushbench_protocol::figure::find(name).is_some(), "{name} is in no catalogue");
            assert!(value.is_finite(), "{name} is {value}");
        }
    }
    let polls = &trial(&PLAYED.record, "short-poll").counts;
    assert_eq!(polls.polls, 40, "20 clients, twice a second, 1 second");
    assert_eq!(trial(&PLAYED.record, "websocket").counts.delivered, 40);
}

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
fn a_tag_is_on_record_and_runs_are_found_by_it() {
    let bench = Bench::new();
    let quick = ["--only", "websocket", "--quiet"];
    let (ended, tagged) =
        bench.valid_run(&[&quick[..], &["--tag", "commit=abc", "--tag", "host=a b"]].concat());
    let (_, plain) = bench.valid_run(&quick);
    let tags: Vec<_> =
        tagged.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(tags, [("commit", "abc"), ("host", "a b")]);
    assert!(ended.stdout.contains("commit=abc"), "{ended}");
    assert!(bench.play(&["report", &tagged.id, "--full"]).stdout.contains("tags: commit=abc"));
    let listed = |arguments: &[&str]| {
        let list = bench.play(&[&["results"], arguments].concat());
        assert_eq!(list.code, 0, "{list}");
        [&tagged.id, &plain.id].map(|id| list.stdout.contains(id.as_str()))
    };
    assert_eq!(listed(&[]), [true, true]);
    assert_eq!(listed(&["--tag", "commit=abc"]), [true, false]);
    assert_eq!(listed(&["--tag", "commit=abc", "--tag", "host=other"]), [false, false]);
    let json = bench.play(&["results", "--format", "json", "--tag", "commit=abc"]).stdout;
    let rows: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(rows[0]["tags"]["commit"], "abc", "{json}");
    for wrong in [&["--tag", "commit"][..], &["--tag", "a b=c"], &["--tag", "a=1", "--tag", "a=2"]]
    {
        let ended = bench.play(&[&["run", "small.toml"], wrong].concat());
        assert_eq!(ended.code, 2, "{wrong:?}: {ended}");
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

#[test]
fn a_quiet_run_with_json_says_one_document_and_nothing_else() {
    let bench = Bench::new();
    let arguments = ["--format", "json", "--quiet", "--only", "websocket"];
    let (ended, record) = bench.valid_run(&arguments);
    assert_eq!(serde_json::from_str::<RunV2>(&ended.stdout).expect("one document"), record);
    for noise in ["trial", "report page"] {
        assert!(!ended.stderr.contains(noise), "{}", ended.stderr);
    }
    assert_eq!(record.trials.len(), 1);
    assert_eq!(record.scenario.overrides, ["--only websocket"]);
}

#[test]
fn the_same_scenario_and_seed_cost_the_same_bytes() {
    let [first, second] = [(), ()].map(|()| Bench::new().valid_run(&[]).1);
    for (transport, figures) in [
        (
            "short-poll",
            &[
                "header_bytes_up_per_poll",
                "header_bytes_down_per_poll",
                "header_bytes_per_poll",
                "payload_bytes_per_delivery",
                "framing_bytes_per_delivery",
                "stream_bytes_per_poll",
            ][..],
        ),
        (
            "websocket",
            &[
                "payload_bytes_per_delivery",
                "framing_bytes_per_delivery",
                "stream_bytes_per_delivery",
                "connect_stream_bytes_per_connection",
            ],
        ),
    ] {
        for figure in figures {
            let of = |run| trial(run, transport).figures.get(*figure).copied();
            assert!(of(&first).is_some(), "{transport} has no {figure}");
            assert_eq!(of(&first), of(&second), "{transport} {figure}");
        }
    }
    assert_eq!(first.scenario.settings, second.scenario.settings);
}

#[test]
fn commands_around_trials_run_in_their_order_and_one_that_fails_ends_the_run_with_what_it_said() {
    let keys = r#"setup = ["sh", "-c", "echo setup $PUSHBENCH_TRANSPORT >> log; test ! -e stop"]
cleanup = ["sh", "-c", "echo cleanup $PUSHBENCH_TRANSPORT >> log"]
cool_down = "100ms"
"#;
    let bench = Bench::with(&format!("{keys}{SMALL}"));
    let log = bench.path().join("log");
    bench.valid_run(&[]);
    let said = fs::read_to_string(&log).expect("they ran beside the scenario");
    // A disturbed trial is played again, with all that is around it.
    let mut lines: Vec<_> = said.lines().collect();
    lines.dedup();
    assert!(
        lines.chunks(2).all(|pair| {
            matches!(pair, [before, after] if before.replace("setup", "cleanup") == **after)
        }),
        "{said}"
    );
    for transport in TRANSPORTS {
        assert!(said.contains(&format!("setup {transport}\ncleanup {transport}\n")), "{said}");
    }

    fs::write(bench.path().join("stop"), "").expect("it can be");
    let failed = bench.play(&["run", "small.toml"]);
    assert_eq!(failed.code, 1, "{failed}");
    assert!(failed.stderr.contains("setup, around short-poll round 1"), "{failed}");
}
