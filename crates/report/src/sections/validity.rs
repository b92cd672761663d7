//! Whether the numbers may be believed: what each trial's checks found.

use pushbench_store::{CellV1, CheckV1, DisturbedV1, RunV1, Verdict};

use crate::layout::{Line, Section, Tone};
use crate::sections::curve::name_of;

/// The checks that found something, one line each, and how many found nothing.
pub(crate) fn validity(run: &RunV1) -> Section {
    let mut section = Section::new("Can the numbers be believed?");
    let checks = || run.trials.iter().flat_map(|trial| &trial.checks);
    let count = |verdict| checks().filter(|check| check.verdict == verdict).count();
    let (passed, warnings) = (count(Verdict::Ok), count(Verdict::Warning));
    let invalid = count(Verdict::Invalid);
    let passed = plural(passed, "check passed", "checks passed");
    match run.worst_verdict() {
        _ if checks().next().is_none() => section.say(Tone::Warning, "Nothing was checked."),
        Verdict::Ok => section.say(Tone::Good, format!("Yes: {passed}, no warning.")),
        Verdict::Warning => {
            let warnings = plural(warnings, "warning", "warnings");
            section.say(Tone::Warning, format!("Yes, with {warnings}; {passed}."));
        }
        Verdict::Invalid => {
            let failed = plural(invalid, "check says no", "checks say no");
            let warnings = plural(warnings, "warning", "warnings");
            section.say(Tone::Bad, format!("No: {failed}; {warnings}; {passed}."));
        }
    }
    let findings = findings(run).into_iter();
    section.list(findings.map(|finding| finding.line()).collect());
    if !run.disturbed.is_empty() {
        let trials = plural(run.disturbed.len(), "trial was", "trials were");
        let text = format!("{trials} played again; these did not count:");
        section.say(Tone::Warning, text);
        section.list(run.disturbed.iter().map(not_counted).collect());
    }
    section
}

/// A trial that the machine disturbed, and how.
fn not_counted(disturbed: &DisturbedV1) -> Line {
    let DisturbedV1 { transport, round, cell, started_at, checks } = disturbed;
    let reasons: Vec<_> = checks.iter().map(|check| check.text.as_str()).collect();
    let place = place(transport, cell, &[*round]);
    vec![Tone::Plain.span(format!("{place}, {started_at}: {}", reasons.join("; ")))]
}

/// What the checks of a verdict found, without repetition, as `transport, rounds: text`.
pub(crate) fn reasons(run: &RunV1, verdict: Verdict) -> Vec<String> {
    let findings = findings(run).into_iter().filter(|finding| finding.check.verdict == verdict);
    findings.map(|finding| format!("{}: {}", finding.place(), finding.check.text)).collect()
}

/// A check that found the same in some rounds of a transport.
struct Finding<'run> {
    transport: &'run str,
    cell: &'run CellV1,
    rounds: Vec<u32>,
    check: &'run CheckV1,
}

impl Finding<'_> {
    fn place(&self) -> String {
        place(self.transport, self.cell, &self.rounds)
    }

    fn line(&self) -> Line {
        let tag = match self.check.verdict {
            Verdict::Ok => Tone::Good.span("ok"),
            Verdict::Warning => Tone::Warning.span("warning"),
            Verdict::Invalid => Tone::Bad.span("INVALID"),
        };
        let text = format!(" {} ({}): {}", self.place(), self.check.check, self.check.text);
        vec![tag, Tone::Plain.span(text)]
    }
}

/// Rounds of a transport, with its settings in a sweep.
fn place(transport: &str, cell: &CellV1, rounds: &[u32]) -> String {
    let rounds: Vec<_> = rounds.iter().map(u32::to_string).collect();
    let transport = match cell.is_empty() {
        true => transport.to_owned(),
        false => format!("{transport} with {}", name_of(cell)),
    };
    match rounds.split_last() {
        Some((last, [])) => format!("{transport}, round {last}"),
        Some((last, before)) => format!("{transport}, rounds {} and {last}", before.join(", ")),
        None => transport,
    }
}

/// Everything that is not in order, the worst first.
fn findings(run: &RunV1) -> Vec<Finding<'_>> {
    let mut findings: Vec<Finding<'_>> = Vec::new();
    for trial in &run.trials {
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
                    rounds: vec![trial.round],
                    check,
                }),
            }
        }
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.check.verdict));
    findings
}

fn plural(count: usize, one: &str, many: &str) -> String {
    match count {
        0 => format!("no {one}"),
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}
