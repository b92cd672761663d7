//! The table of a first screen: figures down and transports across where there are few, the other way
//! around where there are many.

use pushbench_store::{RunV2, TransportV1};

use crate::figures::trials;
use crate::layout::{ColumnGroup, Row, Table, Tone};
use crate::sections::contest::Contest;
use crate::sections::grid::Grid;
use crate::sections::layer::Layer;
use crate::times::Times;

use super::headlines::{Headline, headlines};

/// Most rows of the table of a first screen.
pub(super) const MOST_ROWS: usize = 15;
/// Most transports that stand side by side.
const SIDE_BY_SIDE: usize = 3;

/// Every transport that was played; `None` where none has a figure.
pub(super) fn of_transports(run: &RunV2, times: &Times) -> Option<Table> {
    let all: Vec<_> =
        run.transports.iter().filter(|transport| trials(run, transport).count() > 0).collect();
    let contest = Layer::counted(run).and_then(|layer| Contest::of(run, layer));
    match (&all[..], contest) {
        // The ratio is read with what stands before it: that of the one with the fewest bytes.
        ([_, _], Some(contest)) => across(run, &[contest.base.0, contest.best.0], times),
        (few, _) if few.len() <= SIDE_BY_SIDE => across(run, few, times),
        (_, contest) => {
            let contest = contest.map_or(Vec::new(), |of| vec![of.best.0, of.base.0]);
            down(run, &shown_first(&all, &contest), times)
        }
    }
}

/// Those in a contest are among the rows that are shown.
fn shown_first<'r>(all: &[&'r TransportV1], contest: &[&TransportV1]) -> Vec<&'r TransportV1> {
    let is_in = |one: &&TransportV1| contest.iter().any(|other| other.label == one.label);
    let mut room = MOST_ROWS - 1;
    if all.len() <= MOST_ROWS {
        return all.to_vec();
    }
    room -= all.iter().filter(|one| is_in(one)).count();
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for one in all {
        if is_in(one) {
            first.push(*one);
        } else if room > 0 {
            room -= 1;
            first.push(*one);
        } else {
            rest.push(*one);
        }
    }
    first.extend(rest);
    first
}

/// Figures down, transports across, and with two of them how the last stands to the first.
fn across(run: &RunV2, transports: &[&TransportV1], times: &Times) -> Option<Table> {
    let headlines = headlines(run, transports, times);
    let has_ratio = transports.len() == 2;
    let alone = |title: &str| ColumnGroup { title: String::new(), columns: vec![title.to_owned()] };
    let groups = transports.iter().map(|transport| alone(&transport.label));
    let groups = groups.chain(has_ratio.then(|| alone(""))).collect();
    // What is per delivered message stands together, below that title.
    let (each, of_all): (Vec<_>, Vec<_>) =
        headlines.iter().partition(|headline| headline.label.starts_with(' '));
    let rows = each.iter().chain(&of_all).map(|headline| {
        let cells =
            headline.values.iter().map(|value| Tone::Plain.span(headline.shown(*value, times)));
        let ratio = || Tone::Strong.span(headline.last_to_first());
        Row::Values {
            label: Tone::Plain.span(&headline.label),
            cells: cells.chain(has_ratio.then(ratio)).collect(),
        }
    });
    let rows: Vec<_> = rows.collect();
    let is_delivery = headlines.first().is_some_and(|first| first.label.starts_with(' '));
    let label = if is_delivery { "per delivered message" } else { "" };
    (!rows.is_empty()).then(|| Table { label: label.to_owned(), groups, rows })
}

/// A row for each transport.
fn down(run: &RunV2, transports: &[&TransportV1], times: &Times) -> Option<Table> {
    let headlines = headlines(run, transports, times);
    let rows = transports.iter().enumerate().map(|(place, transport)| {
        let cells = in_groups(&headlines).into_iter().flat_map(|(_, of_group)| of_group);
        let cells = cells.map(|headline| headline.shown(headline.values[place], times));
        Row::Values {
            label: Tone::Plain.span(&transport.label),
            cells: cells.map(|text| Tone::Plain.span(text)).collect(),
        }
    });
    (!headlines.is_empty()).then(|| Table {
        label: String::new(),
        groups: groups(&headlines),
        rows: rows.collect(),
    })
}

/// A row for each combination of swept settings, where there is one transport.
pub(super) fn of_cells(run: &RunV2, times: &Times) -> Option<Table> {
    let grid = Grid::of(run)?;
    let transport = run.transports.first()?;
    // Every cell has the columns that the whole run has.
    let columns = headlines(run, &[transport], times);
    let rows = grid.points().map(|point| {
        let of_cell = headlines(&point.run, &[transport], times);
        let cells = in_groups(&columns).into_iter().flat_map(|(_, of_group)| of_group);
        let cells = cells.map(|column| {
            let found = of_cell.iter().find(|headline| headline.label == column.label);
            column.shown(found.and_then(|headline| headline.values[0]), times)
        });
        Row::Values {
            label: Tone::Plain.span(grid.values_of(&point.cell)),
            cells: cells.map(|text| Tone::Plain.span(text)).collect(),
        }
    });
    (!columns.is_empty()).then(|| Table {
        label: grid.names().join(", "),
        groups: groups(&columns),
        rows: rows.collect(),
    })
}

/// Headlines under the title that they share, in the order of the first of each.
fn in_groups(headlines: &[Headline]) -> Vec<(&'static str, Vec<&Headline>)> {
    let mut groups: Vec<(&'static str, Vec<&Headline>)> = Vec::new();
    for headline in headlines {
        match groups.iter_mut().find(|(title, _)| *title == headline.group) {
            Some((_, of_group)) => of_group.push(headline),
            None => groups.push((headline.group, vec![headline])),
        }
    }
    groups
}

fn groups(headlines: &[Headline]) -> Vec<ColumnGroup> {
    let group = |(title, of_group): (&str, Vec<&Headline>)| ColumnGroup {
        title: title.to_owned(),
        columns: of_group.iter().map(|headline| headline.title.clone()).collect(),
    };
    in_groups(headlines).into_iter().map(group).collect()
}
