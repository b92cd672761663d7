//! What the conductor tells a worker, and what it hears of it.

use std::sync::mpsc as mpsc_std;
use std::time::Duration;

use pushbench_protocol::{Direction, Phase, Timestamp};
use pushbench_wire::Ledger;

use crate::outcome::{Boundary, Outcome, SocketSums};

/// Where a worker's reply goes: a channel that holds one, so that nobody waits to send it.
pub(crate) type Reply<T> = mpsc_std::SyncSender<T>;

/// What the conductor tells a worker.
pub(crate) enum Command {
    /// Begin to connect.
    Connect,
    /// Say how things stand.
    Report(Reply<Status>),
    /// Stop, say where the books stand, and close those of a boundary if then told so.
    Close { boundary: Boundary, reply: Reply<Standing>, told: mpsc_std::Receiver<bool> },
    /// A part of the schedule begins at this moment.
    Begin(Phase, Timestamp),
    /// End all connections and give the outcome.
    Finish(Reply<Outcome>),
}

/// How things stand at one worker.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Status {
    pub(crate) connected: u64,
    pub(crate) failed: u64,
    /// Polls sent and not answered.
    pub(crate) in_flight: u64,
    /// Clients that do not hold the last message of their topic.
    pub(crate) waiting_for_last: u64,
    /// Bytes that all sockets carried.
    pub(crate) bytes: u64,
    pub(crate) delivered: u64,
    pub(crate) cpu: Duration,
    /// The latest poll of the measure phase, from due to sent.
    pub(crate) late: Option<Duration>,
}

/// Where the books of a worker that has stopped stand.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    /// Sockets and kernel.
    pub(crate) sums: SocketSums,
    /// Bytes that the codec has booked, both directions.
    pub(crate) booked: Booked,
}

/// Bytes in a ledger, all phases and kinds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Booked {
    pub(crate) up: u64,
    pub(crate) down: u64,
}

impl Booked {
    pub(crate) fn in_all(ledger: &Ledger) -> Self {
        Self { up: ledger.stream_bytes(Direction::Up), down: ledger.stream_bytes(Direction::Down) }
    }
}

impl std::ops::AddAssign for Standing {
    fn add_assign(&mut self, other: Self) {
        self.sums += other.sums;
        self.booked.up += other.booked.up;
        self.booked.down += other.booked.down;
    }
}
