//! Attackers beside clients that behave: nobody of these fails or misses anything, and memory stays
//! within what is configured.

use std::time::Duration;

use pushbench_protocol::{ConnectionClass, Cursor, Deliver, TopicName, Unchanged};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::{self, DEADLINE, Raw, Running, post, start, text};

const MIB: u64 = 1 << 20;
/// What each log holds at most.
const LOG_BYTES: u64 = 16 * MIB;
/// Messages that the clients wait for.
const MESSAGES: usize = 30;
const CLIENTS: usize = 40;
const ATTACKERS: usize = 10;

/// Resident memory of this process, server and clients.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1_024
}

async fn metric(server: &Running, sample: &str) -> u64 {
    let mut raw = server.connect().await;
    raw.send("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n").await;
    let (_, body) = raw.answer().await;
    let text = String::from_utf8(body).expect("text");
    let line = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.expect("the sample").parse().expect("a number")
}

/// Asks for all of the large log and takes nothing of it.
async fn asks_and_does_not_read(server: &Running) -> Raw {
    let mut raw = server.connect_narrow().await;
    raw.send("GET /topics/large/poll HTTP/1.1\r\nHost: h\r\n\r\n").await;
    raw
}

/// Asks for all of the large log again and again, and takes it.
async fn asks_for_all(mut raw: Raw) {
    for _ in 0..3 {
        raw.send("GET /topics/large/poll HTTP/1.1\r\nHost: h\r\n\r\n").await;
        let (head, body) = raw.answer().await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(body.len() as u64 > LOG_BYTES / 2, "{}", body.len());
    }
}

#[tokio::test]
async fn attackers_beside_clients_cost_no_more_than_is_configured_and_harm_nobody() {
    let server = start(|config| {
        config.deliver = Deliver::Every;
        config.unchanged = Unchanged::Empty;
        config.log_bytes = LOG_BYTES;
        config.total_log_bytes = 2 * LOG_BYTES;
        config.limits.connections = 400.try_into().expect("not zero");
        config.limits.topics = 100.try_into().expect("not zero");
        config.limits.first_request_timeout = Duration::from_secs(60);
    })
    .await;
    // More than the log holds.
    let mut publisher = server.connect().await;
    let large = String::from_utf8(post(&vec![b'x'; 1_000_000])).expect("ASCII");
    for _ in 0..24 {
        publisher.send(large.replacen("t0000", "large", 1)).await;
        publisher.answer().await;
    }
    assert!(metric(&server, "pushbench_log_bytes").await <= LOG_BYTES);
    let before = resident();

    let mut clients = JoinSet::new();
    for place in 0..CLIENTS {
        if place % 2 == 0 {
            let mut subscriber = server.subscribe().await;
            clients.spawn(async move {
                for n in 0..MESSAGES {
                    assert_eq!(subscriber.frame().await, Some(text(&n.to_string())));
                }
            });
        } else {
            let mut poller = server.connect().await;
            clients.spawn(async move {
                let (mut after, mut seen) = (Cursor::OLDEST, 0);
                while seen < MESSAGES {
                    let path = TopicName::numbered(0)
                        .long_poll_path(after, pushbench_protocol::Hold::USUAL);
                    poller.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
                    let (head, body) = poller.answer().await;
                    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
                    after = support::field(&head, "Cursor")
                        .and_then(|cursor| Cursor::decode(cursor.as_bytes()))
                        .expect("a cursor");
                    for line in String::from_utf8(body).expect("text").lines() {
                        assert_eq!(line, seen.to_string());
                        seen += 1;
                    }
                }
            });
        }
    }

    // Who asks for much and reads nothing, asks for much and reads it, says nothing, or little.
    let mut idle = Vec::new();
    let mut greedy = JoinSet::new();
    for _ in 0..ATTACKERS {
        idle.push(asks_and_does_not_read(&server).await);
        greedy.spawn(asks_for_all(server.connect().await));
        let mut slow = server.connect().await;
        slow.send("GET /healthz HT").await;
        idle.push(slow);
    }
    for _ in 0..600 {
        idle.push(server.connect().await);
    }
    // Names that nobody publishes to, by readers that come and go.
    for n in 0..300 {
        let mut reader = server.connect().await;
        reader.send(format!("GET /topics/none-{n}/stream HTTP/1.1\r\nHost: h\r\n\r\n")).await;
        reader.head().await;
    }
    for n in 0..MESSAGES {
        server.publish(n.to_string().as_bytes()).await;
    }

    let well = async {
        while let Some(client) = clients.join_next().await {
            client.expect("a client that behaves is served");
        }
    };
    timeout(6 * DEADLINE, well).await.expect("in time");
    while let Some(attacker) = greedy.join_next().await {
        attacker.expect("who reads gets all of it");
    }
    // What its own clients hold for a moment is part of it: bodies of one log each, for those that
    // read them whole.
    let grown = resident().saturating_sub(before);
    let own = ATTACKERS as u64 * LOG_BYTES;
    assert!(grown < own + 64 * MIB, "{} MiB more", grown / MIB);
    assert!(metric(&server, "pushbench_log_bytes").await <= 2 * LOG_BYTES);
    let open = metric(&server, "pushbench_connections_open{class=\"other\"}").await;
    assert!(open <= 400 + 256, "{open}");
    let stats =
        server.stats_until(|stats| stats.connections[&ConnectionClass::Stream].open == 0).await;
    assert!(stats.refused.get(&408).is_some_and(|count| *count > 0), "silent ones made room");
    assert_eq!(metric(&server, "pushbench_topics").await, 2, "readers' topics are gone");
    drop(idle);
}
