//! The end.

use pushbench_protocol::{ClassStats, ConnectionClass, Cursor};
use pushbench_server::SHUTDOWN_TIME;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{DEADLINE, frame, start};

#[tokio::test]
async fn the_signal_closes_websockets_with_1001_and_every_connection_is_booked() {
    let server = start(|_| {}).await;
    let address = server.address;
    let mut subscriber = server.subscribe().await;
    let mut poller = server.connect().await;
    poller.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n").await;
    poller.answer().await;
    let mut silent = server.connect().await;
    // Until it is accepted, there is nobody to end it in order.
    server.stats_until(|stats| stats.connections[&ConnectionClass::Other].open == 1).await;

    let ended = server.stop();
    assert_eq!(subscriber.closed().await, Some(1001));
    subscriber.send(frame(0x88, b"\x03\xe9")).await;
    assert!(subscriber.at_end().await);
    assert!(poller.at_end().await);
    assert!(silent.at_end().await);
    drop((poller, silent, subscriber));

    let ended = timeout(DEADLINE, ended).await.expect("in time").expect("no panic");
    assert_eq!(ended.cut_off, 0);
    for (class, expected) in [
        (ConnectionClass::WebSocket, 1),
        (ConnectionClass::Other, 1),
        (ConnectionClass::ShortPoll, 0),
    ] {
        let ClassStats { open, accepted, .. } = ended.stats.connections[&class];
        assert_eq!((open, accepted), (0, expected), "{class}");
    }
    assert!(TcpStream::connect(address).await.is_err(), "it still listens");
}

#[tokio::test]
async fn clients_that_will_not_close_do_not_hold_it_up() {
    let server = start(|_| {}).await;
    let deaf = server.subscribe().await;
    let mut narrow = server.connect_narrow().await;
    narrow.upgrade(Cursor::NOW).await;
    for _ in 0..40 {
        server.publish(&[b'x'; 256 * 1024]).await;
    }
    let mut half = server.connect().await;
    half.send("GET /healthz HTTP/1.1\r\n").await;

    let ended = timeout(SHUTDOWN_TIME + DEADLINE / 10, server.stop()).await;
    let ended = ended.expect("within its bound").expect("no panic");
    assert!(ended.stats.connections.values().all(|class| class.open == 0));
    drop((deaf, narrow, half));
}
