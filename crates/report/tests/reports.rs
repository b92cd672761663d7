//! Reports of runs made by hand.

mod runs;

use std::path::Path;

use pushbench_report::{Percentile, TextOptions, Times, csv, markdown, text};
use pushbench_store::{RunV2, ShardV2, TlsV1};

const RECORD: &str = "results/ticker/20261122T143000Z-7k3mqa/run.json";

fn options() -> TextOptions {
    TextOptions { record: Some(RECORD.to_owned()), ..TextOptions::default() }
}

#[test]
fn the_text_of_each_run_is_as_reviewed() {
    for (name, run) in runs::every() {
        insta::assert_snapshot!(format!("text_{name}"), text(&run, &options()));
    }
}

#[test]
fn the_markdown_of_each_run_is_as_reviewed() {
    let runs = [
        ("kaazing", runs::kaazing()),
        ("invalid", runs::invalid()),
        ("large_sweep", runs::large_sweep()),
    ];
    for (name, run) in runs {
        insta::assert_snapshot!(format!("markdown_{name}"), markdown(&run, Some(RECORD)));
    }
}

#[test]
fn no_line_is_longer_than_the_terminal_is_wide() {
    for (name, run) in runs::every() {
        for width in [72, 80, 100, 160] {
            for line in text(&run, &TextOptions { width, ..options() }).lines() {
                assert!(line.chars().count() <= width, "{name}, {width}: {line}");
            }
        }
    }
}

#[test]
fn a_run_of_tokens_says_what_a_token_takes_and_another_says_nothing_of_it() {
    let mut run = runs::valid();
    let content = "workload.payload.content".to_owned();
    assert!(!text(&run, &options()).contains("Tokens"));
    run.scenario.settings.insert(content.clone(), "tokens-anthropic".to_owned());
    let shown = text(&run, &options());
    let per_token = "= bytes per token";
    assert!(shown.contains("A token takes from ") && shown.contains(per_token), "{shown}");
    // One value over cells would say nothing.
    let mut swept = runs::large_sweep();
    swept.scenario.settings.insert(content, "tokens".to_owned());
    assert!(!text(&swept, &options()).contains(per_token));
}

#[test]
fn a_run_with_tls_shows_what_it_was_made_with_and_what_it_cost_and_another_says_nothing_of_it() {
    let rows = ["connecting, tls", "TLS handshake, p50", "resumed handshakes", "TLS: version 1.3"];
    let mut run = runs::valid();
    let clear = text(&run, &options());
    for trial in &mut run.trials {
        trial.tls = Some(TlsV1 {
            version: "1.3".to_owned(),
            library: "rustls".to_owned(),
            cipher_suite: Some("TLS13_AES_128_GCM_SHA256".to_owned()),
            record_bytes: 16_384,
            tickets: Some(2),
            trust: None,
            full_handshakes: 0,
            resumed_handshakes: 1_000,
            preliminary_handshakes: 1_000,
            server_handshakes: None,
            preliminary_bytes_up: Some(394_000),
            preliminary_bytes_down: Some(1_276_000),
        });
        trial.figures.insert("connect_tls_bytes_per_connection".to_owned(), 1_380.0);
        trial.figures.insert("connect_tls.p50".to_owned(), 0.002);
        trial.figures.insert("resumed_handshakes".to_owned(), 1.0);
    }
    let secure = text(&run, &options());
    for row in rows {
        assert!(!clear.contains(row), "{row}\n{clear}");
        assert!(secure.contains(row), "{row}\n{secure}");
    }
    assert!(secure.contains("1,380 B"), "{secure}");
    let made_with =
        "TLS: version 1.3, TLS13_AES_128_GCM_SHA256, records of up to 16,384 B, 2 tickets";
    assert!(secure.contains(made_with), "{secure}");
}

#[test]
fn three_transports_stand_side_by_side_in_one_table() {
    let mut run = runs::four_transports();
    let dropped = run.transports.remove(2).label;
    run.trials.retain(|trial| trial.transport != dropped);
    let text = text(&run, &options());
    let titles: Vec<_> = text.lines().filter(|line| line.contains("measured  ")).collect();
    assert_eq!(titles.len(), 1, "{text}");
}

#[test]
fn colour_adds_codes_and_no_words() {
    for (name, run) in runs::every() {
        let coloured = text(&run, &TextOptions { colour: true, ..options() });
        assert!(coloured.contains("\x1b[1m"), "{name}");
        assert_eq!(stripped(&coloured), text(&run, &options()), "{name}");
    }
}

fn stripped(coloured: &str) -> String {
    let mut pieces = coloured.split("\x1b[");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push_str(piece.split_once('m').expect("a code ends with m").1);
    }
    text
}

#[test]
fn markdown_tables_have_the_same_columns_in_every_row() {
    for (name, run) in runs::every() {
        let mut columns = None;
        for line in markdown(&run, None).lines() {
            if !line.starts_with('|') {
                columns = None;
                continue;
            }
            let found = line.matches('|').count() - line.matches("\\|").count();
            assert_eq!(*columns.get_or_insert(found), found, "{name}: {line}");
        }
    }
}

#[test]
fn a_sweep_holds_each_transport_against_a_poll_in_the_same_tls_and_push_comes_first() {
    let mut run = runs::sweep();
    for (label, like) in [("poll-tls", 0), ("websocket-tls", 1)] {
        let mut transport = run.transports[like].clone();
        let old = std::mem::replace(&mut transport.label, label.to_owned());
        transport.options.insert("tls".to_owned(), "full".to_owned());
        run.transports.push(transport);
        let alike: Vec<_> =
            run.trials.iter().filter(|trial| trial.transport == old).cloned().collect();
        run.trials.extend(alike.into_iter().map(|mut trial| {
            trial.transport = label.to_owned();
            *trial.figures.get_mut("wire_bytes_per_delivery").expect("a byte figure") += 44.0;
            trial
        }));
    }
    let text = text(&run, &TextOptions { width: 400, ..options() });
    let pairs = ["short-poll : websocket", "poll-tls : websocket-tls", "short-poll : poll-tls"];
    let places: Vec<_> = pairs.iter().map(|pair| text.find(pair)).collect();
    assert!(places.iter().all(Option::is_some), "{text}");
    assert!(places.is_sorted(), "{text}");
}

/// A comma within quotes parts nothing.
fn columns_of(line: &str) -> usize {
    line.split('"').step_by(2).map(|outside| outside.matches(',').count()).sum::<usize>() + 1
}

#[test]
fn csv_has_a_row_for_each_trial_and_the_same_columns_in_all() {
    for (name, run) in runs::every() {
        let csv = csv(&run);
        let columns: Vec<_> = csv.lines().map(columns_of).collect();
        assert_eq!(columns.len(), run.trials.len() + 1, "{name}");
        assert!(columns.iter().all(|&count| count == columns[0]), "{name}: {columns:?}");
    }
    let csv = csv(&runs::valid());
    let (heading, row) = (csv.lines().next().unwrap(), csv.lines().nth(2).unwrap());
    let cell = |column: &str| {
        let place = heading.split(',').position(|found| found == column).unwrap();
        row.split(',').nth(place).unwrap()
    };
    assert_eq!((cell("transport"), cell("round"), cell("verdict")), ("websocket", "1", "ok"));
    assert_eq!(cell("framing_bytes_down_per_delivery"), "2");
    assert_eq!(cell("model_wire_bytes_per_delivery"), "127");
    assert_eq!(cell("requests_per_second"), "", "absent is empty, not 0");
}

#[test]
fn csv_has_a_number_for_each_swept_setting() {
    let csv = csv(&runs::sweep());
    let last: Vec<_> = csv.lines().map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!(last[0], "swept_payload_bytes");
    assert_eq!(last.iter().filter(|value| **value == "20").count(), 6);
    assert_eq!(last.iter().filter(|value| **value == "200").count(), 6);
}

#[test]
fn of_a_run_without_messages_nothing_is_shown_that_it_cannot_have() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results/reference/mobile-idle");
    let run = pushbench_store::read(&folder).expect("a record");
    let text = text(&run, &options());
    for there in ["per idle hour", "wire, idle, per hour", "memory per connection", "13.4 kB"] {
        assert!(text.contains(there), "no `{there}`: {text}");
    }
    for absent in ["latency p50", "per delivered message", "bytes per delivery"] {
        assert!(!text.contains(absent), "{absent}: {text}");
    }
}

#[test]
fn trials_that_were_played_again_are_named_and_do_not_make_the_rest_invalid() {
    let text = text(&runs::disturbed(), &options());
    assert!(text.contains("Yes: "), "{text}");
    assert!(text.contains("2 trials were retried; the first attempts are not counted:"), "{text}");
    for line in ["short-poll, round 1, 2026-11-22T14:31:00.100Z: publishes", "websocket, round 2"] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn an_invalid_run_says_so_before_any_number() {
    let text = text(&runs::invalid(), &options());
    let warned = text.find("must not be believed").expect("it warns");
    assert!(warned < text.find("fewer bytes").expect("it answers"));
}

#[test]
fn the_published_sample_stands_beside_this_run_in_the_old_unit_and_in_si() {
    let text = text(&runs::kaazing(), &options());
    for row in [
        "headers, characters 871 871 2 2 435.5 : 1 435.5 : 1",
        "headers, bytes 909 909 2 2 454.5 : 1 454.5 : 1",
        "with the payload 930 930 23 23 40.4 : 1 40.4 : 1",
        "1,000 clients 6.6 6.645 6.968 0.015 0.01526 0.01600 measured",
        "10,000 clients 66 66.45 69.68 0.153 0.1526 0.1600 modelled",
        "100,000 clients 665 664.5 696.8 1.526 1.526 1.600 modelled",
    ] {
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.lines().any(|line| words(line) == row), "{row}");
    }
    let other = pushbench_report::text(&runs::valid(), &options());
    assert!(!other.contains("published sample"));
}

/// One transport whose server has messages of its own.
fn by_itself() -> pushbench_store::RunV2 {
    let mut run = runs::single_round();
    run.transports.truncate(1);
    run.trials.truncate(1);
    let counts = &mut run.trials[0].counts;
    (counts.publishes_by_itself, counts.published, counts.expected) = (true, 0, 0);
    run
}

#[test]
fn how_long_messages_are_that_a_server_publishes_by_itself_is_said_as_they_came() {
    let mut run = by_itself();
    let of_run = |run: &pushbench_store::RunV2| {
        text(run, &options()).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let deliveries = run.trials[0].counts.deliveries_in_measure;
    for (bytes, said) in [(50 * deliveries, "50 B"), (deliveries * 21 / 2, "10.5 B")] {
        run.trials[0].counts.uncompressed_payload_bytes_in_measure = Some(bytes);
        let expected = format!("are the server's own, with {said} of payload on average: nothing");
        assert!(of_run(&run).contains(&expected), "{}", of_run(&run));
    }
    run.trials[0].counts.deliveries_in_measure = 0;
    assert!(of_run(&run).contains("are the server's own: nothing"), "{}", of_run(&run));
}

#[test]
fn what_stands_around_a_message_is_n_a_where_a_server_compressed_and_nothing_where_it_did_not() {
    let row = |run: &pushbench_store::RunV2| {
        let all = markdown(run, None);
        let row = all.lines().find(|line| line.starts_with("| wrapping |")).map(str::to_owned);
        row.expect("third-party servers have it")
    };
    // Measured, farthest round and model of each.
    let known = "| wrapping | 0 |  | n/a | 0 |  | n/a | 0 |  | n/a | 13 |  | n/a |";
    let unknown = "| wrapping | 0 |  | n/a | 0 |  | n/a | n/a |  | n/a | 13 |  | n/a |";
    let mut run = runs::third_party();
    assert_eq!(row(&run), known);
    for trial in run.trials.iter_mut().filter(|trial| trial.transport == "nchan") {
        trial.counts.coded_messages = Some(trial.counts.deliveries_in_measure);
    }
    assert_eq!(row(&run), unknown);
}

#[test]
fn of_a_server_that_publishes_by_itself_nothing_is_said_to_be_published_or_due() {
    let mut run = by_itself();
    for said in [text(&run, &options()), markdown(&run, None)] {
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("The messages are the server's own: nothing was"), "{said}");
        assert!(said.contains("after it says that it was sent"), "{said}");
        assert!(!said.contains("a message every") && !said.contains("of payload;"), "{said}");
        assert!(!said.contains("after it was due"), "{said}");
    }
    let both = runs::single_round();
    run.transports.clone_from(&both.transports);
    run.trials.extend(both.trials.into_iter().skip(1));
    let said = markdown(&run, None);
    assert!(said.contains("a message every 1s of 21 B of payload"), "{said}");
    assert!(said.contains("The messages of short-poll are the server's own."), "{said}");
}

#[test]
fn where_nothing_was_delivered_no_message_is_said_to_have_moved() {
    let mut run = by_itself();
    let trial = &mut run.trials[0];
    trial
        .figures
        .retain(|name, _| !name.ends_with("_per_delivery") && !name.starts_with("latency"));
    for (count, sentence) in [
        (0, "short-poll delivered no message, so there is no answer."),
        (7, "How many bytes short-poll moved for each message is unknown."),
    ] {
        run.trials[0].counts.deliveries_in_measure = count;
        let said = markdown(&run, None);
        assert!(said.contains(sentence), "{said}");
        assert!(!said.contains("moved each message"), "{said}");
    }
}

/// The report of a run of so many clients, some of whose trials had fewer, on one line.
fn of_fewer(fewer: impl Fn(&mut RunV2)) -> String {
    let mut run = runs::valid();
    let asked = (run.trials[0].clients * 2).to_string();
    run.scenario.settings.insert("workload.clients".to_owned(), asked);
    run.scenario.settings.insert("workload.measure".to_owned(), "10s".to_owned());
    run.trials.iter_mut().for_each(|trial| trial.clients *= 2);
    fewer(&mut run);
    text(&run, &options()).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn only_a_percentile_of_the_catalogue_has_a_model() {
    let mut run = runs::valid();
    for trial in &mut run.trials {
        trial.model.figures.insert("latency.p99".to_owned(), 777.0);
        trial.model.figures.insert("latency.p999".to_owned(), 888.0);
    }
    let percentiles =
        ["9.9", "9.99", "99", "99.9"].map(|text| Percentile::read(text).expect("one"));
    let times = Times { percentiles: Some(percentiles.to_vec()), ..Times::default() };
    let report =
        pushbench_report::render_markdown(&pushbench_report::document_with(&run, None, &times));
    for (label, model) in
        [("p9.9", None), ("p9.99", None), ("p99", Some("777 s")), ("p99.9", Some("888 s"))]
    {
        let row = report.lines().find(|line| line.contains(&format!("| latency {label} |")));
        let row = row.unwrap_or_else(|| panic!("{label}: {report}"));
        let found = ["777 s", "888 s"].into_iter().find(|value| row.contains(value));
        assert_eq!(found, model, "{row}");
    }
}

#[test]
fn a_shard_says_that_it_is_a_part_and_what_to_do_with_it() {
    let report = of_fewer(|run| {
        for trial in &mut run.trials {
            trial.clients /= 2;
            trial.counts.published = 0;
            trial.figures.insert("idle_wire_bytes_per_client_hour".to_owned(), 7.0);
            trial.shard = Some(ShardV2 { number: 2, of: 2, ..ShardV2::default() });
        }
    });
    assert!(report.contains("This is shard 2/2, a part of a run"), "{report}");
    assert!(report.contains("1,000 of 2,000 clients, and the messages are counted by shard 1"));
    assert!(report.contains("`pushbench merge FILE...`"), "{report}");
    assert!(!report.contains("Nothing was published"), "{report}");
}

#[test]
fn clients_and_time_that_were_asked_and_not_played_are_said_at_once() {
    let cut = |trial: &mut pushbench_store::TrialV2| {
        trial.clients /= 2;
        trial.is_complete = Some(false);
        trial.phase_seconds.insert(pushbench_protocol::Phase::Measure, 2.0);
    };
    let all = of_fewer(|_| {});
    assert!(all.contains(": 2,000 clients, 10 s measured, 2 transports"), "{all}");
    let each = of_fewer(|run| run.trials.iter_mut().for_each(cut));
    assert!(each.contains(": 1,000 of 2,000 clients, 2 s of 10s measured"), "{each}");
    let one = of_fewer(|run| cut(&mut run.trials[1]));
    let expected =
        ": 2,000 clients (only 1,000 in 1 of 6 trials), 10 s measured (only 2 s in 1 of 6 trials)";
    assert!(one.contains(expected), "{one}");
}

#[test]
fn a_floor_is_shown_for_each_value_of_a_search() {
    let mut run = runs::searched();
    let floor = runs::floored().floor.into_iter().find(|floor| floor.transport == "websocket");
    let floor = floor.expect("it has one");
    for trial in &mut run.trials {
        let cell = trial.cell.clone();
        run.floor.push(pushbench_store::FloorV2 { cell, round: trial.round, ..floor.clone() });
        trial.figures.insert("server_cpu_over_floor".to_owned(), 1.25);
    }
    let report = text(&run, &options());
    assert!(report.contains("Near the floor"), "{report}");
    for clients in ["1000", "1500", "2000"] {
        // The label is wrapped.
        let row = format!("  clients {clients}, per");
        assert!(report.contains(&row), "{row}\n{report}");
    }
}

#[test]
fn a_search_names_its_steps_and_which_of_them_were_invalid() {
    let mut run = runs::searched();
    run.finds[0].contradictions = vec![1_000, 2_000];
    run.finds[0].steps[0].held = false;
    run.finds[0].steps[1].held = true;
    let report = text(&run, &options()).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(report.contains("1 transport, 5 steps. Varied"), "{report}");
    assert!(!report.contains(" rounds"), "{report}");
    for said in [
        "with 1,000 clients it held once and did not hold once",
        "it held with 2,000 clients, though not with 1,500 clients",
    ] {
        assert!(report.contains(said), "{said}: {report}");
    }
    let report = text(&runs::searched(), &options());
    let step = report.lines().find(|line| line.contains("2,000 clients ")).expect("a step");
    assert!(report.contains("310 ms  invalid") && !step.is_empty(), "{report}");
}
