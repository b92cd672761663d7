//! A lab that is killed and comes back on the same port.

use super::browser::{Browser, Lab};

#[tokio::test]
async fn a_killed_server_shows_1006_and_every_panel_comes_back_with_it() {
    let lab = Lab::start();
    let Some(browser) = Browser::open(&lab, "/").await else { return };
    for panel in ["short-poll", "long-poll", "sse", "websocket"] {
        let got = format!("document.getElementById('{panel}-messages').textContent > 0");
        browser.until(&format!("messages by {panel}"), &got).await;
    }
    browser.expect_quiet().await;

    let dead = lab.kill();
    let events = "[...document.querySelectorAll('#log li')].map((line) => line.dataset.event)\
                  .filter((event) => event.startsWith('on') && event !== 'onmessage')";
    // The connection breaks off; then an attempt to come back fails, and says so first.
    let failed = format!("{events}.join().includes('onclose,onerror,onclose')");
    browser.until("onerror and then onclose", &failed).await;
    let closes = browser
        .value("[...document.querySelectorAll('#log [data-event=onclose]')].map((line) => line.textContent)")
        .await;
    let closes = closes.as_array().expect("lines");
    for line in closes {
        let line = line.as_str().expect("a line");
        assert!(line.contains("code=1006") && line.contains("wasClean=false"), "{line}");
    }
    browser.until("the notice", "!document.getElementById('notice').hidden").await;
    // Each attempt fails again, and each pause is at least as long as the one before.
    let retries = "document.querySelectorAll('#log [data-event=retry]').length >= 3";
    browser.until("a third attempt", retries).await;
    let pauses = browser
        .value(
            "[...document.querySelectorAll('#log [data-event=retry]')].slice(0, 3)\
             .map((line) => Number(line.textContent.match(/([\\d,]+) ms$/)[1].replace(',', '')))",
        )
        .await;
    assert_eq!(pauses, serde_json::json!([500, 1000, 2000]));

    let _lab = dead.revive();
    browser.until("the notice to go", "document.getElementById('notice').hidden").await;
    browser
        .until(
            "the WebSocket to be open",
            "document.querySelector('#ready-states [aria-current]').dataset.readyState === '1'",
        )
        .await;
    for panel in ["short-poll", "long-poll", "sse", "websocket"] {
        let back = format!("document.querySelector('#{panel} .state').dataset.state === 'on'");
        browser.until(&format!("{panel} to come back"), &back).await;
        browser.click("#reset").await;
        let got = format!("document.getElementById('{panel}-messages').textContent > 0");
        browser.until(&format!("new messages by {panel}"), &got).await;
    }
    // What failed is the network, and that the new lab did not know the page; nothing else.
    for said in browser.console().await {
        let is_network = said.contains("net::ERR_") || said.contains("WebSocket connection to");
        let is_unknown = said.contains("/lab/api/sessions/") && said.contains("404");
        assert!(is_network || is_unknown, "{said}");
    }
    browser.close().await;
}
