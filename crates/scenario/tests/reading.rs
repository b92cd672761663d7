//! What a text, its settings and the command line make of a scenario.

mod common;

use std::io;
use std::path::Path;
use std::time::Duration;

use common::{SMALL, read_with, scenario};
use proptest::prelude::*;
use pushbench_protocol::Unchanged;
use pushbench_scenario::{Arrivals, Scenario, Source, TransportSettings};

fn poll_of(scenario: &Scenario) -> pushbench_scenario::ShortPoll {
    scenario
        .transports
        .iter()
        .find_map(|transport| match transport.settings {
            TransportSettings::ShortPoll(poll) => Some(poll),
            _ => None,
        })
        .expect("the scenario polls")
}

#[test]
fn a_closed_loop_has_no_interval_and_no_other_options_than_it_needs() {
    let closed = scenario(&["transport.short-poll.pace=closed"]);
    let transport = &closed.transports[0];
    assert!(transport.settings.is_closed_loop());
    assert_eq!(transport.settings.interval(), None);
    let options = transport.options();
    assert_eq!(options["pace"], "closed");
    assert!(!options.contains_key("interval") && !options.contains_key("timing"), "{options:?}");
    assert!(!scenario(&[]).transports[0].options().contains_key("pace"), "as in older records");
    let open = transport.settings.with_interval(Duration::from_secs(3));
    assert_eq!((open.interval(), open.is_closed_loop()), (Some(Duration::from_secs(3)), false));
}

#[test]
fn what_is_not_written_has_the_documented_default() {
    let scenario = scenario(&[]);
    assert_eq!(scenario.name, "test");
    let settings: Vec<_> =
        scenario.settings().into_iter().map(|(key, value)| format!("{key} = {value}")).collect();
    insta::assert_snapshot!(settings.join("\n"), @r#"
    headers.cookie_bytes = 0
    headers.request = chrome
    headers.response = typical
    load.connects_per_second = 5000
    network.mss = 1460
    pin = auto
    question = What does it cost?
    server.log = 4096
    server.queue = 1024
    server.slow_subscriber = drop-oldest
    transport.short-poll.compression = none
    transport.short-poll.connection = keep-alive
    transport.short-poll.http = 1.1
    transport.short-poll.interval = 1s
    transport.short-poll.kind = short-poll
    transport.short-poll.timing = schedule
    transport.short-poll.tls = none
    transport.short-poll.unchanged = resend
    transport.websocket.compression = none
    transport.websocket.conflate = none
    transport.websocket.heartbeat = none
    transport.websocket.http = 1.1
    transport.websocket.kind = websocket
    transport.websocket.tls = none
    workload.clients = 100
    workload.deliver = latest
    workload.drain = 5s
    workload.measure = 10s
    workload.payload.bytes = 20
    workload.payload.content = text
    workload.publish.arrivals = regular
    workload.publish.every = 1s
    workload.rounds = 3
    workload.seed = 1
    workload.topics = 1
    workload.warm_up = 2s
    "#);
}

#[test]
fn a_setting_on_the_command_line_replaces_the_one_in_the_file() {
    let changed = scenario(&[
        "workload.clients=2_000",
        "workload.publish={ rate = \"5/s\", arrivals = \"poisson\" }",
        "workload.payload.bytes=1KiB",
        "workload.measure = 20s",
        "transport.short-poll.interval=2s",
        "transport.short-poll.timing=\"aligned\"",
        "question=How much?",
    ]);
    assert_eq!(changed.workload.clients.get(), 2_000);
    assert_eq!(changed.workload.publish.arrivals, Arrivals::Poisson);
    assert_eq!(changed.workload.publish.rate.count.get(), 5);
    assert_eq!(changed.workload.payload.bytes, 1_024);
    assert_eq!(changed.workload.measure, Duration::from_secs(20));
    assert_eq!(changed.question, "How much?");
    assert_eq!(changed.transports[0].settings.interval(), Some(Duration::from_secs(2)));
    assert_eq!(changed.transports[0].options()["timing"], "aligned");
}

#[test]
fn the_last_of_two_settings_of_one_key_wins() {
    let scenario = scenario(&["workload.clients=200", "workload.clients=300"]);
    assert_eq!(scenario.workload.clients.get(), 300);
}

#[test]
fn a_poll_without_a_message_is_answered_by_default_as_the_work_demands() {
    assert_eq!(poll_of(&scenario(&["workload.deliver=latest"])).unchanged, Unchanged::Resend);
    assert_eq!(poll_of(&scenario(&["workload.deliver=every"])).unchanged, Unchanged::Empty);
}

#[test]
fn drain_is_five_seconds_or_three_polls_whichever_is_longer() {
    for (interval, drain) in [("1s", 5), ("2s", 6), ("3s", 9)] {
        let setting = format!("transport.short-poll.interval={interval}");
        assert_eq!(scenario(&[&setting]).workload.drain, Duration::from_secs(drain), "{interval}");
    }
    assert_eq!(scenario(&["workload.drain=1s"]).workload.drain, Duration::from_secs(1));
}

#[test]
fn only_keeps_some_transports_and_drops_what_is_expected_of_the_others() {
    let all = read_with(SMALL, &[], &[]).expect("valid");
    assert_eq!((all.expect.len(), all.dropped.len()), (2, 0));

    let push = read_with(SMALL, &[], &["websocket"]).expect("valid");
    let labels: Vec<_> = push.transports.iter().map(|t| t.label.as_str()).collect();
    assert_eq!(labels, ["websocket"]);
    let written = |list: &[pushbench_scenario::Expectation]| -> Vec<String> {
        list.iter().map(|line| line.written_figure.clone()).collect()
    };
    assert_eq!(written(&push.expect), ["websocket.lost"]);
    assert_eq!(written(&push.dropped), ["websocket.latency.p99"]);

    let poll = read_with(SMALL, &[], &["short-poll"]).expect("valid");
    assert_eq!((poll.expect.len(), poll.dropped.len()), (0, 2));
}

#[test]
fn the_figure_of_an_expectation_may_be_written_without_quotes() {
    let scenario = scenario(&[]);
    assert_eq!(scenario.expect[1].transport, "websocket");
    assert_eq!(scenario.expect[1].figure, "latency.p99");
}

#[test]
fn own_profiles_and_payloads_are_found_beside_the_scenario() {
    let text = SMALL.replace(
        "publish = { every = \"1s\" }",
        "publish = { every = \"1s\" }\npayload = { bytes = 40, file = \"quote.json\" }",
    ) + "\n[headers]\nrequest = \"heads/mine.head\"\n";
    let scenario = pushbench_scenario::read(&pushbench_scenario::Source {
        path: std::path::Path::new("scenarios/test.toml"),
        text: &text,
        overrides: &[],
        only: &[],
        read_file: &|path| match path.to_str() {
            Some("scenarios/quote.json") => Ok(b"{\"bid\":1.5}".to_vec()),
            Some("scenarios/heads/mine.head") => {
                Ok(b"GET {path} HTTP/1.1\nHost: {host}\n".to_vec())
            }
            _ => Err(std::io::ErrorKind::NotFound.into()),
        },
    })
    .unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(scenario.headers.request.name(), "heads/mine.head");
    let file = &scenario.settings()["workload.payload.file"];
    assert!(file.starts_with("11 bytes, FNV-1a "), "{file}");
}

/// Texts that look like scenarios: lines of a valid one, cut, doubled and mixed with others.
fn scenario_like() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        5 => prop::sample::select(SMALL.lines().collect::<Vec<_>>()).prop_map(str::to_owned),
        1 => "[a-z_.\"\\[\\]]{1,12} ?= ?[0-9a-z\"{}\\[\\]=., /]{0,20}",
        1 => "\\[{1,2}(workload|headers|server|load|transport|expect)\\]{1,2}",
        1 => "(interval|publish|clients|payload|queue|seed) = (\"[0-9]{1,30}(s|m|/s|KiB)\"|-?[0-9]{1,40}|\\{\\})",
        1 => "\"websocket.[a-z_.]{1,20}\" = \"[<>=a-z0-9%./* -]{0,30}\"",
        1 => "\\PC{0,30}",
    ];
    prop::collection::vec(line, 0..25).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in prop_oneof![scenario_like(), any::<String>()]) {
        match read_with(&text, &[], &[]) {
            Ok(scenario) => prop_assert!(!scenario.transports.is_empty()),
            Err(refused) => {
                prop_assert!(!refused.problems.is_empty());
                prop_assert!(!refused.to_string().is_empty());
            }
        }
    }

    #[test]
    fn no_setting_makes_the_reader_panic(
        setting in "(workload|transport|expect|headers|x)?(\\.[a-z-]{1,12}){0,3}=?\\PC{0,20}",
        only in "\\PC{0,12}",
    ) {
        let _ = read_with(SMALL, &[&setting], &[&only]);
    }

    #[test]
    fn a_scenario_that_is_valid_publishes_no_more_than_it_may(
        topics in 1_u32..=10_000,
        count in 1_u32..,
        seconds in 1_u64..4_000,
    ) {
        let read = read_with(
            SMALL,
            &[
                "workload.clients=10000",
                &format!("workload.topics={topics}"),
                &format!("workload.publish={{ rate = \"{count}/s\" }}"),
                &format!("workload.measure={seconds}s"),
            ],
            &[],
        );
        let publishes = u128::from(topics) * u128::from(count) * u128::from(seconds + 2);
        let fits = publishes <= 10_000_000 && (2..=3_600).contains(&seconds);
        prop_assert_eq!(read.is_ok(), fits);
    }
}

#[test]
fn a_transport_that_is_left_out_is_not_held_against_the_rest() {
    // Every message, which no `resend` goes with, and a measure phase that no poll fits into.
    let text = "question = \"?\"\n[workload]\nclients = 2\npublish = { every = \"100ms\" }\n\
                deliver = \"every\"\nmeasure = \"2s\"\n\
                [[transport]]\nkind = \"sse\"\n\
                [[transport]]\nkind = \"short-poll\"\ninterval = \"5s\"\nunchanged = \"resend\"\n";
    let read = |text: &str, only: &[&str]| {
        let only: Vec<String> = only.iter().map(|&label| label.to_owned()).collect();
        pushbench_scenario::read(&Source {
            path: Path::new("only.toml"),
            text,
            overrides: &[],
            only: &only,
            read_file: &|_| Err(io::ErrorKind::NotFound.into()),
        })
    };
    assert_eq!(read(text, &[]).expect_err("it does not go together").problems.len(), 2);
    assert!(read(text, &["short-poll"]).is_err());
    let scenario = read(text, &["sse"]).expect("what is left out is not judged");
    assert_eq!(scenario.transports.len(), 1);
    // The drain is that of the file: three polls.
    assert_eq!(scenario.workload.drain, Duration::from_secs(15));
    // What is wrong by itself is wrong wherever it stands.
    assert!(read(&text.replace("\"5s\"", "5"), &["sse"]).is_err());
}
