//! Heartbeats of WebSockets: pings, their pongs, and those that do not come.

use std::time::Duration;

use pushbench_protocol::{ConnectionClass, Cursor, TopicName};

use crate::support::{Frame, Raw, Running, frame, start, text, upgrade};

const EVERY: Duration = Duration::from_millis(200);

async fn server() -> Running {
    start(|config| config.heartbeat = Some(EVERY)).await
}

fn ping() -> Option<Frame> {
    Some(Frame { first: 0x89, payload: Vec::new() })
}

async fn pong(raw: &mut Raw) {
    raw.send(frame(0x8a, b"")).await;
}

#[tokio::test]
async fn a_silent_websocket_is_pinged_at_each_tick_and_a_message_stands_for_a_ping() {
    let server = server().await;
    let mut raw = server.subscribe().await;
    // What says so is what came before: a ping is the next thing, and then the news.
    for message in ["first", "second"] {
        for _ in 0..2 {
            assert_eq!(raw.frame().await, ping());
            pong(&mut raw).await;
        }
        server.publish(message.as_bytes()).await;
        assert_eq!(raw.frame().await, Some(text(message)));
    }
    let stats = server.stats().await.connections[&ConnectionClass::WebSocket];
    assert_eq!((stats.received_bytes, stats.sent_bytes), (raw.sent, raw.received));
}

#[tokio::test]
async fn who_is_nudged_is_pinged_too() {
    let server = server().await;
    let mut raw = server.connect().await;
    let topic = TopicName::numbered(0);
    let websocket = topic.websocket_path(Cursor::NOW);
    raw.send(upgrade(Cursor::NOW, "").replace(&websocket, &topic.nudge_path(Cursor::NOW))).await;
    raw.head().await;
    assert_eq!(raw.frame().await, ping());
}

#[tokio::test]
async fn a_websocket_that_answers_no_ping_is_closed_and_one_that_does_is_not() {
    let server = server().await;
    let mut dead = server.subscribe().await;
    let mut alive = server.subscribe().await;
    for _ in 0..4 {
        assert_eq!(alive.frame().await, ping());
        // Any word will do.
        alive.send(frame(0x89, b"")).await;
        assert_eq!(alive.frame().await, Some(Frame { first: 0x8a, payload: Vec::new() }));
    }
    assert_eq!([dead.frame().await, dead.frame().await], [ping(), ping()]);
    assert!(dead.at_end().await, "it is told nothing more");
    let stats =
        server.stats_until(|stats| stats.connections[&ConnectionClass::WebSocket].open == 1).await;
    assert_eq!(stats.refused.get(&1006), Some(&1));
}

#[tokio::test]
async fn without_a_heartbeat_nothing_is_said() {
    let server = start(|_| {}).await;
    let mut raw = server.subscribe().await;
    server.publish(b"news").await;
    assert_eq!(raw.frame().await, Some(text("news")));
    let stats = server.stats().await.connections[&ConnectionClass::WebSocket];
    assert_eq!(stats.sent_bytes, raw.received);
}
