//! What the conductor tells a worker, and what it hears of it.

use std::os::fd::RawFd;
use std::sync::mpsc as mpsc_std;
use std::time::Duration;

use pushbench_protocol::{Direction, Phase, Timestamp};
use pushbench_wire::Ledger;

use crate::outcome::{Boundary, WorkerOutcome};
use crate::so_far::SoFar;
use crate::witness::counted::{Counted, Tally};
use crate::witness::list::WitnessName;

/// Where a worker's reply goes: a channel that holds one, so that nobody waits to send it.
pub(crate) type Reply<T> = mpsc_std::SyncSender<T>;

/// Decides whether a worker whose books stand so closes them. The worker stands still meanwhile.
pub(crate) type Decide = Box<dyn FnOnce(Standing) -> bool + Send>;

/// What the conductor tells a worker.
pub(crate) enum Command {
    /// Begin to connect.
    Connect,
    /// Say how things stand, but for bytes.
    Report(Reply<Status>),
    /// Say how things stand, and look at every connection for that: not while anything is measured.
    ReportBytes(Reply<Status>),
    /// Stop, say where the books stand, and close those of a boundary if then told so.
    Close { boundary: Boundary, decide: Decide },
    /// A part of the schedule begins at this moment.
    Begin(Phase, Timestamp),
    /// End all connections and give the outcome. Whoever has not ended when `still` has passed without
    /// any client's end, or any byte, is cut off.
    Finish { still: Duration, reply: Reply<WorkerOutcome> },
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
    /// Messages that came to a client that had them.
    pub(crate) duplicates: u64,
    /// Responses to polls of the measure phase.
    pub(crate) responses: u64,
    /// Bytes that all sockets carried, where they were asked for.
    pub(crate) bytes: Option<u64>,
    pub(crate) delivered: u64,
    pub(crate) cpu: Duration,
    /// The latest poll of the measure phase, from due to sent.
    pub(crate) late: Option<Duration>,
    pub(crate) so_far: SoFar,
}

/// Where the books of a worker that has stopped stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    /// Clients between a response and the request that belongs with it.
    pub(crate) turning: u64,
    /// Bytes that were read of responses that are not whole: no book of the clients' has them.
    pub(crate) in_part: u64,
    /// What each of its witnesses has counted.
    pub(crate) counted: Counted,
    /// Descriptors of the connections that are open.
    pub(crate) open: Vec<RawFd>,
}

impl Standing {
    /// Of sockets and kernels that have counted this, and of a codec that has booked all that is in
    /// the ledger.
    pub(crate) fn of(counted: Counted, ledger: &Ledger, open: Vec<RawFd>) -> Self {
        let [up, down] = [Direction::Up, Direction::Down].map(|way| ledger.stream_bytes(way));
        let counted = counted.with(WitnessName::Codec, Tally::of_bytes(up, down));
        Self { turning: 0, in_part: 0, counted, open }
    }
}

impl std::ops::AddAssign for Standing {
    fn add_assign(&mut self, other: Self) {
        self.turning += other.turning;
        self.in_part += other.in_part;
        self.counted += other.counted;
        self.open.extend(other.open);
    }
}
