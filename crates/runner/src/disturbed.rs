//! Which trials are played again: those whose times the machine did not let the load generator keep.
//! Pure.

use pushbench_store::{CheckV1, DisturbedV1, TrialV2, Verdict};

use crate::judge::stalls::LOAD_STALL;

/// How often a trial is played at most. One that is late each time is late for a reason.
pub(crate) const ATTEMPTS: u32 = 3;

/// Checks that look at nothing but how late the load generator itself was. What the server kept it
/// waiting is none of them: a slow server is a result. What was measured has no part in the choice,
/// and each trial that was left out is on record.
const OF_THE_SCHEDULE: [&str; 2] = ["publish-lateness", "poll-lateness"];

/// What is put on record of a trial in which the load generator stood still, or that is invalid for
/// its lateness alone; `None` of any other.
pub(crate) fn disturbed(trial: &TrialV2) -> Option<DisturbedV1> {
    let checks = disturbing(&trial.checks)?;
    let TrialV2 { transport, round, cell, started_at, .. } = trial.clone();
    Some(DisturbedV1 { transport, round, cell, started_at, checks })
}

/// The checks that say no, if a stall of the load generator is one of them, whatever else there is, or
/// if all of them are of the schedule.
fn disturbing(checks: &[CheckV1]) -> Option<Vec<CheckV1>> {
    let invalid = checks.iter().filter(|check| check.verdict == Verdict::Invalid);
    let invalid: Vec<_> = invalid.cloned().collect();
    let is_late = |check: &CheckV1| OF_THE_SCHEDULE.contains(&check.check.as_str());
    let has_stalled = invalid.iter().any(|check| check.check == LOAD_STALL);
    (has_stalled || !invalid.is_empty() && invalid.iter().all(is_late)).then_some(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_is_played_again_if_it_was_late_and_nothing_else_was_wrong() {
        let found = |checks: &[(&str, Verdict)]| {
            let check = |&(name, verdict): &(&str, Verdict)| CheckV1 {
                check: name.to_owned(),
                verdict,
                found: None,
                limit: None,
                text: String::new(),
            };
            let checks: Vec<_> = checks.iter().map(check).collect();
            disturbing(&checks).map(|checks| checks.len())
        };
        use Verdict::{Invalid, Ok, Warning};
        assert_eq!(found(&[("publish-lateness", Invalid), ("errors", Ok)]), Some(1));
        assert_eq!(found(&[("publish-lateness", Invalid), ("poll-lateness", Invalid)]), Some(2));
        assert_eq!(found(&[("publish-lateness", Invalid), ("machine-steal", Warning)]), Some(1));
        assert_eq!(found(&[("publish-lateness", Warning)]), None);
        // A stall decides by itself: whether the trial looks good or bad has no part in it.
        assert_eq!(found(&[("load-stall", Invalid), ("deliveries", Ok)]), Some(1));
        assert_eq!(found(&[("load-stall", Invalid), ("deliveries", Invalid)]), Some(2));
        assert_eq!(found(&[("load-stall", Warning), ("deliveries", Invalid)]), None);
        assert_eq!(found(&[("server-kept-waiting", Warning)]), None);
        for real in ["books-balance", "errors", "deliveries", "load-busy", "server-alive"] {
            assert_eq!(found(&[("publish-lateness", Invalid), (real, Invalid)]), None, "{real}");
        }
    }
}
