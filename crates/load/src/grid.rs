//! One timer for all clients of a worker.
//!
//! Waking once a millisecond and sending all that is due costs less than half of a wake for each
//! poll (measured at 5,000 polls a second), and spares a timer entry for each client. How late the
//! grid makes a poll is recorded as its lateness. The grid is that of the timer, whose waits end at
//! whole milliseconds.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::sync::Notify;

use crate::accounts::Accounts;
use crate::accounts::timeline::Timeline;
use crate::due::Due;
use crate::timer::Timer;

/// Wakes clients when their places on the schedule come.
pub(crate) struct Grid {
    accounts: Rc<Accounts>,
    /// Where the schedule was at the last wake.
    reached: Cell<Duration>,
    closed: Cell<bool>,
    waiting: RefCell<Due<Waker>>,
    changed: Notify,
}

impl Grid {
    /// A timer of the schedule and the clock that these accounts go by.
    pub(crate) fn new(accounts: Rc<Accounts>) -> Self {
        Self {
            accounts,
            reached: Cell::new(Duration::ZERO),
            closed: Cell::new(false),
            waiting: RefCell::default(),
            changed: Notify::new(),
        }
    }

    /// Lets a part of the schedule begin.
    pub(crate) fn set_timeline(&self, timeline: Timeline) {
        self.accounts.set_timeline(timeline);
        self.changed.notify_one();
    }

    /// Ends every wait.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.changed.notify_one();
    }

    /// Waits for a place on the schedule; `false` if the grid was closed before it came.
    pub(crate) async fn wait_until(&self, at: Duration) -> bool {
        let mut registered = false;
        std::future::poll_fn(|cx| {
            if self.closed.get() {
                return Poll::Ready(false);
            }
            if self.has_come(at) {
                return Poll::Ready(true);
            }
            if !registered {
                registered = true;
                let mut waiting = self.waiting.borrow_mut();
                let is_first = waiting.first().is_none_or(|first| at < first);
                waiting.push(at, cx.waker().clone());
                if is_first {
                    self.changed.notify_one();
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Runs on this timer until the grid is closed.
    pub(crate) async fn run(&self, mut timer: Timer) {
        while !self.closed.get() {
            let now = self.accounts.now();
            self.reached.set(self.accounts.timeline().place(now));
            let next = self.wake_due();
            match next.and_then(|at| self.accounts.timeline().moment(at)) {
                Some(moment) => {
                    timer.set(moment, now);
                    let mut changed = pin!(self.changed.notified());
                    poll_fn(|cx| match timer.poll_elapsed(cx) {
                        Poll::Ready(()) => Poll::Ready(()),
                        Poll::Pending => changed.as_mut().poll(cx),
                    })
                    .await;
                }
                None => self.changed.notified().await,
            }
        }
        while let Some(waker) = self.waiting.borrow_mut().pop() {
            waker.wake();
        }
    }

    /// Whether a place has come and the schedule's part that it belongs to has begun.
    fn has_come(&self, at: Duration) -> bool {
        self.accounts.timeline().moment(at).is_some() && at <= self.reached.get()
    }

    /// Wakes whoever is due; gives the place of the next.
    fn wake_due(&self) -> Option<Duration> {
        let mut waiting = self.waiting.borrow_mut();
        loop {
            let first = waiting.first()?;
            if !self.has_come(first) {
                return Some(first);
            }
            waiting.pop().expect("it is the first").wake();
        }
    }
}
