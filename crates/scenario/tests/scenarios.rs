//! The scenarios of this repository: each is accepted, and theory holds of its own schedule.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pushbench_protocol::Deliver;
use pushbench_scenario::{PollSchedule, Scenario, Source, due_times, poll_phase, read, round_seed};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

fn scenario(name: &str) -> Scenario {
    let path = folder().join(name);
    let text = fs::read_to_string(&path).expect("a scenario is UTF-8");
    let read_file = |path: &Path| fs::read(path);
    read(&Source { path: &path, text: &text, overrides: &[], only: &[], read_file: &read_file })
        .unwrap_or_else(|refused| panic!("{refused}"))
}

/// Paths of the scenarios in a folder of the repository's.
fn scenarios_of(part: &str) -> Vec<String> {
    let entries = fs::read_dir(folder().join(part)).expect("the folder is in the repository");
    let names = entries.map(|entry| entry.expect("a readable folder").file_name());
    let names = names.map(|name| name.into_string().expect("UTF-8"));
    names.filter(|name| name.ends_with(".toml")).map(|name| format!("{part}{name}")).collect()
}

#[test]
fn every_scenario_of_the_repository_is_accepted_and_begins_with_its_question() {
    let names = scenarios_of("").into_iter().chain(scenarios_of("servers/"));
    let mut count = 0;
    for name in names {
        let text = fs::read_to_string(folder().join(&name)).expect("a scenario is UTF-8");
        assert!(text.starts_with("question = \""), "{name} begins with something else");
        let scenario = scenario(&name);
        assert!(scenario.question.ends_with('?'), "{name} asks nothing");
        let expects = !scenario.expect.is_empty() || scenario.find.is_some();
        assert!(expects, "{name} expects nothing");
        count += 1;
    }
    assert!(count >= 30, "{count} scenarios");
}

/// Short polling without a network: every poll is answered at once.
///
/// The laws speak of exactly this, so what the schedule itself gives must meet a scenario's
/// expectations; if it did not, its sample would be too small for them.
fn polled(scenario: &Scenario, poll: PollSchedule) -> BTreeMap<String, f64> {
    let workload = &scenario.workload;
    let (start, end) = (workload.warm_up, workload.warm_up + workload.measure);
    let mut due_of_topic = vec![Vec::new(); workload.topics.get() as usize];
    for due in due_times(scenario) {
        due_of_topic[due.topic as usize].push(due.at);
    }
    let (mut polls, mut empty, mut published) = (0_u32, 0_u32, 0_u32);
    let mut latencies = Vec::new();
    for client in 0..workload.clients.get() {
        let dues = &due_of_topic[(client % workload.topics) as usize];
        published += dues.iter().filter(|due| **due >= start).count() as u32;
        let PollSchedule { interval, timing } = poll;
        let phase = poll_phase(workload.seed, client, interval, timing);
        let mut seen = 0;
        for poll_at in (0..).map(|n| phase + n * interval) {
            let message = &dues[seen..dues.partition_point(|due| *due <= poll_at)];
            seen += message.len();
            if (start..end).contains(&poll_at) {
                polls += 1;
                empty += u32::from(message.is_empty());
            }
            let delivered = match workload.deliver {
                Deliver::Every => message,
                Deliver::Latest => &message[message.len().saturating_sub(1)..],
            };
            let counted = delivered.iter().filter(|due| **due >= start);
            latencies.extend(counted.map(|due| (poll_at - *due).as_secs_f64()));
            if poll_at >= end + workload.drain {
                break;
            }
        }
    }
    latencies.sort_by(f64::total_cmp);
    let count = latencies.len() as f64;
    BTreeMap::from([
        ("latency.mean".to_owned(), latencies.iter().sum::<f64>() / count),
        ("latency.p95".to_owned(), latencies[(0.95 * count) as usize]),
        ("empty_polls".to_owned(), f64::from(empty) / f64::from(polls)),
        ("versions_seen".to_owned(), count / f64::from(published)),
    ])
}

fn check_laws(name: &str, expected: usize) {
    let mut scenario = scenario(name);
    let seed = scenario.workload.seed;
    for round in 0..scenario.workload.rounds.get() {
        scenario.workload.seed = round_seed(seed, round);
        let mut judged = 0;
        for transport in &scenario.transports {
            let Some(poll) = transport.settings.timer().and_then(|poll| poll.schedule) else {
                continue;
            };
            let figures = polled(&scenario, poll);
            for line in scenario.expect.iter().filter(|line| {
                line.transport == transport.label
                    && line.transports().count() == 1
                    && figures.contains_key(&line.figure)
            }) {
                let judgement = line.judge(&|_, figure| figures.get(figure).copied(), &|_, _| None);
                assert!(judgement.held, "{name}, round {round}, {}: {judgement:?}", line.figure);
                judged += 1;
            }
        }
        assert_eq!(judged, expected, "{name}");
    }
}

#[test]
fn schedules_meet_the_laws_that_their_scenarios_expect() {
    check_laws("latency-law.toml", 2);
    check_laws("seen-0.1.toml", 2);
    check_laws("seen-1.toml", 2);
    check_laws("seen-5.toml", 2);
    check_laws("idle-feed.toml", 3);
    check_laws("quickstart.toml", 1);
    check_laws("busy-feed.toml", 1);
    check_laws("chat-room.toml", 2);
}

#[test]
fn the_published_use_cases_are_replayed_at_their_sizes() {
    let sizes =
        [("kaazing-a.toml", 1_000), ("kaazing-b.toml", 10_000), ("kaazing-c.toml", 100_000)];
    for (name, clients) in sizes {
        let scenario = scenario(name);
        assert_eq!(scenario.workload.clients.get(), clients, "{name}");
        assert_eq!(scenario.workload.publish.rate.per, Duration::from_secs(1), "{name}");
        assert!(scenario.headers.request.has_own_path(), "{name}");
    }
}
