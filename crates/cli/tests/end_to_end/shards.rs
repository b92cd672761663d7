//! Runs that are split into shards: the whole is what one process would have played, and a shard that
//! is lost makes it invalid, by name.

use pushbench_protocol::Phase;
use pushbench_store::{InFlightV2, TrialV2, Verdict, wall_clock};
use rustix::process::Signal;

use crate::proc;
use crate::support::{Bench, Running, SMALL, TRANSPORTS, send, trial, wait_until};

/// What is settled by the schedule and the number of clients, and by nothing else.
fn counts(trial: &TrialV2) -> [u64; 6] {
    let counts = &trial.counts;
    [
        trial.clients,
        trial.connections.expect("of today's version"),
        counts.published,
        counts.sent.expect("it was published"),
        counts.expected,
        counts.polls,
    ]
}

fn verdict(trial: &TrialV2, check: &str) -> Verdict {
    trial.checks.iter().find(|of| of.check == check).expect(check).verdict
}

#[test]
fn a_trial_in_three_shards_counts_what_one_process_counts() {
    let bench = Bench::new();
    let (_, whole) = bench.valid_run(&["--set", "load.workers=1"]);
    let (_, split) = bench.valid_run(&["--set", "load.workers=1", "--shards", "3"]);
    assert_eq!(split.scenario.settings["load.shards"], "3");
    for transport in TRANSPORTS {
        let [one, three] = [&whole, &split].map(|run| trial(run, transport));
        assert_eq!(counts(three), counts(one), "{transport}");
        // A byte more or less is on no connection of the two: they say the same.
        let measured = |trial: &TrialV2| {
            let books = &trial.books.phases[&Phase::Measure];
            [&books.up, &books.down].map(|kinds| [kinds.header, kinds.payload, kinds.framing])
        };
        assert_eq!(measured(three), measured(one), "{transport}");
        assert_eq!((three.shards, one.shards), (Some(3), None));
        assert_eq!((three.servers.as_slice(), &one.servers), ([0, 1, 2].as_slice(), &Vec::new()));
        assert_eq!((three.work.load.len(), three.work.servers.len()), (3, 3), "{transport}");
        assert_eq!(three.machines.len(), 1, "all ran on this one");
        assert_eq!(verdict(three, "shards"), Verdict::Ok);
        assert_eq!(verdict(three, "books-balance"), Verdict::Ok);
        // Each shard has a server of its own, and closes its books with it.
        assert!(!three.books.in_flight.values().any(|of| *of == InFlightV2::Clients));
        assert!(!three.model.figures.is_empty(), "the whole has a model");
    }
}

/// A run in two shards, well in its measure phase, and the shards.
fn playing(bench: &Bench) -> (Running, Vec<u32>) {
    let arguments = [
        "run",
        "small.toml",
        "--only",
        "websocket",
        "--shards",
        "2",
        "--set",
        "workload.measure=60m",
        "--set",
        "workload.publish.every=100ms",
    ];
    let running = Running::start(&mut bench.program(&arguments));
    let mut shards = Vec::new();
    wait_until("two shards whose servers have had messages of the measure phase", || {
        shards = proc::children(running.pid());
        let servers = shards.iter().flat_map(|shard| proc::children(*shard));
        let published = servers.filter_map(|server| {
            Some(crate::support::stats_of(proc::listens_at(server)?)?.published)
        });
        published.filter(|published| *published > 8).count() == 2
    });
    shards.sort_unstable();
    (running, shards)
}

#[test]
fn a_shard_that_is_killed_makes_the_run_invalid_and_is_named() {
    let bench = Bench::new();
    let (running, shards) = playing(&bench);
    let servers: Vec<_> = shards.iter().flat_map(|shard| proc::children(*shard)).collect();
    send(shards[1], Signal::KILL);
    let ended = running.end();
    assert_eq!(ended.code, 98, "{ended}");
    let record = bench.only_record("small");
    let trial = trial(&record, "websocket");
    let check = trial.checks.iter().find(|check| check.check == "shards").expect("it is there");
    assert_eq!(check.verdict, Verdict::Invalid, "{}", check.text);
    let lost = "was lost: it ended in the measure phase or the drain: signal: 9 (SIGKILL)";
    assert!(check.text.contains(lost) && check.text.contains("/2 "), "{}", check.text);
    assert_eq!((trial.clients, trial.is_complete), (10, Some(false)), "of the other half");
    for pid in shards.into_iter().chain(servers) {
        wait_until("all processes to end", || !proc::is_alive(pid));
    }
}

#[test]
fn shards_and_their_servers_end_with_the_run() {
    let bench = Bench::new();
    let (running, shards) = playing(&bench);
    let servers: Vec<_> = shards.iter().flat_map(|shard| proc::children(*shard)).collect();
    assert_eq!(servers.len(), 2, "{servers:?}");
    running.signal(Signal::KILL);
    for pid in shards.into_iter().chain(servers) {
        wait_until("all processes to end", || !proc::is_alive(pid));
    }
    drop(running);
}

#[test]
fn a_signal_ends_all_shards_and_what_they_saw_is_kept() {
    let bench = Bench::new();
    let (running, shards) = playing(&bench);
    running.signal(Signal::INT);
    let ended = running.end();
    assert_eq!(ended.code, 105, "{ended}");
    let record = bench.only_record("small");
    let trial = trial(&record, "websocket");
    assert_eq!((trial.clients, trial.shards), (20, Some(2)));
    assert!(trial.counts.delivered > 0, "{:?}", trial.counts);
    assert_eq!(verdict(trial, "shards"), Verdict::Ok, "none was lost");
    assert!(shards.into_iter().all(|pid| !proc::is_alive(pid)));
}

/// A moment so many seconds from now: the offset from UTC says how far.
pub(crate) fn in_seconds(seconds: u32) -> String {
    let now = wall_clock::now_rfc3339();
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    format!("{}-00:{minutes:02}:{seconds:02}", now.trim_end_matches('Z'))
}

#[test]
fn a_shard_that_is_stopped_while_it_waits_leaves_nothing_on_record() {
    let bench = Bench::new();
    let begin = in_seconds(3_000);
    let arguments = ["run", "small.toml", "--only", "websocket", "--shard", "2/2", "--begin-at"];
    let running = Running::start(&mut bench.program(&[&arguments[..], &[&begin]].concat()));
    wait_until("its server", || {
        let servers = proc::children(running.pid());
        servers.into_iter().any(|server| proc::listens_at(server).is_some())
    });
    running.signal(Signal::INT);
    let ended = running.end();
    assert_eq!(ended.code, 105, "{ended}");
    for said in ["shard 2/2 waits until its clients connect at", "nothing is on record"] {
        assert!(ended.stderr.contains(said), "{said}: {ended}");
    }
    assert_eq!(bench.records(), [""; 0].map(std::path::PathBuf::from));
}

#[test]
fn a_shard_says_that_it_is_a_part_and_the_whole_what_its_shards_have_said() {
    let bench = Bench::with(&format!("floor = true\n{SMALL}"));
    let begin = in_seconds(8);
    let shards: Vec<_> = ["1/2", "2/2"]
        .into_iter()
        .map(|shard| {
            let only = ["run", "small.toml", "--only", "websocket", "--results"];
            let of = [shard.split_at(1).0, "--shard", shard, "--begin-at", &begin];
            Running::start(&mut bench.program(&[&only[..], &of].concat()))
        })
        .collect();
    let shards: Vec<_> = shards.into_iter().map(Running::end).collect();
    for (ended, number) in shards.iter().zip(1..) {
        assert_eq!(ended.code, 0, "{ended}");
        let report = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        for said in [format!("shard {number}/2, a part of a run"), "10 of 20 clients".to_owned()] {
            assert!(report.contains(&said), "{said}: {ended}");
        }
        assert!(!report.contains("Nothing was published"), "{ended}");
        assert!(ended.stderr.contains("`pushbench merge`"), "{ended}");
    }
    let record = |of: &str| {
        let runs = std::fs::read_dir(bench.path().join(of).join("small")).expect("its runs");
        let run = runs.map(|run| run.expect("a run").path()).next().expect("one run");
        run.join("run.json").display().to_string()
    };
    let merged = bench.play(&["merge", &record("1"), &record("2")]);
    assert_eq!(merged.code, 0, "{merged}");
    assert!(merged.stdout.contains("20 clients"), "{merged}");
    assert!(merged.stdout.contains("no floor is played"), "{merged}");
}
