//! How much is to happen by the schedule.

use std::time::Duration;

use pushbench_model::Schedule;
use pushbench_protocol::{Arrival, Deliver, PollTiming};
use pushbench_scenario::{PollSchedule, TransportSettings};

use super::expected::Expected;
use crate::judge::evidence::Evidence;

/// What a message may take to be published and to be there for polls, beside its lateness: a poll so
/// close to it may find it or not.
const UNSURE: Duration = Duration::from_millis(5);

/// When polls are due, where the schedule says it.
fn scheduled(transport: TransportSettings) -> Option<PollSchedule> {
    transport.timer()?.schedule.filter(|schedule| match schedule.timing {
        PollTiming::Schedule | PollTiming::Aligned => true,
        PollTiming::AfterAnswer => false,
    })
}

/// Polls that the schedule has.
pub(super) fn polls(evidence: &Evidence<'_>, schedule: &Schedule<'_>) -> Option<Expected> {
    let clients = u64::from(evidence.scenario.workload.clients.get());
    let transport = evidence.transport;
    match transport.kind().properties().arrival {
        Arrival::Timer => {
            let polls = scheduled(transport)?;
            Some(Expected::exactly(schedule.found(polls).values().sum()))
        }
        // A hold may have begun at any time before the warm-up, so each client may have one more that
        // ends in the phase, or one less.
        Arrival::Held => {
            let [empties, with_one] = schedule.held(transport.long_poll()?);
            let together = schedule.close_together(answered_within(evidence));
            let widened = Expected::exactly(empties).widened(clients, clients);
            let Expected { least, most } = widened;
            let (empties_least, empties_most) = match empties {
                // Where each message comes before a hold ends, none ends.
                0 => (0.0, 0.0),
                _ => (least, most),
            };
            let with_one = with_one as f64;
            Some(Expected {
                least: (with_one - together as f64).max(0.0) + empties_least,
                most: with_one + empties_most,
            })
        }
        Arrival::Notified => {
            let together = schedule.close_together(answered_within(evidence));
            Some(Expected::exactly(schedule.expected()).widened(together, together))
        }
        Arrival::Pushed => None,
    }
}

/// Deliveries that the schedule has.
pub(super) fn deliveries(evidence: &Evidence<'_>, schedule: &Schedule<'_>) -> Option<Expected> {
    let workload = &evidence.scenario.workload;
    let clients = u64::from(workload.clients.get());
    let newest_only = workload.deliver == Deliver::Latest;
    let expected = Expected::exactly(schedule.expected());
    if let Some(every) = evidence.transport.conflate() {
        let sent = schedule.conflated(every);
        // The server's clock runs on while the schedule stands still before the measure phase.
        return Some(Expected::exactly(sent).widened(clients, clients));
    }
    if evidence.transport.kind().has_timer() {
        return scheduled(evidence.transport).map(|poll| {
            let p99 = ["publish_lateness", "poll_lateness"]
                .map(|name| evidence.sums.samples_of(name).quantile(0.99).unwrap_or_default());
            let unsure = UNSURE + p99[0] + p99[1];
            let of = |schedule: &Schedule<'_>| -> u64 {
                let found = schedule.found(poll).into_iter();
                found
                    .map(
                        |(count, polls)| {
                            if newest_only { count.min(1) * polls } else { count * polls }
                        },
                    )
                    .sum()
            };
            Expected::between([
                of(schedule),
                of(&schedule.shifted(unsure, true)),
                of(&schedule.shifted(unsure, false)),
            ])
        });
    }
    // The newest only: of messages that come faster than they are asked for some are superseded.
    if newest_only && evidence.transport.kind().polls() {
        let together = schedule.close_together(answered_within(evidence));
        return Some(expected.widened(together, 0));
    }
    Some(expected)
}

/// Within how much time of another a message may share its answer.
fn answered_within(evidence: &Evidence<'_>) -> Duration {
    UNSURE + evidence.sums.samples_of("latency").quantile(0.99).unwrap_or_default()
}
