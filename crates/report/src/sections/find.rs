//! The largest amount of work under which something held, and what gave out above it.

use pushbench_protocol::figure::{self, Unit};
use pushbench_store::{FindEnding, FindStepV2, FindV2, RunV2, Verdict};

use crate::layout::{Block, ColumnGroup, Line, Row, Section, Table, Tone};
use crate::sections::swept::short_name;
use crate::units::{ABSENT, grouped, scaled};

/// A sentence for each transport; none without a search.
pub(crate) fn sentences(run: &RunV2) -> Vec<String> {
    run.finds.iter().map(sentence).collect()
}

/// What each search found, and every step of it; `None` without one.
pub(crate) fn find(run: &RunV2) -> Option<Section> {
    let first = run.finds.first()?;
    let most = most(first);
    let mut section = Section::new(format!("The {most}"));
    section.say(
        Tone::Plain,
        format!(
            "Each transport has a search of its own for the {most} with {}, to within {}. What the answer \
             of a finished search names was played at least twice.",
            first.condition,
            scaled(Unit::Share, first.precision)
        ),
    );
    section.list(run.finds.iter().flat_map(remarks).collect());
    section.blocks.extend(run.finds.iter().map(|find| Block::Table(steps(run, find))));
    Some(section)
}

/// `websocket: latency.p99 < 100ms holds with up to 1,000 clients ...`.
fn sentence(find: &FindV2) -> String {
    let FindV2 { transport, condition, ending, largest_held, smallest_not_held, .. } = find;
    let limit = find.limit.as_ref().map_or(String::new(), |limit| format!(": {limit}"));
    let named = |value: u64| {
        let found = find.found_at(value).map(|found| scaled(unit(find), found));
        let figure = found.map_or(String::new(), |found| format!(" ({} {found})", find.figure));
        format!("{}{figure}", amount(find, value))
    };
    let (held, did_not) = (largest_held.map(named), smallest_not_held.map(named));
    match (ending, held, did_not) {
        (FindEnding::Unfinished, None, _) => {
            format!("{transport}: the search was ended before anything had held.")
        }
        (FindEnding::Unfinished, Some(held), _) => {
            format!("{transport}: the search was ended; {condition} held with {held}.")
        }
        (_, Some(held), None) => {
            let no_more = match &find.room {
                Some(_) => format!("and there is no room for more{limit}"),
                None => "which is the end of the search".to_owned(),
            };
            format!("{transport}: {condition} holds with up to {held}, {no_more}.")
        }
        (_, Some(held), Some(did_not)) => {
            format!(
                "{transport}: {condition} holds with up to {held}, and not with {did_not}{limit}."
            )
        }
        (_, None, Some(did_not)) => {
            format!("{transport}: {condition} does not even hold with {did_not}{limit}.")
        }
        (_, None, None) => format!("{transport}: nothing was played."),
    }
}

/// What gave out at each value, once, and what speaks against the answer of a search.
fn remarks(find: &FindV2) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for step in &find.steps {
        let Some(limit) = &step.limit else { continue };
        let text = format!("{} with {}: {limit}", find.transport, amount(find, step.value));
        let line = vec![Tone::Plain.span(text)];
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.extend(find.contradictions.iter().map(|value| {
        let text = format!(
            "{}: there is no sharp boundary: {}",
            find.transport,
            contradiction(find, *value)
        );
        vec![Tone::Warning.span(text)]
    }));
    if find.ending == FindEnding::OutOfSteps {
        let text =
            format!("{}: the search took as many steps as it may, and was ended", find.transport);
        lines.push(vec![Tone::Warning.span(text)]);
    }
    lines
}

/// What a value says against one boundary: it held once and not another time, or above one that did not.
fn contradiction(find: &FindV2, value: u64) -> String {
    let count =
        |held| find.steps.iter().filter(|step| step.value == value && step.held == held).count();
    let named = amount(find, value);
    let below = find.smallest_not_held.filter(|below| *below < value);
    match (count(true), count(false), below) {
        (held @ 1.., failed @ 1.., _) => {
            format!("with {named} it held {} and did not hold {}", times(held), times(failed))
        }
        (_, _, Some(below)) => {
            format!("it held with {named}, though not with {}", amount(find, below))
        }
        _ => format!("with {named} it held and did not hold"),
    }
}

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}

/// Whether a trial of a step is invalid, so that it says nothing of the condition.
fn is_invalid(run: &RunV2, find: &FindV2, step: &FindStepV2) -> bool {
    let of_step = run.trials.iter().filter(|trial| {
        (&trial.transport, &trial.cell) == (&find.transport, &step.cell)
            && step.rounds.contains(&trial.round)
    });
    of_step.into_iter().any(|trial| trial.worst_verdict() == Verdict::Invalid)
}

/// Every step, in the order played.
fn steps(run: &RunV2, find: &FindV2) -> Table {
    let columns = [find.figure.as_str(), "held"].map(str::to_owned);
    let row = |step: &FindStepV2| {
        let found = step.found.map_or(ABSENT.to_owned(), |found| scaled(unit(find), found));
        let held = match step.held {
            true => Tone::Good.span("yes"),
            false if is_invalid(run, find, step) => Tone::Bad.span("invalid"),
            false => Tone::Bad.span("no"),
        };
        Row::Values {
            label: Tone::Plain.span(amount(find, step.value)),
            cells: vec![Tone::Plain.span(found), held],
        }
    };
    Table {
        label: "step".to_owned(),
        groups: vec![ColumnGroup { title: find.transport.clone(), columns: columns.to_vec() }],
        rows: find.steps.iter().map(row).collect(),
    }
}

/// What was searched for.
fn most(find: &FindV2) -> String {
    match short_name(&find.setting) {
        "publish.rate" => "highest rate of messages".to_owned(),
        name => format!("most {name}"),
    }
}

/// A value with what it is of: `1,000 clients`, `20/s in each topic`.
fn amount(find: &FindV2, value: u64) -> String {
    let number = grouped(value as f64, 0);
    match short_name(&find.setting) {
        "publish.rate" if value == 1 => "1 message/s in each topic".to_owned(),
        "publish.rate" => format!("{number} messages/s in each topic"),
        name if value == 1 => format!("{number} {}", name.trim_end_matches('s')),
        name => format!("{number} {name}"),
    }
}

fn unit(find: &FindV2) -> Unit {
    figure::find(&find.figure).map_or(Unit::Count, |figure| figure.unit)
}
