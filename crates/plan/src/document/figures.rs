//! The table of figures.

use pushbench_protocol::Direction;
use pushbench_protocol::figure::{Unit, bytes_per};
use pushbench_report::layout::{Block, ColumnGroup, Row, Section, Span, Table, Tone};
use pushbench_report::units::{self, ABSENT};

use super::answer::whole;
use crate::needs::Needs;
use crate::plan::{Plan, Planned};
use crate::prices::MONTH;

/// Where the value of a row comes from.
type Value<'a> = Box<dyn Fn(&Planned) -> Option<f64> + 'a>;
/// A row of the table: its label, its unit, its value.
type Line<'a> = (&'static str, Shown, Value<'a>);

/// How a value is shown.
#[derive(Clone, Copy)]
enum Shown {
    In(Unit),
    Number,
    Price,
}

pub(super) fn figures(plan: &Plan) -> Section {
    let clients = f64::from(plan.clients);
    let figure = |name: &'static str| -> Value<'static> {
        Box::new(move |planned: &Planned| planned.modelled.get(name).copied())
    };
    let wire = |direction: Option<Direction>, times: f64| -> Value<'static> {
        let name = bytes_per("wire", direction, "client_second");
        Box::new(move |planned: &Planned| planned.modelled.get(&name).map(|bytes| bytes * times))
    };
    let connect = move |planned: &Planned| {
        Some(planned.modelled.get("connect_wire_bytes_per_connection")? * clients)
    };
    let server = move |planned: &Planned| Needs::of(planned, clients).memory_bytes;
    let cores = move |planned: &Planned| Needs::of(planned, clients).cores.map(whole);
    let cards = move |planned: &Planned| Needs::of(planned, clients).network_cards;
    let kernel =
        move |planned: &Planned| Some(planned.memory.as_ref()?.kernel_bytes_per_client? * clients);
    let money_down = |planned: &Planned| Some(planned.money?.month_down);
    let money_both = |planned: &Planned| Some(planned.money?.month_both);
    let (up, down) = (Some(Direction::Up), Some(Direction::Down));
    let month = clients * MONTH / plan.time_scale;
    let mut parts: Vec<(&str, Vec<Line<'_>>)> = vec![
        (
            "All clients together",
            vec![
                (
                    "bandwidth, modelled",
                    Shown::In(Unit::BitsPerSecond),
                    figure("wire_bits_per_second"),
                ),
                ("of that up, modelled", Shown::In(Unit::BitsPerSecond), wire(up, clients * 8.0)),
                (
                    "of that down, modelled",
                    Shown::In(Unit::BitsPerSecond),
                    wire(down, clients * 8.0),
                ),
                (
                    "HTTP headers, modelled",
                    Shown::In(Unit::BitsPerSecond),
                    figure("header_bits_per_second"),
                ),
                ("requests, modelled", Shown::In(Unit::PerSecond), figure("requests_per_second")),
                (
                    "deliveries, modelled",
                    Shown::In(Unit::PerSecond),
                    figure("deliveries_per_second"),
                ),
            ],
        ),
        (
            "Each client",
            vec![
                (
                    "wire per delivery, modelled",
                    Shown::In(Unit::Bytes),
                    figure("wire_bytes_per_delivery"),
                ),
                ("empty polls, modelled", Shown::In(Unit::Share), figure("empty_polls")),
                ("latency mean, modelled", Shown::In(Unit::Seconds), figure("latency.mean")),
                ("latency p95, modelled", Shown::In(Unit::Seconds), figure("latency.p95")),
                ("age of messages, modelled", Shown::In(Unit::Seconds), figure("age_mean")),
            ],
        ),
        (
            "The server",
            vec![
                ("cores, modelled", Shown::Number, Box::new(cores)),
                ("cards of 100 Gb/s, modelled", Shown::Number, Box::new(cards)),
                ("memory, modelled", Shown::In(Unit::Bytes), Box::new(server)),
                ("kernel memory, modelled", Shown::In(Unit::Bytes), Box::new(kernel)),
                ("all reconnect, modelled", Shown::In(Unit::Bytes), Box::new(connect)),
            ],
        ),
        (
            "A month of it",
            vec![
                ("traffic down, modelled", Shown::In(Unit::Bytes), wire(down, month)),
                ("traffic in all, modelled", Shown::In(Unit::Bytes), wire(None, month)),
            ],
        ),
    ];
    if plan.transports.iter().any(|planned| planned.money.is_some())
        && let Some((_, month)) = parts.last_mut()
    {
        month.push(("price down, modelled", Shown::Price, Box::new(money_down)));
        month.push(("price in all, modelled", Shown::Price, Box::new(money_both)));
    }
    let groups = plan
        .transports
        .iter()
        .map(|planned| ColumnGroup { title: String::new(), columns: vec![planned.label.clone()] });
    let mut rows = Vec::new();
    for (heading, lines) in parts {
        rows.push(Row::Heading(heading.to_owned()));
        for (label, shown, value) in lines {
            let cell = |planned: &Planned| match (value(planned), shown) {
                (Some(value), Shown::Price) => Tone::Plain.span(price(value)),
                (Some(value), Shown::Number) => Tone::Plain.span(units::number(value)),
                (Some(value), Shown::In(unit)) => Tone::Plain.span(units::scaled(unit, value)),
                (None, _) => Tone::Faint.span(ABSENT),
            };
            let cells: Vec<Span> = plan.transports.iter().map(cell).collect();
            rows.push(Row::Values { label: Tone::Plain.span(label), cells });
        }
    }
    let mut section = Section::new("Modelled figures");
    let table = Table { label: "on the wire (layer 3)".to_owned(), groups: groups.collect(), rows };
    section.blocks.push(Block::Table(table));
    section
}

/// Money has two digits while they matter.
pub(super) fn price(value: f64) -> String {
    units::grouped(value, if value < 1_000.0 { 2 } else { 0 })
}
