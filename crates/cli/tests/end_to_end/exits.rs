//! Exit codes, what is written with each, and settings from the environment.

use std::fs;
use std::path::{Path, PathBuf};

use pushbench_store::{RunStatus, Verdict};
use rustix::process::{Resource, getrlimit};

use crate::support::{Bench, Ended, Running, SMALL, Server, invalid_checks, skip, trial};
use crate::turncoat;

/// Open files that the largest scenario of the repository needs.
const MOST_FILES: u64 = 16_800;

#[test]
fn wrong_usage_is_2_and_nothing_is_written() {
    for arguments in [
        &["run", "small.toml", "--no-such-flag"][..],
        &["run"],
        &["run", "small.toml", "--format", "pdf"],
        &["dance"],
        &["check"],
        &["serve", "--listen", "nowhere"],
    ] {
        let bench = Bench::new();
        let ended = bench.play(arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {ended}");
        assert_eq!(ended.stdout, "", "{arguments:?}");
        assert!(ended.stderr.contains("error: "), "{arguments:?}: {ended}");
        assert!(!bench.path().join("results").exists(), "{arguments:?}");
    }
}

#[test]
fn a_server_that_can_run_nowhere_as_it_is_told_is_wrong_usage_2() {
    for (flags, said) in [
        (&["--conflate", "1s", "--deliver", "every"][..], "`conflate` is set, expected none"),
        (&["--queue", "5000", "--log", "10"], "`queue` is 5000, expected at most"),
        (&["--heartbeat", "1ms"], "`heartbeat` is shorter, expected at least 10ms"),
        (&["--publish-token", ""], "`publish_token` is empty"),
        (&["--listen", "0.0.0.0:0"], "no publish token is set"),
        (&["--response-headers", "nope"], "unknown header profile `nope`"),
        (&["--deflate-threshold", "5"], "no effect without --deflate"),
    ] {
        let listen = ["--listen", "127.0.0.1:0"];
        let listen = if flags.contains(&"--listen") { &listen[..0] } else { &listen };
        let ended = Bench::new().play(&[&["serve"], listen, flags].concat());
        assert_eq!(ended.code, 2, "{flags:?}: {ended}");
        assert_eq!(ended.stdout, "", "{flags:?}");
        assert!(ended.stderr.contains(said), "{flags:?}: {ended}");
    }
}

#[test]
fn the_help_has_every_exit_code() {
    let ended = Bench::new().play(&["--help"]);
    assert_eq!(ended.code, 0);
    for code in ["0", "1", "2", "98", "99", "104", "105"] {
        let is_there =
            ended.stdout.lines().any(|line| line.trim().starts_with(&format!("{code}  ")));
        assert!(is_there, "{code}: {ended}");
    }
}

#[test]
fn a_refused_scenario_is_104_with_all_its_problems_and_nothing_is_written() {
    for command in ["run", "check"] {
        let bench = Bench::new();
        let ended = bench.play(&[
            command,
            "small.toml",
            "--set",
            "workload.clients=0",
            "--set",
            "transport.short-poll.interval=1d",
        ]);
        assert_eq!(ended.code, 104, "{ended}");
        assert_eq!(ended.stdout, "", "{command}");
        for key in ["workload.clients", "interval"] {
            assert!(ended.stderr.contains(key), "{command}: {ended}");
        }
        assert!(!bench.path().join("results").exists(), "{command}");
    }
}

#[test]
fn check_says_how_long_a_run_takes_with_connecting_and_every_combination() {
    let bench = Bench::with(&format!("{SMALL}\n[sweep]\nmeasure = [\"1s\", \"1m\"]\n"));
    let ended = bench.play(&["check", "small.toml", "--set", "load.connects_per_second=10"]);
    assert_eq!(ended.code, 0, "{ended}");
    // Two transports: 2 s to connect, 0.3 s to warm up, 1 s or 60 s to measure, 0.5 s around it.
    let told = "2 combinations of swept settings, 4 trials, about 2m13s";
    assert!(ended.stdout.contains(told), "{ended}");
}

/// Runs the program with at most 1,000 open files.
fn with_few_files(bench: &Bench, arguments: &[&str]) -> Ended {
    let program = bench.program(arguments);
    let mut limited = std::process::Command::new("sh");
    limited
        .args(["-c", "ulimit -n 1000 && exec \"$0\" \"$@\""])
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(bench.path());
    Running::start(&mut limited).end()
}

#[test]
fn a_limit_that_several_combinations_exceed_is_told_once_with_the_largest_need() {
    let bench = Bench::with(&format!("{SMALL}\n[sweep]\nclients = [3_000, 5_000, 4_000]\n"));
    let ended = with_few_files(&bench, &["check", "small.toml"]);
    assert_eq!(ended.code, 104, "{ended}");
    let told = ended.stderr.matches("open files of the server is 1000").count();
    assert_eq!(told, 1, "{ended}");
    assert!(ended.stderr.contains("expected at least 5128"), "{ended}");
}

#[test]
fn limits_that_are_too_small_are_104_with_the_need_and_the_remedy() {
    for command in ["run", "check"] {
        let bench = Bench::new();
        let arguments = [command, "small.toml", "--set", "workload.clients=5000"];
        let ended = with_few_files(&bench, &arguments);
        assert_eq!(ended.code, 104, "{command}: {ended}");
        for part in ["open files", "1000", "5128", "ulimit"] {
            assert!(ended.stderr.contains(part), "{command}: {part}: {ended}");
        }
        assert!(!bench.path().join("results").exists(), "{command}");
    }
}

#[test]
fn an_expectation_that_does_not_hold_is_99_and_the_run_is_kept() {
    let expect = "[expect]\n\"websocket.framing_bytes_down_per_delivery\" = \"== 3B\"\n\
                  \"websocket.lost\" = \"== 0\"\n";
    let bench = Bench::with(&format!("{SMALL}\n{expect}"));
    let ended = bench.play(&["run", "small.toml", "--only", "websocket"]);
    assert_eq!(ended.code, 99, "{ended}");
    let (_, record) = bench.newest_record();
    let held: Vec<_> = record.expectations.iter().map(|e| (e.held, e.found)).collect();
    assert_eq!(held, [(false, Some(2.0)), (true, Some(0.0))]);
    assert_eq!(record.status, RunStatus::Completed);
}

#[test]
fn a_server_that_refuses_the_publisher_makes_the_run_invalid_98_and_a_token_mends_it() {
    let bench = Bench::new();
    let server = Server::start(&bench, &["--publish-token", "secret"]);
    let url = server.url();
    let target = ["--target", &url, "--only", "websocket"];
    // One that refuses it only once the run has begun: the token is changed under it.
    let open = Server::start(&bench, &[]);
    let changed = format!("http://{}", turncoat::by_topic(open.address, server.address));
    let arguments = ["run", "small.toml", "--only", "websocket", "--target", &changed];
    let ended = bench.play(&arguments);
    assert_eq!(ended.code, 98, "{ended}");
    let (_, record) = bench.newest_record();
    assert!(invalid_checks(&record).contains(&"errors".to_owned()), "{ended}");
    let errors = &trial(&record, "websocket").counts.errors;
    assert!(errors.keys().any(|kind| kind.contains("401")), "{errors:?}");
    assert_eq!(record.worst_verdict(), Verdict::Invalid);

    bench.valid_run(&[&target[..], &["--publish-token", "secret"]].concat());
    let kept = fs::read_to_string(bench.newest_record().0.join("run.json")).expect("a record");
    assert!(!kept.contains("secret"), "a token is no part of a record");
}

#[test]
fn a_target_that_does_not_answer_is_1_and_says_so() {
    // A port of our own that nobody listens on.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    drop(taken);
    for (target, code, said) in [
        (format!("http://{address}"), 1, "Connection refused"),
        ("http://".to_owned(), 2, "http://host:port"),
        ("https://h".to_owned(), 2, "--target-tls"),
        ("http://127.0.0.1:99999".to_owned(), 2, "`99999` is no port"),
    ] {
        let bench = Bench::new();
        let ended = bench.play(&["run", "small.toml", "--target", &target]);
        assert_eq!((ended.code, ended.stdout.as_str()), (code, ""), "{target}: {ended}");
        assert!(ended.stderr.contains(said), "{target}: {ended}");
        assert!(bench.records().is_empty(), "{target}");
    }
}

#[test]
fn files_that_are_not_there_are_1() {
    let bench = Bench::new();
    for arguments in [["run", "absent.toml"], ["check", "absent.toml"], ["report", "absent"]] {
        let ended = bench.play(&arguments);
        assert_eq!(ended.code, 1, "{arguments:?}: {ended}");
        assert!(ended.stderr.contains("absent"), "{arguments:?}: {ended}");
    }
}

#[test]
fn every_scenario_of_the_repository_passes_the_check() {
    let mut scenarios = scenarios();
    let files = getrlimit(Resource::Nofile).maximum;
    if files.is_some_and(|files| files < MOST_FILES) {
        skip("the largest need more open files than this machine allows; the rest is checked");
        let large = ["kaazing-b.toml", "kaazing-c.toml"];
        scenarios.retain(|path| !large.iter().any(|name| path.ends_with(name)));
    }
    scenarios.retain(|path| {
        let text = path.to_str().expect("text");
        let checked = Bench::new().play(&["check", text]);
        let mut said = checked.stderr.lines().peekable();
        let is_ready = said.peek().is_none()
            || !said.all(|line| {
                line.contains("is no program that can be run") || line.contains("is no folder")
            });
        if !is_ready {
            skip(&format!("{text} needs what scripts/setup-tests installs; the rest is checked"));
        }
        is_ready
    });
    assert!(scenarios.len() >= 5, "{scenarios:?}");
    let paths: Vec<_> = scenarios.iter().map(|path| path.to_str().expect("text")).collect();
    let ended = Bench::new().play(&[&["check"], &paths[..]].concat());
    assert_eq!(ended.code, 0, "{ended}");
    // What is said of the servers that it names is indented below a scenario.
    let own = ended.stdout.lines().filter(|line| !line.starts_with(' '));
    assert_eq!(own.count(), scenarios.len(), "{ended}");
    assert_eq!(ended.stderr, "");
}

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let entries = fs::read_dir(folder).expect("the scenarios");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect()
}

#[test]
fn a_flag_wins_over_the_environment_and_it_over_the_scenario() {
    let bench = Bench::new();
    let summary = |arguments: &[&str], set: Option<&str>| {
        let mut program = bench.program(&[&["check", "small.toml"], arguments].concat());
        program.envs(set.map(|set| ("PUSHBENCH_CHECK_SET", set)));
        let ended = Running::start(&mut program).end();
        assert_eq!(ended.code, 0, "{ended}");
        ended.stdout
    };
    let flag = ["--set", "workload.clients=33"];
    for (arguments, environment, expected) in [
        (&[][..], None, "20 clients, short-poll, websocket (2 trials"),
        (&[][..], Some("workload.clients=22"), "22 clients, short-poll, websocket (2 trials"),
        (
            &[][..],
            Some("workload.clients=22\nworkload.rounds=3"),
            "22 clients, short-poll, websocket (6 trials",
        ),
        (&flag[..], Some("workload.clients=22"), "33 clients, short-poll, websocket (2 trials"),
        (&flag[..], None, "33 clients, short-poll, websocket (2 trials"),
    ] {
        let found = summary(arguments, environment);
        assert!(found.contains(expected), "{arguments:?} {environment:?}: {found}");
    }
}

#[test]
fn a_run_takes_its_options_from_the_environment() {
    let bench = Bench::new();
    let mut program = bench.program(&["run", "small.toml", "--set", "workload.clients=5"]);
    program
        .env("PUSHBENCH_RUN_ONLY", "websocket")
        .env("PUSHBENCH_RUN_FORMAT", "csv")
        .env("PUSHBENCH_RUN_OUTPUT", "from-the-environment.csv")
        .env("PUSHBENCH_RUN_RESULTS", "elsewhere")
        .env("PUSHBENCH_RUN_QUIET", "true")
        .env("PUSHBENCH_RUN_SET", "workload.clients=7");
    let ended = Running::start(&mut program).end();
    assert!([0, 98].contains(&ended.code), "{ended}");
    assert_eq!(ended.stdout, "");
    assert!(!ended.stderr.contains("trial"), "{ended}");
    let csv = fs::read_to_string(bench.path().join("from-the-environment.csv")).expect("a file");
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(!bench.path().join("results").exists());
    let scenario = bench.path().join("elsewhere/small");
    let run = fs::read_dir(scenario).expect("a scenario").next().expect("a run").expect("an entry");
    let record = pushbench_store::read(&run.path()).expect("a record");
    assert_eq!(record.trials[0].clients, 5, "the flag wins over the environment");
}
