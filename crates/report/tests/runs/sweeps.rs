//! Runs that vary settings.

use pushbench_store::{CellV1, RunV2, Verdict};

use super::trials::check;
use super::{single_round, valid};

/// Two payload sizes, two rounds each.
pub(crate) fn sweep() -> RunV2 {
    let mut run = valid();
    let cell =
        |bytes: &str| CellV1::from([("workload.payload.bytes".to_owned(), bytes.to_owned())]);
    run.scenario.cells = vec![cell("20"), cell("200")];
    let mut large = run.trials.clone();
    for trial in &mut run.trials {
        trial.cell = cell("20");
    }
    for trial in &mut large {
        trial.cell = cell("200");
        for name in ["wire_bytes_per_delivery", "payload_bytes_per_delivery"] {
            *trial.figures.get_mut(name).expect("a byte figure") += 180.0;
        }
    }
    run.trials.append(&mut large);
    for expectation in &mut run.expectations {
        expectation.cell = cell("20");
    }
    run
}

/// Three settings varied, one of them whole sections: too many combinations to be told one by one.
pub(crate) fn large_sweep() -> RunV2 {
    let mut run = single_round();
    let trials = std::mem::take(&mut run.trials);
    let expectations = std::mem::take(&mut run.expectations);
    let sections = ["request minimal, response minimal", "request chrome, cookie_bytes 2048"];
    for (heavy, headers) in sections.iter().enumerate() {
        for (rare, every) in ["1s", "10s", "100s"].iter().enumerate() {
            for bytes in [20, 200, 2_000] {
                let cell = CellV1::from([
                    ("headers".to_owned(), (*headers).to_owned()),
                    ("workload.payload.bytes".to_owned(), bytes.to_string()),
                    ("workload.publish.every".to_owned(), (*every).to_owned()),
                ]);
                let polls = 10_f64.powi(i32::try_from(rare).expect("a small number"));
                let poll = (500.0 + 2_000.0 * heavy as f64 + f64::from(bytes)) * polls;
                let push = 106.0 + f64::from(bytes);
                for (mut trial, wire) in trials.clone().into_iter().zip([poll, push]) {
                    trial.cell = cell.clone();
                    for figures in [&mut trial.figures, &mut trial.model.figures] {
                        figures.insert("wire_bytes_per_delivery".to_owned(), wire);
                    }
                    if bytes < 2_000 {
                        let late = format!("publishes were sent {bytes} us late at p99");
                        trial.checks[2] = check("publish-lateness", Verdict::Warning, &late);
                    }
                    run.trials.push(trial);
                }
                for mut expectation in expectations.clone() {
                    expectation.held |= bytes < 2_000;
                    expectation.cell = cell.clone();
                    run.expectations.push(expectation);
                }
                run.scenario.cells.push(cell);
            }
        }
    }
    // One that the model sees differently.
    let off = run.trials.last_mut().expect("there are trials");
    off.figures.insert("wire_bytes_per_delivery".to_owned(), 2_000.0);
    run
}
