//! How far CPU times lie above the floor that was played in the same run.

use pushbench_stats::Rounds;
use pushbench_store::{FloorSideV2, FloorV2, FloorWorkV2, RunV2, TransportV1};

use crate::figures::measured;
use crate::layout::{Block, ColumnGroup, Row, Section, Table, Tone};
use crate::units::{ABSENT, seconds, times};

/// What the floor is, for the legend and for whoever reads the section alone.
pub(super) const MEANING: &str = "the least work for the same bytes on this machine, measured in the same run: two bare programs of \
     one thread that send prepared bytes and count what arrives, with as many connections, the same \
     rate and the same lengths as the trial before";

/// A side of a floor, and the figure of a trial that is a multiple of it.
type Of = (&'static str, fn(&FloorV2) -> &FloorSideV2, &'static str);

const SIDES: [Of; 2] = [
    ("server", |floor| &floor.played.server, "server_cpu_over_floor"),
    ("load generator", |floor| &floor.played.client, "load_cpu_over_floor"),
];

/// CPU times as multiples of the floor; `None` unless the scenario asks for it, and where settings were
/// swept: one value over cells would say nothing.
pub(crate) fn floor(run: &RunV2) -> Option<Section> {
    if (run.floor.is_empty() && run.no_floor.is_empty()) || !run.scenario.cells.is_empty() {
        return None;
    }
    let mut section = Section::new("Near the floor");
    let rows: Vec<_> = run.transports.iter().filter_map(|transport| row(run, transport)).collect();
    if !rows.is_empty() {
        section.say(Tone::Plain, format!("The floor is {MEANING}."));
        let columns = ["floor", "CPU", "lowest to highest"].map(str::to_owned).to_vec();
        let groups = SIDES
            .map(|(side, ..)| ColumnGroup { title: side.to_owned(), columns: columns.clone() });
        let table = Table { label: String::new(), groups: groups.to_vec(), rows };
        section.blocks.push(Block::Table(table));
    }
    section.list(
        run.no_floor
            .iter()
            .map(|(transport, lacking)| {
                let text = format!("{transport} has none: there is no floor of {lacking}.");
                vec![Tone::Plain.span(text)]
            })
            .collect(),
    );
    Some(section)
}

/// A transport that has a floor.
fn row(run: &RunV2, transport: &TransportV1) -> Option<Row> {
    let floors = || run.floor.iter().filter(|floor| floor.transport == transport.label);
    let per = match floors().next()?.played.work {
        FloorWorkV2::Polls => "poll",
        FloorWorkV2::Deliveries => "delivery",
    };
    let cells = SIDES.iter().flat_map(|(_, side, figure)| {
        let cpu: Vec<_> = floors().filter_map(|floor| side(floor).cpu_per_operation()).collect();
        let above = measured(run, transport, figure);
        let of_the_floor = |value| format!("{} floor", times(value));
        [
            Rounds::of(&cpu).map(|cpu| seconds(cpu.value)),
            above.map(|above| of_the_floor(above.value)),
            above.map(|above| format!("{} to {}", times(above.min), times(above.max))),
        ]
    });
    let cells = cells.map(|cell| match cell {
        Some(cell) => Tone::Plain.span(cell),
        None => Tone::Faint.span(ABSENT),
    });
    let label = Tone::Plain.span(format!("{}, per {per}", transport.label));
    Some(Row::Values { label, cells: cells.collect() })
}
