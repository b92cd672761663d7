//! The lab over TLS, and a browser that does not trust it.

use super::browser::{Browser, Lab};

#[tokio::test]
async fn over_tls_every_panel_works_and_its_bytes_are_booked_as_tls() {
    let lab = Lab::start();
    let Some(browser) = Browser::open_over_tls(&lab).await else { return };
    for panel in ["short-poll", "long-poll", "sse", "websocket"] {
        let got = format!("document.getElementById('{panel}-messages').textContent > 2");
        browser.until(&format!("messages by {panel}"), &got).await;
        // A record's header, type and tag, each time.
        let tls = browser.count(&format!("{panel}-down-tls")).await;
        let messages = browser.count(&format!("{panel}-messages")).await;
        assert!(tls >= 22, "{panel}: {tls} bytes of TLS for {messages} messages");
    }
    // Once it is open, a message is one record: 5 of header, 1 of type, 16 of tag.
    browser.click("#reset").await;
    let one_record = "[document.getElementById('websocket-messages').textContent, \
                       document.getElementById('websocket-down-tls').textContent]\
                      .map(Number).reduce((messages, tls) => messages > 1 && tls === 22 * messages)";
    browser.until("22 bytes of TLS a message", one_record).await;
    browser.click("#check").await;
    let agree = "document.getElementById('balance').textContent.includes('agree to the byte')";
    browser.until("a word on the balance", agree).await;
    browser.expect_quiet().await;
    browser.close().await;
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gives_1006_and_an_explanation() {
    let lab = Lab::start();
    let Some(browser) = Browser::open(&lab, "/").await else { return };
    let open = "document.querySelector('#ready-states [aria-current]')?.dataset.readyState === '1'";
    browser.until("the WebSocket to be open", open).await;
    browser.click("#scheme option:last-child").await;
    let refused = "[...document.querySelectorAll('#log li')].map((line) => line.dataset.event)\
                   .join().includes('onerror,onclose')";
    browser.until("onerror and onclose", refused).await;
    browser
        .until("the explanation", "document.getElementById('about-certificate').checkVisibility()")
        .await;
    let way = browser.value("document.querySelector('#about-certificate a').href").await;
    assert_eq!(way, format!("{}/", lab.secure));
    browser.click("#scheme option:first-child").await;
    browser.until("the WebSocket to be open again", open).await;
    browser.close().await;
}
