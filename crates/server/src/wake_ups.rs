//! One timer for all who wait for a moment of their own: subscribers whose messages are conflated.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Mutex, MutexGuard};
use std::task::Waker;

use pushbench_protocol::Timestamp;
use pushbench_protocol::clock::Clock;
use tokio::sync::Notify;

/// Tasks and the moments at which to wake them.
#[derive(Debug, Default)]
pub(crate) struct WakeUps {
    set: Mutex<BinaryHeap<Reverse<WakeUp>>>,
    /// Told when one is set that comes before all others.
    sooner: Notify,
}

/// A subscriber's own wait for its moment.
#[derive(Debug, Default)]
pub(crate) struct Pause(Option<Timestamp>);

impl Pause {
    /// Whether it goes on at this moment, which is asked for only if it was begun.
    pub(crate) fn lasts(&mut self, now: impl Fn() -> Timestamp) -> bool {
        self.0 = self.0.filter(|until| now() < *until);
        self.0.is_some()
    }

    /// Goes on until this moment; whether that is news.
    pub(crate) fn is_new(&mut self, until: Timestamp) -> bool {
        self.0.replace(until) != Some(until)
    }
}

#[derive(Debug)]
struct WakeUp {
    at: Timestamp,
    task: Waker,
}

impl PartialEq for WakeUp {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for WakeUp {}

impl PartialOrd for WakeUp {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for WakeUp {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

impl WakeUps {
    /// Wakes `task` at this moment, or up to a millisecond later.
    pub(crate) fn set(&self, at: Timestamp, task: Waker) {
        let mut set = self.lock();
        let is_first = set.peek().is_none_or(|Reverse(first)| at < first.at);
        set.push(Reverse(WakeUp { at, task }));
        if is_first {
            self.sooner.notify_one();
        }
    }

    /// Wakes everyone in time, for ever.
    pub(crate) async fn run(&self, clock: Clock) {
        loop {
            let now = clock.now();
            match self.wake_due(now) {
                Some(next) => {
                    tokio::select! {
                        () = tokio::time::sleep(next.since(now)) => {}
                        () = self.sooner.notified() => {}
                    }
                }
                None => self.sooner.notified().await,
            }
        }
    }

    /// Wakes whoever is due; gives the moment of the next.
    fn wake_due(&self, now: Timestamp) -> Option<Timestamp> {
        let mut set = self.lock();
        while let Some(Reverse(first)) = set.peek() {
            if first.at > now {
                return Some(first.at);
            }
            let Reverse(wake_up) = set.pop().expect("peeked");
            wake_up.task.wake();
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, BinaryHeap<Reverse<WakeUp>>> {
        self.set.lock().expect("a waker does not panic")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicU32);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn each_is_woken_once_its_moment_has_come_and_not_before() {
        let wake_ups = WakeUps::default();
        let counts: [Arc<Count>; 3] = Default::default();
        for (count, at) in counts.iter().zip([30, 10, 20]) {
            wake_ups.set(Timestamp::from_nanos(at), Waker::from(Arc::clone(count)));
        }
        let woken = |now: u64| {
            let next = wake_ups.wake_due(Timestamp::from_nanos(now));
            (next.map(Timestamp::as_nanos), [0, 1, 2].map(|n| counts[n].0.load(Ordering::Relaxed)))
        };
        assert_eq!(woken(9), (Some(10), [0, 0, 0]));
        assert_eq!(woken(20), (Some(30), [0, 1, 1]));
        assert_eq!(woken(25), (Some(30), [0, 1, 1]));
        assert_eq!(woken(30), (None, [1, 1, 1]));
        assert_eq!(woken(40), (None, [1, 1, 1]));
    }
}
