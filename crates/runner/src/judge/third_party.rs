//! What is to be known of a third-party server's messages beside whether they arrived.

use pushbench_protocol::{ByteKind, Direction, Phase, counted};
use pushbench_store::{CheckV1, CountsV1, Sums, Verdict};

use super::evidence::{Evidence, check, not_checked};

/// Most bytes of `control` that a client is sent per second before the report says so: an application's
/// heartbeats take a hundredth of it.
const CHATTER: f64 = 1_000.0;

/// Why some messages count neither as in order nor as out of it; absent where there are none.
pub(super) fn overtaken(counts: &CountsV1) -> Option<CheckV1> {
    let text = format!(
        "{} arrived after a later one that was sent while the publish had no response yet: requests that \
         are under way at once have no order, so these are not counted as out of order",
        counted(counts.overtaken?, "message")
    );
    Some(not_checked("order", text))
}

/// Whether a server that others wrote sends more that is no message than messages, and much of it;
/// absent where it does not.
pub(super) fn chatter(evidence: &Evidence<'_>) -> Option<CheckV1> {
    let sums = evidence.sums;
    let seconds = sums.clients as f64 * sums.measure_seconds();
    let (control, payload) = (down(sums, ByteKind::Control), down(sums, ByteKind::Payload));
    let per_second = control as f64 / seconds;
    // What we ask for ourselves is what the scenario is about.
    let is_unasked = !evidence.transport.kind().polls() && evidence.transport.heartbeat().is_none();
    let is_much = is_unasked && seconds > 0.0 && per_second > CHATTER && control > payload;
    is_much.then(|| {
        let heartbeats = sums.counts.heartbeats.unwrap_or(0) as f64 / seconds;
        let text = format!(
            "the server sent each client {per_second:.0} bytes per second that are no messages \
             ({heartbeats:.0} heartbeats or comments per second), expected at most {CHATTER:.0}: bytes, \
             CPU and latency are mostly theirs; have it send them more seldom"
        );
        CheckV1 {
            found: Some(per_second),
            limit: Some(CHATTER),
            ..check("chatter", Verdict::Warning, text)
        }
    })
}

fn down(sums: &Sums, kind: ByteKind) -> u64 {
    sums.ledger.get(&(Phase::Measure, Direction::Down, kind)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_without_an_order_are_told_and_none_is_no_check() {
        let counts = CountsV1 { overtaken: Some(1), ..CountsV1::default() };
        let found = overtaken(&counts).expect("there is one");
        assert_eq!(found.verdict, Verdict::NotChecked);
        assert!(found.text.starts_with("1 message arrived"), "{}", found.text);
        assert_eq!(overtaken(&CountsV1::default()), None);
    }
}
