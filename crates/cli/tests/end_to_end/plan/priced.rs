//! What a month costs at services that bill by counts.

use std::path::Path;

use serde_json::Value;

use super::{bench, list, number, plan};
use crate::support::Bench;

#[test]
fn a_month_at_services_is_priced_to_the_cent_and_an_unknown_service_is_refused_by_name() {
    let bench = Bench::new();
    let clients = ["--clients", "10k", "--only", "short-poll,websocket", "--message-every", "300s"];
    let services = ["--prices", "aws-api-gateway,cloudflare-workers"];
    let plan = plan(&bench, &[&clients[..], &services].concat());
    let [gateway, workers] = list(&plan, "services") else { panic!("{}", plan["services"]) };
    let price = |service: &Value, transport: usize, name: &str| {
        let items = list(&service["bills"][transport]["billed"]["month"], "items").iter();
        let found = items.into_iter().find(|item| item["name"] == name).expect(name);
        format!("{:.2}", number(&found["price"]))
    };
    assert_eq!(price(gateway, 0, "requests"), "23358.00");
    assert_eq!(price(gateway, 1, "connection minutes"), "108.00");
    assert_eq!(price(gateway, 1, "messages delivered"), "86.40");
    assert_eq!(number(&workers["bills"][0]["billed"]["month"]["total"]), 7_778.0);
    assert_eq!(workers["bills"][1]["billed"], "not-offered");

    let text = bench.play(&[&["plan"], &clients[..], &["--prices", "all"]].concat());
    assert_eq!(text.code, 0, "{text}");
    assert!(text.stdout.contains("A month at services that bill by counts"), "{text}");
    assert!(text.stdout.lines().all(|line| line.chars().count() <= 80), "{text}");
    let refused = bench.play(&["plan", "--prices", "aws-api-gatewey"]);
    assert_eq!(refused.code, 1, "{refused}");
    let expected = "expected all, ably, aws-api-gateway, ";
    assert!(refused.stderr.replace("\n    ", " ").contains(expected), "{refused}");
    let own = bench.path().join("own.toml");
    std::fs::write(&own, "about = 'mine'\ncurrency = 'EUR'\n").expect("a file");
    let refused = bench.play(&["plan", "--prices", own.to_str().expect("plain")]);
    assert_eq!(refused.code, 104, "{refused}");
    assert!(refused.stderr.contains("own.toml:1:1: offer is missing"), "{refused}");
}

/// The clocks of `battery` run twenty times as fast as a phone's, those of `mobile-idle` ten times.
#[test]
fn a_month_is_at_the_pace_that_the_scenario_stands_for() {
    let bench = bench();
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/battery.toml");
    let scenario = scenario.to_str().expect("plain");
    let polls = ["--scenario", scenario, "--only", "poll-30s", "--clients", "100"];
    let prices = ["--prices", "aws-api-gateway", "--price-per-gb", "1"];
    let [phone, trial] = ["20", "1"].map(|scale| {
        let scale = format!("workload.time_scale={scale}");
        plan(&bench, &[&polls[..], &prices, &["--set", &scale]].concat())
    });
    let requests = |service: &Value, transport: usize| {
        let item = &service["bills"][transport]["billed"]["month"]["items"][0];
        assert_eq!(item["name"], "requests");
        number(&item["amount"])
    };
    let amount = requests(&phone["services"][0], 0);
    assert!((amount / (100.0 * 2_592_000.0 / 30.0) - 1.0).abs() < 0.001, "{amount}");
    let month = |plan: &Value| number(&plan["transports"][0]["money"]["month_both"]);
    assert!((month(&trial) / month(&phone) - 20.0).abs() < 1e-6, "{}", month(&phone));

    let report = ["report", "latest:mobile-idle", "--results", "results/reference"];
    let ended =
        bench.play(&[&report[..], &["--prices", "aws-api-gateway", "--format", "json"]].concat());
    assert_eq!(ended.code, 0, "{ended}");
    let priced: Value = serde_json::from_str(&ended.stdout).expect("one document");
    // 200 clients that poll once a minute.
    let amount = requests(&priced["modelled"][0], 0);
    assert!((amount / (200.0 * 43_200.0) - 1.0).abs() < 0.01, "{amount}");
}

/// The reference run of the quickstart: 500 clients that poll every second.
#[test]
fn what_a_run_has_counted_is_priced_by_the_same_books() {
    let bench = bench();
    let prices =
        ["--prices", "aws-api-gateway", "--results", "results/reference", "--format", "json"];
    let ended = bench.play(&[&["report", "latest:quickstart"], &prices[..]].concat());
    assert_eq!(ended.code, 0, "{ended}");
    let priced: Value = serde_json::from_str(&ended.stdout).expect("one document");
    let bills = list(&priced["modelled"][0], "bills");
    let requests = &bills[0]["billed"]["month"]["items"][0];
    assert_eq!(requests["name"], "requests");
    // 500 a second, 2,592,000 seconds; the first 300 million for a dollar a million, the rest for 90 cents.
    assert!((number(&requests["amount"]) / 1.296e9 - 1.0).abs() < 0.01, "{requests}");
    assert!((number(&requests["price"]) / 1_196.4 - 1.0).abs() < 0.01, "{requests}");
    let minutes = &bills[1]["billed"]["month"]["items"][0];
    assert_eq!(number(&minutes["price"]), 5.4, "{minutes}");

    for ignored in [["--out", "md=x.md"], ["--summary", "full"], ["--time-unit", "us"]] {
        let refused =
            bench.play(&[&["report", "latest:quickstart"], &prices[..], &ignored].concat());
        assert_eq!(refused.code, 2, "{refused}");
        assert!(refused.stderr.contains(ignored[0]), "{refused}");
    }
}
