//! Conflated pushes over real sockets: the newest at once or when it may, and the others counted.

use std::time::Duration;

use pushbench_protocol::{Cursor, Deliver, ResponseProfile, TopicName};
use pushbench_server::{Server, ServerConfig, ServerError};

use crate::support::{start, text};

const EVERY: Duration = Duration::from_millis(300);

#[tokio::test]
async fn the_newest_comes_after_the_least_time_and_those_between_never() {
    let server = start(|config| config.conflate = Some(EVERY)).await;
    let mut socket = server.subscribe().await;
    let mut lines = server.connect().await;
    let path = TopicName::numbered(0).stream_path(Cursor::NOW);
    lines.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
    lines.head().await;
    for round in ["a", "b", "c"] {
        // The first of a round comes at once if the last round is long enough ago, the newest of
        // those behind it when it may: nothing else.
        for n in 0..5 {
            server.publish(format!("{round}{n}").as_bytes()).await;
        }
        let newest = format!("{round}4");
        while socket.frame().await.expect("open") != text(&newest) {}
        while lines.chunk().await != format!("{newest}\n").as_bytes() {}
    }
    let stats = server.stats().await;
    assert_eq!(stats.published, 15);
    // Two subscribers: each message was sent to each, or superseded.
    assert_eq!(stats.sent_messages + stats.superseded, 30, "{stats:?}");
    assert!(stats.superseded > 0, "{stats:?}");
    assert!(stats.dropped.values().all(|dropped| *dropped == 0), "{stats:?}");
}

#[tokio::test]
async fn conflation_where_every_message_is_promised_is_refused() {
    let profile = ResponseProfile::built_in("minimal").expect("built in");
    let mut config = ServerConfig::new(([127, 0, 0, 1], 0).into(), profile);
    config.deliver = Deliver::Every;
    config.conflate = Some(EVERY);
    let refused = Server::bind(config).await.err();
    assert!(
        matches!(refused, Some(ServerError::OutOfRange { setting: "conflate", .. })),
        "{refused:?}"
    );
}
