//! One run, and everything that is made of it.

mod reported;

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
