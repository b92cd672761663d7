//! What checks found, put together where several trials found the same.

use pushbench_store::{CellV1, CheckV1, RunV2, Verdict};

use crate::layout::{Line, Span, Tone};
use crate::sections::swept::{called, swept};

/// A check that found the same in some rounds of a transport.
pub(crate) struct Finding<'run> {
    pub(crate) transport: &'run str,
    pub(crate) cell: &'run CellV1,
    /// What the cell is called; empty without a sweep.
    pub(crate) settings: String,
    pub(crate) rounds: Vec<u32>,
    pub(crate) check: &'run CheckV1,
}

impl Finding<'_> {
    pub(crate) fn place(&self) -> String {
        place(self.transport, &self.settings, &self.rounds)
    }

    pub(crate) fn line(&self) -> Line {
        let text = format!(" {} ({}): {}", self.place(), self.check.check, self.check.text);
        vec![self.tag(), Tone::Plain.span(text)]
    }

    /// One line for findings of the same check.
    pub(crate) fn and_more(&self, findings: &[Self]) -> Line {
        let (all, each) = by_transport(findings);
        let text = format!(
            " ({}): and the same check in {} more ({each}); the record has all of them",
            self.check.check,
            plural(all, "trial", "trials"),
        );
        vec![self.tag(), Tone::Plain.span(text)]
    }

    /// One line for all findings of the same check, this among them.
    pub(crate) fn and_others(&self, findings: &[Self]) -> Line {
        let (all, each) = by_transport(findings);
        let trials = plural(all, "trial", "trials");
        let (check, place, text) = (&self.check.check, self.place(), &self.check.text);
        let text = format!(" ({check}) in {trials} ({each}), of which {place}: {text}");
        vec![self.tag(), Tone::Plain.span(text)]
    }

    /// The one line of checks that had nothing to look at in these trials of so many, for the same
    /// reasons: it says nothing against any of them, and where it says the same of all it is read once.
    pub(crate) fn in_all(&self, checks: &[&str], findings: &[Self], trials: usize) -> Line {
        let (all, each) = by_transport(findings);
        let first = &self.check.text;
        let others = findings.iter().filter(|other| other.check.text != *first).count();
        let others = match others {
            0 => String::new(),
            1 => format!(" ({}); the record has the other reason", self.place()),
            _ => format!(" ({}); the record has the other reasons", self.place()),
        };
        let place = match all == trials {
            true => format!("all {}", plural(all, "trial", "trials")),
            false => format!("{} ({each})", plural(all, "trial", "trials")),
        };
        let text = format!(" ({}) in {place}: {first}{others}", checks.join(", "));
        vec![self.tag(), Tone::Plain.span(text)]
    }

    pub(crate) fn tag(&self) -> Span {
        match self.check.verdict {
            Verdict::NotChecked => Tone::Faint.span("not checked"),
            Verdict::Ok => Tone::Good.span("ok"),
            Verdict::Warning => Tone::Warning.span("warning"),
            Verdict::Invalid => Tone::Bad.span("INVALID"),
        }
    }
}

/// Transports that are named one by one.
const NAMED: usize = 4;

/// How many trials these are, and how many of each transport; of many transports how many those are.
pub(crate) fn by_transport(findings: &[Finding<'_>]) -> (usize, String) {
    let mut transports: Vec<(&str, usize)> = Vec::new();
    for Finding { transport, rounds, .. } in findings {
        match transports.iter_mut().find(|(known, _)| known == transport) {
            Some((_, count)) => *count += rounds.len(),
            None => transports.push((transport, rounds.len())),
        }
    }
    let all = transports.iter().map(|(_, count)| count).sum();
    if transports.len() > NAMED {
        return (all, format!("of {} transports", transports.len()));
    }
    let each = transports.iter().map(|(transport, count)| format!("{count} of {transport}"));
    (all, each.collect::<Vec<_>>().join(", "))
}

/// Rounds of a transport, with its settings in a sweep.
pub(crate) fn place(transport: &str, settings: &str, rounds: &[u32]) -> String {
    let rounds: Vec<_> = rounds.iter().map(u32::to_string).collect();
    let transport = match settings.is_empty() {
        true => transport.to_owned(),
        false => format!("{transport} with {settings}"),
    };
    match rounds.split_last() {
        Some((last, [])) => format!("{transport}, round {last}"),
        Some((last, before)) => format!("{transport}, rounds {} and {last}", before.join(", ")),
        None => transport,
    }
}

/// Everything that is not in order, the worst first.
pub(crate) fn findings(run: &RunV2) -> Vec<Finding<'_>> {
    let settings = swept(run);
    let mut findings: Vec<Finding<'_>> = Vec::new();
    for trial in run.judged_trials() {
        for check in trial.checks.iter().filter(|check| check.verdict != Verdict::Ok) {
            let same = |finding: &&mut Finding<'_>| {
                finding.transport == trial.transport
                    && *finding.cell == trial.cell
                    && (&finding.check.check, finding.check.verdict, &finding.check.text)
                        == (&check.check, check.verdict, &check.text)
            };
            match findings.iter_mut().find(same) {
                Some(finding) => finding.rounds.push(trial.round),
                None => findings.push(Finding {
                    transport: &trial.transport,
                    cell: &trial.cell,
                    settings: called(&settings, &trial.cell),
                    rounds: vec![trial.round],
                    check,
                }),
            }
        }
    }
    findings.sort_by(|a, b| {
        let (a, b) = (a.check, b.check);
        b.verdict.cmp(&a.verdict).then_with(|| a.check.cmp(&b.check))
    });
    findings
}

pub(crate) fn plural(count: usize, one: &str, many: &str) -> String {
    match count {
        0 => format!("no {one}"),
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}
