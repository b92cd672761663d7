//! What a month costs at services, in words and tables.

use jiff::civil::Date;
use pushbench_report::layout::{Block, ColumnGroup, Row, Section, Span, Table, Tone};
use pushbench_report::units::ABSENT;

use crate::document::figures::price;
use crate::document::flips::time;
use crate::prices::{Billed, BreakEven, Service};

/// Days after which a price is said to be old.
const OLD: i32 = 180;
/// The most services whose bills are shown line by line.
const IN_FULL: usize = 3;

/// What a month costs at services; `None` where none was asked for.
pub fn prices_section(services: &[Service], today: Date) -> Option<Section> {
    let first = services.first()?;
    let mut section = Section::new("A month at services that bill by counts");
    section.say(
        Tone::Plain,
        "Modelled: published prices times the counts of a month of 30 days, all clients there all the \
         time. Taxes, discounts, and what is behind the service are not in it.",
    );
    let columns: Vec<_> = first.bills.iter().map(|bill| bill.transport.clone()).collect();
    let in_full = services.len() <= IN_FULL;
    let mut rows = Vec::new();
    for service in services {
        if in_full {
            rows.push(Row::Heading(format!("{} ({})", service.name, service.currency)));
            rows.extend(items(service));
        }
        let label = match in_full {
            true => "in all".to_owned(),
            false => format!("{}, {}", service.name, service.currency),
        };
        let cells = service.bills.iter().map(|bill| total(&bill.billed)).collect();
        rows.push(Row::Values { label: Tone::Strong.span(label), cells });
    }
    let groups = columns
        .into_iter()
        .map(|label| ColumnGroup { title: String::new(), columns: vec![label] })
        .collect();
    let table = Table { label: "a month, modelled".to_owned(), groups, rows };
    section.blocks.push(Block::Table(table));
    section.list(services.iter().map(|service| notes(service, today)).collect());
    Some(section)
}

/// The lines of all bills of a service, by what they are for.
fn items(service: &Service) -> Vec<Row> {
    let mut names: Vec<&str> = Vec::new();
    for bill in &service.bills {
        for item in bill.billed.month().iter().flat_map(|month| &month.items) {
            if !names.contains(&item.name.as_str()) {
                names.push(&item.name);
            }
        }
    }
    let cell = |billed: &Billed, name: &str| {
        let item =
            billed.month().and_then(|month| month.items.iter().find(|item| item.name == name));
        item.map_or(Tone::Faint.span(ABSENT), |item| Tone::Plain.span(price(item.price)))
    };
    let row = |name: &str| {
        let cells = service.bills.iter().map(|bill| cell(&bill.billed, name)).collect();
        Row::Values { label: Tone::Plain.span(name), cells }
    };
    names.into_iter().map(row).collect()
}

fn total(billed: &Billed) -> Span {
    match billed {
        Billed::Month(bill) => Tone::Plain.span(price(bill.total)),
        Billed::TooLarge => Tone::Faint.span("too large"),
        Billed::NotOffered => Tone::Faint.span(ABSENT),
    }
}

/// What is to be known of the prices of a service.
fn notes(service: &Service, today: Date) -> Vec<Span> {
    let mut text = format!(": {}", service.about);
    if let Some(equal) = &service.break_even {
        let [dearer, cheaper] = match equal.polls_are_dearer {
            true => [&equal.polls, &equal.pushes],
            false => [&equal.pushes, &equal.polls],
        };
        text.push_str(&match equal.at {
            BreakEven::At(every) => format!(
                ". {} and {} cost the same with a message every {}; now {dearer} costs more",
                equal.polls,
                equal.pushes,
                time(every)
            ),
            BreakEven::Nowhere => {
                format!(". {dearer} costs more than {cheaper} however often there is a message",)
            }
        });
    }
    if !service.left_out.is_empty() {
        text.push_str(&format!(". Left out: {}", service.left_out.join("; ")));
    }
    if let Some(oldest) = service.oldest() {
        let newest = service.sources.last().map_or(oldest, |read| read.date);
        let read = match oldest == newest {
            true => format!("Prices as of {oldest}"),
            false => format!("Prices as of {oldest} to {newest}"),
        };
        let age = today.since(oldest).map_or(0, |age| age.get_days());
        let old = match age > OLD {
            true => format!(", the oldest {age} days ago: look whether they still hold"),
            false => String::new(),
        };
        text.push_str(&format!(". {read}{old}"));
    }
    text.push('.');
    vec![Tone::Strong.span(service.name.clone()), Tone::Plain.span(text)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices::{Service, Shipped};

    #[test]
    fn prices_that_are_older_than_half_a_year_are_said_to_be_old() {
        let service = Service::of(&Shipped::named("aws-load-balancer").expect("it ships").book());
        let said = |today: Date| {
            notes(&service, today).iter().map(|span| span.text.clone()).collect::<String>()
        };
        let then = service.oldest().expect("it has prices");
        let fresh = said(then.checked_add(jiff::Span::new().days(180)).expect("a day"));
        assert!(!fresh.contains("look whether"), "{fresh}");
        let old = said(then.checked_add(jiff::Span::new().days(181)).expect("a day"));
        assert!(old.contains("the oldest 181 days ago: look whether they still hold"), "{old}");
    }
}
