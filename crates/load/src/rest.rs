//! When all is at rest, so that books can be closed, and how long that is waited for.
//!
//! Pure: the time is an argument, and whoever conducts a trial sleeps between two looks.

use std::time::Duration;

use pushbench_protocol::Timestamp;

use crate::boundary::Demand;
use crate::command::Status;
use crate::{Plan, bounds};

/// Time without a byte after which all is quiet: longer than a delayed acknowledgement (40 ms).
const QUIET: Duration = Duration::from_millis(60);
/// Longest wait for quiet.
const QUIET_BOUND: Duration = Duration::from_secs(3);
/// The same where the server's clock moves bytes by itself, so that there may be none.
const CLOCKED_QUIET_BOUND: Duration = Duration::from_millis(500);
/// Longest time that a boundary is tried to be taken with the server's books.
const REST_BOUND: Duration = Duration::from_secs(5);
/// The same of a server that has once not come to rest.
const REST_BOUND_AGAIN: Duration = Duration::from_millis(500);
/// Longest time that it is tried then without the server's books.
const CLIENTS_BOUND: Duration = Duration::from_secs(1);

/// What is known of how long nothing has moved.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    begin: Timestamp,
    bytes: Option<u64>,
    still_since: Timestamp,
    quiet_since: Timestamp,
    /// Whether the server has once left something unanswered for so long that less is waited for.
    has_hung: bool,
    /// Whether bytes have once gone on to move though nothing made them: a server that says something
    /// all the time does so at every boundary, and is not waited for as long again.
    is_restless: bool,
    /// How long the server's books are waited for.
    bound: Duration,
}

impl Rest {
    /// A wait begins.
    pub(crate) fn begin(&mut self, now: Timestamp) {
        let Self { has_hung, is_restless, .. } = *self;
        let bound = if is_restless { REST_BOUND_AGAIN } else { REST_BOUND };
        let (still_since, quiet_since) = (now, now);
        let (begin, bytes) = (now, None);
        *self = Self { begin, bytes, still_since, quiet_since, has_hung, is_restless, bound };
    }

    /// Whether no byte has moved for a while and nothing is under way, as of this look, so that the
    /// last acknowledgements are counted where they belong; or the wait for it is over. A server that
    /// leaves something unanswered and moves no byte is not waited for, and neither is one that never
    /// comes to rest.
    pub(crate) fn is_settled(&mut self, plan: &Plan, status: &Status, now: Timestamp) -> bool {
        // What is under way without being seen at either end takes a round trip more.
        let trip = plan.scenario.network.link.map_or(Duration::ZERO, |link| link.round_trip());
        self.is_settled_within(plan.has_server_clock(), trip, status, now)
    }

    fn is_settled_within(
        &mut self,
        has_clock: bool,
        trip: Duration,
        status: &Status,
        now: Timestamp,
    ) -> bool {
        let is_known = has_clock || self.is_restless;
        let bound = trip + if is_known { CLOCKED_QUIET_BOUND } else { QUIET_BOUND };
        self.look(status, now);
        if self.still_since == now || status.in_flight > 0 {
            self.quiet_since = now;
        }
        if now.since(self.quiet_since) >= trip + QUIET {
            return true;
        }
        if now.since(self.begin) >= bound {
            self.is_restless |= !is_known;
            return true;
        }
        let hangs = self.is_still(now);
        self.has_hung |= hangs;
        hangs
    }

    /// Takes note of how many bytes have moved.
    pub(crate) fn look(&mut self, status: &Status, now: Timestamp) {
        if self.bytes != status.bytes {
            self.bytes = status.bytes;
            self.still_since = now;
        }
    }

    /// What is demanded of a boundary now: less the longer it takes, and nothing where nothing moves.
    pub(crate) fn demand(&mut self, now: Timestamp) -> Demand {
        let passed = now.since(self.begin);
        self.is_restless |= passed >= self.bound;
        match passed {
            _ if self.is_still(now) => Demand::Nothing,
            passed if passed < self.bound => Demand::All,
            passed if passed < self.bound + CLIENTS_BOUND => Demand::Clients,
            _ => Demand::Nothing,
        }
    }

    /// Whether nothing has moved for as long as something may take that is to come.
    fn is_still(&self, now: Timestamp) -> bool {
        let bound = if self.has_hung { bounds::STILL_AGAIN } else { bounds::STILL };
        now.since(self.still_since) >= bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long a server is waited for that moves a byte at each look, of which there are 50 a second;
    /// and what is then demanded, for how long.
    fn waits(rest: &mut Rest, has_clock: bool, begin: Timestamp) -> (Duration, Duration) {
        let look = Duration::from_millis(20);
        let mut now = begin;
        rest.begin(now);
        let mut status = Status { bytes: Some(0), ..Status::default() };
        while !rest.is_settled_within(has_clock, Duration::ZERO, &status, now) {
            now = now.plus(look);
            status.bytes = status.bytes.map(|bytes| bytes + 1);
        }
        let settled = now;
        rest.begin(now);
        while rest.demand(now) != Demand::Nothing {
            now = now.plus(look);
            status.bytes = status.bytes.map(|bytes| bytes + 1);
            rest.look(&status, now);
        }
        (settled.since(begin), now.since(settled))
    }

    #[test]
    fn a_server_that_never_rests_is_waited_for_once_and_then_hardly() {
        let ms = Duration::from_millis;
        for (has_clock, first) in [(false, (ms(3_000), ms(1_500))), (true, (ms(500), ms(6_000)))] {
            let mut rest = Rest::default();
            let begin = Timestamp::from_nanos(0);
            assert_eq!(waits(&mut rest, has_clock, begin), first, "{has_clock}");
            let later = begin.plus(Duration::from_secs(60));
            assert_eq!(waits(&mut rest, has_clock, later), (ms(500), ms(1_500)), "{has_clock}");
        }
    }

    #[test]
    fn a_server_at_rest_is_waited_for_as_long_as_an_acknowledgement_may_take_over_its_link() {
        for trip in [0, 200].map(Duration::from_millis) {
            let (mut rest, begin) = (Rest::default(), Timestamp::from_nanos(0));
            rest.begin(begin);
            let status = Status { bytes: Some(7), ..Status::default() };
            let mut settled = (0..).map(|ms| begin.plus(Duration::from_millis(20 * ms)));
            let at = settled.find(|now| rest.is_settled_within(false, trip, &status, *now));
            assert_eq!(at, Some(begin.plus(trip + QUIET)));
            assert!(!rest.is_restless && !rest.has_hung);
        }
    }
}
