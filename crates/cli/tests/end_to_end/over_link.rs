//! Trials over a link between two network namespaces: what it counts is what the kernel counts, nothing
//! of it is left, and who may make none is told what is missing.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use pushbench_store::{LinkV2, RunStatus, TrialV2, Verdict};
use rustix::process::Signal;

use crate::proc;
use crate::support::{Bench, PROGRAM, Running, needs, skip, wait_until};

const LINKED: &str = r#"question = "What does distance cost?"

[workload]
clients = 20
topics = 20
deliver = "every"
publish = { every = "500ms" }
payload = { bytes = 20 }
warm_up = "300ms"
measure = "1s"
rounds = 1

[network]
delay = "10ms"

[[transport]]
kind = "short-poll"
interval = "250ms"

[[transport]]
kind = "long-poll"

[[transport]]
kind = "websocket"

[[transport]]
name = "sse-h2-tls"
kind = "sse"
http = "2"
tls = "full"

[[transport]]
name = "websocket-resumed"
kind = "websocket"
tls = "resumed"
"#;

/// Whether this process may make a link.
fn may() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root || fs::metadata("/dev/net/tun").is_err() {
        skip("a link needs root and /dev/net/tun");
        return false;
    }
    true
}

fn link(trial: &TrialV2) -> &LinkV2 {
    trial.link.as_ref().unwrap_or_else(|| panic!("{} was played over no link", trial.transport))
}

fn verdict(trial: &TrialV2, check: &str) -> (Verdict, String) {
    let found = trial.checks.iter().find(|of| of.check == check).expect(check);
    (found.verdict, found.text.clone())
}

#[test]
fn every_packet_and_byte_of_a_link_is_one_that_the_kernel_counted() {
    if !may() {
        return;
    }
    let bench = Bench::with(LINKED);
    let (_, run) = bench.valid_run(&[]);
    assert_eq!(run.environment.link, "a link between two network namespaces");
    assert_eq!(run.scenario.settings["network.delay"], "10ms");
    assert_eq!(run.trials.len(), 5);
    for trial in &run.trials {
        let name = &trial.transport;
        for check in ["link", "link-counts"] {
            assert_eq!(verdict(trial, check).0, Verdict::Ok, "{name}: {}", verdict(trial, check).1);
        }
        let link = link(trial);
        assert!(link.up.entered.packets > 100, "{name}: {}", link.up.entered.packets);
        assert_eq!(link.up.delay_ns, 10_000_000);
        assert_eq!(link.echo.count, link.echoes_sent, "{name}");
        // The publisher and the control calls are near the server: no connection but the clients' passes.
        let connections = match name.as_str() {
            "websocket-resumed" => 40,
            _ => 20,
        };
        assert_eq!(link.connections, connections, "{name}");
        let samples = |of: &str| trial.waiting.histograms[of].samples().expect("of ours");
        let least = |of: &str| samples(of).quantile(0.0).expect("some");
        assert!(least("connect_tcp") >= Duration::from_millis(20), "{name}");
        assert!(least("latency") >= Duration::from_millis(10), "{name}: no publish is far away");
    }
}

#[test]
fn a_loss_is_told_as_what_was_asked_for_and_every_packet_is_accounted_for() {
    if !may() {
        return;
    }
    let bench = Bench::with(LINKED);
    // So many clients that some lose their last packets.
    let settings = ["network.loss=5%", "workload.clients=100", "workload.topics=100"];
    let set = settings.iter().flat_map(|setting| ["--set", setting]);
    let loss: Vec<_> = ["--only", "websocket,short-poll"].into_iter().chain(set).collect();
    let (_, run) = bench.valid_run(&loss);
    assert_eq!(run.trials.len(), 2);
    for trial in &run.trials {
        let (found, text) = verdict(trial, "link-counts");
        assert_eq!(found, Verdict::Ok, "{}: {text}", trial.transport);
        let link = link(trial);
        let (entered, left) = (link.down.entered.packets, link.down.left.packets);
        assert_eq!(entered - link.down.lost.packets, left);
        assert!(link.up.lost.packets + link.down.lost.packets > 0, "of {entered} packets down");
        assert!(!trial.model.figures.contains_key("latency.mean"), "there is no law of it");
    }
}

/// The network namespace of a process.
fn network(pid: &str) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/ns/net")).ok()
}

/// Whether a line of the kernel's table (proc(5), `/proc/net/tcp`) is an established connection to
/// the far end, 198.18.0.2.
fn is_of_a_client(line: &str) -> bool {
    let mut fields = line.split_whitespace().skip(2);
    let remote = fields.next().is_some_and(|remote| remote.starts_with("020012C6:"));
    remote && fields.next() == Some("01")
}

/// Starts a run over a link that lasts an hour, and waits until its server is at the near end.
fn an_hour(bench: &Bench) -> (Running, u32) {
    let arguments = ["run", "small.toml", "--only", "websocket", "--set", "workload.measure=60m"];
    let running = Running::start(&mut bench.program(&arguments));
    let own = network("self").expect("the kernel says");
    let mut server = None;
    wait_until("the server is at the near end of a link", || {
        server = proc::children(running.pid())
            .into_iter()
            .find(|pid| network(&pid.to_string()).is_some_and(|at| at != own));
        server.is_some()
    });
    let server = server.expect("just seen");
    wait_until("the clients are connected over it", || {
        let table = fs::read_to_string(format!("/proc/{server}/net/tcp")).unwrap_or_default();
        table.lines().filter(|line| is_of_a_client(line)).count() == 20
    });
    (running, server)
}

#[test]
fn nothing_of_a_link_is_left_when_the_run_is_killed() {
    if !may() {
        return;
    }
    let bench = Bench::with(LINKED);
    let (running, server) = an_hour(&bench);
    let near = network(&server.to_string()).expect("it was just seen");
    running.signal(Signal::KILL);
    drop(running);
    wait_until("the server has ended with the run", || !proc::is_alive(server));
    wait_until("no process and no thread is in its namespace", || {
        let processes = fs::read_dir("/proc").expect("it is mounted").flatten();
        let mut names = processes.filter_map(|entry| entry.file_name().into_string().ok());
        !names.any(|pid| network(&pid).as_ref() == Some(&near))
    });
}

#[test]
fn a_link_that_ends_by_itself_ends_the_trial_which_is_invalid() {
    if !may() || !needs("nsenter") || !needs("ip") {
        return;
    }
    let bench = Bench::with(LINKED);
    let (running, server) = an_hour(&bench);
    // Without its device the forwarder has nothing to read, and no packet passes any more.
    let at = format!("--net=/proc/{server}/ns/net");
    let removed = Command::new("nsenter").args([&at, "ip", "link", "delete", "link0"]).status();
    assert!(removed.expect("it runs").success(), "root may remove a device");
    let ended = running.end();
    assert_eq!(ended.code, 98, "{ended}");
    wait_until("the server has ended with the trial", || !proc::is_alive(server));
    let (_, run) = bench.newest_record();
    assert_eq!(run.status, RunStatus::Completed, "nobody stopped it");
    let (found, text) = verdict(&run.trials[0], "link");
    assert_eq!(found, Verdict::Invalid, "{text}");
    assert!(text.contains("the link ended before the trial did"), "{text}");
    let printed: Vec<_> = ended.stdout.split_whitespace().collect();
    assert!(printed.join(" ").contains(&text), "the report does not say it: {ended}");
}

#[test]
fn who_may_make_no_namespace_or_no_device_is_told_so_before_anything_is_played() {
    if !may() || !needs("setpriv") {
        return;
    }
    let bench = Bench::with(LINKED);
    for (capability, said) in [("sys_admin", "CAP_SYS_ADMIN"), ("net_admin", "CAP_NET_ADMIN")] {
        let mut command = Command::new("setpriv");
        let without = format!("--bounding-set=-{capability}");
        command.args([&without, "--inh-caps=-all", PROGRAM, "run", "small.toml"]);
        command.current_dir(bench.path());
        let ended = Running::start(&mut command).end();
        assert_eq!(ended.code, 104, "{ended}");
        assert!(ended.stderr.contains(said), "{ended}");
        assert!(bench.records().is_empty(), "nothing was played");
    }
}

#[test]
fn a_target_is_not_at_the_end_of_a_link() {
    let bench = Bench::with(LINKED);
    let ended = bench.play(&["run", "small.toml", "--target", "http://127.0.0.1:9"]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.stderr.contains("leave out --target, or the link's keys"), "{ended}");
}
