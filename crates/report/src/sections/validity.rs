//! Whether the numbers may be believed: what each trial's checks found.

use pushbench_store::{DisturbedV1, RunV2, Verdict};

use crate::layout::{Line, Section, Tone};
use crate::sections::finding::{Finding, findings, place, plural};
use crate::sections::swept::{Swept, called, swept};
use crate::sections::until::say_until;

/// How many of a kind are told one by one.
const SHOWN: usize = 3;

/// What the checks say on the whole.
pub(crate) struct Opinion {
    /// How it is meant.
    pub(crate) tone: Tone,
    /// Whether to believe the numbers; `None` where nothing was checked.
    pub(crate) believable: Option<bool>,
    /// How many checks found what.
    pub(crate) counts: String,
}

/// The opinion of all checks.
pub(crate) fn opinion(run: &RunV2) -> Opinion {
    let checks = || run.judged_trials().flat_map(|trial| &trial.checks);
    let count = |verdict| checks().filter(|check| check.verdict == verdict).count();
    let (passed, warnings) = (count(Verdict::Ok), count(Verdict::Warning));
    let (invalid, not_checked) = (count(Verdict::Invalid), count(Verdict::NotChecked));
    let passed = plural(passed, "check passed", "checks passed");
    let rest = match not_checked {
        0 => String::new(),
        count => format!("; {count} had nothing to check"),
    };
    let warnings = || plural(warnings, "warning", "warnings");
    let (tone, believable, counts) = match run.worst_verdict() {
        _ if checks().all(|check| check.verdict == Verdict::NotChecked) => {
            (Tone::Warning, None, String::new())
        }
        Verdict::NotChecked => (Tone::Warning, None, String::new()),
        Verdict::Ok => (Tone::Good, Some(true), format!(": {passed}, no warning{rest}")),
        Verdict::Warning => {
            (Tone::Warning, Some(true), format!(", with {}; {passed}{rest}", warnings()))
        }
        Verdict::Invalid => {
            let failed = plural(invalid, "check says no", "checks say no");
            (Tone::Bad, Some(false), format!(": {failed}; {}; {passed}{rest}", warnings()))
        }
    };
    Opinion { tone, believable, counts }
}

/// The checks that found something, one line each, and how many found nothing.
pub(crate) fn validity(run: &RunV2) -> Section {
    let mut section = Section::new("Can the numbers be believed?");
    let Opinion { tone, believable, counts } = opinion(run);
    section.say(
        tone,
        match believable {
            None => "Nothing was checked.".to_owned(),
            Some(true) => format!("Yes{counts}."),
            Some(false) => format!("No{counts}."),
        },
    );
    say_until(run, &mut section);
    section.list(lines(&findings(run), run.judged_trials().count()));
    let judged = run.judged_trials().count();
    let beyond = run.trials.len() - judged;
    if beyond > 0 {
        let trials = plural(beyond, "trial of the search had", "trials of the search had");
        let text = format!("{trials} too much work to be valid; that is what it looked for.");
        section.say(Tone::Plain, text);
    }
    if let Some(text) = retried(run) {
        section.say(Tone::Warning, format!("{text}:"));
        let settings = swept(run);
        let mut lines: Vec<_> =
            run.disturbed.iter().map(|trial| not_counted(trial, &settings)).collect();
        if lines.len() > SHOWN + 1 {
            let more = lines.split_off(SHOWN).len();
            lines.push(vec![Tone::Plain.span(format!("{more} more; the record has all of them"))]);
        }
        section.list(lines);
    }
    section
}

/// How many trials were played again; `None` where none was.
pub(crate) fn retried(run: &RunV2) -> Option<String> {
    let trials = plural(run.disturbed.len(), "trial was", "trials were");
    let text = format!("{trials} retried; the first attempts are not counted");
    (!run.disturbed.is_empty()).then_some(text)
}

/// A trial that the machine disturbed, and how.
fn not_counted(disturbed: &DisturbedV1, settings: &[Swept]) -> Line {
    let DisturbedV1 { transport, round, cell, started_at, checks } = disturbed;
    let reasons: Vec<_> = checks.iter().map(|check| check.text.as_str()).collect();
    let place = place(transport, &called(settings, cell), &[*round]);
    vec![Tone::Plain.span(format!("{place}, {started_at}: {}", reasons.join("; ")))]
}

/// What failed, each in full, then a line for each cause of a warning, however often it was found.
pub(crate) fn causes(run: &RunV2) -> Vec<Line> {
    let all = findings(run);
    let of =
        |verdict| all.iter().take_while(move |finding| finding.check.verdict >= verdict).count();
    let (failed, known) = (of(Verdict::Invalid), of(Verdict::Warning));
    let mut causes = lines(&all[..failed], run.judged_trials().count());
    let same = |one: &Finding<'_>, other: &Finding<'_>| one.check.check == other.check.check;
    causes.extend(all[failed..known].chunk_by(same).map(|alike| match alike {
        [only] => only.line(),
        _ => alike[0].and_others(alike),
    }));
    causes
}

/// What the checks of a verdict found, without repetition, as `transport, rounds: text`.
pub(crate) fn reasons(run: &RunV2, verdict: Verdict) -> Vec<String> {
    let findings = findings(run).into_iter().filter(|finding| finding.check.verdict == verdict);
    findings.map(|finding| format!("{}: {}", finding.place(), finding.check.text)).collect()
}

/// Findings of one check with one verdict.
type Kind<'a, 'run> = &'a [Finding<'run>];

/// One line each; of many by one check the first few, and how many more each transport has. A check
/// that had nothing to look at is one line however often, with the others that say the same of the
/// same of all `trials`.
pub(crate) fn lines(findings: &[Finding<'_>], trials: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut unchecked: Vec<(Vec<&str>, Kind<'_, '_>)> = Vec::new();
    let mut rest = findings;
    while let Some(first) = rest.first() {
        let kind = |finding: &Finding<'_>| (finding.check.verdict, finding.check.check.clone());
        let alike = rest.iter().take_while(|finding| kind(finding) == kind(first)).count();
        let (found, after) = rest.split_at(alike);
        rest = after;
        if first.check.verdict == Verdict::NotChecked {
            let same = |(_, other): &&mut (Vec<&str>, Kind<'_, '_>)| says_the_same(other, found);
            match unchecked.iter_mut().find(same) {
                Some((checks, _)) => checks.push(&first.check.check),
                None => unchecked.push((vec![&first.check.check], found)),
            }
            continue;
        }
        // One more line is not longer than the line that says so.
        let shown = if alike <= SHOWN + 1 { alike } else { SHOWN };
        lines.extend(found[..shown].iter().map(Finding::line));
        if let [first, ..] = &found[shown..] {
            lines.push(first.and_more(&found[shown..]));
        }
    }
    // They are the mildest, so nothing comes behind them.
    for (checks, found) in unchecked {
        lines.push(match (&checks[..], found) {
            ([_], [alone]) => alone.line(),
            (_, [first, ..]) => first.in_all(&checks, found, trials),
            (_, []) => unreachable!("each has a finding"),
        });
    }
    lines
}

/// Whether two checks found the same in the same trials.
fn says_the_same(some: &[Finding<'_>], others: &[Finding<'_>]) -> bool {
    let same = |(one, other): (&Finding<'_>, &Finding<'_>)| {
        (one.transport, one.cell, &one.rounds, &one.check.text)
            == (other.transport, other.cell, &other.rounds, &other.check.text)
    };
    some.len() == others.len() && some.iter().zip(others).all(same)
}

#[cfg(test)]
mod tests {
    use pushbench_store::{CellV1, CheckV1};

    use super::*;
    use crate::sections::finding::by_transport;

    fn finding<'a>(transport: &'a str, cell: &'a CellV1, check: &'a CheckV1) -> Finding<'a> {
        Finding { transport, cell, settings: String::new(), rounds: vec![1, 2], check }
    }

    fn told_of(findings: &[Finding<'_>], trials: usize) -> Vec<String> {
        let text = |line: Line| line.into_iter().map(|span| span.text).collect();
        lines(findings, trials).into_iter().map(text).collect()
    }

    fn told(findings: &[Finding<'_>]) -> Vec<String> {
        told_of(findings, 100)
    }

    fn not_checked(check: &str, text: &str) -> CheckV1 {
        CheckV1 {
            check: check.to_owned(),
            verdict: Verdict::NotChecked,
            found: None,
            limit: None,
            text: text.to_owned(),
        }
    }

    #[test]
    fn many_transports_are_not_named_one_by_one() {
        let (cell, check) = (CellV1::new(), not_checked("mode", "too few"));
        let labels = ["a", "b", "c", "d", "e"];
        let all = labels.map(|label| finding(label, &cell, &check));
        assert_eq!(
            (by_transport(&all[..4]), by_transport(&all)),
            ((8, "2 of a, 2 of b, 2 of c, 2 of d".to_owned()), (10, "of 5 transports".to_owned()))
        );
    }

    #[test]
    fn checks_that_had_nothing_to_look_at_for_one_reason_are_one_line() {
        let cell = CellV1::new();
        let (delayed, again) =
            (not_checked("a-mode", "no latency"), not_checked("b-mode", "no latency"));
        let other = not_checked("c", "no message");
        let of = |check| [finding("a", &cell, check), finding("b", &cell, check)];
        let all: Vec<_> = [&delayed, &again, &other].into_iter().flat_map(of).collect();
        assert_eq!(
            told_of(&all, 4),
            [
                "not checked (a-mode, b-mode) in all 4 trials: no latency",
                "not checked (c) in all 4 trials: no message"
            ]
        );
        assert_eq!(
            told_of(&all[..4], 5),
            ["not checked (a-mode, b-mode) in 4 trials (2 of a, 2 of b): no latency"]
        );
        // Not of the same trials.
        assert_eq!(told_of(&all[1..4], 5).len(), 2);
    }

    #[test]
    fn a_check_that_had_nothing_to_look_at_is_one_line_however_often() {
        let check = |text: &str| not_checked("published", text);
        let (cell, none, few) = (CellV1::new(), check("no message was due"), check("too few"));
        let all = [finding("a", &cell, &none), finding("b", &cell, &none)];
        assert_eq!(
            told(&all),
            ["not checked (published) in 4 trials (2 of a, 2 of b): no message was due"]
        );
        let all = [finding("a", &cell, &none), finding("b", &cell, &few)];
        assert_eq!(
            told(&all),
            [
                "not checked (published) in 4 trials (2 of a, 2 of b): no message was due (a, rounds 1 \
              and 2); the record has the other reason"
            ]
        );
        assert_eq!(
            told(&all[..1]),
            ["not checked a, rounds 1 and 2 (published): no message was due"]
        );
    }
}
