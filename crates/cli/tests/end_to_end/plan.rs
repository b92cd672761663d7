//! `pushbench plan`: the model at any size, and held against the reference runs.

mod priced;

use std::path::Path;

use pushbench_store::RunV2;
use serde_json::Value;

use crate::support::Bench;

/// A bench whose records are the repository's reference runs, and no others.
fn bench() -> Bench {
    let bench = Bench::new();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results/reference");
    std::fs::create_dir(bench.path().join("results")).expect("a folder");
    std::os::unix::fs::symlink(repository, bench.path().join("results/reference")).expect("a link");
    bench
}

/// What the plan says, as JSON.
fn plan(bench: &Bench, arguments: &[&str]) -> Value {
    let ended = bench.play(&[&["plan", "--format", "json"], arguments].concat());
    assert_eq!(ended.code, 0, "{ended}");
    let document: Value = serde_json::from_str(&ended.stdout).expect("one document");
    document["modelled"].clone()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("no list `{key}`"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// A figure of a transport.
fn figure(plan: &Value, transport: &str, name: &str) -> f64 {
    let mut transports = list(plan, "transports").iter();
    let found = transports.find(|found| found["label"] == transport).expect(transport);
    number(&found["modelled"][name])
}

fn cheapest(plan: &Value) -> String {
    let bytes = |t: &Value| number(&t["modelled"]["wire_bytes_per_client_second"]);
    let transports = list(plan, "transports").iter();
    let least = transports.min_by(|a, b| bytes(a).total_cmp(&bytes(b))).expect("one");
    least["label"].as_str().expect("a label").to_owned()
}

/// Bytes within 3 %, waiting within 5 %, in every trial of every reference run.
#[test]
fn the_reference_runs_are_as_planned() {
    let bench = bench();
    let plan = plan(&bench, &[]);
    let mut trials = 0;
    for accuracy in list(&plan, "accuracy") {
        let bound = match accuracy["figure"].as_str() {
            Some("wire_bytes_per_delivery" | "idle_wire_bytes_per_client_hour") => 0.03,
            _ => 0.05,
        };
        let worst = number(&accuracy["worst"]["share"]).abs();
        assert!(worst <= bound, "{accuracy}");
        assert!(number(&accuracy["median"]) <= worst.min(0.03));
        // A trial has news, or an idle hour.
        if accuracy["figure"].as_str().is_some_and(|figure| figure.contains("wire_bytes")) {
            trials += accuracy["trials"].as_u64().expect("a count");
        }
    }
    // Nothing is left out.
    assert!(plan.get("left_out").is_none(), "{plan}");
    let mut all = 0;
    for entry in std::fs::read_dir(bench.path().join("results/reference")).expect("the runs") {
        let run: RunV2 = pushbench_store::read(&entry.expect("a folder").path()).expect("a record");
        all += run.trials.len() as u64;
    }
    assert_eq!(trials, all);
}

/// The article's case C, in its own heads: 909 bytes, 100,000 clients, each second.
#[test]
fn a_hundred_thousand_pollers_of_2010_would_have_sent_727_megabits_of_headers() {
    let arguments = [
        "--clients",
        "100k",
        "--headers",
        "kaazing-2009",
        "--response-headers",
        "kaazing-2009",
        "--payload",
        "21",
    ];
    let plan = plan(&bench(), &arguments);
    assert_eq!(figure(&plan, "short-poll", "header_bits_per_second"), 727_200_000.0);
    assert_eq!(figure(&plan, "short-poll", "wire_bytes_per_delivery"), 1_086.0);
    assert_eq!(figure(&plan, "websocket", "wire_bytes_per_delivery"), 127.0);
    assert_eq!(list(&plan, "transports").len(), 2, "its heads can ask for no other");
}

#[test]
fn a_million_clients_cost_a_thousand_times_what_a_thousand_do_and_money_follows_bytes() {
    let bench = bench();
    let at = |clients| plan(&bench, &["--clients", clients, "--price-per-gb", "0.08"]);
    let (few, many) = (at("1k"), at("1M"));
    for (a, b) in list(&few, "transports").iter().zip(list(&many, "transports")) {
        let ratio = |of: &dyn Fn(&Value) -> f64| of(b) / of(a);
        for ratio in [
            ratio(&|t| number(&t["modelled"]["wire_bits_per_second"])),
            ratio(&|t| number(&t["money"]["month_down"])),
            ratio(&|t| number(&t["money"]["month_both"])),
        ] {
            assert!((ratio / 1_000.0 - 1.0).abs() < 1e-9, "{ratio}");
        }
        let gigabytes =
            number(&b["modelled"]["wire_bytes_per_client_second"]) * 1e6 * 2_592_000.0 / 1e9;
        assert!((number(&b["money"]["month_both"]) / (gigabytes * 0.08) - 1.0).abs() < 1e-9);
        assert_eq!(a["memory"], b["memory"], "measured once, for both");
        assert!(b["memory"]["from"].as_str().expect("where").contains("reference/"));
    }
}

/// The break-even that is solved for, planned on either side of it.
#[test]
fn the_answer_flips_where_it_is_said_to() {
    let bench = bench();
    let usual = ["--only", "short-poll,websocket", "--message-every", "10s"];
    let now = plan(&bench, &usual);
    assert_eq!(cheapest(&now), "websocket");
    let at = |variable: &str| {
        let mut flips = list(&now, "flips").iter();
        let flip = flips.find(|flip| flip["variable"] == variable).expect(variable);
        assert_eq!(
            (&flip["transport"], &flip["cheapest"]),
            (&"short-poll".into(), &"websocket".into())
        );
        flip["at"].as_f64()
    };
    let time = |seconds: f64| format!("{}us", (seconds * 1e6).round());
    let planned_at = |flag: &str, seconds: f64| {
        let value = time(seconds);
        // Of a flag that is given twice clap would complain.
        let rest = if flag == "--message-every" { &usual[..2] } else { &usual[..] };
        cheapest(&plan(&bench, &[rest, &[flag, &value]].concat()))
    };
    for (variable, flag, seldom) in [
        ("message-every", "--message-every", "websocket"),
        ("interval", "--interval", "short-poll"),
    ] {
        let at = at(variable).expect("it flips");
        let often = if seldom == "websocket" { "short-poll" } else { "websocket" };
        assert_eq!(planned_at(flag, at * 0.99), often, "{variable} {at}");
        assert_eq!(planned_at(flag, at * 1.01), seldom, "{variable} {at}");
    }
    // Polling so seldom has its own price.
    let mut flips = list(&now, "flips").iter();
    let interval = flips.find(|flip| flip["variable"] == "interval").expect("above");
    assert!(number(&interval["age_mean"]) > 40.0, "{interval}");
    assert_eq!(at("payload"), None, "a poller is sent the same message ten times as often");
}

#[test]
fn every_figure_says_that_it_is_modelled_and_lines_keep_within_80_columns() {
    let arguments = ["plan", "--clients", "1M", "--message-every", "10s", "--price-per-gb", "0.08"];
    let ended = bench().play(&arguments);
    assert_eq!(ended.code, 0, "{ended}");
    // In Markdown, where a row is a line: a terminal of 80 columns takes tables and labels apart.
    let markdown = bench().play(&[&arguments[..], &["--format", "md"]].concat()).stdout;
    let (_, table) = markdown.split_once("Modelled figures\n").expect("the table");
    let (table, _) = table.split_once("Where the answer flips").expect("what follows it");
    let has_values = |line: &&str| {
        line.split_once(" | ").is_some_and(|(_, values)| {
            values.contains("n/a") || values.contains(|c: char| c.is_ascii_digit())
        })
    };
    let rows: Vec<_> = table.lines().filter(has_values).collect();
    assert_eq!(rows.len(), 20, "{table}");
    for row in rows {
        assert!(row.contains("modelled"), "{row}");
    }
    assert!(ended.stdout.lines().all(|line| line.chars().count() <= 80), "{ended}");
    let unwrapped = ended.stdout.replace("\n    ", " ");
    for line in unwrapped.lines() {
        if line.starts_with("  - ") && line.contains(" instead of ") {
            assert!(line.contains("(modelled)"), "{line}");
        }
    }
    let (_, answer) = ended.stdout.split_once("\nAnswer\n").expect("one");
    let answer = answer.split("\n\n").next().expect("a paragraph");
    assert!(answer.contains("(modelled)"), "{answer}");
}

#[test]
fn without_records_the_plan_says_that_it_has_been_held_against_nothing() {
    let bench = Bench::new();
    let ended = bench.play(&["plan", "--format", "md"]);
    assert_eq!(ended.code, 0, "{ended}");
    assert!(ended.stdout.contains("No record of a run was found"), "{ended}");
    assert!(
        ended.stdout.contains("Memory of websocket: unknown: no record of a valid run"),
        "{ended}"
    );
}

/// A plan has no window: a message a minute is delivered each minute, by whatever transport.
#[test]
fn a_message_a_minute_has_its_price_by_every_transport() {
    for arrivals in ["regular", "poisson"] {
        let arguments = [
            "--clients",
            "100k",
            "--interval",
            "5s",
            "--message-every",
            "60s",
            "--price-per-gb",
            "0.09",
            "--arrivals",
            arrivals,
        ];
        let plan = plan(&bench(), &arguments);
        for transport in list(&plan, "transports") {
            let label = transport["label"].as_str().expect("a label");
            let deliveries = figure(&plan, label, "deliveries_per_second");
            assert!((deliveries / (100_000.0 / 60.0) - 1.0).abs() < 0.05, "{label}: {deliveries}");
            // 126 B at least, 100,000 clients, 43,200 minutes, at 0.09 for 10^9 bytes.
            let least = 126.0 * 100_000.0 * 43_200.0 * 0.09 / 1e9 * (1.0 - 1e-9);
            assert!(number(&transport["money"]["month_both"]) >= least, "{transport}");
        }
        let ended = bench().play(&[&["plan"], &arguments[..]].concat());
        assert!(!ended.stdout.contains("inf"), "{ended}");
    }
}

/// TLS holds more memory than clear text, and no record says what a ninth of a connection holds.
#[test]
fn memory_and_cpu_are_borrowed_from_the_same_settings_or_not_known() {
    let bench = bench();
    let memory = |arguments: &[&str]| {
        let plan = plan(&bench, &[&["--only", "websocket"], arguments].concat());
        list(&plan, "transports")[0]["memory"].clone()
    };
    let clear = memory(&[]);
    let tls = memory(&["--set", "transport.websocket.tls=full"]);
    let per_client = |memory: &Value| number(&memory["server_bytes_per_client"]);
    assert!(per_client(&tls) > per_client(&clear), "{tls} {clear}");
    for memory in [&clear, &tls] {
        assert!(memory["from"].as_str().expect("where").contains("reference/"), "{memory}");
        assert!(number(&memory["clients"]) >= 1_000.0, "{memory}");
        assert!(
            memory["version"].as_str().is_some_and(|version| version.contains('.')),
            "{memory}"
        );
    }
    let unknown = memory(&[
        "--set",
        "transport.websocket.http=\"2\"",
        "--set",
        "transport.websocket.clients_per_connection=9",
    ]);
    assert!(unknown.is_null(), "{unknown}");
    let arguments = [
        "plan",
        "--only",
        "websocket",
        "--set",
        "transport.websocket.http=\"2\"",
        "--set",
        "transport.websocket.clients_per_connection=9",
        "--clients",
        "4G",
        "--payload",
        "1M",
    ];
    let ended = bench.play(&arguments);
    assert_eq!(ended.code, 0, "{ended}");
    let said = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("network cards of 100 Gb/s; unknown: CPU and memory"), "{ended}");
}

/// However the folder of records is laid out, and though its newest run is invalid.
#[test]
fn records_are_found_in_any_layout_and_an_invalid_run_hides_no_older_one() {
    let bench = bench();
    let results = ["--results", "results/reference", "--only", "websocket"];
    let of_reference = plan(&bench, &results);
    assert!(!list(&of_reference, "accuracy").is_empty());
    let valid = list(&of_reference, "transports")[0]["memory"]["from"].clone();
    assert!(valid.is_string(), "{of_reference}");

    let reference = bench.path().join("results/reference/kaazing-a");
    let mut run: RunV2 = pushbench_store::read(&reference).expect("a record");
    run.started_at = "2027-01-01T00:00:00Z".to_owned();
    run.trials[0].checks[0].verdict = pushbench_store::Verdict::Invalid;
    let newest = bench.path().join("results/kaazing-a/20270101T000000Z-newest");
    pushbench_store::write_record(&run, &newest).expect("a record");
    let with_invalid = plan(&bench, &["--only", "websocket"]);
    assert_eq!(list(&with_invalid, "transports")[0]["memory"]["from"], valid);
    let accuracy = |plan: &Value| list(plan, "accuracy").to_vec();
    assert_eq!(accuracy(&with_invalid), accuracy(&of_reference));
}

#[test]
fn a_scenario_of_ones_own_is_planned_at_another_size_and_nonsense_is_refused() {
    let bench = Bench::new();
    let of_file = plan(&bench, &["--scenario", "small.toml", "--clients", "2.5M"]);
    assert_eq!(of_file["clients"], 2_500_000);
    assert!(list(&of_file, "transports").len() >= 2);
    for (arguments, code, said) in [
        (&["--clients", "1.5"][..], 2, "as in 1_000, 10k or 2.5M"),
        (&["--price-per-gb=-1"], 2, "expected a price"),
        (&["--message-every", "1ns"], 2, "from 1us to 24h"),
        (&["--interval", "25h"], 2, "from 1us to 24h"),
        (&["--clients", "10", "--topics", "20"], 104, "a topic without a client"),
        (&["--payload", "5"], 104, "payload"),
        (&["--headers", "banana"], 104, "banana"),
        (&["--set", "workload.banana=1"], 104, "banana"),
        (&["--scenario", "nowhere.toml"], 1, "nowhere.toml"),
    ] {
        let ended = bench.play(&[&["plan"], arguments].concat());
        assert_eq!(ended.code, code, "{ended}");
        assert!(ended.stderr.contains(said), "{said}: {ended}");
    }
}

/// Of the published values 3.8 % an hour for a ping every 25 s, 3.2 % for a poll every 30 s, whatever
/// their bytes.
#[test]
fn the_battery_hangs_on_the_time_between_transfers_and_not_on_the_transport() {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/battery.toml");
    let scenario = scenario.to_str().expect("plain");
    let plan = plan(&Bench::new(), &["--scenario", scenario, "--radio", "lte"]);
    let share = |label: &str| {
        let mut batteries = list(&plan["phone"], "batteries").iter();
        let found = batteries.find(|one| one["transport"] == label).expect(label);
        100.0 * number(&found["battery_per_hour"])
    };
    for (label, published) in [
        ("ping-10s", 9.2),
        ("ping-25s", 3.8),
        ("ping-60s", 1.6),
        ("ping-5m", 0.32),
        ("poll-10s", 9.2),
        ("poll-30s", 3.2),
    ] {
        assert!((share(label) - published).abs() < 0.05, "{label}: {}", share(label));
    }
}
