//! How long a connection may take for what it is doing.
//!
//! One sweep over all connections keeps every deadline: a timer for each would cost memory, and
//! time at each request, in the very figures that this server exists to give. A connection ends
//! between its deadline and one sweep later.

use std::time::Duration;

use pushbench_protocol::Timestamp;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// HTTP, between requests, or answering one.
    Http,
    /// Nothing was asked for yet, nor is a request on its way.
    Fresh,
    /// HTTP, part of a request has arrived.
    Request,
    /// HTTP, a poll is held. The hold has an end of its own, so silence is no idleness.
    Held,
    /// WebSocket or stream, open; nothing waits to be written.
    Open,
    /// WebSocket or stream, the socket takes no more of what waits to be written.
    Blocked,
    /// The last bytes are written; the client has to close.
    Closing,
    /// TLS, before anything is said above it.
    Handshake,
}

/// What a connection's task is told to do, the milder first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub(crate) enum Order {
    None,
    /// End in the way of its protocol.
    GoAway,
    /// End at once.
    End,
}

/// How long each phase may last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Timeouts {
    /// A request's head, from its first byte.
    pub(crate) head: Duration,
    /// A turn of the client's in a TLS handshake.
    pub(crate) handshake: Duration,
    /// From the beginning until something is asked for.
    pub(crate) first_request: Duration,
    /// Nothing in either direction.
    pub(crate) idle: Duration,
    /// Not one byte written while some wait.
    pub(crate) write: Duration,
    /// From the last byte written until the client has closed.
    pub(crate) close: Duration,
}

/// Bytes a second that a client takes of a response at least, on average, once it has had a write
/// timeout's time: a response has an end, and whoever takes it drop by drop keeps its memory and its
/// place. It is what Kestrel asks for by default (`MinResponseDataRate`, 240 bytes a second).
const LEAST_TAKEN: u64 = 240;

/// How much longer a client may take for a response of which it has taken so much in this time.
pub(crate) fn time_left(taken: u64, elapsed: Duration, write_timeout: Duration) -> Duration {
    let earned = Duration::from_millis(taken.saturating_mul(1_000) / LEAST_TAKEN);
    write_timeout.saturating_add(earned).saturating_sub(elapsed)
}

/// A deadline that has passed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Overdue {
    pub(crate) order: Order,
    /// Status or close code to book it under: 408 for a slow head, 1006 (closed without a close
    /// frame) for a socket that takes nothing. An idle connection is refused nothing.
    pub(crate) code: Option<u16>,
}

/// What the last sweeps saw of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadlines {
    phase: Phase,
    read: u64,
    written: u64,
    since: Timestamp,
    /// Since when the socket has taken no more of a response at each sweep, and what had been written
    /// by then.
    blocked: Option<(Timestamp, u64)>,
}

/// What a connection does and has carried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) phase: Phase,
    pub(crate) read: u64,
    pub(crate) written: u64,
    /// Whether the socket takes no more of what is to be written.
    pub(crate) is_blocked: bool,
}

impl Phase {
    pub(crate) fn from_bits(bits: u8) -> Self {
        [
            Self::Http,
            Self::Fresh,
            Self::Request,
            Self::Held,
            Self::Open,
            Self::Blocked,
            Self::Closing,
            Self::Handshake,
        ][usize::from(bits)]
    }
}

impl Order {
    pub(crate) fn from_bits(bits: u8) -> Self {
        [Self::None, Self::GoAway, Self::End][usize::from(bits)]
    }
}

impl Timeouts {
    /// Time between sweeps: an eighth of the shortest timeout, at most a second.
    pub(crate) fn sweep_interval(&self) -> Duration {
        let shortest = self
            .head
            .min(self.handshake)
            .min(self.first_request)
            .min(self.idle)
            .min(self.write)
            .min(self.close);
        (shortest / 8).clamp(Duration::from_millis(5), Duration::from_secs(1))
    }
}

impl Deadlines {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { phase: Phase::Http, read: 0, written: 0, since: now, blocked: None }
    }

    /// Compares what a connection does and has carried with the last sweep.
    pub(crate) fn judge(
        &mut self,
        seen: Seen,
        now: Timestamp,
        timeouts: &Timeouts,
    ) -> Option<Overdue> {
        if self.is_dripping(seen, now, timeouts) {
            return Some(Overdue { order: Order::End, code: Some(1006) });
        }
        let Seen { phase, read, written, .. } = seen;
        let moved = match phase {
            Phase::Http | Phase::Open => read != self.read || written != self.written,
            Phase::Blocked => written != self.written,
            // Once its hello has been answered it is the client's turn again.
            Phase::Handshake => written != self.written,
            // Each request is answered: bytes that come drop by drop are no excuse.
            Phase::Request => written != self.written,
            // Settings and the like are no request.
            Phase::Fresh | Phase::Held | Phase::Closing => false,
        };
        if phase != self.phase || moved {
            *self = Self { phase, read, written, since: now, blocked: self.blocked };
            return None;
        }
        let (limit, order, code) = match phase {
            Phase::Http => (timeouts.idle, Order::End, None),
            Phase::Fresh => (timeouts.first_request.min(timeouts.idle), Order::End, None),
            Phase::Request => (timeouts.head, Order::End, Some(408)),
            Phase::Held => return None,
            Phase::Open => (timeouts.idle, Order::GoAway, None),
            Phase::Blocked => (timeouts.write, Order::End, Some(1006)),
            Phase::Closing => (timeouts.close, Order::End, None),
            Phase::Handshake => (timeouts.handshake, Order::End, None),
        };
        (now.since(self.since) >= limit).then_some(Overdue { order, code })
    }

    /// Whether a response is taken, but too slowly. What a session sends has no end, and its reader
    /// meets the policy for slow ones.
    fn is_dripping(&mut self, seen: Seen, now: Timestamp, timeouts: &Timeouts) -> bool {
        let is_response = matches!(seen.phase, Phase::Http | Phase::Request | Phase::Held);
        if !(is_response && seen.is_blocked) {
            self.blocked = None;
            return false;
        }
        let (since, written) = *self.blocked.get_or_insert((now, seen.written));
        time_left(seen.written - written, now.since(since), timeouts.write).is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUTS: Timeouts = Timeouts {
        head: Duration::from_secs(10),
        handshake: Duration::from_secs(15),
        first_request: Duration::from_secs(20),
        idle: Duration::from_secs(60),
        write: Duration::from_secs(30),
        close: Duration::from_secs(2),
    };

    /// Sweeps each second; `carried` gives bytes read and written by second. The second at which
    /// the connection is overdue, within two minutes.
    fn check(phase: Phase, carried: impl Fn(u64) -> (u64, u64)) -> Option<(u64, Overdue)> {
        let mut deadline = Deadlines::new(Timestamp::from_nanos(0));
        (0..120).find_map(|second| {
            let now = Timestamp::from_nanos(second * 1_000_000_000);
            let (read, written) = carried(second);
            let seen = Seen { phase, read, written, is_blocked: false };
            deadline.judge(seen, now, &TIMEOUTS).map(|overdue| (second, overdue))
        })
    }

    fn end(code: Option<u16>) -> Overdue {
        Overdue { order: Order::End, code }
    }

    #[test]
    fn each_phase_has_its_deadline() {
        let silent = |_| (1, 0);
        assert_eq!(check(Phase::Http, silent), Some((60, end(None))));
        assert_eq!(check(Phase::Fresh, silent), Some((20, end(None))));
        assert_eq!(check(Phase::Request, silent), Some((10, end(Some(408)))));
        assert_eq!(check(Phase::Held, silent), None);
        let idle = Overdue { order: Order::GoAway, code: None };
        assert_eq!(check(Phase::Open, silent), Some((60, idle)));
        assert_eq!(check(Phase::Blocked, silent), Some((30, end(Some(1006)))));
        assert_eq!(check(Phase::Closing, silent), Some((2, end(None))));
        assert_eq!(check(Phase::Handshake, silent), Some((15, end(None))));
    }

    #[test]
    fn a_head_that_comes_drop_by_drop_is_late_all_the_same() {
        let drops = |second| (second + 1, 0);
        assert_eq!(check(Phase::Request, drops), Some((10, end(Some(408)))));
        assert_eq!(check(Phase::Handshake, drops), Some((15, end(None))));
        assert_eq!(check(Phase::Fresh, |second| (second, second)), Some((20, end(None))));
        assert_eq!(check(Phase::Http, drops), None);
        assert_eq!(check(Phase::Open, drops), None);
    }

    #[test]
    fn a_client_that_reads_slowly_is_not_blocked_and_one_that_only_talks_is() {
        assert_eq!(check(Phase::Blocked, |second| (0, second)), None);
        assert_eq!(check(Phase::Blocked, |second| (second, 0)), Some((30, end(Some(1006)))));
    }

    #[test]
    fn a_client_that_takes_a_response_drop_by_drop_is_cut_off_and_one_that_takes_its_time_is_not() {
        let check = |phase, per_second: u64, blocked: fn(u64) -> bool| {
            let mut deadline = Deadlines::new(Timestamp::from_nanos(0));
            (0..600).find_map(|second| {
                let now = Timestamp::from_nanos(second * 1_000_000_000);
                let is_blocked = blocked(second);
                let seen = Seen { phase, read: 1, written: per_second * second, is_blocked };
                deadline.judge(seen, now, &TIMEOUTS).map(|overdue| (second, overdue))
            })
        };
        let always = |_| true;
        let cut_off = |second| Some((second, end(Some(1006))));
        for phase in [Phase::Http, Phase::Request, Phase::Held] {
            assert_eq!(check(phase, 1, always), cut_off(31), "{phase:?}");
            // 30 s and half of the time that it takes.
            assert_eq!(check(phase, 120, always), cut_off(60), "{phase:?}");
        }
        assert_eq!(check(Phase::Http, 240, always), None);
        // Between its responses nothing waits for it.
        assert_eq!(check(Phase::Http, 1, |second| second % 20 > 0), None);
        assert_eq!(check(Phase::Blocked, 1, always), None, "a subscriber meets the policy");
    }

    #[test]
    fn a_client_that_will_not_close_is_cut_off_whatever_it_sends() {
        assert_eq!(check(Phase::Closing, |second| (second, second)), Some((2, end(None))));
    }
}
