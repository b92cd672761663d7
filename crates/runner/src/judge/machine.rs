//! Whether each machine was ours for the time of the trial.

use pushbench_store::{CheckV1, Verdict};

use super::evidence::{Evidence, check};

/// Share of the machine's time that the host may take before the result is doubted.
const STEAL: f64 = 0.08;

pub(super) fn steal(evidence: &Evidence<'_>) -> Option<CheckV1> {
    // The worst machine decides: their shares are of different machines and do not add up.
    let shares = evidence.machines.iter().filter_map(|machine| machine.time?.stolen_share());
    let steal = shares.max_by(f64::total_cmp)?;
    let (verdict, rest) = if steal > STEAL {
        (Verdict::Warning, ": times and CPU figures of this trial may be too high")
    } else {
        (Verdict::Ok, "")
    };
    Some(CheckV1 {
        found: Some(steal),
        limit: Some(STEAL),
        ..check(
            "machine-steal",
            verdict,
            format!("the host took {:.1} % of this machine's time{rest}", steal * 100.0),
        )
    })
}
