//! Each way to publish to a third-party server, against a small server of these tests.

mod connections;
mod requests;
mod server;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pushbench_adapter::Values;
use pushbench_protocol::{Cursor, TopicNames, clock};
use pushbench_scenario::{Due, Scenario, Shard, Source, Trust, due_times, read};

use crate::accounts::published::Published;
use crate::plan::Adapted;
use crate::publish_to::{Calendar, PublishTo};
use crate::publisher::Publisher;
use crate::publisher::subscribers::ToPublish;
use crate::{Plan, PublisherOutcome};

/// Messages of [`plan`], all due in the measure phase.
const MESSAGES: u64 = 20;

fn scenario() -> Scenario {
    let text = "question = \"?\"\n[workload]\nclients = 1\ntopics = 1\n\
                publish = { every = \"50ms\" }\npayload = { bytes = 20, content = \"json\" }\n\
                warm_up = \"0s\"\nmeasure = \"1s\"\ndrain = \"1s\"\n\
                [[transport]]\nkind = \"websocket\"\n";
    let source = Source {
        path: Path::new("publisher.toml"),
        text,
        overrides: &[],
        only: &[],
        read_file: &|_| Err(std::io::ErrorKind::NotFound.into()),
    };
    read(&source).unwrap_or_else(|refused| panic!("{refused}"))
}

/// A plan whose server is at this address and published to as `publish` says.
fn plan(publish: &str, scheme: &str, address: SocketAddr, trust: Trust) -> Plan {
    let text = format!(
        "about = \"a server\"\ndocuments = \"https://example.org/\"\n[settings]\n\
         [transport.websocket]\nurl = \"/ws\"\n{publish}\n"
    );
    let adapter = pushbench_adapter::read(Path::new("adapter.toml"), &text);
    let adapter = adapter.unwrap_or_else(|refused| panic!("{refused}"));
    let mut values = Values::new(Arc::clone(&adapter.settings));
    values.set("channel", "c1");
    values.set("env:TOKEN", "s3cr3t");
    let scenario = scenario();
    let transport = &scenario.transports[0];
    // All of them are due soon.
    let dues = due_times(&scenario).into_iter().map(|due| Due { at: due.at / 50, ..due }).collect();
    let calendar = Calendar { at: clock::now(), since_1970: Duration::from_secs(1_800_000_000) };
    Plan {
        transport: transport.settings,
        carriage: transport.carriage,
        target: address,
        host: address.to_string(),
        tls: None,
        via: None,
        publish_token: None,
        dues,
        topic_names: TopicNames::PLAIN,
        start_cursors: vec![Cursor::OLDEST],
        shard: Shard::WHOLE,
        workers: 1,
        clients_per_address: 1,
        namespace: None,
        adapted: Some(Arc::new(Adapted {
            transport: Arc::clone(&adapter.transports[0]),
            values: vec![values],
            base: "/base".to_owned(),
            publish_to: PublishTo { origin: format!("{scheme}://{address}"), trust, calendar },
        })),
        scenario,
    }
}

fn start(plan: Plan, subscribers: &ToPublish) -> std::io::Result<Option<Publisher>> {
    let plan = Arc::new(plan);
    let published = Arc::new(Published::new(&plan.topic_counts()));
    Publisher::start(plan, published, subscribers)
}

/// What became of the messages of a plan, all of which are handed over.
fn publish(plan: Plan) -> PublisherOutcome {
    let publisher = start(plan, &ToPublish::default()).expect("it starts").expect("it publishes");
    play(&publisher);
    publisher.finish()
}

/// Has all messages sent, as far as the publisher's thread goes.
fn play(publisher: &Publisher) {
    publisher.publish(Duration::ZERO, Duration::MAX, clock::now());
    while !publisher.is_done() {
        std::thread::yield_now();
    }
}

#[test]
fn nobody_publishes_to_a_server_that_does_so_by_itself() {
    let nobody = "127.0.0.1:9".parse().expect("an address");
    let started =
        start(plan("publish = \"theirs\"", "http", nobody, Trust::System), &ToPublish::default());
    assert!(started.expect("nothing is opened").is_none());
}
