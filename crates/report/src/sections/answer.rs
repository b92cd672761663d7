//! The question, and the answer in a sentence.

use pushbench_protocol::Deliver;
use pushbench_store::{RunStatus, RunV2, TransportV1, Verdict};

use crate::figures::{measured, publishes_by_itself, rounds, trials};
use crate::layout::{Block, Section, Tone};
use crate::sections::contest::{Contest, listed};
use crate::sections::layer::Layer;
use crate::sections::swept::{Swept, swept};
use crate::sections::validity::reasons;
use crate::sections::{extent, extremes, find, idle, part};
use crate::units::{bytes, counted, seconds, share};

/// The question and how much work was done to answer it.
pub(crate) fn question(run: &RunV2) -> Section {
    let mut section = Section::new(&run.scenario.question);
    let transports = counted(run.transports.len() as u64, "transport");
    let work = work(run, Some(transports));
    let varied = swept(run);
    let workload = match varied.is_empty() {
        true => workload(run).map_or(String::new(), |workload| format!(" {workload}")),
        false => " Varied:".to_owned(),
    };
    section.say(
        Tone::Plain,
        format!("Scenario {}: {}.{workload}", run.scenario.name, work.join(", ")),
    );
    section.list(varied.iter().map(|setting| vec![Tone::Plain.span(values(setting))]).collect());
    section
}

/// How much was played: clients, for how long, and how often.
fn work(run: &RunV2, transports: Option<String>) -> Vec<String> {
    let mut work: Vec<_> = extent::clients(run).into_iter().collect();
    work.extend(extent::measured_for(run));
    work.extend(transports);
    let steps: usize = run.finds.iter().map(|find| find.steps.len()).sum();
    if !run.finds.is_empty() {
        // A round of a search is a value that was played once more.
        work.push(counted(steps as u64, "step"));
    } else {
        work.push(counted(u64::from(rounds(run)), "round"));
    }
    if !run.scenario.cells.is_empty() && run.finds.is_empty() {
        work.push(counted(run.scenario.cells.len() as u64, "combination"));
    }
    work
}

/// The question as a first line, and the work in brief.
pub(crate) fn question_in_brief(run: &RunV2) -> Section {
    let mut section = Section::default();
    section.say(Tone::Strong, &run.scenario.question);
    let is_sweep = !run.scenario.cells.is_empty();
    let work = work(run, None);
    let workload = match is_sweep {
        true => String::new(),
        false => workload(run).map_or(String::new(), |workload| format!(" {workload}")),
    };
    section.say(Tone::Plain, format!("{}.{workload}", work.join(", ")));
    for setting in swept(run) {
        section.say(Tone::Plain, format!("Varied {}", values(&setting)));
    }
    section
}

/// A setting with all that it is given.
fn values(setting: &Swept) -> String {
    format!("{}: {}", setting.short_name(), setting.values.join("; "))
}

/// What is published and who must get it, if the scenario's settings tell. They do not say what a
/// server publishes by itself.
fn workload(run: &RunV2) -> Option<String> {
    let (theirs, ours): (Vec<_>, Vec<_>) =
        run.transports.iter().partition(|transport| publishes_by_itself(run, transport));
    let length = payload_length(run, &theirs).unwrap_or_default();
    let theirs: Vec<_> = theirs.iter().map(|transport| transport.label.as_str()).collect();
    if ours.is_empty() && !theirs.is_empty() {
        return Some(format!(
            "The messages are the server's own{length}: nothing was published to it."
        ));
    }
    let published = published(run)?;
    Some(match theirs.is_empty() {
        true => published,
        false => {
            format!("{published} The messages of {} are the server's own{length}.", listed(&theirs))
        }
    })
}

/// How long messages are that servers publish by themselves, as far as any came: `, with 50 B of payload
/// on average`.
fn payload_length(run: &RunV2, transports: &[&TransportV1]) -> Option<String> {
    let mean = |transport: &&TransportV1| {
        let counts = || trials(run, transport).map(|trial| &trial.counts);
        let deliveries: u64 = counts().map(|counts| counts.deliveries_in_measure).sum();
        let payload: Option<u64> =
            counts().map(|counts| counts.uncompressed_payload_bytes_in_measure).sum();
        (deliveries > 0).then_some(payload? as f64 / deliveries as f64)
    };
    let means: Vec<f64> = transports.iter().filter_map(mean).collect();
    let least = means.iter().copied().reduce(f64::min)?;
    let most = means.iter().copied().reduce(f64::max)?;
    let (least, most) = (bytes(least), bytes(most));
    let length = if least == most { least } else { format!("{least} to {most}") };
    Some(format!(", with {length} of payload on average"))
}

/// What is published to servers that do not publish by themselves.
fn published(run: &RunV2) -> Option<String> {
    let setting = |name: &str| run.scenario.settings.get(name);
    let pace = match (setting("workload.publish.every"), setting("workload.publish.rate")) {
        (Some(every), _) => format!("a message every {every}"),
        (None, Some(rate)) => format!("{rate} messages"),
        (None, None) => return None,
    };
    let bytes = setting("workload.payload.bytes")?;
    let topics = match setting("workload.topics")?.as_str() {
        "1" => "The topic".to_owned(),
        topics => format!("Each of {topics} topics"),
    };
    let deliver = match Deliver::from_label(setting("workload.deliver")?)? {
        Deliver::Every => "every message must reach every subscriber",
        Deliver::Latest => "only the newest message counts",
    };
    Some(format!("{topics} gets {pace} of {bytes} B of payload; {deliver}."))
}

/// What the figures say, after whatever speaks against believing it.
pub(crate) fn answer(run: &RunV2) -> Section {
    let mut section = Section::new("Answer");
    if run.worst_verdict() == Verdict::Invalid {
        let reasons = shortened(reasons(run, Verdict::Invalid)).join("; ");
        section.say(Tone::Bad, format!("These numbers must not be believed: {reasons}."));
    }
    circumstances(run, &mut section);
    let tone = if run.worst_verdict() == Verdict::Invalid { Tone::Plain } else { Tone::Strong };
    if let Some(sentence) = part::answer(run) {
        section.say(Tone::Warning, sentence);
        return section;
    }
    for sentence in find::sentences(run) {
        section.say(tone, sentence);
    }
    if !run.scenario.cells.is_empty() {
        if let Some(sentence) = extremes::sentence(run) {
            section.say(tone, sentence);
        }
        section.blocks.extend(extremes::table(run).map(Block::Table));
        return section;
    }
    match Layer::counted(run).and_then(|layer| Contest::of(run, layer)) {
        Some(contest) => {
            let taken = if tone == Tone::Plain { "Taken at face value: " } else { "" };
            section.say(tone, format!("{taken}{}", contest.sentence(run)));
            for remark in contest.remarks(run) {
                section.say(Tone::Plain, remark);
            }
        }
        None => match idle::answer(run) {
            Some(sentence) => section.say(tone, sentence),
            None => section.say(Tone::Plain, alone(run)),
        },
    }
    section
}

/// How the run ended, where it did not end as it should have, and what else has to be known of it.
pub(crate) fn circumstances(run: &RunV2, section: &mut Section) {
    match run.status {
        RunStatus::Completed => {}
        RunStatus::Aborted => section.say(
            Tone::Warning,
            match &run.failure {
                // Only a journal says why: nobody stopped this run in order.
                Some(why) => format!("Unfinished: {why}. What follows is from those trials."),
                None => "The run was stopped before its end; what follows is from the trials \
                         until then."
                    .to_owned(),
            },
        ),
        RunStatus::Failed => section.say(
            Tone::Bad,
            format!("The run failed: {}.", run.failure.as_deref().unwrap_or("no reason recorded")),
        ),
    }
    for note in &run.notes {
        section.say(Tone::Warning, format!("Note: {note}."));
    }
}

/// What can be said without a second transport.
pub(crate) fn alone(run: &RunV2) -> String {
    let Some(transport) = run.transports.iter().find(|found| trials(run, found).count() > 0) else {
        return "No trial ran, so there is no answer.".to_owned();
    };
    let label = &transport.label;
    let counted = Layer::counted(run).and_then(|layer| Some((layer, layer.bytes(run, transport)?)));
    let Some((layer, found)) = counted else {
        let deliveries = trials(run, transport).map(|trial| trial.counts.deliveries_in_measure);
        return match deliveries.sum() {
            0u64 => format!("{label} delivered no message, so there is no answer."),
            _ => format!("How many bytes {label} moved for each message is unknown."),
        };
    };
    let bytes = format!("{} {} ({})", bytes(found.value), layer.place(), layer.what());
    let latency = match measured(run, transport, "latency.mean") {
        Some(latency) => {
            let since = match publishes_by_itself(run, transport) {
                true => "it says that it was sent",
                false => "it was due",
            };
            format!(", on average {} after {since}", seconds(latency.value))
        }
        None => String::new(),
    };
    let empty = match measured(run, transport, "empty_polls") {
        Some(empty) => format!(" {} of its polls found nothing new.", share(empty.value)),
        None => String::new(),
    };
    format!(
        "{label} moved each message with {bytes}{latency}.{empty} No other transport has figures to \
         compare with."
    )
}

/// The first few of them; all stand in the next section.
fn shortened(mut reasons: Vec<String>) -> Vec<String> {
    const SHOWN: usize = 3;
    if reasons.len() > SHOWN {
        let more = reasons.split_off(SHOWN).len();
        reasons.push(format!("{more} more, below"));
    }
    reasons
}
