//! The order of trials, due times, phases of polls, and needs.

mod common;

use std::net::Ipv4Addr;
use std::time::Duration;

use common::{read_with, scenario};
use proptest::prelude::*;
use pushbench_protocol::PollTiming;
use pushbench_scenario::{
    Due, Machine, PortRange, TimeWait, due_times, limit_beyond_loopback, limits, needs, poll_phase,
    round_seed, source_address,
};

#[test]
fn each_round_begins_with_the_transport_that_ended_the_one_before() {
    let mut scenario = scenario(&["workload.rounds=4"]);
    scenario.transports.push(scenario.transports[0].clone());
    let order: Vec<_> = scenario.trials().iter().map(|trial| trial.transport).collect();
    assert_eq!(order, [0, 1, 2, 2, 0, 1, 1, 2, 0, 0, 1, 2]);
    let rounds: Vec<_> = scenario.trials().iter().map(|trial| trial.round).collect();
    assert_eq!(rounds, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
}

#[test]
fn regular_messages_are_due_a_period_apart_and_topic_0_begins_at_once() {
    let scenario = scenario(&["workload.publish={ rate = \"3/s\" }", "workload.topics=2"]);
    let dues = due_times(&scenario);
    let first: Vec<_> =
        dues.iter().filter(|due| due.topic == 0).map(|due| due.at.as_nanos()).take(4).collect();
    assert_eq!(first, [0, 333_333_333, 666_666_666, 1_000_000_000]);
    let second = dues.iter().find(|due| due.topic == 1).expect("it publishes too");
    assert!(second.number == 0 && second.at > Duration::ZERO, "{second:?}");
    assert!(second.at < Duration::from_nanos(333_333_333), "{second:?}");
    assert_eq!(dues.len(), 72, "2 topics, 3 a second, 12 seconds");
}

fn check_schedule(dues: &[Due], topics: u32, end: Duration) {
    assert!(dues.is_sorted_by_key(|due| due.at), "due times go back");
    assert!(dues.iter().all(|due| due.at < end), "a message is due after the end");
    for topic in 0..topics {
        let of_topic: Vec<_> = dues.iter().filter(|due| due.topic == topic).collect();
        let in_order = of_topic.iter().enumerate().all(|(n, due)| due.number as usize == n);
        assert!(in_order, "numbers of topic {topic} have a gap or are out of order");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn due_times_are_in_order_and_the_same_for_the_same_seed(
        seed in 0_u64..1 << 63,
        topics in 1_u32..20,
        rate in 1_u32..50,
        arrivals in prop_oneof![Just("regular"), Just("poisson")],
    ) {
        let publish =
            format!("workload.publish={{ rate = \"{rate}/s\", arrivals = \"{arrivals}\" }}");
        let (topics_set, seed_set) =
            (format!("workload.topics={topics}"), format!("workload.seed={seed}"));
        let mut scenario = scenario(&[&publish, &topics_set, &seed_set]);
        let dues = due_times(&scenario);
        check_schedule(&dues, topics, Duration::from_secs(12));
        prop_assert_eq!(&dues, &due_times(&scenario));
        // Five standard deviations of a Poisson count; a regular one is off by one a topic.
        let expected = f64::from(topics * rate * 12);
        let off = (dues.len() as f64 - expected).abs();
        prop_assert!(off <= 5.0 * expected.sqrt(), "{} of {expected}", dues.len());
        scenario.workload.seed = round_seed(seed, 1);
        if arrivals == "poisson" || topics > 1 {
            prop_assert_ne!(&dues, &due_times(&scenario));
        }
    }

    #[test]
    fn a_poll_phase_lies_within_the_interval_and_is_zero_where_all_poll_at_once(
        seed: u64,
        client: u32,
        nanos in 1_u64..1 << 40,
    ) {
        let interval = Duration::from_nanos(nanos);
        prop_assert!(poll_phase(seed, client, interval, PollTiming::Schedule) < interval);
        prop_assert!(poll_phase(seed, client, interval, PollTiming::AfterAnswer) < interval);
        prop_assert_eq!(poll_phase(seed, client, interval, PollTiming::Aligned), Duration::ZERO);
    }

    #[test]
    fn phases_cover_the_interval_evenly_whatever_the_seed(seed: u64, clients in 100_u32..1_000) {
        let interval = Duration::from_secs(1);
        let mut phases: Vec<_> = (0..clients)
            .map(|client| poll_phase(seed, client, interval, PollTiming::Schedule).as_secs_f64())
            .collect();
        let mean = phases.iter().sum::<f64>() / f64::from(clients);
        // Computed over all starts for runs of 100 to 1,000 steps: the mean is off by 1.82 even
        // gaps at the most, which is 0.018 of the interval at 100 clients.
        prop_assert!((mean - 0.5).abs() * f64::from(clients) < 2.0, "{mean}");
        phases.sort_by(f64::total_cmp);
        // Three-distance theorem: with steps of the golden ratio no gap exceeds 2.62 even ones.
        let widest = phases.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
        prop_assert!(widest * f64::from(clients) < 2.62, "{widest}");
    }

    #[test]
    fn no_source_address_gets_more_clients_than_it_may(clients in 1_u32..100_000, per in 1_u32..20_000) {
        let first = source_address(clients - 1, per);
        prop_assert!(first.is_loopback());
        prop_assert_eq!(source_address(0, per), Ipv4Addr::LOCALHOST);
        prop_assert_eq!(first == source_address(clients - 1 + per, per), false);
    }
}

#[test]
fn source_addresses_go_on_where_an_octet_ends() {
    for (place, octets) in [
        (0, [127, 0, 0, 1]),
        (1, [127, 0, 1, 1]),
        (2, [127, 0, 1, 2]),
        (254, [127, 0, 1, 254]),
        (255, [127, 0, 2, 1]),
        (64_770, [127, 0, 255, 254]),
    ] {
        assert_eq!(source_address(place * 10 + 9, 10).octets(), octets, "{place}");
    }
}

#[test]
fn ten_thousand_clients_need_two_source_addresses_on_an_ordinary_linux() {
    assert_eq!(PortRange::LINUX.clients_per_address(1), 9_881);
    let scenario = scenario(&["workload.clients=10_000"]);
    assert_eq!(needs(&scenario, &machine(1_024)).source_addresses, 2);
}

fn machine(open_files_limit: u64) -> Machine {
    Machine {
        open_files_limit,
        open_files_of_all: None,
        ports: PortRange::LINUX,
        time_wait: TimeWait::LINUX,
        memory_available: None,
    }
}

#[test]
fn a_limit_that_is_too_small_is_named_with_the_need_and_the_remedy() {
    let scenario = scenario(&["workload.clients=10_000"]);
    let needs = needs(&scenario, &machine(0));
    assert!(limits(&needs, &machine(needs.open_files_load)).is_empty());
    let found = limits(&needs, &machine(1_024));
    assert_eq!(found.len(), 2, "both sides");
    insta::assert_snapshot!(found[0], @r#"
    open files of the load generator is 1024, expected at least 10128
      help: raise the limit with `ulimit -Hn 10128` as root, split the clients over several processes with load.shards = "auto", or give fewer workload.clients
    "#);
}

#[test]
fn shards_share_out_the_files_and_are_as_few_as_fit() {
    let needs_of = |changes: &[&str], limit| needs(&scenario(changes), &machine(limit));
    let split = needs_of(&["workload.clients=100_000", "load.shards=6"], 20_000);
    assert_eq!((split.shards.get(), split.open_files_load), (6, 16_667 + 128));
    assert_eq!(split.source_addresses, 11, "client numbers are those of the whole");
    let auto = ["workload.clients=100_000", "load.shards=auto"];
    assert_eq!(needs_of(&auto, 20_000).shards.get(), 6);
    assert_eq!(needs_of(&auto, 16_794).shards.get(), 7, "one file less than that takes");
    assert_eq!(needs_of(&auto, 1 << 20).shards.get(), 1, "where nothing demands it");
    let all = |files| Machine { open_files_of_all: Some(files), ..machine(20_000) };
    let whole = 2 * 6 * (16_667 + 128);
    assert!(limits(&split, &all(whole)).is_empty());
    let found = limits(&split, &all(whole - 1));
    assert!(found.len() == 1 && found[0].remedy.contains("fs.file-max=201540"), "{found:?}");
    let few = needs_of(&auto, 500);
    assert!(!limits(&few, &machine(500)).is_empty(), "64 shards are too few: {few:?}");
    // Each server has logs of its own.
    let logs = |shards| needs_of(&["workload.clients=64", shards], 20_000).memory.logs;
    assert_eq!(logs("load.shards=4"), 4 * logs("load.shards=1"));
}

#[test]
fn logs_that_take_more_memory_than_there_is_are_refused() {
    let needs_of = |changes: &[&str]| {
        let scenario = scenario(changes);
        needs(&scenario, &machine(1 << 20)).memory
    };
    let large = ["workload.payload.bytes=1000000", "workload.publish={ rate = \"1000/s\" }"];
    let need = needs_of(&large).logs;
    // 4,096 messages of 1 MB, each in two forms.
    assert!((8_000_000_000..10_000_000_000).contains(&need), "{need}");
    let machine = |memory| Machine { memory_available: Some(memory), ..machine(1 << 20) };
    let limits_of = |memory| limits(&needs(&scenario(&large), &machine(memory)), &machine(memory));
    let whole = needs_of(&large).total();
    assert!(limits_of(whole).is_empty());
    let found = limits_of(whole - 1);
    assert_eq!(found.len(), 1);
    assert!(found[0].remedy.contains("server.log"), "{}", found[0]);
    // No more than is published, or than is kept.
    let fewer = needs_of(&[large[0], large[1], "server.queue=1", "server.log=10"]).logs;
    let rare = needs_of(&[large[0], "workload.publish={ every = \"10s\" }"]).logs;
    assert!(fewer < need / 400 && rare < need / 100, "{fewer} {rare}");
}

#[test]
fn compressors_that_take_more_memory_than_there_is_are_refused() {
    let compressed = |options: &str| {
        read_with(
            &format!(
                "question = \"?\"\n[workload]\nclients = 10_000\npublish = {{ every = \"1s\" }}\n\
                 [[transport]]\n{options}\n"
            ),
            &[],
            &[],
        )
        .unwrap_or_else(|refused| panic!("{options}: {refused}"))
    };
    let coders = |options: &str| needs(&compressed(options), &machine(1 << 20)).memory.coders;
    // Per client: what `results/reference` has for the server, and the decoder of its client.
    for (options, least, most) in [
        ("kind = \"websocket\"", 0, 0),
        ("kind = \"short-poll\"\ncompression = \"br\"", 0, 0),
        ("kind = \"websocket\"\ncompression = \"deflate\"", 320_000, 400_000),
        ("kind = \"websocket\"\ncompression = \"deflate\"\nwindow_bits = 10", 190_000, 230_000),
        (
            "kind = \"websocket\"\ncompression = \"deflate\"\ncontext_takeover = false",
            20_000,
            60_000,
        ),
        ("kind = \"sse\"\ncompression = \"gzip\"", 320_000, 400_000),
        ("kind = \"stream\"\ncompression = \"gzip\"\nwindow_bits = 9", 190_000, 260_000),
        ("kind = \"sse\"\ncompression = \"br\"", 1_100_000, 1_700_000),
        ("kind = \"sse\"\ncompression = \"br\"\nwindow_bits = 22", 9_000_000, 15_000_000),
    ] {
        let each = coders(options) / 10_000;
        assert!((least..=most).contains(&each), "{options}: {each}");
    }
    // 10,000 streams in `br` are 16 GB, where 10,000 that are not compressed are a quarter of one.
    let machine = Machine { memory_available: Some(8_000_000_000), ..machine(1 << 20) };
    let limits_of = |options: &str| limits(&needs(&compressed(options), &machine), &machine);
    assert_eq!(limits_of("kind = \"sse\""), []);
    let found = limits_of("kind = \"sse\"\ncompression = \"br\"");
    insta::assert_snapshot!(found[0], @r#"
    bytes of memory that can be had is 8000000000, expected at least 16673887096
      help: the server's logs take 1 MB, connections 242 MB, compressors 16433 MB: give fewer workload.clients, a smaller window_bits, or compression = "none"; WebSockets with context_takeover = false share one compressor
    "#);
}

#[test]
fn what_connections_take_is_what_they_were_measured_to_take() {
    let each = |changes: &[&str]| {
        let clients = ["workload.clients=10000", "workload.payload.bytes=20"];
        let scenario = scenario(&[&clients, changes].concat());
        needs(&scenario, &machine(1 << 20)).memory.connections / 10_000
    };
    // `results/reference/kaazing-b`: server, load generator and kernel of a short poll.
    assert!((30_000..45_000).contains(&each(&[])), "{}", each(&[]));
    let over_http2 = ["transport.short-poll.http=\"2\"", "transport.websocket.http=\"2\""];
    assert!((75_000..95_000).contains(&each(&over_http2)), "{}", each(&over_http2));
    let shared = [over_http2[0], "transport.short-poll.clients_per_connection=100", over_http2[1]];
    assert!(each(&shared) >= each(&over_http2), "the largest counts");
}

#[test]
fn clients_of_two_connections_need_twice_as_much() {
    let one = needs(&scenario(&["workload.clients=20000"]), &machine(0));
    let two = needs(
        &scenario(&[
            "workload.clients=20000",
            "transport.websocket.name=websocket",
            "transport.websocket.kind=nudge",
        ]),
        &machine(0),
    );
    assert_eq!(two.open_files_load - one.open_files_load, 20_000);
    assert_eq!((one.source_addresses, two.source_addresses), (3, 5));
}

/// A short poller with a connection for each poll, one a second.
fn per_poll(clients: u32) -> pushbench_scenario::Scenario {
    scenario(&[
        &format!("workload.clients={clients}"),
        "transport.short-poll.connection=per-poll",
        "transport.short-poll.interval=1s",
    ])
}

#[test]
fn a_connection_for_each_poll_takes_ports_for_as_long_as_they_wait() {
    for (reuse, timestamps, ports) in
        [(2, true, 1 + 2), (1, true, 1 + 2), (0, true, 1 + 60), (2, false, 1 + 60)]
    {
        let machine = Machine { time_wait: TimeWait::new(reuse, timestamps), ..machine(1 << 20) };
        let needs = needs(&per_poll(10_000), &machine);
        assert_eq!(needs.ports_per_client, ports, "{reuse} {timestamps}");
        let addresses = 10_000_u32.div_ceil(9_881 / ports);
        assert_eq!(needs.source_addresses, addresses, "{reuse} {timestamps}");
        assert_eq!(needs.open_files_server - needs.open_files_load, 10_000);
        assert!(limits(&needs, &machine).is_empty(), "{reuse} {timestamps}");
    }
}

#[test]
fn beyond_loopback_there_is_one_address_and_its_ports_run_out() {
    assert_eq!(limit_beyond_loopback(&per_poll(400), &machine(0)), None);
    let limit = limit_beyond_loopback(&per_poll(500), &machine(0)).expect("61 ports each");
    assert_eq!((limit.limit, limit.need), (28_232, 30_500));
    let reused = Machine { time_wait: TimeWait::new(1, true), ..machine(0) };
    assert_eq!(limit_beyond_loopback(&per_poll(500), &reused), None);
}

#[test]
fn a_client_that_connects_more_often_than_ports_are_freed_is_refused() {
    let often = scenario(&[
        "transport.short-poll.connection=per-poll",
        "transport.short-poll.interval=10ms",
    ]);
    let few = PortRange { first: 60_000, last: 60_999 };
    let machine = Machine { ports: few, time_wait: TimeWait::new(0, true), ..machine(1 << 20) };
    let found = limits(&needs(&often, &machine), &machine);
    insta::assert_snapshot!(found[0], @r#"
    number of ports that are easily found at one address is 350, expected at least 6001
      help: poll less often or with connection = "keep-alive", or let ports be used again sooner with `sysctl -w net.ipv4.tcp_tw_reuse=1`
    "#);
}
