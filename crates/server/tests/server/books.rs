//! `/stats` against what the test itself has sent and received.

use pushbench_protocol::{ClassStats, ConnectionClass, Cursor, TopicName};

use crate::support::{Raw, frame, post, start};

fn sums(raws: &[&Raw], open: u64) -> ClassStats {
    ClassStats {
        open,
        accepted: raws.len() as u64,
        received_bytes: raws.iter().map(|raw| raw.sent).sum(),
        sent_bytes: raws.iter().map(|raw| raw.received).sum(),
    }
}

#[tokio::test]
async fn the_books_say_for_each_class_what_its_clients_have_sent_and_received() {
    let server = start(|_| {}).await;

    let mut publisher = server.connect().await;
    for n in 0..5 {
        publisher.send(post(format!("message {n}").as_bytes())).await;
        publisher.answer().await;
    }

    let mut pollers = [server.connect().await, server.connect().await];
    for raw in &mut pollers {
        for _ in 0..3 {
            let path = TopicName::numbered(0).poll_path(Cursor::OLDEST);
            raw.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
            raw.answer().await;
        }
    }

    let mut subscriber = server.connect().await;
    subscriber.upgrade(Cursor::OLDEST).await;
    subscriber.send(frame(0x81, b"by WebSocket")).await;
    subscriber.send(frame(0x89, b"ping")).await;
    // Five from the log, the sixth, and a pong, in whatever order.
    for _ in 0..7 {
        subscriber.frame().await.expect("open");
    }
    let mut leaver = server.subscribe().await;
    leaver.send(frame(0x88, b"\x03\xe8")).await;
    assert_eq!(leaver.closed().await, Some(1000));
    assert!(leaver.at_end().await);
    let leaver = Raw { ..leaver };
    let (sent, received) = (leaver.sent, leaver.received);
    drop(leaver.stream);

    let mut lost = server.connect().await;
    lost.send("GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n").await;
    lost.answer().await;
    let silent = server.connect().await;

    let stats = server
        .stats_until(|stats| {
            stats.connections[&ConnectionClass::WebSocket].open == 1
                && stats.connections[&ConnectionClass::Other].open == 2
        })
        .await;
    let class = |class| stats.connections[&class];
    assert_eq!(class(ConnectionClass::Publish), sums(&[&publisher], 1));
    assert_eq!(class(ConnectionClass::ShortPoll), sums(&[&pollers[0], &pollers[1]], 2));
    let mut websocket = sums(&[&subscriber], 1);
    websocket.accepted += 1;
    websocket.received_bytes += sent;
    websocket.sent_bytes += received;
    assert_eq!(class(ConnectionClass::WebSocket), websocket);
    assert_eq!(class(ConnectionClass::Other), sums(&[&lost, &silent], 2));
    assert_eq!(stats.published, 6);
    assert_eq!(stats.sent_messages, 6 + 6);
    assert_eq!(stats.refused.into_iter().collect::<Vec<_>>(), [(404, 1)]);

    // Who asks is in the books too: the first time before its answer, the second with it.
    let mut asker = server.connect().await;
    let mut control = Vec::new();
    for _ in 0..2 {
        let before = asker.received;
        asker.send("GET /stats HTTP/1.1\r\nHost: h\r\n\r\n").await;
        let (_, body) = asker.answer().await;
        let stats: pushbench_protocol::ServerStats =
            serde_json::from_slice(&body).expect("the books");
        control.push((stats.connections[&ConnectionClass::Control], before, asker.sent));
    }
    let (first, second) = (control[0], control[1]);
    assert_eq!(second.0.sent_bytes - first.0.sent_bytes, second.1);
    assert_eq!(second.0.received_bytes - first.0.received_bytes, second.2 - first.2);
}
