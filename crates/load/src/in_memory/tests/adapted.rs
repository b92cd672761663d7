//! Our own server, spoken to as its adapter says: what that costs is what the transports cost that
//! were written for it, to the byte.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pushbench_adapter::{Adapter, Shipped, Values, read};
use pushbench_protocol::headers::RequestProfile;
use pushbench_protocol::{Cursor, Timestamp, TlsUse, TopicNames, TransportKind};
use pushbench_scenario::Trust;

use super::player::{Seen, play, play_adapted};
use super::stand_in::Manners;
use super::{check, scenario};
use crate::{Adapted, Calendar, PublishTo, WorkerOutcome};

/// The adapter of our own server.
fn adapter() -> Adapter {
    let shipped = Shipped::named("pushbench").expect("it ships");
    read(Path::new("pushbench.toml"), shipped.text).unwrap_or_else(|refused| panic!("{refused}"))
}

/// A transport of an adapter, as a scenario with one topic would set it.
pub(super) fn adapted(adapter: &Adapter, kind: TransportKind) -> Adapted {
    let transport = Arc::clone(adapter.transport(kind).expect("it is offered"));
    let mut values = Values::new(Arc::clone(&adapter.settings));
    values.set("channel", TopicNames::PLAIN.name(0).to_string());
    values.set("from", Cursor::OLDEST.to_string());
    values.set("env:TOKEN", "s3cr3t");
    let calendar = Calendar { at: Timestamp::from_nanos(0), since_1970: Duration::ZERO };
    // Nobody publishes there: messages come to the stand-in as to our own server.
    let publish_to = PublishTo { origin: String::new(), trust: Trust::System, calendar };
    Adapted { transport, values: vec![values], base: String::new(), publish_to }
}

fn is_played(kind: TransportKind) -> bool {
    kind != TransportKind::Nudge
}

fn worker(seen: &Seen) -> &WorkerOutcome {
    &seen.outcome.workers[0]
}

#[test]
fn the_books_of_our_own_server_are_the_same_by_its_adapter() {
    let (mut scenario, adapter) = (scenario("every"), adapter());
    // Chrome offers compression, which no third-party server is asked for.
    scenario.headers.request = RequestProfile::built_in("minimal").expect("it is built in");
    let mut played = 0;
    for transport in scenario.transports.iter().filter(|of| is_played(of.settings.kind())) {
        let label = &transport.label;
        let own = play(&scenario, transport, Manners::Good);
        let adapted = adapted(&adapter, transport.settings.kind());
        let theirs = play_adapted(&scenario, transport, Manners::Good, adapted);
        check(label, transport, &theirs);
        assert_eq!(worker(&theirs).ledger, worker(&own).ledger, "{label}");
        // A TLS handshake has a signature of no fixed length.
        if transport.carriage.tls == TlsUse::None {
            assert_eq!(theirs.served, own.served, "{label}");
        }
        assert_eq!(worker(&theirs).counts, worker(&own).counts, "{label}");
        played += 1;
    }
    assert_eq!(played, 5 * 2 * 2, "five kinds over two versions of HTTP, with TLS and without");
}
