//! Why something was sent late: because the load generator was late, or because the server kept its
//! line busy.
//!
//! A poll cannot leave before the response to the one before it has come, nor a publish while the
//! socket is full. What it waits for that is the server's doing and belongs into the result; what it
//! leaves later than that is the load generator's own. Pure: every time is an argument.

use std::time::Duration;

use pushbench_protocol::Timestamp;

/// A line on which one thing at a time is sent, each when it is due.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Turns {
    /// When the line was free, or would have been had all been sent in time.
    free_at: Timestamp,
    /// How late the load generator sent what is on the line.
    own: Duration,
    /// Whether the server had kept that waiting.
    was_kept: bool,
}

/// How late something was sent, by cause.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Late {
    /// The load generator was.
    pub(crate) own: Duration,
    /// The server kept it waiting.
    pub(crate) kept: Duration,
}

impl Turns {
    /// Something that was due is sent now.
    pub(crate) fn send(&mut self, due: Timestamp, now: Timestamp) -> Late {
        let kept = self.free_at.since(due);
        self.own = now.since(due.max(self.free_at));
        self.was_kept = !kept.is_zero();
        Late { own: self.own, kept }
    }

    /// The server is done with it. What it was sent late by is taken off, so that it is not the
    /// server that is told of for a backlog of ours; but where the server had kept it waiting, what
    /// follows is a backlog of the server's, and each message answers for its own lateness alone.
    pub(crate) fn done(&mut self, now: Timestamp) {
        if self.was_kept {
            self.free_at = now;
            return;
        }
        let own = u64::try_from(self.own.as_nanos()).unwrap_or(u64::MAX);
        self.free_at = Timestamp::from_nanos(now.as_nanos().saturating_sub(own));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends every 10 ms what takes the server so long, and gives how late each was, by cause; our
    /// clock wakes `late` ms after it could have sent.
    fn play(steps: &[(u64, u64)]) -> Vec<(u64, u64)> {
        let at = |millis: u64| Timestamp::from_nanos(millis * 1_000_000);
        let mut turns = Turns::default();
        let mut free = 1_000;
        let send = |(index, &(late, takes)): (usize, &(u64, u64))| {
            let due = 1_000 + 10 * index as u64;
            let now = due.max(free) + late;
            let Late { own, kept } = turns.send(at(due), at(now));
            free = now + takes;
            turns.done(at(free));
            (own.as_millis() as u64, kept.as_millis() as u64)
        };
        steps.iter().enumerate().map(send).collect()
    }

    #[test]
    fn who_is_in_time_is_not_late() {
        assert_eq!(play(&[(0, 1), (0, 1), (0, 1)]), [(0, 0); 3]);
    }

    #[test]
    fn a_server_that_hangs_keeps_waiting_and_makes_nobody_late() {
        assert_eq!(play(&[(0, 35), (0, 1), (0, 1), (0, 1)]), [(0, 0), (0, 25), (0, 16), (0, 7)]);
    }

    #[test]
    fn what_each_message_costs_us_does_not_add_up_over_a_backlog_of_the_servers() {
        let played = play(&[(0, 35), (8, 1), (8, 1), (8, 1)]);
        assert_eq!(played, [(0, 0), (8, 25), (8, 24), (8, 23)]);
    }

    #[test]
    fn a_stall_of_ours_and_its_backlog_are_ours() {
        let played = play(&[(35, 1), (0, 1), (0, 1)]);
        assert_eq!(played, [(35, 0), (26, 0), (17, 0)]);
    }
}
