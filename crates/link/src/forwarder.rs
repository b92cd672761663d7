//! The thread that takes packets from each device to the other.
//!
//! It reads what has come, writes what is due, and otherwise sleeps until the next of either. What it
//! adds to a delay is how late it is woken, so it runs before every usual thread (`SCHED_FIFO`) and
//! with the least timer slack; it never spins.

use std::fs::File;
use std::io::{self, Read, Write};
use std::num::NonZeroU64;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use pushbench_protocol::clock::{self, thread_cpu_time};
use pushbench_protocol::{Direction, Phase, Timestamp};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use crate::relay::{Refusal, Relay};
use crate::system;

/// Packets that are read from a device, or written, before the others have their turn.
const BATCH: usize = 32;
/// Room for any IP packet.
const LONGEST_PACKET: usize = 65_535;

/// How the thread is scheduled.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Scheduling {
    /// Before every usual thread.
    Fifo,
    /// Like any thread, since the system refused more: packets are up to some milliseconds late
    /// while the machine is busy.
    Usual {
        /// What it said.
        why: String,
    },
}

/// What the thread and its owner tell each other.
#[derive(Debug)]
pub(crate) struct Shared {
    phase: AtomicU8,
    is_over: AtomicBool,
    /// Whether no more echoes are sent.
    is_quiet: AtomicBool,
    under_way: AtomicU64,
    /// When a packet last came or left, in nanoseconds of the host's clock.
    moved_at: AtomicU64,
    /// Wakes the thread.
    bell: OwnedFd,
}

/// What the thread has when it ends.
#[derive(Debug)]
pub(crate) struct Forwarded {
    pub(crate) relay: Relay,
    pub(crate) scheduling: Scheduling,
    /// CPU time that it has used.
    pub(crate) cpu: Duration,
}

impl Shared {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            phase: AtomicU8::new(0),
            is_over: AtomicBool::new(false),
            is_quiet: AtomicBool::new(false),
            under_way: AtomicU64::new(0),
            moved_at: AtomicU64::new(clock::now().as_nanos()),
            bell: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
        })
    }

    pub(crate) fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.phase.load(Ordering::Relaxed))]
    }

    pub(crate) fn begin(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// Packets on their way, and when one last came or left.
    pub(crate) fn rest(&self) -> (u64, Timestamp) {
        // In this order: whoever sees that the last packet has left sees when it did, too.
        let under_way = self.under_way.load(Ordering::Acquire);
        (under_way, Timestamp::from_nanos(self.moved_at.load(Ordering::Acquire)))
    }

    /// A packet has come or left, and so many are on their way.
    fn moved(&self, under_way: usize) {
        self.moved_at.store(clock::now().as_nanos(), Ordering::Release);
        self.under_way.store(under_way as u64, Ordering::Release);
    }

    /// Ends the echo.
    pub(crate) fn be_quiet(&self) {
        self.is_quiet.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.is_quiet.load(Ordering::Relaxed)
    }

    /// Ends the thread.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Release);
        // A bell that has rung so often that it takes no more has been heard.
        let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }
}

/// Takes packets from each device to the other until the owner ends it. `near` is the server's.
///
/// # Errors
///
/// If a device fails.
pub(crate) fn forward(
    mut relay: Relay,
    near: &File,
    far: &File,
    shared: &Arc<Shared>,
) -> io::Result<Forwarded> {
    let scheduling = match system::run_first() {
        Ok(()) => Scheduling::Fifo,
        Err(error) => Scheduling::Usual { why: error.to_string() },
    };
    // The kernel may otherwise put off a wake-up by 50 microseconds, to join it with others.
    rustix::thread::set_current_timer_slack(NonZeroU64::new(1))?;
    let mut bytes = vec![0; LONGEST_PACKET];
    while !shared.is_over() {
        let phase = shared.phase();
        let mut has_moved = false;
        for (direction, mut device) in [(Direction::Up, far), (Direction::Down, near)] {
            for _ in 0..BATCH {
                let Some(len) = packet(device.read(&mut bytes))? else { break };
                relay.enter(direction, &bytes[..len], clock::now(), phase);
                has_moved = true;
            }
        }
        for _ in 0..BATCH {
            let has_left = relay.leave(clock::now(), phase, |direction, packet| {
                let mut device = match direction {
                    Direction::Up => near,
                    Direction::Down => far,
                };
                match device.write(packet) {
                    Ok(len) if len == packet.len() => Ok(clock::now()),
                    Ok(_) | Err(_) => Err(Refusal),
                }
            });
            if !has_left {
                break;
            }
            has_moved = true;
        }
        if has_moved {
            shared.moved(relay.under_way());
            continue;
        }
        wait(near, far, shared, relay.next_due())?;
    }
    Ok(Forwarded { relay, scheduling, cpu: thread_cpu_time() })
}

/// The length of a packet that was read; `None` if there is none.
fn packet(read: io::Result<usize>) -> io::Result<Option<usize>> {
    match read {
        Ok(len) => Ok(Some(len)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sleeps until a packet comes, one is due, or the owner rings.
fn wait(near: &File, far: &File, shared: &Shared, due: Option<Timestamp>) -> io::Result<()> {
    let left = due.map(|due| due.since(clock::now()));
    if left.is_some_and(|left| left.is_zero()) {
        return Ok(());
    }
    let timeout = left.map(|left| Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(left.subsec_nanos()),
    });
    let mut files = [near.as_fd(), far.as_fd(), shared.bell.as_fd()]
        .map(|file| PollFd::from_borrowed_fd(file, PollFlags::IN));
    match poll(&mut files, timeout.as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
