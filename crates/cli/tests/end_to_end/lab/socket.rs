//! The WebSocket's panel: states, handlers, buttons, headers.

use super::browser::{Browser, Lab};

/// The states in the order in which the page has seen them, once it has seen the last.
async fn state(browser: &Browser, number: u8) {
    let shown = format!(
        "document.querySelector('#ready-states [aria-current]')?.dataset.readyState === '{number}'"
    );
    browser.until(&format!("readyState {number}"), &shown).await;
}

/// Lines of the log of one event, as an expression.
fn lines(event: &str) -> String {
    format!(
        "[...document.querySelectorAll('#log [data-event=\"{event}\"]')].map((line) => line.textContent)"
    )
}

#[tokio::test]
async fn a_websocket_goes_through_its_states_and_says_how_it_closed() {
    let lab = Lab::start();
    let Some(browser) = Browser::open(&lab, "/").await else { return };
    state(&browser, 1).await;
    // Each state that the panel marks is noted from here on, however short it lasts.
    browser
        .value(
            "(window.states = [], new MutationObserver((changes) => changes.forEach(({ target }) => \
             target.hasAttribute('aria-current') && window.states.push(target.textContent)))\
             .observe(document.getElementById('ready-states'), \
             { subtree: true, attributeFilter: ['aria-current'] }))",
        )
        .await;

    browser.write("#send-text", "what I say comes back").await;
    browser.click("#send").await;
    let echoed =
        format!("{}.some((line) => line.includes('what I say comes back'))", lines("onmessage"));
    browser.until("our own message", &echoed).await;
    let framed = "document.getElementById('websocket-up-framing').textContent === '6'";
    browser.until("the frame with its masking key in the books", framed).await;
    assert_eq!(browser.count("websocket-up-payload").await, 21);

    // A page may not close as an endpoint of the protocol does.
    browser.write("#close-code", "1002").await;
    browser.click("#close").await;
    browser
        .until(
            "the exception",
            &format!("{}.some((line) => line.includes('InvalidAccessError'))", lines("throw")),
        )
        .await;

    browser.write("#close-code", "4001").await;
    browser.write("#close-reason", "enough").await;
    browser.click("#close").await;
    state(&browser, 3).await;
    let closed = browser.until("a line of onclose", &format!("{}[0]", lines("onclose"))).await;
    let closed = closed.as_str().expect("a line");
    // The server responds with the code and without the reason.
    for part in ["code=4001", "wasClean=true"] {
        assert!(closed.contains(part), "{closed}");
    }
    browser.write("#send-text", "into the void").await;
    browser.click("#websocket-toggle").await;
    state(&browser, 1).await;
    let states = browser.value("window.states.join()").await;
    assert_eq!(states, "2 CLOSING,3 CLOSED,0 CONNECTING,1 OPEN");

    let head = "document.getElementById('headers-request').textContent";
    browser.until("the upgrade's head", &format!("{head}.includes('Sec-WebSocket-Key: ')")).await;
    assert!(browser.text("headers-response").await.contains("101 Switching Protocols"));
    let said = "document.querySelector('#headers figcaption').textContent";
    let len = browser.value(&format!("Number({said}.match(/\\d+/)[0])")).await;
    let both = len.as_u64().expect("a length") * 2;
    let booked = format!(
        "document.getElementById('websocket-up-handshake').textContent === '{},{:03}'",
        both / 1_000,
        both % 1_000
    );
    browser.until("two upgrades, alike, in the books", &booked).await;
    browser.expect_quiet().await;
    browser.close().await;
}
