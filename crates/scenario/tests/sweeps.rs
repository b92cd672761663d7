//! Sweeps become cells.

use std::path::Path;

use pushbench_scenario::{Scenario, Source, read};

const FILE: &str = r#"
question = "How does cost grow?"
[workload]
clients = 1
publish = { every = "1s" }
rounds = 3
[sweep]
clients = [10, 20, 30]
transport.short-poll.interval = ["500ms", "1s"]
[[transport]]
kind = "short-poll"
[[transport]]
kind = "websocket"
"#;

fn scenario() -> Scenario {
    read_text(FILE)
}

fn read_text(text: &str) -> Scenario {
    let none = |_: &Path| Err(std::io::Error::other("no file is named"));
    let source =
        Source { path: Path::new("sweep.toml"), text, overrides: &[], only: &[], read_file: &none };
    read(&source).expect("accepted")
}

#[test]
fn every_combination_is_a_cell_with_its_settings_applied() {
    let scenario = scenario();
    assert_eq!(scenario.cells.len(), 6);
    let clients: Vec<_> =
        scenario.cells.iter().map(|cell| cell.scenario.workload.clients.get()).collect();
    assert_eq!(clients, [10, 10, 20, 20, 30, 30]);
    let settings = &scenario.cells[3].settings;
    assert_eq!(settings["workload.clients"], "20");
    assert_eq!(settings["transport.short-poll.interval"], "1s");
}

#[test]
fn every_cell_and_transport_answers_once_a_round_in_an_order_that_differs_between_rounds() {
    let scenario = scenario();
    let trials = scenario.trials();
    assert_eq!(trials.len(), 6 * 2 * 3);
    let order = |round| {
        let plans = trials.iter().filter(move |plan| plan.round == round);
        plans.map(|plan| plan.cell.expect("swept")).collect::<Vec<_>>()
    };
    for round in 0..3 {
        let mut cells = order(round);
        cells.sort_unstable();
        assert_eq!(cells, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    }
    assert_ne!(order(0), order(1));
    assert_eq!(trials, self::scenario().trials());
}

#[test]
fn a_table_sets_what_it_names_and_leaves_the_rest_of_its_section() {
    let pairs = "workload = [{ measure = \"3s\" }, \
                 { publish = { rate = \"2/s\" }, measure = \"9s\" }]\n";
    let text = FILE.replace("clients = [10, 20, 30]\n", pairs);
    let scenario = read_text(&text);
    let cells: Vec<_> = scenario.cells.iter().step_by(2).collect();
    let of = |n: usize| &cells[n].scenario.workload;
    assert_eq!([of(0), of(1)].map(|workload| workload.measure.as_secs()), [3, 9]);
    assert_eq!([of(0), of(1)].map(|workload| workload.publish.rate.count.get()), [1, 2]);
    assert_eq!([of(0), of(1)].map(|workload| workload.clients.get()), [1, 1]);
    assert_eq!(cells[1].settings["workload"], "publish rate 2/s, measure 9s");
}
