//! The floor: by itself, and beside the trials of a run.

use pushbench_store::{FloorPlayV2, FloorWorkV2};
use rustix::process::Signal;
use serde_json::Value;

use crate::proc;
use crate::support::{Bench, Running, SMALL, send, wait_until};

/// [`SMALL`] with floors, and a transport that has none.
fn with_floor() -> String {
    format!("floor = true\n{SMALL}\n[[transport]]\nkind = \"long-poll\"\n")
}

fn floor_of(value: Value) -> FloorPlayV2 {
    serde_json::from_value(value).expect("a floor")
}

#[test]
fn the_floor_of_polls_and_of_pushes_is_measured_on_both_sides() {
    let bench = Bench::new();
    let small = ["--connections", "4", "--clients", "10", "--rounds", "2"];
    let short = ["--duration", "200ms", "--warm-up", "50ms", "--anywhere"];
    let ended = bench.play(&[&["floor", "--format", "json"], &small[..], &short].concat());
    assert_eq!(ended.code, 0, "{ended}");
    let document: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(document["format"], "pushbench-floor");
    let works = [(FloorWorkV2::Polls, 4, 690, 299), (FloorWorkV2::Deliveries, 10, 0, 66)];
    for (place, (work, connections, up, down)) in works.into_iter().enumerate() {
        for round in 0..2 {
            let floor = floor_of(document["rounds"][place][round].clone());
            assert_eq!((floor.work, floor.connections), (work, connections));
            assert_eq!((floor.bytes_up, floor.bytes_down), (up, down));
            for side in [&floor.server, &floor.client] {
                assert!(side.operations > 0, "{floor:?}");
                assert!(side.cpu_per_operation().is_some_and(|cpu| cpu < 0.1), "{floor:?}");
            }
        }
    }
    let pushes = ["floor", "--only", "pushes", "--clients", "10", "--rounds", "2"];
    let ended = bench.play(&[&pushes[..], &short].concat());
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.stdout.contains("server, per delivery"), "{ended}");
    assert!(!ended.stdout.contains("per poll"), "{ended}");
    let ended = bench.play(&["floor", "--clients", "19001"]);
    assert_eq!(ended.code, 2, "{ended}");
    assert!(ended.stderr.contains("from 1 to 19,000"), "{ended}");
}

#[test]
fn a_run_that_asks_for_floors_has_one_for_each_trial_that_has_one() {
    let bench = Bench::with(&with_floor());
    let (ended, record) = bench.valid_run(&["--full"]);
    assert_eq!(record.notes, [""; 0], "{ended}");
    assert_eq!(record.scenario.settings["floor"], "true");
    let without: Vec<_> = record.no_floor.iter().collect();
    assert_eq!(
        without.iter().map(|(label, what)| (label.as_str(), what.as_str())).collect::<Vec<_>>(),
        [("long-poll", "requests that are held")]
    );
    let mut labels: Vec<_> = record.floor.iter().map(|floor| floor.transport.as_str()).collect();
    labels.sort_unstable();
    assert_eq!(labels, ["short-poll", "websocket"]);
    for trial in &record.trials {
        let multiples = ["server_cpu_over_floor", "load_cpu_over_floor"];
        let found = multiples.map(|figure| trial.figures.get(figure).copied());
        let Some(floor) = record.floor.iter().find(|floor| floor.transport == trial.transport)
        else {
            assert_eq!((trial.transport.as_str(), found), ("long-poll", [None; 2]));
            continue;
        };
        let played = &floor.played;
        assert_eq!(played.connections, trial.clients, "{played:?}");
        // Placed as the processes of the trial.
        let placement = record.environment.placement.as_ref().expect("every run has one");
        let first = |cpus: &[u32]| cpus.first().copied();
        assert_eq!(played.server.core, first(&placement.server_cpus), "{placement:?}");
        assert_eq!(played.client.core, first(&placement.load_cpus), "{placement:?}");
        let (work, count) = match trial.transport.as_str() {
            "short-poll" => (FloorWorkV2::Polls, trial.counts.polls),
            _ => (FloorWorkV2::Deliveries, trial.counts.deliveries_in_measure),
        };
        assert_eq!(played.work, work);
        // The trial's own rate: as many in its measure phase of a second.
        let every = 1e9 * trial.clients as f64 / count as f64;
        assert!((played.every_ns.unwrap() as f64 - every).abs() <= 1.0, "{played:?}");
        let books = &trial.books.phases[&pushbench_protocol::Phase::Measure];
        let down = (books.down.payload + books.down.header + books.down.framing) as f64;
        let down = (down + books.down.repeat as f64) / count as f64;
        assert!((played.bytes_down as f64 - down).abs() <= 0.5, "{played:?}: {down}");
        assert!(found.iter().all(|found| found.is_some_and(|times| times > 0.0)), "{found:?}");
    }
    for said in ["Near the floor", "x floor", "there is no floor of requests that are held"] {
        assert!(ended.stdout.contains(said), "{said}\n{ended}");
    }
    for (format, said) in
        [("csv", "server_cpu_over_floor"), ("md", "Near the floor"), ("html", "Near the floor")]
    {
        let report = bench.play(&["report", "latest", "--format", format]);
        assert!(report.stdout.contains(said), "{format}: {report}");
    }
}

#[test]
fn what_a_floor_cannot_be_is_refused_with_what_it_can() {
    let bench = Bench::new();
    for (arguments, said) in [
        (&["--mss", "87"][..], "from 88 to 32,767"),
        (&["--mss", "40000"], "from 88 to 32,767"),
        (&["--connections", "0"], "from 1 to 19,000"),
        (&["--at-once", "65"], "from 1 to 64"),
        (&["--only", "polls", "--clients", "5"], "--clients would change nothing"),
        (&["--only", "pushes", "--poll-every", "1s"], "--poll-every would change nothing"),
    ] {
        let ended = bench.play(&[&["floor"], arguments].concat());
        assert_eq!(ended.code, 2, "{ended}");
        assert!(ended.stderr.contains(said), "{said}: {ended}");
    }
}

#[test]
fn a_floor_of_nothing_is_invalid_and_one_that_is_too_slow_is_told() {
    let bench = Bench::new();
    let short = ["floor", "--only", "polls", "--rounds", "1", "--warm-up", "10ms", "--anywhere"];
    let of = |more: &[&str]| bench.play(&[&short, more].concat());
    let ended = of(&["--duration", "20ms", "--connections", "1", "--poll-every", "10m"]);
    assert_eq!(ended.code, 98, "{ended}");
    assert!(ended.stdout.contains("Nothing was measured"), "{ended}");
    let ended = of(&["--duration", "300ms", "--connections", "8", "--poll-every", "1us"]);
    assert_eq!(ended.code, 0, "{ended}");
    let told = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("of 8,000,000 polls per second"), "{ended}");
}

/// A floor that is played for long, its server and its client.
fn played_for_long(bench: &Bench) -> (Running, [u32; 2]) {
    let arguments = ["floor", "--only", "pushes", "--clients", "10", "--duration", "10m"];
    let running = Running::start(&mut bench.program(&arguments));
    let mut sides = [0; 2];
    wait_until("a server that listens, and a client", || {
        let children = proc::children(running.pid());
        let server = children.iter().find(|pid| proc::listens_at(**pid).is_some());
        let client = children.iter().find(|pid| Some(*pid) != server);
        let both = server.zip(client);
        sides = both.map_or(sides, |(server, client)| [*server, *client]);
        both.is_some()
    });
    (running, sides)
}

#[test]
fn the_side_of_a_floor_that_was_killed_is_named() {
    for (place, name) in ["server", "client"].into_iter().enumerate() {
        let (running, sides) = played_for_long(&Bench::new());
        send(sides[place], Signal::KILL);
        let ended = running.end();
        assert_eq!(ended.code, 1, "{ended}");
        let said =
            format!("the {name} of the floor was ended while it played: signal: 9 (SIGKILL)");
        assert!(ended.stderr.contains(&said), "{ended}");
    }
}

#[test]
fn a_floor_that_is_stopped_says_so() {
    let (running, _) = played_for_long(&Bench::new());
    running.signal(Signal::INT);
    let ended = running.end();
    assert_eq!(ended.code, 105, "{ended}");
    assert!(ended.stderr.contains("nothing was measured"), "{ended}");
}
