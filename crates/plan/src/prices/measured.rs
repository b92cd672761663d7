//! What services would bill for what a run has counted.

use std::collections::BTreeMap;

use pushbench_protocol::Phase;
use pushbench_store::RunV2;

use crate::prices::bill::bill;
use crate::prices::book::PriceBook;
use crate::prices::service::{Service, TransportBill};
use crate::prices::usage::Usage;

/// The counts of each transport of a run at the rate of its measure phase, the mean of its rounds; of the
/// first of several swept settings. Those without them are left out.
pub fn measured(run: &RunV2) -> Vec<(&str, Usage)> {
    let cell = run.trials.first().map(|trial| &trial.cell);
    let of = |label: &str| {
        let trials: Vec<_> = run
            .trials
            .iter()
            .filter(|trial| trial.transport == label && Some(&trial.cell) == cell)
            .collect();
        let mut figures: BTreeMap<String, f64> = BTreeMap::new();
        for trial in &trials {
            for (name, figure) in &trial.figures {
                *figures.entry(name.clone()).or_default() += figure / trials.len() as f64;
            }
        }
        let first = trials.first()?;
        let setting = |name: &str| run.scenario.settings.get(name)?.parse::<f64>().ok();
        let topics = setting("workload.topics")?;
        let message_bytes = setting("workload.payload.bytes")?;
        let seconds = first.phase_seconds.get(&Phase::Measure)?;
        let published = first.counts.published as f64 / seconds;
        Usage::of(&figures, [first.clients as f64, topics], published, message_bytes)
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
