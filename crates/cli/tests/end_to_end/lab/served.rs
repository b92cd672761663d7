//! The browser's own `fetch`, `EventSource` and `WebSocket` at a server without the lab, in TLS: its
//! HTTP/2 is of another hand than ours, and so is its encoder of fields.

use pushbench_protocol::{ConnectionClass, ServerStats};
use serde_json::json;

use super::browser::Browser;
use crate::support::{Bench, Server, publish};

const OLDEST: &str = "0000000000000000";
/// Polls of one connection that are counted, after the first.
const POLLS: u64 = 20;

/// Bytes above TLS that all clients have sent.
fn received(stats: &ServerStats) -> u64 {
    let classes = stats.connections.iter().filter(|(class, _)| **class != ConnectionClass::Control);
    classes.map(|(_, class)| class.received_bytes).sum()
}

#[tokio::test]
async fn chromium_polls_listens_and_talks_over_http_2() {
    let bench = Bench::new();
    let server = Server::start(&bench, &["--tls-listen", "127.0.0.1:0", "--deliver", "every"]);
    publish(server.address, "news", "one");
    let poll = format!("/topics/news/poll?after={OLDEST}");
    // What the server has to show is the origin of all that follows.
    let origin = format!("https://{}", server.tls());
    let Some(browser) = Browser::open_any(origin, &poll).await else { return };

    let polled = browser
        .run(&format!(
            "const response = await fetch('{poll}'); \
             return [response.status, await response.text()];"
        ))
        .await;
    assert_eq!(polled, json!([200, "one\n"]));
    // What a response took is entered a moment after it has come.
    let entries = "performance.getEntriesByType('resource')";
    browser.until("the entry of the poll", &format!("{entries}.length > 0")).await;
    assert_eq!(browser.value(&format!("{entries}[0].nextHopProtocol")).await, json!("h2"));

    browser
        .run(
            "window.events = new EventSource('/topics/news/events'); window.heard = []; \
             events.onmessage = ({ data, lastEventId }) => heard.push([data, lastEventId.length]); \
             window.socket = new WebSocket(`wss://${location.host}/topics/news/ws`); \
             window.told = []; \
             socket.onmessage = ({ data }) => told.push(data); \
             socket.onclose = ({ code, wasClean }) => told.push([code, wasClean]);",
        )
        .await;
    browser.until("both to be open", "socket.readyState === 1 && events.readyState === 1").await;
    publish(server.address, "news", "two");
    browser.until("the event", "heard.length === 1").await;
    browser.until("the frame", "told.length === 1").await;
    assert_eq!(browser.value("heard").await, json!([["two", 16]]));
    browser.run("socket.close(1000); events.close();").await;
    browser.until("the close", "told.length === 2").await;
    assert_eq!(browser.value("told").await, json!(["two", [1000, true]]));
    // Both were streams of the connection that had polled (RFC 8441 for the socket).
    let accepted = server.stats().connections;
    for (class, expected) in [
        (ConnectionClass::ShortPoll, 1),
        (ConnectionClass::Sse, 0),
        (ConnectionClass::WebSocket, 0),
    ] {
        assert_eq!(accepted[&class].accepted, expected, "{class:?}: {accepted:?}");
    }

    let before = received(&server.stats());
    let ask = format!("for (let n = 0; n < {POLLS}; n += 1) await (await fetch('{poll}')).text();");
    browser.run(&ask).await;
    let each = (received(&server.stats()) - before) as f64 / POLLS as f64;
    // A byte for each field that it knows; the rest is the path, which it never has in its table.
    assert!(each < 3.0 * poll.len() as f64, "{each} bytes");
    browser.close().await;
}
