//! Whether clients whose connection was lost came back.

use pushbench_store::{CheckV1, CountsV1, Verdict};

use super::evidence::{check, not_checked};

/// Whether all came back that were to; `None` where a lost connection ends its client.
///
/// Of a scenario that disconnects them all it is known how many connections that are; `disconnected` is
/// that number, 0 of others.
pub(super) fn reconnects(counts: &CountsV1, disconnected: u64) -> Option<CheckV1> {
    let seen = counts.reconnects.as_ref()?;
    let (lost, restored) = (seen.lost_connections, seen.restored_connections);
    if lost < disconnected {
        let text = format!("{lost} connections were lost, of {disconnected} that were to be");
        let (found, limit) = (Some(lost as f64), Some(disconnected as f64));
        return Some(CheckV1 { found, limit, ..check("reconnects", Verdict::Invalid, text) });
    }
    if lost == 0 {
        return Some(not_checked("reconnects", "no connection was lost"));
    }
    let mut text = format!("{restored} of {lost} lost connections were restored");
    if seen.failed_attempts > 0 {
        text.push_str(&format!(", after {} failed attempts", seen.failed_attempts));
    }
    let verdict = if restored == lost { Verdict::Ok } else { Verdict::Invalid };
    let (found, limit) = (Some(restored as f64), Some(lost as f64));
    Some(CheckV1 { found, limit, ..check("reconnects", verdict, text) })
}

#[cfg(test)]
mod tests {
    use pushbench_store::ReconnectsV2;

    use super::*;

    fn judged(lost: u64, restored: u64) -> CheckV1 {
        let reconnects = ReconnectsV2 {
            lost_connections: lost,
            restored_connections: restored,
            ..ReconnectsV2::default()
        };
        let counts = CountsV1 { reconnects: Some(reconnects), ..CountsV1::default() };
        super::reconnects(&counts, 0).expect("clients come back")
    }

    #[test]
    fn a_client_that_did_not_come_back_makes_the_trial_invalid() {
        assert_eq!(judged(5, 5).verdict, Verdict::Ok);
        let found = judged(5, 4);
        assert_eq!(found.verdict, Verdict::Invalid);
        assert_eq!(found.text, "4 of 5 lost connections were restored");
        assert_eq!(judged(0, 0).verdict, Verdict::NotChecked);
        assert_eq!(reconnects(&CountsV1::default(), 9), None, "a lost connection ends its client");
    }

    #[test]
    fn a_client_that_was_to_be_disconnected_and_was_not_makes_the_trial_invalid() {
        let reconnects = ReconnectsV2 {
            lost_connections: 4,
            restored_connections: 4,
            ..ReconnectsV2::default()
        };
        let counts = CountsV1 { reconnects: Some(reconnects), ..CountsV1::default() };
        let verdict = |disconnected| super::reconnects(&counts, disconnected).map(|of| of.verdict);
        assert_eq!(verdict(4), Some(Verdict::Ok));
        assert_eq!(verdict(5), Some(Verdict::Invalid));
    }
}
