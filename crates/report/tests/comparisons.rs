//! Comparisons of runs made by hand, as a reader sees them.

#[expect(dead_code, reason = "shared with the reports of single runs")]
mod runs;

use std::collections::BTreeSet;

use pushbench_compare::{About, Condition, Gate, compare};
use pushbench_report::{
    Compared, TextOptions, bmf, comparison_document, comparison_html, comparison_json, github,
    render_markdown, render_text,
};
use pushbench_store::RunV2;

/// The valid run under another name.
fn new(alter: impl FnOnce(&mut RunV2)) -> RunV2 {
    let mut run = RunV2 { id: "9m2xqc".to_owned(), ..runs::valid() };
    alter(&mut run);
    run
}

fn compared(new: &RunV2, conditions: &[&str], despite: &[About]) -> [Compared; 1] {
    let despite = BTreeSet::from_iter(despite.iter().copied());
    let comparison = compare(&runs::valid(), new, &despite);
    let conditions: Vec<Condition> = conditions.iter().map(|text| text.parse().unwrap()).collect();
    let gate = (!conditions.is_empty()).then(|| Gate::judge(&comparison, &conditions).unwrap());
    [Compared { comparison, gate }]
}

/// A poll's header 40 bytes longer, WebSocket's news 2 ms later in one round like the other.
fn planted() -> RunV2 {
    new(|run| {
        for trial in &mut run.trials {
            for (name, value) in &mut trial.figures {
                let is_poll = trial.transport == "short-poll";
                match name.as_str() {
                    "header_bytes_per_delivery"
                    | "stream_bytes_per_delivery"
                    | "wire_bytes_per_delivery"
                    | "header_bytes_per_poll"
                        if is_poll =>
                    {
                        *value += 40.0;
                    }
                    "latency.mean" | "latency.p50" | "latency.p99" if !is_poll => *value += 0.002,
                    _ => {}
                }
            }
        }
    })
}

const GATE: [&str; 2] = ["*.wire_bytes_per_delivery > +0.5%", "websocket.latency.* > +10%"];

fn every_comparison() -> [(&'static str, [Compared; 1]); 5] {
    let other = new(|run| {
        run.scenario.settings.insert("workload.clients".to_owned(), "7".to_owned());
        run.environment.kernel = Some("5.10.0".to_owned());
    });
    let debug = new(|run| {
        run.environment.build = "debug".to_owned();
        run.transports.remove(1);
        run.trials.retain(|trial| trial.transport == "short-poll");
    });
    [
        ("equal", compared(&new(|_| {}), &GATE, &[])),
        ("planted", compared(&planted(), &GATE, &[])),
        ("refused", compared(&other, &[], &[])),
        ("despite", compared(&other, &[], &[About::Scenario])),
        ("half", compared(&debug, &[], &[])),
    ]
}

#[test]
fn the_text_of_each_comparison_is_as_reviewed() {
    for (name, compared) in every_comparison() {
        let text = render_text(&comparison_document(&compared), &TextOptions::default());
        insta::assert_snapshot!(format!("comparison_{name}"), text);
    }
}

#[test]
fn the_markdown_of_a_regression_is_as_reviewed() {
    let document = comparison_document(&compared(&planted(), &GATE, &[]));
    insta::assert_snapshot!("comparison_markdown", render_markdown(&document));
}

/// What a page says, without its markup.
fn said(page: &str, selector: &str) -> Vec<String> {
    let page = scraper::Html::parse_document(page);
    assert!(page.errors.is_empty(), "{:?}", page.errors);
    let selector = scraper::Selector::parse(selector).expect("the selector is a constant");
    page.select(&selector).map(|found| found.text().collect()).collect()
}

#[test]
fn the_page_has_every_word_of_the_comparison_and_each_chart_of_both_runs() {
    let (base, new) = (runs::valid(), planted());
    let compared = compared(&new, &GATE, &[]);
    let page = comparison_html(&compared, &base, &[&new]);
    let headings: Vec<_> = comparison_document(&compared).sections;
    let shown = said(&page, "h1, h2");
    for section in headings {
        assert!(shown.contains(&section.heading), "{}: {shown:?}", section.heading);
    }
    assert!(said(&page, "td").contains(&"more".to_owned()), "a verdict");
    let mut bars = said(&page, "#chart-bytes-wire tbody th");
    bars.dedup();
    assert_eq!(
        bars,
        ["short-poll", "websocket"]
            .map(|of| [format!("{of}, base"), format!("{of}, new")])
            .concat()
    );
    let numbers = said(&page, "#chart-bytes-wire tbody td:nth-last-child(2)");
    let [was, is] =
        [&numbers[0], &numbers[1]].map(|bytes| bytes.trim_end_matches(" B").replace(',', ""));
    let [was, is] = [was, is].map(|bytes| bytes.parse::<f64>().expect("bytes"));
    assert!((is - was - 40.0).abs() < 1.0, "{numbers:?}");
}

#[test]
fn many_transports_have_a_picture_of_waiting_each_and_a_sweep_is_laid_over_too() {
    for (run, charts) in [
        (runs::four_transports(), &["#chart-latency-1", "#chart-latency-4"][..]),
        (runs::sweep(), &["#chart-sweep-wire-bytes-per-delivery"]),
    ] {
        let new = RunV2 { id: "9m2xqc".to_owned(), ..run.clone() };
        let comparison = compare(&run, &new, &BTreeSet::new());
        let page = comparison_html(&[Compared { comparison, gate: None }], &run, &[&new]);
        for chart in charts {
            assert_eq!(said(&page, chart).len(), 1, "{chart}");
        }
    }
}

#[test]
fn no_line_is_longer_than_the_terminal_is_wide() {
    for (name, compared) in every_comparison() {
        for width in [80, 100] {
            let options = TextOptions { width, ..TextOptions::default() };
            for line in render_text(&comparison_document(&compared), &options).lines() {
                assert!(line.chars().count() <= width, "{name}, {width}: {line}");
            }
        }
    }
}

#[test]
fn json_has_every_figure_that_both_runs_have_and_the_gate() {
    let json = comparison_json(&compared(&planted(), &GATE, &[])).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["format"], &json["version"]), (&"pushbench-comparison".into(), &1.into()));
    let comparison = &json["comparisons"][0];
    let changes = comparison["pairs"][0]["changes"].as_array().unwrap();
    // And foreign messages, which records of before have as a count alone.
    assert_eq!(changes.len(), runs::valid().trials[0].figures.len() + 1);
    let judged = comparison["gate"]["judged"].as_array().unwrap();
    assert!(judged.iter().any(|judged| judged["judgement"] == "regression"));
    let estimated = judged.iter().find(|judged| judged["figure"] == "latency.mean").unwrap();
    assert!(estimated["interval"]["low"].as_f64() > Some(1.1), "{estimated}");
}

#[test]
fn faults_that_were_not_there_are_shown_in_every_format() {
    let faults = ["errors", "lost", "duplicates", "foreign"];
    let new = new(|run| {
        for trial in &mut run.trials {
            for fault in faults {
                trial.figures.insert(fault.to_owned(), 5.0);
            }
        }
    });
    let mut base = runs::valid();
    for trial in &mut base.trials {
        for fault in faults {
            trial.figures.insert(fault.to_owned(), 0.0);
        }
    }
    let comparison = compare(&base, &new, &BTreeSet::new());
    let conditions: Vec<Condition> =
        faults.iter().map(|fault| format!("*.{fault} > +0%").parse().unwrap()).collect();
    let gate = Gate::judge(&comparison, &conditions).unwrap();
    assert_eq!(gate.regressions().count(), 2 * faults.len());
    let compared = [Compared { comparison, gate: Some(gate) }];
    let text = render_text(&comparison_document(&compared), &TextOptions::default());
    let markdown = render_markdown(&comparison_document(&compared));
    let json = comparison_json(&compared).unwrap();
    for fault in faults {
        let regression = format!("REGRESSION short-poll.{fault}: up from 0, in every round");
        assert!(text.contains(&regression), "{text}");
        assert!(markdown.contains(&format!("short-poll.{fault}: up from 0")), "{markdown}");
        let in_table = |line: &str| line.contains(fault) && line.contains("every round");
        assert!(text.lines().any(|line| in_table(line) && line.ends_with("more")), "{text}");
        assert!(markdown.lines().any(|line| line.starts_with('|') && in_table(line)));
        assert!(json.contains(&format!("\"figure\": \"{fault}\"")));
    }
}

#[test]
fn benchers_format_has_a_metric_for_each_figure_of_each_transport() {
    let run = runs::valid();
    let json: serde_json::Value = serde_json::from_str(&bmf(&[&run]).unwrap()).unwrap();
    let benchmarks = json.as_object().unwrap();
    let names: Vec<_> = benchmarks.keys().collect();
    assert_eq!(names, ["ticker/short-poll", "ticker/websocket"]);
    for measures in benchmarks.values() {
        let measures = measures.as_object().unwrap();
        assert!(measures.len() > 5);
        for (slug, metric) in measures {
            let is_slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(slug.len() <= 64 && slug.chars().all(is_slug), "{slug}");
            let [value, low, high] =
                ["value", "lower_value", "upper_value"].map(|end| metric[end].as_f64().unwrap());
            assert!(low <= value && value <= high, "{slug}");
        }
    }
    let single = bmf(&[&runs::single_round()]).unwrap();
    assert!(!single.contains("lower_value"), "one round has no range");
}

#[test]
fn githubs_format_has_only_figures_of_which_less_is_better() {
    let json = github(&[&runs::valid()]).unwrap();
    let entries: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert!(entries.len() > 10);
    for entry in &entries {
        assert!(entry["name"].is_string() && entry["unit"].is_string(), "{entry}");
        assert!(entry["value"].is_f64(), "{entry}");
        assert!(entry["range"].is_string() && entry["extra"].is_string(), "{entry}");
    }
    let wire =
        entries.iter().find(|entry| entry["name"] == "ticker/websocket wire_bytes_per_delivery");
    assert_eq!(wire.unwrap()["unit"], "B");
}
