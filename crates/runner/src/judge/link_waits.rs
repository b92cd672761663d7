//! How long polls waited for a response over a link: the distance, the queue and the losses of a link
//! are no delay of the server.

use std::time::Duration;

use pushbench_stats::Histogram;
use pushbench_store::{CheckV1, LinkPathV2, LinkV2, Verdict};

use super::evidence::check;
use super::stalls::KEPT;

/// How long polls that were due were not sent, since the response before had not come over the link.
/// `None` if no poll was due by a schedule.
pub(super) fn link_kept_waiting(link: &LinkV2, polls: &Histogram) -> Option<CheckV1> {
    const NAME: &str = "link-kept-waiting";
    let longest = polls.max()?;
    // What a request and its response take where the queues are full and nothing is lost.
    let limit = KEPT + longest_way(&link.up) + longest_way(&link.down);
    let waited = longest.as_secs_f64() * 1e3;
    let dropped = link.dropped();
    let (verdict, text) = if longest <= limit {
        let text = format!(
            "no poll that was due waited more than {waited:.0} ms for the response before it"
        );
        (Verdict::Ok, text)
    } else if dropped > 0 {
        let text = format!(
            "a poll that was due waited {waited:.0} ms for the response before it: the link dropped \
             {dropped} packets as it was asked to, and TCP sends again only after a timeout what \
             nothing else tells of; it is part of the latency, and the load generator was not the cause"
        );
        (Verdict::Ok, text)
    } else {
        let text = format!(
            "a poll that was due waited {waited:.0} ms for the response before it, expected at most \
             {:.0} ms over this link, which dropped nothing: the server is the cause, and it is part \
             of the latency",
            limit.as_secs_f64() * 1e3
        );
        (Verdict::Warning, text)
    };
    Some(CheckV1 {
        found: Some(longest.as_secs_f64()),
        limit: Some(limit.as_secs_f64()),
        ..check(NAME, verdict, text)
    })
}

/// What a packet takes in a direction at the most: its delay, and a full queue before it.
fn longest_way(path: &LinkPathV2) -> Duration {
    let queued = match (path.rate, path.queue_bytes) {
        (Some(rate), Some(bytes)) => Duration::from_secs_f64(bytes as f64 * 8.0 / rate as f64),
        _ => Duration::ZERO,
    };
    Duration::from_nanos(path.delay_ns + path.jitter_ns) + queued
}

#[cfg(test)]
mod tests {
    use pushbench_store::PacketsV2;

    use super::super::testing::histogram;
    use super::*;

    fn found(link: &LinkV2, millis: u64) -> CheckV1 {
        link_kept_waiting(link, &histogram(&[0, millis])).expect("a poll was due")
    }

    fn slow() -> LinkV2 {
        let path = LinkPathV2 { delay_ns: 100_000_000, ..LinkPathV2::default() };
        LinkV2 { up: path.clone(), down: path, ..LinkV2::default() }
    }

    #[test]
    fn a_round_trip_and_a_full_queue_are_no_delay_of_the_server() {
        assert_eq!(link_kept_waiting(&slow(), &Histogram::new()), None);
        assert_eq!(found(&slow(), 290).verdict, Verdict::Ok);
        let late = found(&slow(), 320);
        assert_eq!(late.verdict, Verdict::Warning);
        assert!(late.text.contains("the server is the cause"), "{}", late.text);
        let mut narrow = slow();
        (narrow.down.rate, narrow.down.queue_bytes) = (Some(1_000_000), Some(12_500));
        assert_eq!(found(&narrow, 320).verdict, Verdict::Ok, "the queue holds 100 ms");
    }

    #[test]
    fn a_wait_for_what_was_lost_is_the_links() {
        let mut lossy = slow();
        lossy.down.lost = PacketsV2 { packets: 3, bytes: 300 };
        let late = found(&lossy, 5_000);
        assert_eq!(late.verdict, Verdict::Ok, "{}", late.text);
        assert!(late.text.contains("the link dropped 3 packets"), "{}", late.text);
        assert!(!late.text.contains("server"), "{}", late.text);
    }
}
