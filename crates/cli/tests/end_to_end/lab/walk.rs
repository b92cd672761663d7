//! The guided walk, as a student takes it.

use serde_json::Value;

use super::browser::{Browser, Lab};

/// What each step must measure, whatever machine it runs on: at least and at most.
const STEPS: [(&str, f64, f64); 9] = [
    // Request and response headers; the browser's version and language are part of them.
    ("600", 300.0, 2_000.0),
    // Four polls for a message: 75 %, give or take the first and the last.
    ("75", 60.0, 90.0),
    // Half of two seconds is the law; a busy machine is later.
    ("1000", 400.0, 4_000.0),
    ("0", 0.0, 0.0),
    ("700", 300.0, 2_000.0),
    ("2", 2.0, 2.0),
    ("9", 3.0, 20.0),
    // `Cookie: lab=`, a line end, and a thousand.
    ("1014", 1_014.0, 1_014.0),
    ("1006", 1_006.0, 1_006.0),
];

#[tokio::test]
async fn the_walk_asks_measures_and_compares() {
    let lab = Lab::start();
    let Some(browser) = Browser::open(&lab, "/").await else { return };
    for (place, (prediction, least, most)) in STEPS.into_iter().enumerate() {
        let number = browser.text("walk-number").await;
        assert_eq!(number, format!("Step {} of {}", place + 1, STEPS.len()));
        let question = browser.text("walk-question").await;
        if browser.value("document.getElementById('prediction') !== null").await == true {
            browser.write("#prediction", prediction).await;
        } else {
            browser.click(&format!("#choice-{prediction}")).await;
        }
        browser.click("#walk-measure").await;
        let done = "!document.getElementById('walk-measure').disabled && \
                    document.getElementById('walk-result').textContent !== ''";
        browser.until(&question, done).await;
        let result = browser.text("walk-result").await;
        let measured = browser.value("document.getElementById('walk-result').dataset.value").await;
        let measured: f64 = match measured {
            Value::String(text) => text.parse().expect(&text),
            other => panic!("{question} {result} {other}"),
        };
        assert!((least..=most).contains(&measured), "{question} {measured}: {result}");
        assert!(!result.contains('{'), "{result}");
        if place + 1 < STEPS.len() {
            browser.click("#walk-next").await;
        }
    }
    // What teachers are told to expect lies where it was just measured.
    let told = browser
        .run(
            "const text = await (await fetch('/teachers')).text();
             const page = new DOMParser().parseFromString(text, 'text/html');
             return [...page.querySelectorAll('[data-for=en] data[data-step]')]
               .map((node) => Number(node.value));",
        )
        .await;
    let told: Vec<f64> = serde_json::from_value(told).expect("figures");
    assert_eq!(told.len(), STEPS.len());
    for (told, (_, least, most)) in told.into_iter().zip(STEPS) {
        assert!((least..=most).contains(&told), "teachers are told {told}");
    }
    let last = browser.text("walk-result").await;
    assert!(
        last.contains("onclose 1006, onerror, onclose 1006") && last.contains("onopen"),
        "{last}"
    );
    browser.close().await;
}
