//! What a month costs.

use pushbench_protocol::TransportKind;
use serde::Serialize;

use crate::prices::book::{Charge, Measure, Offer, Package, PriceBook, Quantity};
use crate::prices::usage::{MONTH, Usage};

/// What a service says to a transport.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Billed {
    /// It has no offer for it.
    NotOffered,
    /// None of its packages is large enough.
    TooLarge,
    /// A month's bill.
    Month(Bill),
}

impl Billed {
    /// The bill, where there is one.
    pub fn month(&self) -> Option<&Bill> {
        match self {
            Self::Month(bill) => Some(bill),
            Self::NotOffered | Self::TooLarge => None,
        }
    }
}

/// The bill of a month, in the book's currency.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bill {
    /// Which offer of the service.
    pub offer: String,
    /// What is charged.
    pub items: Vec<Item>,
    /// Their sum.
    pub total: f64,
}

/// A line of a bill.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// What it is for.
    pub name: String,
    /// How much of it there is, what is free included.
    pub amount: f64,
    /// What it costs.
    pub price: f64,
}

/// The bill of a month for one transport.
pub fn bill(book: &PriceBook, kind: TransportKind, usage: &Usage) -> Billed {
    let Some(offer) = book.offer(kind) else { return Billed::NotOffered };
    let mut items: Vec<_> = offer.charges.iter().map(|charge| item(charge, usage)).collect();
    if !offer.packages.is_empty() {
        match package(offer, usage) {
            Some(package) => items.push(package),
            None => return Billed::TooLarge,
        }
    }
    let total = items.iter().map(|item| item.price).sum();
    Billed::Month(Bill { offer: offer.name.clone(), items, total })
}

fn item(charge: &Charge, usage: &Usage) -> Item {
    let counted = charge.of.iter().map(|&measure| usage.amount(measure, charge.unit_bytes));
    let counted = counted.fold(0.0, f64::max);
    let amount = charge.times * if charge.whole { counted.ceil() } else { counted };
    let free = charge.free
        * charge.free_for_each.map_or(1.0, |measure| usage.amount(measure, None).ceil());
    Item { name: charge.name.clone(), amount, price: tiered((amount - free).max(0.0), charge) }
}

/// The price of so much by the tiers of a charge.
fn tiered(amount: f64, charge: &Charge) -> f64 {
    let mut from = 0.0;
    let mut price = 0.0;
    for tier in &charge.tiers {
        let to = tier.up_to.unwrap_or(f64::INFINITY).min(amount);
        price += (to - from).max(0.0) / charge.per * tier.price;
        from = to.max(from);
    }
    price
}

/// The cheapest package that is large enough.
fn package(offer: &Offer, usage: &Usage) -> Option<Item> {
    const DAYS: f64 = MONTH / 86_400.0;
    let messages = Measure { of: Quantity::Messages, per: DAYS };
    let a_day = usage.amount(messages, None);
    let is_enough = |package: &&Package| {
        package.connections >= usage.clients && package.messages_a_day >= a_day
    };
    let fitting = offer.packages.iter().filter(is_enough);
    let cheapest = fitting.min_by(|a, b| a.price.total_cmp(&b.price))?;
    Some(Item { name: format!("package {}", cheapest.name), amount: a_day, price: cheapest.price })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices::SHIPPED;

    fn book(name: &str) -> PriceBook {
        let shipped = SHIPPED.iter().find(|shipped| shipped.name == name).expect("it ships");
        shipped.book()
    }

    /// 10,000 clients in one topic; messages of 20 bytes.
    fn usage(requests_per_second: f64, rate: f64) -> Usage {
        Usage {
            clients: 10_000.0,
            topics: 1.0,
            requests_per_second,
            deliveries_per_second: 10_000.0 * rate,
            published_per_second: rate,
            message_bytes: 20.0,
            bytes_out_per_second: 0.0,
        }
    }

    fn month(name: &str, kind: TransportKind, usage: &Usage) -> Bill {
        match bill(&book(name), kind, usage) {
            Billed::Month(bill) => bill,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[track_caller]
    fn check(name: &str, kind: TransportKind, usage: &Usage, total: f64) {
        let bill = month(name, kind, usage);
        assert!((bill.total - total).abs() < 0.005, "{bill:?} is not {total}");
    }

    #[test]
    fn polls_of_ten_thousand_clients_cost_what_was_computed_from_the_published_prices() {
        for (every, http, workers) in
            [(1.0, 23_358.0, 7_778.0), (5.0, 4_695.6, 1_557.2), (60.0, 418.8, 131.6)]
        {
            let usage = usage(10_000.0 / every, 0.0);
            check("aws-api-gateway", TransportKind::ShortPoll, &usage, http);
            check("cloudflare-workers", TransportKind::ShortPoll, &usage, workers);
        }
    }

    #[test]
    fn websockets_of_ten_thousand_clients_cost_their_minutes_and_their_messages() {
        for (rate, messages) in [(1.0 / 300.0, 86.4), (0.1, 2_273.6)] {
            let bill = month("aws-api-gateway", TransportKind::WebSocket, &usage(0.0, rate));
            let price = |name: &str| {
                bill.items.iter().find(|item| item.name == name).map(|item| item.price)
            };
            let close = |found: Option<f64>, expected: f64| {
                assert!(found.is_some_and(|found| (found - expected).abs() < 0.005), "{bill:?}");
            };
            close(price("connection minutes"), 108.0);
            close(price("messages delivered"), messages);
        }
    }

    #[test]
    fn a_message_counts_once_for_each_unit_that_it_begins() {
        let of = |bytes| Usage { message_bytes: bytes, ..usage(0.0, 1.0) };
        let amount = |bytes| {
            let bill = month("aws-api-gateway", TransportKind::WebSocket, &of(bytes));
            bill.items[1].amount / (10_000.0 * MONTH)
        };
        assert_eq!([1.0, 32_768.0, 32_769.0, 65_537.0].map(amount), [1.0, 1.0, 2.0, 3.0]);
    }

    #[test]
    fn what_is_free_is_free_once_or_for_each_thousand_connections() {
        check("cloudflare-workers", TransportKind::ShortPoll, &usage(1.0, 0.0), 5.0);
        // Ten units of 1.61 a day; 300 million messages a month are free with them.
        let free = usage(0.0, 300e6 / (10_000.0 * MONTH));
        check("azure-web-pubsub", TransportKind::WebSocket, &free, 483.0);
        let twice = usage(0.0, 600e6 / (10_000.0 * MONTH));
        check("azure-web-pubsub", TransportKind::WebSocket, &twice, 783.0);
    }

    #[test]
    fn the_cheapest_package_that_is_large_enough_is_taken() {
        let calm = Usage { clients: 100.0, ..usage(0.0, 0.0) };
        check("pusher", TransportKind::WebSocket, &calm, 0.0);
        check("pusher", TransportKind::WebSocket, &usage(0.0, 0.0), 1_199.0);
        let busy = bill(&book("pusher"), TransportKind::WebSocket, &usage(0.0, 1.0));
        assert_eq!(busy, Billed::TooLarge);
        let polls = bill(&book("pusher"), TransportKind::ShortPoll, &usage(0.0, 0.0));
        assert_eq!(polls, Billed::NotOffered);
    }

    #[test]
    fn the_largest_of_several_measures_is_charged() {
        let lcu = |usage: &Usage| {
            month("aws-load-balancer", TransportKind::ShortPoll, usage).items[1].amount / 720.0
        };
        assert_eq!(lcu(&usage(10_000.0, 0.0)), 10.0);
        assert_eq!(lcu(&usage(0.0, 0.0)), 10_000.0 / 3_000.0);
        let out = Usage { bytes_out_per_second: 20e9 / 3_600.0, ..usage(0.0, 0.0) };
        assert!((lcu(&out) - 20.0).abs() < 1e-9);
    }
}
