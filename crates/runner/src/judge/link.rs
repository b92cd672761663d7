//! Whether the link that a trial was played over did what it was asked for, and counted what the kernel
//! at the clients' end did.

use std::time::Duration;

use pushbench_load::{Counter, WitnessName};
use pushbench_protocol::{Direction, Phase};
use pushbench_store::{CheckV1, LinkPathV2, LinkV2, PhaseBooksV1, Sums, TallyV2, Verdict};
use pushbench_wire::segments::SegmentHeaders;

use super::evidence::{Evidence, check, not_checked};
use crate::books::{segment_headers, tally};

/// Lateness (p99) of packets that is doubted, whatever the delay.
const LATE: Duration = Duration::from_millis(1);
/// The same as a share of the delay.
const LATE_OF_DELAY: f64 = 0.05;

/// What the kernel at the clients' end has counted in a direction, over the whole trial.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct OfKernel {
    packets: u64,
    /// With headers of IP and TCP.
    bytes: u64,
    /// Bytes of data that were sent again, as the kernel of their sender knows.
    again: u64,
}

pub(super) fn link(evidence: &Evidence<'_>) -> Vec<CheckV1> {
    let Some(link) = &evidence.circumstances.link else { return Vec::new() };
    if let Some(failure) = &link.failure {
        let text = format!("the link ended before the trial did: {failure}");
        return vec![check("link", Verdict::Invalid, text)];
    }
    let headers = segment_headers(evidence.sums, false);
    let kernel =
        [Direction::Up, Direction::Down].map(|direction| of_kernel(evidence, headers, direction));
    vec![whole(link), packets(link, kernel, evidence.sums), lateness(link), again(link, evidence)]
}

/// Whether the link dropped nothing but what its shape says.
fn whole(link: &LinkV2) -> CheckV1 {
    let both = |of: fn(&LinkPathV2) -> u64| of(&link.up) + of(&link.down);
    let wrong = [
        (link.device_drops, "were dropped by the devices at its ends"),
        (both(|path| path.refused), "were not taken by the device at their end"),
        (both(|path| path.over_mtu), "were longer than its MTU"),
        (link.under_way, "were still on their way at its end"),
    ];
    let said: Vec<_> = wrong
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} packets {what}"))
        .collect();
    if said.is_empty() {
        let packets = both(|path| path.entered.packets);
        let text =
            format!("the link passed on or dropped each of {packets} packets as it was asked to");
        return check("link", Verdict::Ok, text);
    }
    let text = format!(
        "{}, expected none: the link did not do what it was asked to, and this machine is too slow for it",
        said.join("; ")
    );
    check("link", Verdict::Invalid, text)
}

/// Whether the link has counted what the kernel has.
fn packets(link: &LinkV2, kernel: [Option<OfKernel>; 2], sums: &Sums) -> CheckV1 {
    const NAME: &str = "link-counts";
    if !sums.is_complete() {
        return not_checked(NAME, "the trial was broken off, and with it connections");
    }
    let [Some(up), Some(down)] = kernel else {
        return not_checked(
            NAME,
            "the clients' kernel did not tell of every connection to its end",
        );
    };
    // Of packets up all that were sent have entered, of those down all that were received have left.
    let entered = link.up.entered;
    let left = link.down.left;
    let mut wrong = Vec::new();
    // Where something was dropped, a client that has closed acknowledges again, which its kernel counts
    // for no connection.
    let closed = link.up.after_end_entered.filter(|_| link.dropped() > 0).unwrap_or_default();
    if !(entered.packets - closed.packets..=entered.packets).contains(&up.packets) {
        wrong.push(apart("packets up", entered.packets, up.packets));
    }
    // The end that has closed does not count what comes after it, such as the last acknowledgement.
    let after_end = link.down.after_end;
    let least = left.packets - after_end.packets;
    let is_whole = (least..=left.packets).contains(&down.packets);
    if !is_whole {
        wrong.push(apart("packets down", least, down.packets));
    }
    // After a loss a segment's headers are longer, and some come twice: the kernel's bytes are a bound.
    let has_lost = link.dropped() > 0 || up.again > 0 || link.down.extra_option_bytes > 0;
    if !has_lost && wrong.is_empty() {
        let of_up = entered.bytes - link.up.extra_option_bytes;
        if of_up != up.bytes {
            wrong.push(apart("bytes up", of_up, up.bytes));
        }
        // None of them has data.
        let uncounted = after_end.bytes * (left.packets - down.packets) / after_end.packets.max(1);
        let of_down = left.bytes - uncounted;
        // What the server sent again has come twice, and its receiver's kernel counts it once.
        if !(of_down.saturating_sub(down.again)..=of_down).contains(&down.bytes) {
            wrong.push(apart("bytes down", of_down, down.bytes));
        }
    }
    if !wrong.is_empty() {
        let text = format!("{}: somebody has miscounted", wrong.join("; "));
        return check(NAME, Verdict::Invalid, text);
    }
    let rest = match (has_lost, left.packets - down.packets) {
        (true, _) => " (bytes are not compared, since something was lost or sent again)".to_owned(),
        (false, 0) => format!(" and of {} bytes up and {} down", entered.bytes, left.bytes),
        (false, beside) => format!(
            " and of {} bytes up and {} down, but for {beside} packets that came when their client had closed",
            entered.bytes, left.bytes
        ),
    };
    let text = format!(
        "the link and the clients' kernel agree on {} packets up and {} down{rest}",
        entered.packets, down.packets
    );
    check(NAME, Verdict::Ok, text)
}

fn apart(what: &str, link: u64, kernel: u64) -> String {
    format!("the link counted {link} {what}, and the clients' kernel {kernel}")
}

/// Whether packets left when they were due.
fn lateness(link: &LinkV2) -> CheckV1 {
    const NAME: &str = "link-lateness";
    let paths = [&link.up, &link.down].map(|path| {
        let late = path.lateness.samples().ok()?;
        let delay = Duration::from_nanos(path.delay_ns);
        let share = delay.mul_f64(LATE_OF_DELAY);
        let limit = if delay.is_zero() { LATE } else { LATE.min(share) };
        Some((late.quantile(0.99)?, late.max()?, limit))
    });
    // A direction with a shorter delay has a lower limit: the worse is that which uses up more of its own.
    let used = |(p99, _, limit): &(Duration, Duration, Duration)| p99.div_duration_f64(*limit);
    let worse = paths.into_iter().flatten().max_by(|one, other| used(one).total_cmp(&used(other)));
    let Some((p99, max, limit)) = worse else {
        return not_checked(NAME, "no packet passed in the measure phase");
    };
    let millis = |duration: Duration| duration.as_secs_f64() * 1e3;
    let mut text = format!(
        "the link passed packets on {:.3} ms after they were due at p99, {:.2} ms at most",
        millis(p99),
        millis(max)
    );
    let verdict = if p99 > limit { Verdict::Warning } else { Verdict::Ok };
    if verdict != Verdict::Ok {
        text.push_str(&format!(
            ", expected at most {:.3} ms at p99: latencies are no finer than that, since the machine \
             is busy",
            millis(limit)
        ));
    }
    CheckV1 {
        found: Some(p99.as_secs_f64()),
        limit: Some(limit.as_secs_f64()),
        ..check(NAME, verdict, text)
    }
}

/// Whether anything was sent again though the link lost nothing.
fn again(link: &LinkV2, evidence: &Evidence<'_>) -> CheckV1 {
    const NAME: &str = "link-retransmissions";
    let again = sent_again(evidence, |books| {
        Some(books.retransmitted_up? + books.retransmitted_down.unwrap_or(0))
    });
    let dropped = link.dropped();
    if dropped > 0 {
        let text = format!(
            "the link dropped {dropped} packets as it was asked to; {again} bytes were sent again"
        );
        return check(NAME, Verdict::Ok, text);
    }
    if again > 0 {
        let text = format!(
            "{again} bytes were sent again though the link lost nothing: an acknowledgement took longer \
             than the sender waits, so the machine or the queue of the link delayed it"
        );
        return check(NAME, Verdict::Warning, text);
    }
    check(NAME, Verdict::Ok, "the link lost nothing, and nothing was sent again".to_owned())
}

/// Bytes of data that were sent again, of all phases.
fn sent_again(evidence: &Evidence<'_>, of: impl Fn(&PhaseBooksV1) -> Option<u64>) -> u64 {
    evidence.books.phases.values().filter_map(of).sum()
}

/// What the clients' kernel has counted until all was closed, with the connections that came for a
/// ticket; `None` if it did not tell of all.
fn of_kernel(
    evidence: &Evidence<'_>,
    headers: SegmentHeaders,
    direction: Direction,
) -> Option<OfKernel> {
    let sums = evidence.sums;
    let closed = tally(sums, WitnessName::Kernel, Phase::Close)?;
    let sockets = tally(sums, WitnessName::ClientSockets, Phase::Close)?;
    let tickets = sums.tickets.get(WitnessName::Kernel.entry().label);
    let ticket_sockets = sums.tickets.get(WitnessName::ClientSockets.entry().label);
    if closed.missing + tickets.map_or(0, |tickets| tickets.missing) > 0 {
        return None;
    }
    let sum = |of: &TallyV2, more: Option<&TallyV2>, counter: Counter| {
        let count = |tally: &TallyV2| tally.counts.get(counter.label()).copied();
        Some(count(of)? + more.map_or(Some(0), count)?)
    };
    let counted = |counter| sum(closed, tickets, counter);
    let connections = sum(sockets, ticket_sockets, Counter::Connections)?;
    // Its own kernel counts what a sender sent again; who receives it twice counts it once.
    let (packets, data, again) = match direction {
        Direction::Up => {
            let again = counted(Counter::RetransmittedUp)?;
            (counted(Counter::SegmentsUp)?, counted(Counter::Up)? + again, again)
        }
        Direction::Down => {
            let again = sent_again(evidence, |books| books.retransmitted_down);
            (counted(Counter::SegmentsDown)?, counted(Counter::Down)?, again)
        }
    };
    let syn_extra = connections * (headers.syn_len() - headers.len());
    Some(OfKernel { packets, bytes: packets * headers.len() + syn_extra + data, again })
}

#[cfg(test)]
mod tests {
    use pushbench_store::{HistogramV1, PacketsV2};

    use super::super::testing::histogram;
    use super::*;

    const fn of(packets: u64, bytes: u64) -> PacketsV2 {
        PacketsV2 { packets, bytes }
    }

    /// 100 packets each way, of which the last 10 down came when their client had closed.
    fn seen() -> LinkV2 {
        let path = |after_end| LinkPathV2 {
            entered: of(100, 6_000),
            left: of(100, 6_000),
            after_end,
            delay_ns: 20_000_000,
            ..LinkPathV2::default()
        };
        LinkV2 { up: path(of(0, 0)), down: path(of(10, 520)), ..LinkV2::default() }
    }

    const fn kernel(packets: u64, bytes: u64) -> Option<OfKernel> {
        Some(OfKernel { packets, bytes, again: 0 })
    }

    /// The verdict on what both have counted.
    fn verdict(link: &LinkV2, up: Option<OfKernel>, down: Option<OfKernel>) -> Verdict {
        packets(link, [up, down], &Sums::default()).verdict
    }

    #[test]
    fn the_kernel_counts_what_the_link_does_but_for_what_came_when_it_had_closed() {
        let (up, link) = (kernel(100, 6_000), seen());
        for (down, expected) in [
            (kernel(100, 6_000), Verdict::Ok),
            (kernel(90, 5_480), Verdict::Ok),
            (kernel(95, 5_740), Verdict::Ok),
            (kernel(89, 5_428), Verdict::Invalid),
            (kernel(101, 6_052), Verdict::Invalid),
            (kernel(90, 5_481), Verdict::Invalid),
            (None, Verdict::NotChecked),
        ] {
            assert_eq!(verdict(&link, up, down), expected, "{down:?}");
        }
        assert_eq!(verdict(&link, kernel(99, 5_948), kernel(90, 5_480)), Verdict::Invalid);
        assert_eq!(verdict(&link, kernel(100, 5_999), kernel(90, 5_480)), Verdict::Invalid);
    }

    #[test]
    fn after_a_loss_packets_are_held_against_each_other_and_bytes_are_not() {
        let mut link = seen();
        link.down.lost = of(3, 300);
        link.down.left = of(97, 5_700);
        assert_eq!(verdict(&link, kernel(100, 1), kernel(97, 1)), Verdict::Ok);
        assert_eq!(verdict(&link, kernel(99, 1), kernel(97, 1)), Verdict::Invalid);
        // A client that had closed acknowledged twice what came again.
        link.up.after_end_entered = Some(of(2, 104));
        for (up, expected) in [(97, Verdict::Invalid), (98, Verdict::Ok), (101, Verdict::Invalid)] {
            assert_eq!(verdict(&link, kernel(up, 1), kernel(97, 1)), expected, "{up}");
        }
        link.down.lost = of(0, 0);
        assert_eq!(verdict(&link, kernel(98, 1), kernel(97, 1)), Verdict::Invalid, "none was lost");
    }

    #[test]
    fn what_the_server_sent_again_is_counted_once_by_who_received_it() {
        let down = |bytes| Some(OfKernel { packets: 90, bytes, again: 44 });
        for (bytes, expected) in [
            (5_480, Verdict::Ok),
            (5_436, Verdict::Ok),
            (5_435, Verdict::Invalid),
            (5_481, Verdict::Invalid),
        ] {
            assert_eq!(verdict(&seen(), kernel(100, 6_000), down(bytes)), expected, "{bytes}");
        }
    }

    #[test]
    fn blocks_of_selective_acknowledgements_are_no_segments_headers() {
        let mut link = seen();
        link.up.extra_option_bytes = 24;
        assert_eq!(verdict(&link, kernel(100, 5_976), kernel(90, 5_480)), Verdict::Ok);
    }

    #[test]
    fn a_packet_that_was_not_to_be_dropped_makes_the_trial_invalid() {
        assert_eq!(whole(&seen()).verdict, Verdict::Ok);
        let mut over = seen();
        over.down.over_mtu = 1;
        let cases = [LinkV2 { device_drops: 1, ..seen() }, LinkV2 { under_way: 1, ..seen() }, over];
        for link in cases {
            assert_eq!(whole(&link).verdict, Verdict::Invalid, "{link:?}");
        }
    }

    #[test]
    fn lateness_is_doubted_over_a_millisecond_or_a_twentieth_of_the_delay() {
        for (delay, late_ms, expected) in [
            (20, 1, Verdict::Ok),
            (20, 2, Verdict::Warning),
            (200, 2, Verdict::Warning),
            (10, 1, Verdict::Warning),
            (0, 1, Verdict::Ok),
        ] {
            let mut link = seen();
            link.down.delay_ns = delay * 1_000_000;
            link.down.lateness = HistogramV1::of(&histogram(&[late_ms; 10]));
            let found = lateness(&link);
            assert_eq!(found.verdict, expected, "{late_ms} ms of {delay} ms: {}", found.text);
        }
        assert_eq!(lateness(&LinkV2::default()).verdict, Verdict::NotChecked);
    }

    #[test]
    fn a_direction_is_held_against_its_own_delay() {
        let mut link = seen();
        link.up.delay_ns = 200_000_000;
        link.up.lateness = HistogramV1::of(&histogram(&[1; 10]));
        assert_eq!(lateness(&link).verdict, Verdict::Ok);
        link.down.delay_ns = 1_000_000;
        let mut late = pushbench_stats::Histogram::new();
        late.record(Duration::from_micros(500));
        link.down.lateness = HistogramV1::of(&late);
        let found = lateness(&link);
        assert_eq!(found.verdict, Verdict::Warning, "half a millisecond of one: {}", found.text);
    }
}
