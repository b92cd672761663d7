//! What each service would bill for the transports of a scenario.

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::civil::Date;
use pushbench_protocol::Arrival;
use pushbench_scenario::{Rate, Scenario, Transport};
use serde::Serialize;

use crate::Predict;
use crate::prices::bill::{Billed, bill};
use crate::prices::book::{PriceBook, Source};
use crate::prices::break_even::{BreakEven, break_even};
use crate::prices::usage::Usage;

/// The bills of one service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// What it is.
    pub about: String,
    /// The currency, by its code (ISO 4217).
    pub currency: String,
    /// What it bills that no count here tells.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Where its prices were read.
    pub sources: Vec<Read>,
    /// A bill for each transport.
    pub bills: Vec<TransportBill>,
    /// Where polls and pushes cost the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_even: Option<Equal>,
}

/// A page and the day on which a price was read there.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Read {
    /// The day.
    pub date: Date,
    /// The page.
    pub page: String,
}

/// What a service says to one transport.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TransportBill {
    /// The transport.
    pub transport: String,
    /// Its bill.
    pub billed: Billed,
}

/// Where two transports cost the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Equal {
    /// The one that polls.
    pub polls: String,
    /// The one that is pushed to.
    pub pushes: String,
    /// Whether the first is the dearer now.
    pub polls_are_dearer: bool,
    /// Where.
    pub at: BreakEven,
}

/// The counts of a transport of a scenario, from the model, at the pace that the scenario stands for;
/// `None` where there is no law.
pub fn usage(scenario: &Scenario, transport: &Transport, predict: Predict<'_>) -> Option<Usage> {
    let workload = &scenario.workload;
    let topics = f64::from(workload.topics.get());
    let published = workload.publish.rate.per_second() * topics;
    let payload = f64::from(workload.payload.bytes);
    let clients = f64::from(workload.clients.get());
    let figures = predict(scenario, transport);
    let figure = |name: &str| figures.get(name).copied();
    let usage = Usage::of(figure, [clients, topics], published, payload)?;
    Some(usage.slower(f64::from(workload.time_scale.get())))
}

/// What each book bills for the transports of a scenario.
pub fn services(books: &[PriceBook], scenario: &Scenario, predict: Predict<'_>) -> Vec<Service> {
    let usages: Vec<_> =
        scenario.transports.iter().map(|transport| usage(scenario, transport, predict)).collect();
    books.iter().map(|book| service(book, scenario, &usages, predict)).collect()
}

fn service(
    book: &PriceBook,
    scenario: &Scenario,
    usages: &[Option<Usage>],
    predict: Predict<'_>,
) -> Service {
    let of_all = scenario.transports.iter().zip(usages);
    let bills = of_all.filter_map(|(transport, usage)| {
        let billed = bill(book, transport.settings.kind(), usage.as_ref()?);
        Some(TransportBill { transport: transport.label.clone(), billed })
    });
    Service {
        break_even: equal(book, scenario, predict),
        bills: bills.collect(),
        ..Service::of(book)
    }
}

impl Service {
    /// Without a bill.
    pub fn of(book: &PriceBook) -> Self {
        let read = |source: &Source| Read { page: source.page.clone(), date: source.date };
        let mut sources: Vec<_> = book.sources().map(read).collect();
        sources.sort();
        sources.dedup();
        Self {
            name: book.name.clone(),
            about: book.about.clone(),
            currency: book.currency.clone(),
            left_out: book.offers.iter().filter_map(|offer| offer.left_out.clone()).collect(),
            sources,
            bills: Vec::new(),
            break_even: None,
        }
    }

    /// The day of its oldest price.
    pub fn oldest(&self) -> Option<Date> {
        self.sources.first().map(|read| read.date)
    }
}

/// Where the first transport that polls on a timer costs as much as the first that is pushed to, of those
/// that the service has an offer for.
fn equal(book: &PriceBook, scenario: &Scenario, predict: Predict<'_>) -> Option<Equal> {
    let first = |arrival| {
        scenario.transports.iter().find(|transport| {
            let kind = transport.settings.kind();
            kind.properties().arrival == arrival && book.offer(kind).is_some()
        })
    };
    let [polls, pushes] = [first(Arrival::Timer)?, first(Arrival::Pushed)?];
    let kinds = [polls, pushes].map(|transport| transport.settings.kind());
    let faster = f64::from(scenario.workload.time_scale.get());
    let usages = |every: f64| {
        let mut varied = scenario.clone();
        let per = Duration::from_secs_f64(every / faster);
        varied.workload.publish.rate = Rate { count: NonZeroU32::MIN, per };
        Some([usage(&varied, polls, predict)?, usage(&varied, pushes, predict)?])
    };
    let now = faster / scenario.workload.publish.rate.per_second();
    let [of_polls, of_pushes] = usages(now)?;
    let total = |kind, usage: &Usage| Some(bill(book, kind, usage).month()?.total);
    Some(Equal {
        polls: polls.label.clone(),
        pushes: pushes.label.clone(),
        polls_are_dearer: total(kinds[0], &of_polls)? > total(kinds[1], &of_pushes)?,
        at: break_even(book, kinds, now, &usages)?,
    })
}
