//! Searches for the largest amount of work, where the boundary is known and not the machine's mood.

use pushbench_store::{FindEnding, FindStepV2, FindV2, RunV2};

use crate::support::{Bench, Ended, Server};

/// A scenario that searches among clients; every one of them gets 10 messages per second.
fn scenario(condition: &str, more: &str) -> String {
    format!(
        "question = \"How many does it bear?\"\n\
         [workload]\nclients = 2\npublish = {{ rate = \"10/s\" }}\npayload = {{ bytes = 20 }}\n\
         deliver = \"every\"\nwarm_up = \"100ms\"\nmeasure = \"1s\"\nrounds = 1\n\
         [[transport]]\nkind = \"websocket\"\n\
         [find]\nmax = \"clients\"\nwhile = \"{condition}\"\n{more}\n"
    )
}

fn only_find(record: &RunV2) -> &FindV2 {
    assert_eq!(record.finds.len(), 1, "one transport, one search");
    &record.finds[0]
}

/// The trial of each step is on record with its value.
fn steps_are_trials(record: &RunV2) {
    let find = only_find(record);
    for FindStepV2 { value, cell, rounds, .. } in &find.steps {
        assert_eq!(cell["workload.clients"], value.to_string());
        let is_its = |round: &u32| {
            record.trials.iter().any(|trial| {
                (trial.cell.clone(), trial.round, trial.clients) == (cell.clone(), *round, *value)
            })
        };
        assert!(!rounds.is_empty() && rounds.iter().all(is_its), "{value}: {rounds:?}");
        assert!(record.scenario.cells.contains(cell));
    }
    let rounds: usize = find.steps.iter().map(|step| step.rounds.len()).sum();
    assert_eq!(record.trials.len(), rounds);
}

fn found(bench: &Bench, arguments: &[&str], code: i32) -> (Ended, RunV2) {
    let ended = bench.play(&[&["run", "small.toml"], arguments].concat());
    assert_eq!(ended.code, code, "{ended}");
    let (_, record) = bench.newest_record();
    (ended, record)
}

#[test]
fn the_most_clients_under_a_condition_are_found_and_every_step_is_on_record() {
    // 9 clients get 90 messages, and 10 get 100: however late they come, all are counted.
    let bench = Bench::with(&scenario("deliveries < 95", "to = 60"));
    let checked = bench.play(&["check", "small.toml"]);
    assert_eq!(checked.code, 0, "{checked}");
    assert!(checked.stdout.contains("2, 4, 8, 16, 32, 60"), "{checked}");
    assert!(checked.stdout.contains("at most"), "{checked}");
    let (ended, record) = found(&bench, &[], 0);
    steps_are_trials(&record);
    let find = only_find(&record);
    assert_eq!(find.ending, FindEnding::Found, "{ended}");
    assert_eq!((find.largest_held, find.smallest_not_held), (Some(9), Some(10)), "{ended}");
    assert_eq!(find.limit.as_deref(), Some("the condition failed first"));
    let sentence = "deliveries < 95 holds with up to 9 clients";
    assert!(ended.stdout.contains(sentence), "{ended}");
    for (format, part) in [("html", "The most clients"), ("md", sentence), ("csv", "find_held")] {
        let report = bench.play(&["report", "latest", "--format", format]);
        assert!(report.stdout.contains(part), "{format}: {report}");
    }
    let compared = bench.play(&["compare", "latest", "latest"]);
    assert!(compared.stdout.contains("9 to 9 clients"), "{compared}");
}

#[test]
fn a_server_that_takes_no_more_connections_is_the_limit_and_no_fault_of_the_run() {
    let bench = Bench::with(&scenario("lost == 0", "from = 4\nto = 40"));
    // One is the publisher's, and one that of the control calls.
    let server = Server::start(&bench, &["--connections", "12", "--deliver", "every"]);
    let (ended, record) = found(&bench, &["--target", &server.url()], 0);
    steps_are_trials(&record);
    let find = only_find(&record);
    let (held, did_not) = (find.largest_held.expect("4 fit"), find.smallest_not_held);
    assert_eq!(did_not, Some(held + 1), "{ended}");
    assert!((8..=12).contains(&held), "{ended}");
    let beyond = find.steps.iter().filter(|step| step.value > held);
    assert!(beyond.clone().count() > 1 && beyond.clone().all(|step| step.is_beyond), "{find:?}");
    assert!(find.limit.as_ref().is_some_and(|limit| limit.contains("invalid")), "{find:?}");
    assert!(!ended.stdout.contains("must not be believed"), "{ended}");
}

#[test]
fn what_does_not_even_hold_with_one_client_says_so() {
    let bench = Bench::with(&scenario("deliveries < 5", "from = 2\nto = 8"));
    let (ended, record) = found(&bench, &[], 99);
    let find = only_find(&record);
    assert_eq!(find.ending, FindEnding::NoneHeld);
    assert_eq!((find.largest_held, find.smallest_not_held), (None, Some(1)), "{ended}");
    assert!(ended.stdout.contains("does not even hold with 1 client"), "{ended}");
}
