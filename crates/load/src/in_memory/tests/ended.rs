//! Servers that end connections: idle ones, those that have carried so many requests, and under a
//! request. Whoever polls opens another.

use std::collections::BTreeMap;

use pushbench_protocol::{HttpVersion, TransportKind};
use pushbench_scenario::Scenario;

use super::player::play;
use super::stand_in::Manners;
use super::{check, check_delivered, scenario_of};
use crate::Counts;

/// What of a trial says how often connections were opened again, and requests sent again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Again {
    connects: u64,
    retries: u64,
}

/// Polls of all clients at once, over connections that so many of them share where HTTP/2 carries them.
fn polls_together(shared_by: u32) -> Scenario {
    scenario_of("every", |kind, http| {
        let timing = if kind.has_timer() { "timing = \"aligned\"\n" } else { "" };
        match http.properties().shares_connections {
            false => timing.to_owned(),
            true => format!("{timing}clients_per_connection = {shared_by}\n"),
        }
    })
}

/// Plays kinds of transport against a server that ends connections: all is delivered, and the books
/// agree. Gives what was done again in the measure phase, by kind and version of HTTP; TLS makes no
/// difference.
fn play_again(
    shared_by: u32,
    is_played: fn(TransportKind) -> bool,
    manners: Manners,
) -> BTreeMap<(TransportKind, HttpVersion), Again> {
    let scenario = polls_together(shared_by);
    let mut all = BTreeMap::new();
    for transport in scenario.transports.iter().filter(|of| is_played(of.settings.kind())) {
        let seen = play(&scenario, transport, manners);
        // Over HTTP/2 one that ends them under a request responds with every message there is.
        match manners.ends_under_requests() {
            true => check_delivered(&transport.label, transport, &seen),
            false => check(&transport.label, transport, &seen),
        }
        let Counts { connects, retries, .. } = seen.outcome.workers[0].counts.clone();
        let again = Again { connects, retries };
        let of = (transport.settings.kind(), transport.carriage.http);
        let other = all.insert(of, again);
        assert!(other.is_none_or(|other| other == again), "{}: {other:?}", transport.label);
    }
    all
}

/// Clients that share no connection do the same again over every version; those that do share one need
/// fewer. Gives what the former did, by kind.
fn check_again(
    shared_by: u32,
    is_played: fn(TransportKind) -> bool,
    manners: Manners,
) -> BTreeMap<TransportKind, Again> {
    let alone = play_again(1, is_played, manners);
    let shared = play_again(shared_by, is_played, manners);
    for (&(kind, http), again) in &alone {
        assert_eq!(*again, alone[&(kind, HttpVersion::Http11)], "{manners:?} {kind} {http}");
        let together = shared[&(kind, http)];
        let is_fewer = together.connects < again.connects || again.connects == 0;
        assert!(is_fewer || http == HttpVersion::Http11, "{manners:?} {kind}: {together:?}");
    }
    let kinds = alone.into_iter().filter(|((_, http), _)| *http == HttpVersion::Http11);
    kinds.map(|((kind, _), again)| (kind, again)).collect()
}

#[test]
fn a_poller_opens_a_connection_in_place_of_one_that_the_server_ended_while_it_was_idle() {
    let again = check_again(2, TransportKind::polls, Manners::EndsIdle);
    // A poll every 250 ms is later than the server waits; one that is held is never idle.
    assert_eq!(again[&TransportKind::ShortPoll], Again { connects: 4 * 8, retries: 0 });
    assert_eq!(again[&TransportKind::LongPoll], Again { connects: 0, retries: 0 });
}

#[test]
fn a_poller_opens_a_connection_in_place_of_one_that_takes_no_more_requests() {
    let again = check_again(4, TransportKind::polls, Manners::TakesFew);
    for (kind, Again { connects, retries }) in again {
        let polls = if kind.has_timer() { 4 * 8 } else { 4 * 20 };
        assert!((polls / 3 - 4..=polls / 3 + 4).contains(&connects), "{kind}: {connects}");
        assert_eq!(retries, 0, "{kind}: what is sent is responded to");
    }
}

#[test]
fn a_poll_under_which_the_server_ended_its_connection_is_sent_again() {
    // Four clients whose connection takes three requests: one of them may be refused twice, and it may
    // ask again as long as the server says that it has done nothing.
    for (manners, shared_by) in [(Manners::RefusesMore, 4), (Manners::DropsMore, 2)] {
        let again = check_again(shared_by, TransportKind::has_timer, manners);
        let Again { connects, retries } = again[&TransportKind::ShortPoll];
        assert_eq!(
            connects, retries,
            "{manners:?}: each connection was opened for a poll sent again"
        );
        assert!((4 * 8 / 3 - 4..=4 * 8 / 3 + 4).contains(&connects), "{manners:?}: {connects}");
    }
}

#[test]
fn who_is_pushed_to_goes_on_where_the_server_takes_no_more_requests() {
    // The fourth of the clients finds that the connection of the other three takes no more.
    let again = play_again(4, TransportKind::pushes, Manners::TakesFew);
    assert!(again.values().all(|again| *again == Again { connects: 0, retries: 0 }), "{again:?}");
}
