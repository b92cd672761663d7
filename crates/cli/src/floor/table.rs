//! The floor in words and a table.

use pushbench_report::layout::{Block, ColumnGroup, Document, Row, Section, Table, Tone};
use pushbench_report::units;
use pushbench_stats::Rounds;
use pushbench_store::{FloorPlayV2, FloorSideV2, FloorWorkV2};

use super::remark::Remark;

/// One side of a floor.
type SideOf = fn(&FloorPlayV2) -> &FloorSideV2;

/// What the rounds of each floor say; each has at least one round.
pub(crate) fn document(floors: &[Vec<FloorPlayV2>], remarks: &[Remark]) -> Document {
    let mut section = Section::new("The floor of this machine");
    let mut rows = Vec::new();
    let rounds = floors.iter().map(Vec::len).max().unwrap_or(0);
    for (rounds, first) in floors.iter().filter_map(|rounds| Some((rounds, rounds.first()?))) {
        section.say(Tone::Plain, described(first));
        let what = match first.work {
            FloorWorkV2::Polls => "poll",
            FloorWorkV2::Deliveries => "delivery",
        };
        let sides: [(_, SideOf); 2] =
            [("server", |floor| &floor.server), ("client", |floor| &floor.client)];
        for (name, side) in sides {
            let of = |value: &dyn Fn(&FloorPlayV2) -> Option<f64>| {
                Rounds::of(&rounds.iter().filter_map(value).collect::<Vec<_>>())
            };
            let cpu = of(&|floor| side(floor).cpu_per_operation());
            let user = of(&|floor| {
                let of = side(floor);
                let user = of.cpu_user_ns.filter(|_| of.operations > 0)?;
                Some(user as f64 / 1e9 / of.operations as f64)
            });
            let rate = of(&|floor| Some(side(floor).operations as f64 / floor.measured_seconds));
            let known = |value: Option<String>| value.unwrap_or_else(|| units::ABSENT.to_owned());
            let cells = [
                known(cpu.map(|cpu| units::seconds(cpu.value))),
                known(cpu.map(|cpu| {
                    format!("{} to {}", units::seconds(cpu.min), units::seconds(cpu.max))
                })),
                known(user.map(|user| units::seconds(user.value))),
                known(rate.map(|rate| units::number(rate.value.round()))),
            ];
            let label = Tone::Plain.span(format!("{name}, per {what}"));
            let cells = cells.into_iter().map(|cell| Tone::Plain.span(cell)).collect();
            rows.push(Row::Values { label, cells });
        }
    }
    let columns = ["CPU", "lowest to highest", "user", "per second"].map(str::to_owned).to_vec();
    let groups = vec![ColumnGroup { title: rounds_of(rounds), columns }];
    section.blocks.push(Block::Table(Table { label: "measured".to_owned(), groups, rows }));
    for remark in remarks {
        let tone = if remark.is_of_nothing() { Tone::Bad } else { Tone::Warning };
        section.say(tone, remark.text());
    }
    section.say(
        Tone::Faint,
        "CPU is user and system time of the whole process for each operation; user is what of it is \
         not the kernel's. On loopback the kernel charges a segment's receive path to its sender.",
    );
    Document { sections: vec![section] }
}

fn rounds_of(rounds: usize) -> String {
    match rounds {
        1 => "one round".to_owned(),
        rounds => format!("median of {rounds} rounds"),
    }
}

/// What was played.
fn described(floor: &FloorPlayV2) -> String {
    let FloorPlayV2 { connections, bytes_up, bytes_down, every_ns, at_once, .. } = floor;
    let [connections, bytes_up, bytes_down] =
        [connections, bytes_up, bytes_down].map(|count| units::grouped(*count as f64, 0));
    let every = every_ns.map(|every| units::seconds(every as f64 / 1e9));
    let core = |side: &FloorSideV2| match side.core {
        Some(core) => format!("on core {core}"),
        None => "on any core".to_owned(),
    };
    let (server, client) = (core(&floor.server), core(&floor.client));
    let work = match (floor.work, every) {
        (FloorWorkV2::Polls, None) => format!(
            "Polls: {connections} connections, a request of {bytes_up} B as soon as the response of \
             {bytes_down} B has arrived"
        ),
        (FloorWorkV2::Polls, Some(every)) => format!(
            "Polls: {connections} connections, each with a request of {bytes_up} B and a response of \
             {bytes_down} B every {every}"
        ),
        (FloorWorkV2::Deliveries, None) => format!(
            "Deliveries: a message of {bytes_down} B to {connections} subscribers, {at_once} in flight \
             at once"
        ),
        (FloorWorkV2::Deliveries, Some(every)) => format!(
            "Deliveries: every {every} a message of {bytes_down} B to {connections} subscribers, \
             {at_once} due at once"
        ),
    };
    format!("{work}; the server {server}, the client {client}.")
}
