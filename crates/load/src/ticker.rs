//! The tick by which a worker tells whether its thread stood still.

use std::cell::Cell;
use std::time::Duration;

use pushbench_protocol::Timestamp;

use crate::accounts::Accounts;
use crate::accounts::hiccup::{Hiccups, TICK};

/// The tick of one worker's thread, from the beginning of the measure phase until it is told to stop.
#[derive(Debug, Default)]
pub(crate) struct Ticker {
    hiccups: Cell<Option<Hiccups>>,
    is_ticking: Cell<bool>,
}

impl Ticker {
    /// Ticks count from this moment on.
    pub(crate) fn begin(&self, at: Timestamp) {
        self.is_ticking.set(true);
        self.hiccups.set(Some(Hiccups::since(at, TICK)));
    }

    /// The next tick is none any more.
    pub(crate) fn stop(&self) {
        self.is_ticking.set(false);
    }

    /// Ticks until told to stop.
    pub(crate) async fn run(&self, accounts: &Accounts) {
        loop {
            tokio::time::sleep(TICK).await;
            if !self.is_ticking.get() {
                return;
            }
            let hiccups = self.hiccups.get().map(|mut hiccups| {
                hiccups.tick(accounts.now());
                hiccups
            });
            self.hiccups.set(hiccups);
        }
    }

    /// The longest time for which the thread stood still; `None` before the measure phase.
    pub(crate) fn longest(&self) -> Option<Duration> {
        self.hiccups.get().map(|hiccups| hiccups.longest())
    }
}
