//! The panels: messages, sliders, and books that agree with the server's.

use pushbench_protocol::ConnectionClass;

use super::browser::{Browser, END, HOME, Lab, settle};

const PANELS: [(&str, ConnectionClass); 4] = [
    ("short-poll", ConnectionClass::ShortPoll),
    ("long-poll", ConnectionClass::LongPoll),
    ("sse", ConnectionClass::Sse),
    ("websocket", ConnectionClass::WebSocket),
];
const STREAM: [&str; 6] = ["payload", "repeat", "header", "framing", "control", "handshake"];

/// A count of a panel, as an expression.
fn figure(panel: &str, name: &str) -> String {
    format!("Number(document.getElementById('{panel}-{name}').textContent.replaceAll(',', ''))")
}

#[tokio::test]
async fn every_panel_gets_the_messages_and_shows_what_the_server_has_in_its_books() {
    let lab = Lab::start();
    let Some(browser) = Browser::open(&lab, "/").await else { return };
    for (panel, _) in PANELS {
        let got = format!("{} >= 3", figure(panel, "messages"));
        browser.until(&format!("messages by {panel}"), &got).await;
        let late = format!("document.getElementById('{panel}-lateMean').textContent.endsWith('s')");
        browser.until(&format!("lateness by {panel}"), &late).await;
    }
    assert!(browser.count("short-poll-requests").await > 1);
    for once in ["sse-requests", "websocket-requests"] {
        assert_eq!(browser.count(once).await, 1, "{once}");
    }

    // Stopped, so that nothing more passes; then three hands must have one count.
    for (panel, class) in PANELS {
        browser.click(&format!("#{panel}-toggle")).await;
        browser
            .until(
                &format!("{panel} to stop"),
                &format!("document.querySelector('#{panel} .state').dataset.state === 'off'"),
            )
            .await;
        let mut shown = (0, 0);
        let agree = async || {
            shown = (0, 0);
            for kind in STREAM {
                shown.0 += browser.count(&format!("{panel}-up-{kind}")).await;
                shown.1 += browser.count(&format!("{panel}-down-{kind}")).await;
            }
            let stats = lab.stats().connections[&class];
            (shown == (stats.received_bytes, stats.sent_bytes), format!("{shown:?} {stats:?}"))
        };
        settle(&format!("the page and the server to agree on {panel}"), agree).await;
        assert!(shown.0 > 0 && shown.1 > 0, "{panel}: {shown:?}");
    }
    browser.click("#check").await;
    let said =
        browser.until("a word on the balance", "document.getElementById('balance').textContent");
    let said = said.await;
    assert!(said.as_str().is_some_and(|said| said.contains("agree to the byte")), "{said}");
    browser.expect_quiet().await;
    browser.close().await;
}

#[tokio::test]
async fn the_sliders_act_and_can_be_moved_by_keys() {
    let lab = Lab::start();
    let Some(browser) = Browser::open(&lab, "/").await else { return };

    assert_eq!(browser.value("document.getElementById('random').checked").await, true);
    browser.keys("#random", " ").await;
    // A poll every 100 ms, ten times as often as news, finds nothing most of the time.
    browser.keys("#intervalMs", &HOME).await;
    browser.click("#reset").await;
    let empty = format!(
        "{} >= 10 && {} > 2 * {}",
        figure("short-poll", "requests"),
        figure("short-poll", "empty"),
        figure("short-poll", "messages")
    );
    browser.until("many empty polls", &empty).await;

    // Twenty messages a second, of 16 bytes; a poll each 10 s brings many at once.
    browser.keys("#messageEveryMs", &HOME).await;
    browser.keys("#payloadBytes", &HOME).await;
    browser.keys("#intervalMs", &END).await;
    browser.click("#reset").await;
    browser.until("quick news", &format!("{} > 20", figure("websocket", "messages"))).await;
    let small = format!(
        "{} / {} < 17",
        figure("websocket", "down-payload"),
        figure("websocket", "messages")
    );
    browser.until("small messages", &small).await;
    browser.keys("#payloadBytes", &END).await;
    browser.click("#reset").await;
    let large = format!(
        "{0} > 3 && {1} / {0} > 10000",
        figure("websocket", "messages"),
        figure("websocket", "down-payload")
    );
    browser.until("large messages", &large).await;

    // A cookie goes with each poll and with no message of an open WebSocket.
    browser.keys("#payloadBytes", &HOME).await;
    browser.keys("#intervalMs", &HOME).await;
    browser.keys("#cookieBytes", &END).await;
    browser.click("#reset").await;
    let cookie = format!(
        "{0} > 5 && {1} / {0} > 4000",
        figure("short-poll", "requests"),
        figure("short-poll", "up-header")
    );
    browser.until("polls with a cookie", &cookie).await;
    assert_eq!(browser.count("websocket-up-handshake").await, 0);
    browser
        .until(
            "the cookie among the headers",
            "(document.getElementById('headers-kind').value = 'short-poll', \
         document.getElementById('headers-kind').dispatchEvent(new Event('change')), \
         document.getElementById('headers-request').textContent.includes('Cookie: lab=xxx'))",
        )
        .await;
    browser.expect_quiet().await;
    browser.close().await;
}
