//! The figures of each transport.

use std::collections::BTreeMap;

use jiff::civil::Date;
use pushbench_protocol::figure::bytes_per;
use pushbench_protocol::{Direction, TransportKind};
use pushbench_scenario::Scenario;
use serde::Serialize;

use crate::Predict;
use crate::accuracy::{Accuracy, LeftOut};
use crate::borrowed::{Borrower, Cpu, Memory, Record};
use crate::flip::{Flip, flips};
use crate::prices::{MONTH, PriceBook, Service, services};
use crate::radio::{Battery, Radio, batteries};

/// What a scenario would cost. Every figure is modelled.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// Subscribers.
    pub clients: u32,
    /// Messages a second in the topic of each.
    pub messages_per_second: f64,
    /// How many times as fast the scenario's clocks run as those of what it stands for.
    #[serde(skip)]
    pub time_scale: f64,
    /// Settings of the scenario by dotted name.
    pub settings: BTreeMap<String, String>,
    /// The transports, in the scenario's order.
    pub transports: Vec<Planned>,
    /// Where another transport would be the cheapest.
    pub flips: Vec<Flip>,
    /// What each of the services that were asked for would bill.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Service>,
    /// What the radio of each client's phone would use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// How far the model was from what was measured, by kind of transport.
    pub accuracy: Vec<Accuracy>,
    /// What could not be compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

/// One transport.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Planned {
    /// Its name.
    pub label: String,
    /// Its kind.
    pub kind: TransportKind,
    /// Figures by name, all of them modelled; those without a law are absent.
    pub modelled: BTreeMap<String, f64>,
    /// Its options by name.
    pub options: BTreeMap<String, String>,
    /// What a connection with the same settings held in an earlier run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// What a request or a delivery took of the server's CPU there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Cpu>,
    /// What a month would cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
}

/// Price of a month's traffic on the wire, in the currency of the price.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Money {
    /// Of a gigabyte, 10^9 bytes.
    pub price_per_gb: f64,
    /// Server to client only, which is what most providers bill.
    pub month_down: f64,
    /// Both directions.
    pub month_both: f64,
}

/// What a plan has prices from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prices<'a> {
    /// The price of a gigabyte, 10^9 bytes, of traffic.
    pub per_gb: Option<f64>,
    /// Services.
    pub books: &'a [PriceBook],
    /// The radio of the clients' phones.
    pub radio: Option<&'a Radio>,
}

/// What clients that are phones pay.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Phone {
    /// Which radio they have.
    pub about: String,
    /// Where its numbers were read.
    pub source: String,
    /// The day on which they were.
    pub date: Date,
    /// The battery of each transport.
    pub batteries: Vec<Battery>,
}

impl Phone {
    fn of(radio: &Radio, batteries: Vec<Battery>) -> Self {
        Self {
            about: radio.about.clone(),
            source: radio.source.page.clone(),
            date: radio.source.date,
            batteries,
        }
    }
}

impl Plan {
    /// Plans a scenario; the records give memory and CPU time, and say how far the model was off.
    pub fn of(
        scenario: &Scenario,
        predict: Predict<'_>,
        Prices { per_gb, books, radio }: Prices<'_>,
        records: &[Record],
        (accuracy, left_out): (Vec<Accuracy>, Vec<LeftOut>),
    ) -> Self {
        let time_scale = f64::from(scenario.workload.time_scale.get());
        let transports = scenario.transports.iter().map(|transport| {
            let modelled = predict(scenario, transport);
            let kind = transport.settings.kind();
            let clients = scenario.workload.clients.get();
            let gigabytes = |direction| {
                let each = modelled.get(&bytes_per("wire", direction, "client_second"));
                each.map(|each| each * f64::from(clients) * MONTH / time_scale / 1e9)
            };
            let money = per_gb.and_then(|price| {
                Some(Money {
                    price_per_gb: price,
                    month_down: gigabytes(Some(Direction::Down))? * price,
                    month_both: gigabytes(None)? * price,
                })
            });
            let options = transport.options();
            let borrower = Borrower { kind, options: &options };
            Planned {
                label: transport.label.clone(),
                kind,
                memory: borrower.memory(records),
                cpu: borrower.cpu(records),
                options,
                money,
                modelled,
            }
        });
        Self {
            clients: scenario.workload.clients.get(),
            messages_per_second: scenario.workload.publish.rate.per_second(),
            time_scale,
            settings: scenario.settings(),
            transports: transports.collect(),
            flips: flips(scenario, predict),
            services: services(books, scenario, predict),
            phone: radio.map(|radio| Phone::of(radio, batteries(radio, scenario, predict))),
            accuracy,
            left_out,
        }
    }
}
