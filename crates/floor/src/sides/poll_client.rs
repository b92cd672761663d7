//! Sends prepared requests, on a grid or as soon as the response has come, and counts responses.

use std::time::Duration;

use pushbench_protocol::Timestamp;

use super::{Side, block};
use crate::FloorError;
use crate::blocks::Arrived;
use crate::poller::{Poller, Ready};
use crate::schedule::{Grid, Schedule};
use crate::sockets::Sockets;

#[derive(Debug)]
pub(crate) struct PollClient {
    sockets: Sockets,
    response_bytes: u32,
    polling: Vec<Polling>,
    /// Time between two requests of a connection; `None` is a closed loop.
    every: Option<Duration>,
    pace: Option<Pace>,
    has_stopped: bool,
    /// Requests whose response has not come whole.
    under_way: u64,
    polls: u64,
}

/// One connection.
#[derive(Clone, Copy, Debug, Default)]
struct Polling {
    response: Arrived,
    is_busy: bool,
    /// Requests that were due while it was.
    waiting: u32,
}

/// When requests leave.
#[derive(Debug)]
enum Pace {
    Closed,
    Timed { schedule: Schedule, grid: Grid, next: u64 },
}

impl PollClient {
    pub(crate) fn new(
        connections: u32,
        request_bytes: u32,
        response_bytes: u32,
        every: Option<Duration>,
    ) -> Self {
        Self {
            sockets: Sockets::new(block(request_bytes)),
            response_bytes,
            polling: vec![Polling::default(); connections as usize],
            every,
            pace: None,
            has_stopped: false,
            under_way: 0,
            polls: 0,
        }
    }

    fn ask(&mut self, index: usize, poller: &Poller) -> Result<(), FloorError> {
        let polling = &mut self.polling[index];
        if polling.is_busy {
            polling.waiting += 1;
            return Ok(());
        }
        polling.is_busy = true;
        self.under_way += 1;
        self.sockets.send(index, poller)
    }

    /// The first requests of a closed loop leave at once, those on a timer from now on.
    fn begin(&mut self, now: Timestamp, poller: &Poller) -> Result<Pace, FloorError> {
        let connections = self.sockets.count();
        if let Some(every) = self.every {
            let schedule = Schedule::new(now, every, connections);
            return Ok(Pace::Timed { schedule, grid: Grid::new(now), next: 0 });
        }
        for index in 0..connections as usize {
            self.ask(index, poller)?;
        }
        Ok(Pace::Closed)
    }

    fn arrived(&mut self, index: usize, read: usize, poller: &Poller) -> Result<(), FloorError> {
        let polling = &mut self.polling[index];
        let whole = polling.response.add(read, self.response_bytes);
        let has_more = whole > 1 || (whole == 1 && polling.response.rest() > 0);
        if has_more || (read > 0 && !polling.is_busy) {
            let expected = u64::from(self.response_bytes);
            let found = whole * expected + u64::from(polling.response.rest());
            return Err(FloorError::Unasked { found, expected });
        }
        if whole == 0 {
            return Ok(());
        }
        polling.is_busy = false;
        self.under_way -= 1;
        self.polls += 1;
        match (self.has_stopped, self.every, polling.waiting) {
            (true, ..) | (false, Some(_), 0) => Ok(()),
            (false, Some(_), waiting) => {
                polling.waiting = waiting - 1;
                self.ask(index, poller)
            }
            (false, None, _) => self.ask(index, poller),
        }
    }
}

impl Side for PollClient {
    fn sockets(&mut self) -> &mut Sockets {
        &mut self.sockets
    }

    fn operations(&self) -> u64 {
        self.polls
    }

    fn ready(&mut self, ready: Ready, poller: &Poller) -> Result<(), FloorError> {
        let index = ready.number as usize;
        self.sockets.resume(ready, poller)?;
        if !ready.can_read {
            return Ok(());
        }
        match self.sockets.read(index)? {
            Some(read) => self.arrived(index, read, poller),
            None => Ok(()),
        }
    }

    fn due(&mut self, now: Timestamp, poller: &Poller) -> Result<Option<Timestamp>, FloorError> {
        if self.has_stopped {
            return Ok(None);
        }
        let mut pace = match self.pace.take() {
            Some(pace) => pace,
            None => self.begin(now, poller)?,
        };
        let again = match &mut pace {
            Pace::Closed => None,
            Pace::Timed { schedule, grid, next } => {
                if let Some(tick) = grid.tick(now) {
                    while schedule.due(*next) <= tick {
                        self.ask(schedule.whose(*next), poller)?;
                        *next += 1;
                    }
                }
                Some(grid.at_or_after(schedule.due(*next)))
            }
        };
        self.pace = Some(pace);
        Ok(again)
    }

    fn stop(&mut self) {
        self.has_stopped = true;
    }

    fn is_quiet(&self) -> bool {
        self.under_way == 0
    }
}
