//! What is to be expected, how far off what was found is, and what that comes to.

use pushbench_store::{CheckV1, Verdict};

use crate::judge::evidence::{check, not_checked};

/// Share by which measured and modelled may differ before the result is doubted, and refused.
const OFF: (f64, f64) = (0.02, 0.10);
/// Events that it takes to say so: of fewer, two more or less would be a doubt.
pub(super) const EVENTS: u64 = 100;

/// What is to be expected, from the least to the most, and of what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Expected {
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Expected {
    pub(super) fn exactly(count: u64) -> Self {
        Self { least: count as f64, most: count as f64 }
    }

    pub(super) fn between(counts: [u64; 3]) -> Self {
        let [least, most] = [counts.into_iter().min(), counts.into_iter().max()];
        Self { least: least.unwrap_or(0) as f64, most: most.unwrap_or(0) as f64 }
    }

    pub(super) fn widened(self, down: u64, up: u64) -> Self {
        Self { least: (self.least - down as f64).max(0.0), most: self.most + up as f64 }
    }

    /// How far what was found lies outside, as a share of the nearer end; `None` where nothing was
    /// expected and nothing found.
    pub(super) fn off(self, found: f64) -> Option<f64> {
        let nearer = if found < self.least { self.least } else { self.most };
        match found {
            _ if (self.least..=self.most).contains(&found) => (self.most > 0.0).then_some(0.0),
            // Nothing is the only measure of nothing: as far off as can be.
            _ if nearer == 0.0 => Some(f64::MAX),
            _ => Some(found / nearer - 1.0),
        }
    }

    /// For people: one number, or two.
    pub(super) fn text(self) -> String {
        let [least, most] = [self.least, self.most].map(|count| format!("{count:.0}"));
        if least == most { least } else { format!("{least} to {most}") }
    }
}

/// Holds a count against what was to be expected.
pub(super) fn count_check(name: &str, what: &str, found: u64, expected: Expected) -> CheckV1 {
    let events = found.max(expected.most as u64);
    let Some(off) = expected.off(found as f64) else {
        return not_checked(name, format!("no {what} were due and none were made"));
    };
    if events < EVENTS {
        return not_checked(name, format!("{events} {what}, needs {EVENTS}"));
    }
    let said = format!("{found} {what}, {} by the schedule", expected.text());
    judged(name, off, said)
}

/// What a deviation comes to.
pub(super) fn judged(name: &str, off: f64, said: String) -> CheckV1 {
    let verdict = match off.abs() {
        off if off > OFF.1 => Verdict::Invalid,
        off if off > OFF.0 => Verdict::Warning,
        _ => Verdict::Ok,
    };
    let mut text = if off == f64::MAX { said } else { format!("{said}: {:+.1} %", off * 100.0) };
    if verdict != Verdict::Ok {
        text.push_str(&format!(
            ", expected within {:.0} %: the server or the load generator did not do what the \
             scenario says",
            OFF.0 * 100.0
        ));
    }
    CheckV1 {
        found: (off != f64::MAX).then_some(off),
        limit: Some(OFF.0),
        ..check(name, verdict, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deviation_is_doubted_beyond_2_percent_and_refused_beyond_10() {
        let verdict =
            |found, expected| count_check("model-polls", "polls", found, expected).verdict;
        let exactly = Expected::exactly(1_000);
        for (found, expected) in [
            (1_000, Verdict::Ok),
            (1_019, Verdict::Ok),
            (979, Verdict::Warning),
            (1_099, Verdict::Warning),
            (899, Verdict::Invalid),
            (14_000, Verdict::Invalid),
            (0, Verdict::Invalid),
        ] {
            assert_eq!(verdict(found, exactly), expected, "{found}");
        }
        // Within the range nothing is off; beyond it the nearer end counts.
        let range = exactly.widened(100, 100);
        assert_eq!(verdict(900, range), Verdict::Ok);
        assert_eq!(verdict(1_115, range), Verdict::Ok);
        assert_eq!(verdict(870, range), Verdict::Warning);
    }

    #[test]
    fn of_few_events_nothing_is_said_but_how_many_it_takes() {
        let few = count_check("model-polls", "polls", 12, Expected::exactly(12));
        assert_eq!(few.verdict, Verdict::NotChecked);
        assert_eq!(few.text, "12 polls, needs 100");
        let none = count_check("model-deliveries", "deliveries", 0, Expected::exactly(0));
        assert_eq!(none.verdict, Verdict::NotChecked);
        // Many where none were to be.
        let many = count_check("model-deliveries", "deliveries", 500, Expected::exactly(0));
        assert_eq!(many.verdict, Verdict::Invalid);
        // And none where there were to be many.
        let lost = count_check("model-deliveries", "deliveries", 0, Expected::exactly(500));
        assert_eq!(lost.verdict, Verdict::Invalid);
        assert!(lost.text.contains("0 deliveries, 500 by the schedule: -100.0 %"), "{}", lost.text);
    }
}
