//! A trial that is split into shards which have a server each: whatever their number, their order and
//! the workers in them, the whole is the trial that one process has played.

use std::num::NonZeroU32;

use proptest::prelude::*;
use pushbench_load::{Counted, Counter, Outcome, ServerSums, WorkerOutcome};
use pushbench_scenario::Shard;
use pushbench_store::MachineV2;

use super::played::play_by;
use super::*;
use crate::merge::merge_without;

/// Clients whose events are played.
const PLAYED: u32 = CLIENTS as u32;

fn count(of: u32) -> NonZeroU32 {
    NonZeroU32::new(of).expect("from 1 on")
}

/// What a server has carried for these workers' clients, at each moment that is known of it.
fn server_of(workers: &[WorkerOutcome]) -> BTreeMap<Boundary, Counted> {
    let boundaries = Boundary::ALL.into_iter().filter(|at| *at != Boundary::Measured);
    let counted = |at: Boundary| {
        let clients = server_kernel(at, workers);
        let sums = ServerSums { received: clients[Counter::Up], sent: clients[Counter::Down] };
        let counted = Counted::default().with(WitnessName::ServerSockets, sums.into());
        match OPEN.contains(&at) {
            true => counted.with(WitnessName::ServerKernel, clients),
            false => counted,
        }
    };
    boundaries.map(|at| (at, counted(at))).collect()
}

/// What whoever plays this part knows beside its clients.
fn conducted(shard: Shard, outcome: &Outcome) -> Conducted {
    let carried = &outcome.server[&Boundary::Closed];
    let of = |way| carried.bytes(WitnessName::ServerSockets, way);
    let groups = u64::from(shard.groups(PLAYED));
    let known = conductor(groups, &[u64::from(shard.index())]);
    Conducted {
        server: shard.index(),
        counts_no_messages: !shard.counts_messages(),
        closed: Some(ServerSums { received: of(Direction::Up), sent: of(Direction::Down) }),
        handshakes: Some(HandshakeStats {
            full: outcome.workers.iter().filter_map(|of| Some(of.handshakes.as_ref()?.full)).sum(),
            ..HandshakeStats::default()
        }),
        ..known
    }
}

/// The shards as they are read from their files.
fn shards_of(scenario: &Scenario, of: u32, workers: u32) -> Vec<TrialV2> {
    let all = of * workers;
    let Outcome { workers: parts, publisher, .. } =
        play_by(all as usize, |event| event % PLAYED as usize % all as usize, |_| {});
    let shard = |shard: Shard| {
        let own = (0..workers).map(|worker| shard.worker(worker, count(workers)).index() as usize);
        let own: Vec<_> = own.map(|part| parts[part].clone()).collect();
        let server = server_of(&own);
        // Each publishes to its own server all that is due.
        let publisher = publisher.clone();
        let outcome = Outcome { workers: own, publisher, server, ..Outcome::default() };
        let sums = sums(&outcome, conducted(shard, &outcome)).expect("small numbers");
        let machine = MachineV2 { name: Some("a1b2c3d4".to_owned()), ..machine(1) };
        let played = Played { shard, ..played(scenario) };
        let trial = derive::trial(played, sums, vec![machine], &Circumstances::default());
        let shard = super::files::on_record(shard);
        let text = serde_json::to_string(&TrialV2 { shard: Some(shard), ..trial });
        serde_json::from_str(&text.expect("plain JSON")).expect("what was written")
    };
    Shard::all(count(of)).map(shard).collect()
}

/// The trial as one process would have seen it that had played all clients against all servers.
fn whole_of(scenario: &Scenario, of: u32) -> TrialV2 {
    let Outcome { workers, publisher, .. } = play_by(1, |_| 0, |_| {});
    let server = server_of(&workers);
    let outcome = Outcome { workers, publisher, server, ..Outcome::default() };
    let conductor = conducted(Shard::WHOLE, &outcome);
    let each: Vec<_> = Shard::all(count(of)).map(|shard| conducted(shard, &outcome).work).collect();
    let mut sums = sums(&outcome, conductor).expect("small numbers");
    sums.servers = (0..of).collect();
    // A message of the trial is late as often as there are servers that it is published to.
    for name in ["publish_lateness", "publish_kept_waiting"] {
        let Some(once) = sums.samples.get(name).cloned() else { continue };
        (1..of).for_each(|_| sums.samples.get_mut(name).expect("it is there").merge(&once));
    }
    for bytes in sums.retransmitted_down.values_mut() {
        *bytes *= u64::from(of);
    }
    sums.work.load = each.iter().flat_map(|work| work.load.clone()).collect();
    sums.work.load.sort();
    let servers: Vec<_> = each.iter().filter_map(|work| work.server.clone()).collect();
    if of > 1 {
        (sums.work.server, sums.work.servers) = (None, servers);
    }
    if let Some(sockets) = &mut sums.work.server_sockets {
        sockets.sockets *= u64::from(of);
        sockets.bytes *= u64::from(of);
    }
    let machine = MachineV2 { name: Some("a1b2c3d4".to_owned()), ..machine(1) };
    let circumstances = Circumstances { lost_shards: Some(Vec::new()), ..Circumstances::default() };
    let trial = derive::trial(played(scenario), sums, vec![machine], &circumstances);
    TrialV2 { shards: Some(of), ..trial }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn shards_in_any_number_and_order_with_any_workers_are_the_whole_byte_for_byte(
        (of, order) in (1_u32..=6).prop_flat_map(|of| {
            (Just(of), Just((0..of as usize).collect::<Vec<_>>()).prop_shuffle())
        }),
        workers in 1_u32..=4,
    ) {
        let scenario = scenario();
        let shards = shards_of(&scenario, of, workers);
        let shards: Vec<_> = order.into_iter().map(|place| shards[place].clone()).collect();
        let merged = merge_without(&[], &shards, played(&scenario)).expect("shards of one trial");
        let [merged, whole] = [merged, whole_of(&scenario, of)]
            .map(|trial| serde_json::to_string_pretty(&trial).expect("plain JSON"));
        prop_assert_eq!(merged, whole);
    }
}

#[test]
fn the_whole_of_shards_balances_and_is_held_against_the_model() {
    let scenario = scenario();
    let merged = merge_without(&[], &shards_of(&scenario, 4, 2), played(&scenario));
    let merged = merged.expect("shards of one trial");
    let verdict = |name: &str| {
        let check = merged.checks.iter().find(|check| check.check == name);
        check.unwrap_or_else(|| panic!("no {name}")).verdict
    };
    for name in ["books-balance", "server-kernel", "tls-handshakes", "shards", "published"] {
        assert_eq!(verdict(name), Verdict::Ok, "{name}");
    }
    assert!(!merged.model.figures.is_empty());
    assert_eq!((merged.work.server.as_ref(), merged.work.servers.len()), (None, 4));
    assert_eq!(merged.counts.published, 20, "a message is one, whatever it is published to");
}

#[test]
fn what_is_not_known_of_one_server_is_not_known_of_all() {
    let scenario = scenario();
    let mut shards = shards_of(&scenario, 3, 1);
    let last = &mut shards[2];
    (last.work.server, last.work.server_sockets) = (None, None);
    for books in last.books.phases.values_mut() {
        books.retransmitted_down = None;
    }
    last.books.witnesses.retain(|name, _| name != "server sockets");
    let merged = merge_without(&[], &shards, played(&scenario)).expect("shards of one trial");
    assert_eq!((merged.work.server, merged.work.servers.len()), (None, 0));
    assert_eq!(merged.work.server_sockets, None);
    assert!(!merged.books.witnesses.contains_key("server sockets"));
    assert!(merged.books.phases.values().all(|books| books.retransmitted_down.is_none()));
}

#[test]
fn a_shard_that_ended_before_any_books_were_closed_is_no_other_trial() {
    let scenario = scenario();
    let mut shards = shards_of(&scenario, 3, 1);
    let first = &mut shards[0];
    first.is_complete = Some(false);
    first.books.witnesses.clear();
    // What a segment's header has is known from its connections.
    first.books.header_bytes_per_segment = 40;
    let merged = merge_without(&[], &shards, played(&scenario)).expect("shards of one trial");
    assert_eq!(merged.is_complete, Some(false));
    shards[1].books.header_bytes_per_segment = 40;
    assert!(merge_without(&[], &shards, played(&scenario)).is_err(), "these are of two kinds");
}

#[test]
fn a_lost_shard_makes_the_whole_invalid_and_is_named() {
    let scenario = scenario();
    let lost = ["shard 3/3 was lost: it ended while clients connected: signal: 9".to_owned()];
    let shards = &shards_of(&scenario, 3, 1)[..2];
    let merged = merge_without(&lost, shards, played(&scenario)).expect("shards of one trial");
    let check = merged.checks.iter().find(|check| check.check == "shards").expect("it is there");
    assert_eq!((check.verdict, merged.is_complete), (Verdict::Invalid, Some(false)));
    assert!(check.text.starts_with(&lost[0]), "{}", check.text);
    // Nobody stopped it, and its servers ran.
    assert!(!merged.checks.iter().any(|check| check.check == "ended-early"));
    let alive = merged.checks.iter().find(|check| check.check == "server-alive").expect("checked");
    assert_eq!(alive.verdict, Verdict::Ok, "{}", alive.text);
}

#[test]
fn without_the_shard_that_counts_them_nothing_is_said_of_messages() {
    let scenario = scenario();
    let of = shards_of(&scenario, 3, 1);
    let lost = ["shard 1/3 was lost: signal: 9".to_owned()];
    let rest = merge_without(&lost, &of[1..], played(&scenario)).expect("shards of one trial");
    for trial in [&of[1], &rest] {
        for figure in ["published", "idle_wire_bytes_per_client_hour"] {
            assert_eq!(trial.figures.get(figure), None, "{figure}");
        }
        let published = trial.checks.iter().find(|check| check.check == "published");
        let published = published.expect("it is told");
        assert_eq!(published.verdict, Verdict::NotChecked);
        assert_eq!(published.text, "the messages of the trial are counted by its first shard");
    }
}

#[test]
fn a_trial_that_was_stopped_is_so_by_name_and_its_server_ran() {
    let scenario = scenario();
    let mut shards = shards_of(&scenario, 2, 1);
    shards[1].is_complete = Some(false);
    let merged = merge_without(&[], &shards, played(&scenario)).expect("shards of one trial");
    let check = |name: &str| {
        let check = merged.checks.iter().find(|check| check.check == name);
        check.map(|check| (check.verdict, check.text.as_str()))
    };
    let stopped = (Verdict::Invalid, "the trial was stopped before its end");
    assert_eq!(check("ended-early"), Some(stopped));
    assert_eq!(check("server-alive").map(|(verdict, _)| verdict), Some(Verdict::Ok));
}
