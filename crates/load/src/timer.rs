//! A timer that wakes one task at one moment after another.
//!
//! The host's is a descriptor of its own (`timerfd`): set by one system call, and heard by the wait that
//! hears the sockets. The runtime's timer costs more where it is set anew for the next millisecond, time
//! and again: it wakes its own wait by a write to a descriptor for each new earliest moment, and that
//! wait then returns for nothing but to find that it was its own thread that called.

use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pushbench_protocol::Timestamp;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::Sleep;

/// Between two moments at which it may wake.
const GRID: Duration = Duration::from_millis(1);

/// Wakes whoever polls it.
pub(crate) struct Timer {
    by: By,
    /// When it wakes next.
    set: Option<Timestamp>,
}

enum By {
    Host(AsyncFd<OwnedFd>),
    /// Where the clock is not the host's, or the host gives no descriptor.
    Runtime(Pin<Box<Sleep>>),
}

impl Timer {
    /// A timer of the host's monotonic clock, on its whole milliseconds. Only on a runtime.
    pub(crate) fn host() -> Self {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        match timerfd_create(TimerfdClockId::Monotonic, flags).ok().and_then(registered) {
            Some(fd) => Self { by: By::Host(fd), set: None },
            None => Self::runtime(),
        }
    }

    /// A timer of the runtime's clock, on whole milliseconds of that.
    pub(crate) fn runtime() -> Self {
        Self { by: By::Runtime(Box::pin(tokio::time::sleep(Duration::ZERO))), set: None }
    }

    /// Wakes at this moment or at most a millisecond later. Where the moment that it was set to before
    /// has just come, it may wake once for that.
    pub(crate) fn set(&mut self, moment: Timestamp, now: Timestamp) {
        let moment = match &self.by {
            By::Host(_) => on_grid(moment),
            By::Runtime(_) => moment,
        };
        if self.set.replace(moment) == Some(moment) {
            return;
        }
        match &mut self.by {
            By::Host(fd) => {
                // One of zero would be none at all.
                let nanos = moment.as_nanos().max(1);
                let value = Timespec {
                    tv_sec: (nanos / 1_000_000_000) as i64,
                    tv_nsec: (nanos % 1_000_000_000) as i64,
                };
                let once = Itimerspec { it_interval: Timespec::default(), it_value: value };
                let set = timerfd_settime(fd, TimerfdTimerFlags::ABSTIME, &once);
                set.expect("a timer takes any moment of its clock");
            }
            By::Runtime(sleep) => sleep.set(tokio::time::sleep(moment.since(now))),
        }
    }

    /// Ready once the moment that it was set to has come.
    pub(crate) fn poll_elapsed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.set.is_none() {
            return Poll::Pending;
        }
        match &mut self.by {
            // Set anew, it forgets what it has not been asked about: nothing has to be read.
            By::Host(fd) => match ready!(fd.poll_read_ready(cx)) {
                Ok(mut guard) => guard.clear_ready(),
                Err(_) => unreachable!("the runtime is there as long as its tasks"),
            },
            By::Runtime(sleep) => ready!(sleep.as_mut().poll(cx)),
        }
        self.set = None;
        Poll::Ready(())
    }
}

/// The descriptor among those that the runtime waits for.
#[expect(unsafe_code, reason = "tokio cannot know that a descriptor stays the same one")]
fn registered(fd: OwnedFd) -> Option<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is open and the same until it is dropped, and nobody takes it out.
    unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }.ok()
}

/// The next whole millisecond of the clock.
fn on_grid(moment: Timestamp) -> Timestamp {
    let grid = GRID.as_nanos() as u64;
    Timestamp::from_nanos(moment.as_nanos().div_ceil(grid).saturating_mul(grid))
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use pushbench_protocol::clock;

    use super::*;

    #[test]
    fn a_moment_between_two_milliseconds_is_the_later_one() {
        for (nanos, expected) in
            [(0, 0), (1, 1_000_000), (1_000_000, 1_000_000), (1_000_001, 2_000_000)]
        {
            assert_eq!(on_grid(Timestamp::from_nanos(nanos)), Timestamp::from_nanos(expected));
        }
    }

    async fn wakes_at(timer: &mut Timer, moment: Timestamp) -> Timestamp {
        timer.set(moment, clock::now());
        poll_fn(|cx| timer.poll_elapsed(cx)).await;
        clock::now()
    }

    #[tokio::test]
    async fn it_wakes_once_for_each_moment_and_never_before() {
        let mut timer = Timer::host();
        let mut last = clock::now();
        for millis in [0, 3, 1, 2] {
            let moment = last.plus(Duration::from_millis(millis));
            last = wakes_at(&mut timer, moment).await;
            assert!(last >= moment, "{millis} ms");
        }
        poll_fn(|cx| {
            assert!(timer.poll_elapsed(cx).is_pending(), "it is set to nothing");
            Poll::Ready(())
        })
        .await;
    }

    #[tokio::test]
    async fn an_earlier_moment_takes_the_place_of_a_later_one() {
        let mut timer = Timer::host();
        let begin = clock::now();
        timer.set(begin.plus(Duration::from_secs(3_600)), begin);
        let woken = wakes_at(&mut timer, begin.plus(Duration::from_millis(2))).await;
        assert!(woken.since(begin) < Duration::from_secs(3_600));
    }
}
