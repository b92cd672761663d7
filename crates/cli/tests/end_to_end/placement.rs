//! On which cores a run's processes are, as the kernel says, against what its record says.

use std::collections::BTreeSet;
use std::fs;

use pushbench_store::PlacementV2;

use crate::proc::children;
use crate::support::{Bench, Running, wait_until};

/// The CPUs that a thread may use, as the kernel writes them.
fn cpus_of(task: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{task}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    Some(line.trim().to_owned())
}

/// The CPUs of the load generator's workers and of its publisher.
fn cpus_of_load(pid: u32) -> BTreeSet<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("it runs");
    let tasks = tasks.filter_map(|task| {
        let id = task.ok()?.file_name().into_string().ok()?;
        let name = fs::read_to_string(format!("/proc/{pid}/task/{id}/comm")).ok()?;
        let is_load = name.starts_with("load-") || name.starts_with("publisher");
        is_load.then(|| cpus_of(&format!("{pid}/task/{id}")))?
    });
    tasks.collect()
}

/// A run with these arguments: the CPUs of its server and of its load generator while it plays, and
/// what its record says.
fn placed(arguments: &[&str]) -> (String, BTreeSet<String>, PlacementV2) {
    let bench = Bench::new();
    let mut all = vec!["run", "small.toml", "--only", "websocket", "--set", "workload.rounds=1"];
    all.extend(arguments);
    let mut running = Running::start(&mut bench.program(&all));
    let (mut server, mut load) = (None, BTreeSet::new());
    wait_until("the load generator plays", || {
        let child = children(running.pid()).into_iter().next();
        server = child.and_then(|pid| cpus_of(&pid.to_string())).or(server.take());
        load = cpus_of_load(running.pid());
        server.is_some() && !load.is_empty() || running.has_ended()
    });
    running.end();
    let record = bench.only_record("small");
    let placement = record.environment.placement.expect("a run says where its processes were");
    (server.expect("a server was seen"), load, placement)
}

/// As the kernel writes a list of CPUs: `0-2,4`.
fn written(cpus: &[u32]) -> String {
    let runs = cpus.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
        [only] => only.to_string(),
        run => format!("{}-{}", run[0], run[run.len() - 1]),
    });
    runs.collect::<Vec<_>>().join(",")
}

#[test]
fn the_server_and_the_load_generator_are_on_the_cpus_that_the_record_says() {
    let anywhere = cpus_of("self").expect("the kernel says");
    for arguments in [&[][..], &["--pin", "halves"]] {
        let (server, load, placement) = placed(arguments);
        let asked = arguments.last().copied().unwrap_or("auto");
        assert_eq!(placement.asked, asked);
        if placement.placed == "none" {
            // Of one core there are no halves.
            assert!(placement.reason.contains("1 core"), "{placement:?}");
            assert_eq!((server, load), (anywhere.clone(), BTreeSet::from([anywhere.clone()])));
            continue;
        }
        assert_eq!(server, written(&placement.server_cpus));
        assert_eq!(load, BTreeSet::from([written(&placement.load_cpus)]));
        let apart = placement.server_cpus.iter().all(|cpu| !placement.load_cpus.contains(cpu));
        assert!(apart && !placement.load_cpus.is_empty(), "{placement:?}");
    }
}

#[test]
fn processes_that_are_not_pinned_are_anywhere() {
    let anywhere = cpus_of("self").expect("the kernel says");
    let (server, load, placement) = placed(&["--pin", "none"]);
    assert_eq!((server, load), (anywhere.clone(), BTreeSet::from([anywhere])));
    assert_eq!((placement.placed.as_str(), placement.reason.as_str()), ("none", "as asked"));
    assert!(placement.server_cpus.is_empty() && placement.load_cpus.is_empty());
}
