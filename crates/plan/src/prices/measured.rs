//! What services would bill for what a run has counted.

use pushbench_protocol::Phase;
use pushbench_store::{RunV2, rounds};
use pushbench_toml::parse_size;

use crate::prices::bill::bill;
use crate::prices::book::PriceBook;
use crate::prices::service::{Service, TransportBill};
use crate::prices::usage::Usage;

/// The counts of each transport of a run at the rate of its measure phase, over its rounds as the report
/// has them, at the pace that the scenario stands for; of the first of several swept settings. Those
/// without them are left out.
pub fn measured(run: &RunV2) -> Vec<(&str, Usage)> {
    let Some(cell) = run.trials.first().map(|trial| &trial.cell) else { return Vec::new() };
    let setting = |name: &str| {
        let written = cell.get(name).or_else(|| run.scenario.settings.get(name))?;
        Some(parse_size(written)? as f64)
    };
    let of = |label: &str| {
        let trials =
            || run.trials.iter().filter(|trial| trial.transport == label && trial.cell == *cell);
        let first = trials().next()?;
        let topics = setting("workload.topics")?;
        let message_bytes = setting("workload.payload.bytes")?;
        let seconds = first.phase_seconds.get(&Phase::Measure)?;
        let published = first.counts.published as f64 / seconds;
        let figure = |name: &str| Some(rounds::measured(name, trials())?.value);
        let usage = Usage::of(figure, [first.clients as f64, topics], published, message_bytes)?;
        Some(usage.slower(setting("workload.time_scale").unwrap_or(1.0)))
    };
    let labels = run.transports.iter().map(|transport| transport.label.as_str());
    labels.filter_map(|label| Some((label, of(label)?))).collect()
}

/// What each book bills for what a run has counted.
pub fn services_of(books: &[PriceBook], run: &RunV2) -> Vec<Service> {
    let usages = measured(run);
    let service = |book: &PriceBook| {
        let bills = usages.iter().filter_map(|(label, usage)| {
            let transport = run.transports.iter().find(|transport| transport.label == *label)?;
            let billed = bill(book, transport.kind, usage);
            Some(TransportBill { transport: (*label).to_owned(), billed })
        });
        Service { bills: bills.collect(), ..Service::of(book) }
    };
    books.iter().map(service).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn of_a_sweep_the_setting_is_that_of_the_trials_that_are_counted() {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results/reference/compression");
        let mut run = pushbench_store::read(&folder).expect("a record of the tree");
        let name = "workload.payload.bytes";
        assert_eq!(run.trials[0].cell.get(name).map(String::as_str), Some("200"));
        run.scenario.settings.insert(name.to_owned(), "2000".to_owned());
        let found = measured(&run);
        assert!(!found.is_empty());
        assert!(found.iter().all(|(_, usage)| usage.message_bytes == 200.0), "{found:?}");
    }
}
