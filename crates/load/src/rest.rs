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
const QUIET_BOUND: Duration = Duration::from_secs(5);
/// The same where the server's clock moves bytes by itself, so that there may be none.
const CLOCKED_QUIET_BOUND: Duration = Duration::from_millis(500);
/// Longest time that a boundary is tried to be taken with the server's books, and again without.
const REST_BOUND: Duration = Duration::from_secs(5);

/// What is known of how long nothing has moved.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    begin: Timestamp,
    bytes: Option<u64>,
    still_since: Timestamp,
    quiet_since: Timestamp,
    /// Whether the server has once left something unanswered for so long that less is waited for.
    has_hung: bool,
}

impl Rest {
    /// A wait begins.
    pub(crate) fn begin(&mut self, now: Timestamp) {
        let has_hung = self.has_hung;
        *self = Self { begin: now, bytes: None, still_since: now, quiet_since: now, has_hung };
    }

    /// Whether no byte has moved for a while and nothing is under way, as of this look, so that the
    /// last acknowledgements are counted where they belong; or the wait for it is over. A server that
    /// leaves something unanswered and moves no byte is not waited for.
    pub(crate) fn is_settled(&mut self, plan: &Plan, status: &Status, now: Timestamp) -> bool {
        let bound = if plan.has_server_clock() { CLOCKED_QUIET_BOUND } else { QUIET_BOUND };
        self.look(status, now);
        if self.still_since == now || status.in_flight > 0 {
            self.quiet_since = now;
        }
        if now.since(self.quiet_since) >= QUIET || now.since(self.begin) >= bound {
            return true;
        }
        let hangs = self.is_still(now);
        self.has_hung |= hangs;
        hangs
    }

    /// Takes note of how many bytes have moved.
    pub(crate) fn look(&mut self, status: &Status, now: Timestamp) {
        if self.bytes != Some(status.bytes) {
            self.bytes = Some(status.bytes);
            self.still_since = now;
        }
    }

    /// What is demanded of a boundary now: less the longer it takes, and nothing where nothing moves.
    pub(crate) fn demand(&self, now: Timestamp) -> Demand {
        match now.since(self.begin) {
            _ if self.is_still(now) => Demand::Nothing,
            passed if passed < REST_BOUND => Demand::All,
            passed if passed < 2 * REST_BOUND => Demand::Clients,
            _ => Demand::Nothing,
        }
    }

    /// Whether nothing has moved for as long as something may take that is to come.
    fn is_still(&self, now: Timestamp) -> bool {
        let bound = if self.has_hung { bounds::STILL_AGAIN } else { bounds::STILL };
        now.since(self.still_since) >= bound
    }
}
