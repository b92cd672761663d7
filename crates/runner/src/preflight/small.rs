//! A scenario made small: what is tried before a schedule is played.

use std::num::NonZeroU32;
use std::time::Duration;

use pushbench_protocol::PollTiming;
use pushbench_scenario::{Arrivals, PollSchedule, Publish, Rate, Scenario, Transport};

/// Time between two polls of the one subscriber, where the scenario does not poll more often.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Length of a schedule that is longer than all deadlines together.
const SCHEDULE: Duration = Duration::from_secs(3_600);

/// The same scenario with one client and one message, due at once.
pub(super) fn with_one_client(scenario: &Scenario) -> Scenario {
    let mut small = scenario.clone();
    small.cells.clear();
    small.transports.iter_mut().for_each(poll_often);
    let workload = &mut small.workload;
    (workload.clients, workload.topics) = (NonZeroU32::MIN, NonZeroU32::MIN);
    workload.publish = Publish {
        rate: Rate { count: NonZeroU32::MIN, per: SCHEDULE },
        arrivals: Arrivals::Regular,
    };
    (workload.warm_up, workload.measure, workload.drain) =
        (Duration::ZERO, SCHEDULE, Duration::ZERO);
    small
}

fn poll_often(transport: &mut Transport) {
    transport.settings = transport.settings.with_timer(|poll| {
        let written = poll.schedule.map_or(POLL_INTERVAL, |schedule| schedule.interval);
        let interval = written.min(POLL_INTERVAL);
        poll.schedule = Some(PollSchedule { interval, timing: PollTiming::Aligned });
    });
}
