//! What a run shows on one screen: the question, the answer, whether to believe it, one table of at
//! most 15 rows, and where the rest is.
//!
//! It holds nothing that the report does not say; whatever speaks against the numbers stands here in
//! full.

mod headlines;
mod tables;

use pushbench_store::{RunV2, Verdict};

use crate::layout::{Block, Document, Line, Section, Table, Tone};
use crate::printable::printable;
use crate::sections::answer::{alone, circumstances, question_in_brief};
use crate::sections::contest::Contest;
use crate::sections::expectations::{failed, held};
use crate::sections::layer::Layer;
use crate::sections::until::say_until;
use crate::sections::validity::{Opinion, causes, opinion, retried};
use crate::sections::{extremes, find, idle, machine, part};
use crate::text::{TextOptions, render_text};
use crate::times::Times;

use self::tables::MOST_ROWS;

/// What a first screen shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FirstScreen {
    /// Whether the table is left out.
    pub without_table: bool,
    /// How times are shown.
    pub times: Times,
    /// What else there is and how to get there, a line each: `page`, then a path.
    pub places: Vec<(String, String)>,
}

/// The first screen of a run for a terminal.
///
/// No line is longer than the width but for those that say where something is: a path or a command that
/// is torn is of no use.
pub fn first_screen(run: &RunV2, screen: &FirstScreen, options: &TextOptions) -> String {
    let mut out = render_text(&document(run, screen), options) + "\n";
    let mut places = screen.places.clone();
    places.push(("run".to_owned(), identity(run)));
    let name = places.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (title, place) in places {
        out.push_str(&printable(&format!("{title:name$}  {place}")).replace('\n', " "));
        out.push('\n');
    }
    out
}

/// Which run it is, when it began and what played it.
fn identity(run: &RunV2) -> String {
    let started = run.started_at.get(..16).unwrap_or(&run.started_at).replace('T', " ");
    let RunV2 { id, tool, environment, .. } = run;
    let tags = match run.tags.is_empty() {
        true => String::new(),
        false => format!(", {}", machine::tags(run)),
    };
    format!("{id}, {started}, {} {}, {} build{tags}", tool.name, tool.version, environment.build)
}

fn document(run: &RunV2, screen: &FirstScreen) -> Document {
    let mut sections = vec![question_in_brief(run), said(run)];
    if let Some(table) = table(run, &screen.times).filter(|_| !screen.without_table) {
        let blocks = vec![Block::Table(short(table))];
        sections.push(Section { blocks, ..Section::default() });
    }
    Document { sections }
}

/// The answer and whether to believe it; what must not be believed says so first.
fn said(run: &RunV2) -> Section {
    let mut section = Section::default();
    let Opinion { tone, believable, counts } = opinion(run);
    let must_not = believable == Some(false);
    if must_not {
        section.say(tone, format!("These numbers must not be believed{counts}."));
        section.list(causes(run));
    }
    circumstances(run, &mut section);
    if let Some(warning) = machine::of_build(run) {
        section.say(Tone::Warning, warning);
    }
    answer(run, &mut section);
    if !must_not {
        match believable {
            Some(_) => section.say(tone, format!("Believe it{counts}.")),
            None => section.say(tone, "Nothing was checked."),
        }
        section.list(causes(run));
    }
    say_until(run, &mut section);
    if let Some(text) = retried(run) {
        section.say(Tone::Warning, format!("{text}."));
    }
    let failed: Vec<Line> = failed(run);
    if let Some(text) = held(run) {
        section.say(if failed.is_empty() { Tone::Good } else { Tone::Bad }, text);
    }
    section.list(failed);
    section
}

fn answer(run: &RunV2, section: &mut Section) {
    let is_invalid = run.worst_verdict() == Verdict::Invalid;
    let tone = if is_invalid { Tone::Plain } else { Tone::Strong };
    if let Some(sentence) = part::answer(run) {
        section.say(Tone::Warning, sentence);
        return;
    }
    let mut found = find::sentences(run);
    if found.len() > MOST_ROWS {
        let more = found.split_off(MOST_ROWS - 1).len();
        found.push(format!("And {more} more transports, in the full report."));
    }
    for sentence in found {
        section.say(tone, sentence);
    }
    let taken = if is_invalid { "Taken at face value: " } else { "" };
    if !run.scenario.cells.is_empty() {
        if let Some(sentence) = extremes::sentence(run) {
            section.say(tone, format!("{taken}{sentence}"));
        }
        return;
    }
    match Layer::counted(run).and_then(|layer| Contest::of(run, layer)) {
        Some(contest) => {
            section.say(tone, format!("{taken}{}", contest.brief_sentence(run)));
            for remark in contest.brief_remarks(run) {
                section.say(Tone::Plain, remark);
            }
        }
        None => match idle::answer(run) {
            Some(sentence) => section.say(tone, sentence),
            None => section.say(Tone::Plain, alone(run)),
        },
    }
}

/// The one table: of a sweep where each pair has its extremes, else the headlines of each transport.
fn table(run: &RunV2, times: &Times) -> Option<Table> {
    if run.trials.is_empty() {
        return None;
    }
    match run.scenario.cells.is_empty() {
        true => tables::of_transports(run, times),
        false => extremes::table(run).or_else(|| tables::of_cells(run, times)),
    }
}

/// As many rows as a screen has room for, the last of which says how many there are.
fn short(mut table: Table) -> Table {
    if table.rows.len() > MOST_ROWS {
        let more = table.rows.split_off(MOST_ROWS - 1).len();
        table.rows.push(table.row_without_cells(format!("and {more} more")));
    }
    table
}
