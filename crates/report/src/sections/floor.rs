//! How far CPU times lie above the floor that was played in the same run.

use pushbench_stats::Rounds;
use pushbench_store::{CellV1, FloorSideV2, FloorV2, FloorWorkV2, RunV2, TransportV1, rounds};

use crate::figures::trials;
use crate::layout::{Block, ColumnGroup, Row, Section, Table, Tone};
use crate::sections::swept::{called, swept};
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

/// CPU times as multiples of the floor, of each combination where settings were swept or searched; `None`
/// unless the scenario asks for it.
pub(crate) fn floor(run: &RunV2) -> Option<Section> {
    if run.floor.is_empty() && run.no_floor.is_empty() {
        return None;
    }
    let mut section = Section::new("Near the floor");
    let settings = swept(run);
    let cells = match run.scenario.cells.as_slice() {
        [] => vec![CellV1::new()],
        cells => cells.to_vec(),
    };
    let of_cells = |transport| cells.iter().map(move |cell| (transport, cell));
    let rows: Vec<_> = run
        .transports
        .iter()
        .flat_map(of_cells)
        .filter_map(|(transport, cell)| row(run, transport, (cell, &called(&settings, cell))))
        .collect();
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

/// A transport that has a floor, in a cell and what that is called.
fn row(run: &RunV2, transport: &TransportV1, (cell, name): (&CellV1, &str)) -> Option<Row> {
    let floors = || {
        let floors = run.floor.iter().filter(|floor| floor.transport == transport.label);
        floors.filter(|floor| floor.cell == *cell)
    };
    let measured = |figure| {
        rounds::measured(figure, trials(run, transport).filter(|trial| trial.cell == *cell))
    };
    let per = match floors().next()?.played.work {
        FloorWorkV2::Polls => "poll",
        FloorWorkV2::Deliveries => "delivery",
    };
    let cells = SIDES.iter().flat_map(|(_, side, figure)| {
        let cpu: Vec<_> = floors().filter_map(|floor| side(floor).cpu_per_operation()).collect();
        let above = measured(figure);
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
    let with = if name.is_empty() { String::new() } else { format!(" with {name}") };
    let label = Tone::Plain.span(format!("{}{with}, per {per}", transport.label));
    Some(Row::Values { label, cells: cells.collect() })
}
