//! What a phone's battery pays, in words and a table.

use pushbench_protocol::figure::Unit;
use pushbench_report::layout::{Block, ColumnGroup, Row, Section, Table, Tone};
use pushbench_report::units::{self, ABSENT};

use crate::document::flips::time;
use crate::plan::Plan;
use crate::radio::Battery;

/// `None` where no radio was asked for.
pub(super) fn battery(plan: &Plan) -> Option<Section> {
    let phone = plan.phone.as_ref()?;
    let mut section = Section::new("The battery of a phone");
    section.say(
        Tone::Plain,
        format!(
            "Modelled, the radio alone: {}. Numbers as of {} ({}). Transfers are taken to be at regular \
             times; it is their number that counts, hardly their size. Not in it: the processor, the \
             screen, and 5G, for which no numbers are published.",
            phone.about, phone.date, phone.source
        ),
    );
    let row = |label: &str, cell: &dyn Fn(&Battery) -> Option<String>| Row::Values {
        label: Tone::Plain.span(label),
        cells: phone
            .batteries
            .iter()
            .map(|battery| match cell(battery) {
                Some(text) => Tone::Plain.span(text),
                None => Tone::Faint.span(ABSENT),
            })
            .collect(),
    };
    let share = |value| units::scaled(Unit::Share, value);
    let rows = vec![
        row("a transfer every, modelled", &|battery| battery.transfer_every.map(time)),
        row("battery an hour, modelled", &|battery| Some(share(battery.battery_per_hour))),
        row("idle listening an hour, modelled", &|battery| Some(share(battery.idle_per_hour))),
        row("time in the tail, modelled", &|battery| Some(share(battery.in_tail))),
    ];
    let column = |battery: &Battery| ColumnGroup {
        title: String::new(),
        columns: vec![battery.transport.clone()],
    };
    let groups = phone.batteries.iter().map(column).collect();
    section.blocks.push(Block::Table(Table { label: "each client".to_owned(), groups, rows }));
    Some(section)
}
