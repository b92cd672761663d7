//! Both languages, labels, and the teachers' page.

use serde_json::{Value, json};

use super::browser::{Browser, Lab};

/// Everything that takes input and has no name that could be heard.
const NAMELESS: &str = "[...document.querySelectorAll('input, select, button, a, canvas')]\
    .filter((node) => !(node.labels?.length || node.textContent.trim() || node.ariaLabel))\
    .map((node) => node.outerHTML)";

#[tokio::test]
async fn every_text_is_there_in_both_languages() {
    let lab = Lab::start();
    let Some(browser) = Browser::open(&lab, "/").await else { return };
    let keys = browser
        .run(
            "const { en } = await import('/lab/en.js'); const { zh } = await import('/lab/zh.js');
             const places = (text) => [...text.matchAll(/\\{\\w+\\}/g)].map(String).sort().join();
             return {
               only: [...new Set([...Object.keys(en), ...Object.keys(zh)])]
                 .filter((key) => !(key in en && key in zh)),
               places: Object.keys(en).filter((key) => places(en[key]) !== places(zh[key])),
               latin: Object.keys(zh).filter((key) => /[a-z]{4} [a-z]{4}/.test(zh[key]) && !/run/.test(zh[key])),
             };",
        )
        .await;
    assert_eq!(keys, json!({ "only": [], "places": [], "latin": [] }));

    let texts = "[...document.querySelectorAll('[data-t]')].map((node) => node.textContent)";
    let english = browser.value(texts).await;
    assert_eq!(browser.value("document.documentElement.lang").await, "en");
    browser.click("[data-language=zh]").await;
    assert_eq!(browser.value("document.documentElement.lang").await, "zh-Hans");
    assert_eq!(browser.value("document.title").await, "Pushbench 实验室");
    let chinese = browser.value(texts).await;
    let pairs = english.as_array().expect("texts").iter().zip(chinese.as_array().expect("texts"));
    let same: Vec<_> = pairs.filter(|(en, zh)| en == zh).map(|(en, _)| en.clone()).collect();
    let names = ["WebSocket", "TLS", "TCP/IP"].map(Value::from);
    assert!(same.iter().all(|text| names.contains(text)), "{same:?}");
    assert_eq!(browser.value(NAMELESS).await, json!([]));
    // The choice is kept.
    browser.click("nav a[href='/teachers']").await;
    browser.until("the teachers' page", "document.documentElement.dataset.ready && document.documentElement.lang === 'zh-Hans' && location.pathname === '/teachers'").await;
    browser.expect_quiet().await;
    browser.close().await;
}

#[tokio::test]
async fn the_teachers_page_has_one_language_at_a_time_and_the_same_figures_in_both() {
    let lab = Lab::start();
    let Some(browser) = Browser::open(&lab, "/teachers").await else { return };
    let shown = "[...document.querySelectorAll('[data-for]')]\
        .filter((node) => node.checkVisibility()).map((node) => node.dataset.for).join()";
    assert_eq!(browser.value(shown).await, "en");
    browser.click("[data-language=zh]").await;
    assert_eq!(browser.value(shown).await, "zh");
    let figures = "['en', 'zh'].map((language) => [...document.querySelectorAll(`[data-for=${language}] data`)]\
        .map((node) => node.value).join())";
    let figures = browser.value(figures).await;
    assert_eq!(figures[0], figures[1]);
    assert_ne!(figures[0], "");
    assert_eq!(browser.value(NAMELESS).await, json!([]));
    browser.expect_quiet().await;
    browser.close().await;
}
