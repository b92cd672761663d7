//! What changed between runs, as a document and as JSON.

use pushbench_compare::{
    Change, Comparison, FindChange, Found, Gate, HEADLINES, Judged, Judgement, Objection, Pair,
    RunNote, Shown, Side, Spoils,
};
use pushbench_store::{CellV1, RunV2};
use serde::Serialize;

use crate::comparison_table::{absolute, interval, judged_interval, moved, percent, table, value};
use crate::html::render_html;
use crate::layout::{Block, Document, Line, Section, Tone};
use crate::overlay::overlaid;
use crate::sections::curve::name_of;
use crate::sections::swept::short_name;
use crate::units::{counted, grouped, number, share};

/// Changes that a summary names of one transport; the tables have the rest.
const NAMED: usize = 4;

/// Figures that a gate lists though they passed.
const PASSED: usize = 12;

/// A comparison and what its gate says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// What changed.
    #[serde(flatten)]
    pub comparison: Comparison,
    /// The conditions; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
}

/// The comparisons of new runs with one base.
pub fn comparison_document(compared: &[Compared]) -> Document {
    document_of(compared, |_| None)
}

/// The same as one HTML file, with the charts of both runs laid one over the other; `new` are the runs of
/// `compared`, in their order.
pub fn comparison_html(compared: &[Compared], base: &RunV2, new: &[&RunV2]) -> String {
    let pictures = |place: usize| new.get(place).and_then(|new| overlaid(base, new));
    render_html(&document_of(compared, pictures))
}

fn document_of(compared: &[Compared], pictures: impl Fn(usize) -> Option<Section>) -> Document {
    let mut sections = Vec::new();
    for (place, Compared { comparison, gate }) in compared.iter().enumerate() {
        sections.push(summary(comparison));
        sections.extend(gate.as_ref().map(gate_section));
        sections.extend(found(comparison));
        sections.extend(objections(comparison));
        sections.extend(pictures(place));
        sections.extend(comparison.pairs.iter().filter_map(pair_section));
    }
    if compared.iter().any(|compared| compared.comparison.is_comparable()) {
        sections.push(legend());
    }
    Document { sections }
}

/// The same for programs, every figure included: one JSON document, `pushbench-comparison`
/// version 1.
///
/// # Errors
///
/// Never in practice: all of it is plain values.
pub fn comparison_json(compared: &[Compared]) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Json<'a> {
        format: &'static str,
        version: u32,
        confidence: f64,
        comparisons: &'a [Compared],
    }
    let json = Json {
        format: "pushbench-comparison",
        version: 1,
        confidence: pushbench_compare::CONFIDENCE,
        comparisons: compared,
    };
    Ok(serde_json::to_string_pretty(&json)? + "\n")
}

fn summary(comparison: &Comparison) -> Section {
    let Comparison { base, new, pairs, .. } = comparison;
    let mut section =
        Section::new(format!("What changed in {} from {} to {}", new.scenario, base.id, new.id));
    section.say(Tone::Plain, &new.question);
    section.list(
        [("base", base), ("new", new)]
            .map(|(side, run)| vec![Tone::Faint.span(format!("{side}: {}", run_line(run)))])
            .into(),
    );
    if let Some(why) = comparison.why_not() {
        section.say(Tone::Bad, format!("Nothing could be compared: {why}."));
        return section;
    }
    section.list(pairs.iter().flat_map(summary_lines).collect());
    section
}

fn run_line(run: &RunNote) -> String {
    let rounds = counted(run.rounds.into(), "round");
    format!("{}, {rounds}, {} build, started {}", run.id, run.build, run.started_at)
}

/// One line for what is shown, one for what is perhaps so, or one that says there is nothing.
fn summary_lines(pair: &Pair) -> Vec<Line> {
    let name = pair_name(pair);
    let of = |shown: Shown| -> Vec<&Change> {
        pair.headlines().filter(|change| change.shown() == shown).collect()
    };
    let mut lines = Vec::new();
    for (shown, lead) in [(Shown::Yes, ""), (Shown::Perhaps, "perhaps ")] {
        let changes = of(shown);
        if changes.is_empty() {
            continue;
        }
        let tone = match shown {
            Shown::Perhaps => Tone::Warning,
            Shown::Yes | Shown::No if changes.iter().any(|change| change.is_worse()) => Tone::Bad,
            Shown::Yes | Shown::No => Tone::Good,
        };
        let named = changes.iter().take(NAMED).map(|change| clause(change));
        let mut text = named.collect::<Vec<_>>().join("; ");
        if changes.len() > NAMED {
            text += &format!("; and {} more", changes.len() - NAMED);
        }
        lines.push(vec![tone.span(&name), Tone::Plain.span(format!(": {lead}{text}"))]);
    }
    if lines.is_empty() {
        let judged: Vec<_> =
            pair.headlines().filter(|change| !matches!(change.found, Found::None { .. })).collect();
        let left_out = pair.headlines().count() - judged.len();
        let left_out = match left_out {
            0 => String::new(),
            left_out => format!("; {left_out} figures were not judged"),
        };
        let text = match judged.len() {
            0 => ": nothing was judged".to_owned(),
            count if judged.iter().all(|change| change.found == Found::Same) => {
                format!(": the same in every round, {count} figures{left_out}")
            }
            _ => format!(": no difference shown{left_out}"),
        };
        lines.push(vec![Tone::Strong.span(name), Tone::Plain.span(text)]);
    }
    lines
}

/// `latency.p50 slower: 310 us to 2.33 ms, +2.02 ms (+560%..+740%)`.
pub(crate) fn clause(change: &Change) -> String {
    let [base, new] = [change.base, change.new].map(|number| value(change, number));
    let how = match &change.found {
        Found::Exact { .. } => {
            let share =
                change.relative().map_or(String::new(), |share| format!(", {}", percent(share)));
            format!("exactly {}{share}", absolute(change))
        }
        Found::Interval(estimate) => {
            format!("{} ({})", absolute(change), interval(change, estimate))
        }
        Found::OneSided { .. } => {
            let share = change.relative().map_or(String::new(), |_| ", -100%".to_owned());
            format!("{}{share}", absolute(change))
        }
        Found::Same | Found::None { .. } => String::new(),
    };
    format!("{} {}, {base} to {new}, {how}", change.figure, moved(change))
}

fn gate_section(gate: &Gate) -> Section {
    let mut section = Section::new("The gate");
    let count =
        |judgement| gate.judged.iter().filter(|judged| judged.judgement == judgement).count();
    let regressions = count(Judgement::Regression);
    let watched = gate.judged.len() - count(Judgement::NotJudged);
    let (tone, text) = match (regressions, count(Judgement::NotJudged)) {
        (0, 0) => (Tone::Good, format!("Passed: {watched} figures watched, no regression.")),
        (0, not_judged) => (
            Tone::Warning,
            format!("No regression in {watched} figures; {not_judged} could not be judged."),
        ),
        (1, _) => (Tone::Bad, "FAILED: 1 regression.".to_owned()),
        (regressions, _) => (Tone::Bad, format!("FAILED: {regressions} regressions.")),
    };
    section.say(tone, text);
    let mut judged: Vec<_> = gate.judged.iter().collect();
    judged.sort_by_key(|judged| match judged.judgement {
        Judgement::Regression => 0,
        Judgement::NotJudged => 1,
        Judgement::Unsure => 2,
        Judgement::Passed => 3,
    });
    let unremarkable = count(Judgement::Passed).saturating_sub(PASSED);
    judged.truncate(judged.len() - unremarkable);
    section.list(judged.into_iter().map(judged_line).collect());
    if unremarkable > 0 {
        section.say(Tone::Faint, format!("And {unremarkable} more that passed."));
    }
    section
}

pub(crate) fn judged_line(judged: &Judged) -> Line {
    let tag = match judged.judgement {
        Judgement::Regression => Tone::Bad.span("REGRESSION"),
        Judgement::NotJudged => Tone::Warning.span("not judged"),
        Judgement::Unsure => Tone::Warning.span("unsure"),
        Judgement::Passed => Tone::Good.span("passed"),
    };
    let cell = match judged.cell.is_empty() {
        true => String::new(),
        false => format!(" with {}", name_of(&judged.cell)),
    };
    let change = match judged.change {
        Some(share) => percent(share),
        None => "up from 0".to_owned(),
    };
    let sure = match (judged.judgement, &judged.interval) {
        (Judgement::NotJudged, _) => String::new(),
        (Judgement::Regression, None) => ", in every round".to_owned(),
        (Judgement::Unsure | Judgement::Passed, None) => String::new(),
        (judgement, Some(interval)) => {
            let confidence = number((interval.confidence * 1_000.0).round() / 10.0);
            let ends = judged_interval(&judged.figure, interval);
            let lies = match judgement {
                Judgement::Regression => ", all of it beyond the bound",
                Judgement::Unsure => ", which is not entirely beyond the bound: run more rounds",
                Judgement::Passed | Judgement::NotJudged => "",
            };
            format!(", {confidence}% interval {ends}{lies}")
        }
    };
    let text = format!(
        " {}.{}{cell}: {change}{sure} ({})",
        judged.transport, judged.figure, judged.condition
    );
    vec![tag, Tone::Plain.span(text)]
}

/// The largest amounts of work that both runs found; `None` without searches.
fn found(comparison: &Comparison) -> Option<Section> {
    if comparison.finds.is_empty() {
        return None;
    }
    let mut section = Section::new("The most that held");
    section.list(comparison.finds.iter().map(found_line).collect());
    Some(section)
}

fn found_line(find: &FindChange) -> Line {
    let FindChange { transport, setting, condition, base, new, ratio, precision } = find;
    let shown =
        |value: &Option<u64>| value.map_or("none".to_owned(), |value| grouped(value as f64, 0));
    let of = short_name(setting);
    let how = match ratio {
        None => "not compared".to_owned(),
        Some(ratio) if find.is_beyond_precision() => format!("{ratio:.2} times"),
        Some(ratio) => {
            format!("{ratio:.2} times, within the precision of the searches, {}", share(*precision))
        }
    };
    let text = format!(": {} to {} {of} with {condition}, {how}", shown(base), shown(new));
    vec![Tone::Strong.span(transport.clone()), Tone::Plain.span(text)]
}

/// What else differs; `None` if nothing does.
fn objections(comparison: &Comparison) -> Option<Section> {
    let Comparison { objections, unpaired, .. } = comparison;
    let mut section = Section::new("What else differs");
    let unpaired = unpaired.iter().map(|alone| {
        let side = match alone.only_in {
            Side::Base => "base",
            Side::New => "new run",
        };
        let cell = match alone.cell.is_empty() {
            true => String::new(),
            false => format!(" with {}", name_of(&alone.cell)),
        };
        vec![
            Tone::Warning.span("not compared"),
            Tone::Plain.span(format!(": {}{cell}, only in the {side}", alone.transport)),
        ]
    });
    section.list(objections.iter().map(objection_line).chain(unpaired).collect());
    (!section.blocks.is_empty()).then_some(section)
}

pub(crate) fn objection_line(objection: &Objection) -> Line {
    let about = objection.about;
    let is_transports = about == pushbench_compare::About::Transport;
    let consequence = match objection.spoils {
        _ if objection.set_aside => format!(" (set aside by --allow-mismatch {about})"),
        _ if is_transports => {
            format!(": its figures are not compared (--allow-mismatch {about} compares them)")
        }
        Spoils::Nothing => String::new(),
        Spoils::Times => {
            format!(
                ": times, CPU and memory are not compared (--allow-mismatch {about} compares them)"
            )
        }
        Spoils::Everything => format!(": nothing is compared (--allow-mismatch {about} compares)"),
    };
    let tone = match objection.spoils {
        _ if objection.set_aside || is_transports => Tone::Warning,
        Spoils::Nothing => Tone::Faint,
        Spoils::Times => Tone::Warning,
        Spoils::Everything => Tone::Bad,
    };
    // `kernel: ..` is not said twice.
    let text = objection.text.strip_prefix(&format!("{about}: ")).unwrap_or(&objection.text);
    vec![tone.span(about.label()), Tone::Plain.span(format!(": {text}{consequence}"))]
}

/// The figures of one transport; `None` if none was judged.
fn pair_section(pair: &Pair) -> Option<Section> {
    if pair.changes.iter().all(|change| matches!(change.found, Found::None { .. })) {
        return None;
    }
    let mut section = Section::new(pair_name(pair));
    section.blocks.push(Block::Table(table(pair)));
    let others =
        || pair.changes.iter().filter(|change| !HEADLINES.contains(&change.figure.as_str()));
    let exact: Vec<_> =
        others().filter(|change| matches!(change.found, Found::Exact { .. })).collect();
    if !exact.is_empty() {
        let named = exact.iter().take(NAMED);
        let named: Vec<_> =
            named.map(|change| format!("{} {}", change.figure, absolute(change))).collect();
        section.say(
            Tone::Faint,
            format!(
                "Of {} other figures, {} changed in every round: {}{}; --format json has all of them.",
                others().count(),
                exact.len(),
                named.join(", "),
                if exact.len() > NAMED { ", .." } else { "" }
            ),
        );
    }
    Some(section)
}

fn pair_name(pair: &Pair) -> String {
    in_cell(&pair.transport, &pair.cell)
}

/// A transport with the settings that were swept.
pub(crate) fn in_cell(transport: &str, cell: &CellV1) -> String {
    match cell.is_empty() {
        true => transport.to_owned(),
        false => format!("{transport} with {}", name_of(cell)),
    }
}

fn legend() -> Section {
    let mut section = Section::new("How this was judged");
    let items = [
        "every round: each run has the same value in all of its rounds, or every round differs \
         from its counterpart by the same whole number of bytes per delivery, poll, connection \
         or client. Such a change is real, however small",
        "none or all: 0 in every round of one run, and above 0 in every round of the other",
        "an interval: of 95 %, for the change over rounds (Welch's, of the ratio of geometric means). \
         Bytes on the wire have the change in bytes above TCP/IP exactly, where the rounds agree on \
         it, and an interval for TCP/IP alone. Where an interval holds 0, no difference is shown. A \
         verdict with ? is significant alone but not among as many figures as are shown here \
         (Holm): repeat it with more rounds",
        "the gate widens its intervals with the number of figures that it watches (Holm); the \
         interval printed is the one that was judged",
        "noise: half the interval, the least change that these rounds could have shown. It \
         covers the spread between the rounds of a run, and not what differs from one run to the \
         next: run both on an idle machine, one after the other",
        "base and new are means over rounds, geometric means where the interval is in per cent. A figure \
         that is 0 in both runs is left out",
    ];
    section.list(items.into_iter().map(|item| vec![Tone::Faint.span(item)]).collect());
    section
}
