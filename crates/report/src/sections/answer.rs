//! The question, and the answer in a sentence.

use pushbench_protocol::Deliver;
use pushbench_stats::Rounds;
use pushbench_store::{RunStatus, RunV2, TransportV1, Verdict};

use crate::figures::{measured, publishes_by_itself, rounds, trials};
use crate::layout::{Section, Tone};
use crate::sections::advantage::advantages;
use crate::sections::swept::{Swept, swept};
use crate::sections::validity::reasons;
use crate::sections::{extent, find, idle, part};
use crate::units::{bytes, grouped, ratio, seconds, share};

/// Shares of delivered messages this close are the same news.
const SAME_DELIVERIES: f64 = 0.005;

/// The question and how much work was done to answer it.
pub(crate) fn question(run: &RunV2) -> Section {
    let mut section = Section::new(&run.scenario.question);
    let mut work = Vec::new();
    work.extend(extent::clients(run));
    work.extend(extent::measured_for(run));
    work.push(counted(run.transports.len() as u64, "transport"));
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

/// A setting with all that it is given.
fn values(setting: &Swept) -> String {
    format!("{}: {}", setting.short_name(), setting.values.join("; "))
}

/// What is published and who must get it, if the scenario's settings tell. They do not say what a
/// server publishes by itself.
fn workload(run: &RunV2) -> Option<String> {
    let (theirs, ours): (Vec<_>, Vec<_>) =
        run.transports.iter().partition(|transport| publishes_by_itself(run, transport));
    let theirs: Vec<_> = theirs.iter().map(|transport| transport.label.as_str()).collect();
    if ours.is_empty() && !theirs.is_empty() {
        return Some("The messages are the server's own: nothing was published to it.".to_owned());
    }
    let published = published(run)?;
    Some(match theirs.is_empty() {
        true => published,
        false => format!("{published} The messages of {} are the server's own.", listed(&theirs)),
    })
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
    let tone = if run.worst_verdict() == Verdict::Invalid { Tone::Plain } else { Tone::Strong };
    if let Some(sentence) = part::answer(run) {
        section.say(Tone::Warning, sentence);
        return section;
    }
    for sentence in find::sentences(run) {
        section.say(tone, sentence);
    }
    if !run.scenario.cells.is_empty() {
        for sentence in advantages(run) {
            section.say(tone, sentence);
        }
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

/// The lowest layer at which this run's bytes were counted.
#[derive(Clone, Copy)]
enum Layer {
    Wire,
    Stream,
}

impl Layer {
    /// The lower one if two transports have it, so that there is something to compare.
    fn counted(run: &RunV2) -> Option<Self> {
        let counted = |layer: &Self| {
            run.transports.iter().filter(|transport| layer.bytes(run, transport).is_some()).count()
        };
        let layers = || [Self::Wire, Self::Stream].into_iter();
        layers()
            .find(|layer| counted(layer) >= 2)
            .or_else(|| layers().find(|layer| counted(layer) > 0))
    }

    fn bytes(self, run: &RunV2, transport: &TransportV1) -> Option<Rounds> {
        let figure = match self {
            Self::Wire => "wire_bytes_per_delivery",
            Self::Stream => "stream_bytes_per_delivery",
        };
        measured(run, transport, figure)
    }

    fn place(self) -> &'static str {
        match self {
            Self::Wire => "on the wire",
            Self::Stream => "above TLS",
        }
    }

    fn what(self) -> &'static str {
        match self {
            Self::Wire => "layer 3, TCP/IP headers included",
            Self::Stream => "TCP/IP headers could not be counted",
        }
    }
}

/// The transport with the fewest bytes and the one it is held against.
struct Contest<'run> {
    layer: Layer,
    /// All that have the figure.
    counted: Vec<(&'run TransportV1, Rounds)>,
    best: (&'run TransportV1, Rounds),
    base: (&'run TransportV1, Rounds),
}

impl<'run> Contest<'run> {
    /// `None` with fewer than two transports that have the figure. The base is the first short
    /// poll, unless that is the best; then the first of another kind, or else any other.
    fn of(run: &'run RunV2, layer: Layer) -> Option<Self> {
        let counted: Vec<_> = run
            .transports
            .iter()
            .filter_map(|transport| Some((transport, layer.bytes(run, transport)?)))
            .collect();
        let best = *counted.iter().min_by(|a, b| a.1.value.total_cmp(&b.1.value))?;
        let others = || counted.iter().filter(|other| other.0.label != best.0.label);
        let base = others()
            .find(|other| other.0.kind.has_timer() && !best.0.kind.has_timer())
            .or_else(|| others().find(|other| other.0.kind != best.0.kind))
            .or_else(|| others().next())?;
        let base = *base;
        Some(Self { layer, counted, best, base })
    }

    fn sentence(&self, run: &RunV2) -> String {
        let (best, base) = (&self.best.0.label, &self.base.0.label);
        let layer = self.layer;
        let what = layer.what();
        let (few, many) = (self.best.1, self.base.1);
        let latency = self.compare(run, "latency.mean", seconds);
        if few.overlaps(&many) {
            let latency = match latency {
                Some(Comparison::Less { times, values }) => {
                    format!("{best} delivered {times} times sooner: mean latency {values}")
                }
                Some(Comparison::More { times, values }) => {
                    format!("{best} delivered {times} times later: mean latency {values}")
                }
                Some(Comparison::Same { values }) => {
                    format!("nor do they in mean latency ({values})")
                }
                None => "latency was not measured".to_owned(),
            };
            return format!(
                "The rounds show no difference between {best} and {base} in bytes {} ({what}: {} \
                 against {} per delivered message); {latency}.",
                layer.place(),
                range(few, bytes),
                range(many, bytes),
            );
        }
        let latency = match latency {
            Some(Comparison::Less { times, values }) => {
                format!(" and {times} times sooner (mean latency {values})")
            }
            Some(Comparison::More { times, values }) => {
                format!(", but {times} times later (mean latency {values})")
            }
            Some(Comparison::Same { values }) => {
                format!("; the rounds show no difference in mean latency ({values})")
            }
            None => "; latency was not measured".to_owned(),
        };
        let moved = if self.same_messages(run) { "the same messages" } else { "each message" };
        format!(
            "{best} moved {moved} with {} times fewer bytes {} than {base} ({what}: {} against \
             {} per delivered message){latency}.",
            ratio(many.value / few.value),
            layer.place(),
            bytes(few.value),
            bytes(many.value),
        )
    }

    fn remarks(&self, run: &RunV2) -> Vec<String> {
        let mut remarks = Vec::new();
        let (best, base) = (self.best.0, self.base.0);
        let alike = self.as_few();
        if !alike.is_empty() {
            remarks.push(format!(
                "{} moved as few bytes per delivered message as {}.",
                listed(&alike),
                best.label
            ));
        }
        let name = |transport: &TransportV1| Some(transport.server.as_ref()?.name.clone());
        let (server, than, of_both) = match name(best) == name(base) {
            true => ("The server".to_owned(), String::new(), "the server's".to_owned()),
            false => (
                format!("The server of {}", best.label),
                format!(" than that of {}", base.label),
                "the servers'".to_owned(),
            ),
        };
        match self.compare(run, "server_cpu_per_delivery", seconds) {
            Some(Comparison::Less { times, values }) => remarks.push(format!(
                "{server} used {times} times less CPU time per delivery{than} ({values})."
            )),
            Some(Comparison::More { times, values }) => remarks.push(format!(
                "{server} used {times} times more CPU time per delivery{than} ({values})."
            )),
            Some(Comparison::Same { values }) => remarks.push(format!(
                "The rounds show no difference in {of_both} CPU time per delivery ({values})."
            )),
            None => {}
        }
        if !self.same_messages(run) {
            let seen = |transport| delivered_share(run, transport).map(share);
            if let (Some(of_best), Some(of_base)) = (seen(best), seen(base)) {
                remarks.push(format!(
                    "They did not deliver the same messages: {} delivered {of_best} of what was \
                     published, {} {of_base}; the rest was superseded by newer messages, or \
                     lost.",
                    best.label, base.label
                ));
            }
        }
        if rounds(run) == 1 {
            remarks.push("One round only: the spread between rounds was not measured.".to_owned());
        }
        remarks
    }

    /// The transports that the rounds do not tell from the best, which may be of the same bytes by
    /// design; not the base, of which the first sentence speaks.
    fn as_few(&self) -> Vec<&'run str> {
        let named = [&self.best.0.label, &self.base.0.label];
        let others = self.counted.iter().filter(|(other, _)| !named.contains(&&other.label));
        let alike = others.filter(|(_, bytes)| bytes.overlaps(&self.best.1));
        alike.map(|(other, _)| other.label.as_str()).collect()
    }

    fn same_messages(&self, run: &RunV2) -> bool {
        let seen = |transport| delivered_share(run, transport);
        match (seen(self.best.0), seen(self.base.0)) {
            (Some(best), Some(base)) => (best - base).abs() <= SAME_DELIVERIES,
            _ => false,
        }
    }

    /// How the best one's figure stands to the base's; `None` if either has none.
    fn compare(&self, run: &RunV2, figure: &str, shown: fn(f64) -> String) -> Option<Comparison> {
        let best = measured(run, self.best.0, figure)?;
        let base = measured(run, self.base.0, figure)?;
        let values = format!("{} against {}", shown(best.value), shown(base.value));
        let alike = best.overlaps(&base) || best.value <= 0.0 || base.value <= 0.0;
        Some(if alike {
            let values = format!("{} against {}", range(best, shown), range(base, shown));
            Comparison::Same { values }
        } else if best.value < base.value {
            Comparison::Less { times: ratio(base.value / best.value), values }
        } else {
            Comparison::More { times: ratio(best.value / base.value), values }
        })
    }
}

/// How one figure of two transports compares.
enum Comparison {
    Less {
        times: String,
        values: String,
    },
    More {
        times: String,
        values: String,
    },
    /// The ranges of the rounds touch.
    Same {
        values: String,
    },
}

/// Deliveries of the messages due in the measure phase, of those expected; over all rounds.
fn delivered_share(run: &RunV2, transport: &TransportV1) -> Option<f64> {
    let counts = trials(run, transport).map(|trial| &trial.counts);
    let (delivered, expected) = counts.fold((0, 0), |(delivered, expected), counts| {
        (delivered + counts.delivered, expected + counts.expected)
    });
    (expected > 0).then(|| delivered as f64 / expected as f64)
}

/// What can be said without a second transport.
fn alone(run: &RunV2) -> String {
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

/// Names as the subject of a sentence.
fn listed(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

fn range(rounds: Rounds, shown: fn(f64) -> String) -> String {
    let (min, max) = (shown(rounds.min), shown(rounds.max));
    if min == max { min } else { format!("{min} to {max}") }
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

fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count as f64, 0))
}
