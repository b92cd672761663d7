//! Sends a prepared message to every subscriber of a topic, when one is due.

use std::time::Duration;

use pushbench_protocol::Timestamp;

use super::{Side, block};
use crate::FloorError;
use crate::poller::{Poller, Ready};
use crate::schedule::Schedule;
use crate::sockets::Sockets;

#[derive(Debug)]
pub(crate) struct PushServer {
    sockets: Sockets,
    topics: u32,
    at_once: u32,
    /// Time between two messages of a topic; `None` is a closed loop.
    every: Option<Duration>,
    pace: Option<Pace>,
    has_stopped: bool,
    deliveries: u64,
}

/// When messages are due.
#[derive(Debug)]
enum Pace {
    /// One for each byte that the client sends, which it does when a message has reached everybody.
    Closed {
        allowed: u64,
    },
    Timed {
        schedule: Schedule,
        next: u64,
    },
}

impl PushServer {
    pub(crate) fn new(
        message_bytes: u32,
        topics: u32,
        every: Option<Duration>,
        at_once: u32,
    ) -> Self {
        Self {
            sockets: Sockets::new(block(message_bytes)),
            topics,
            at_once,
            every,
            pace: None,
            has_stopped: false,
            deliveries: 0,
        }
    }

    /// Sends one message to whoever subscribes to a topic.
    fn publish(&mut self, topic: usize, topics: u32, poller: &Poller) -> Result<(), FloorError> {
        let subscribers = (topic..self.sockets.count() as usize).step_by(topics as usize);
        for index in subscribers {
            self.deliveries += 1;
            self.sockets.send(index, poller)?;
        }
        Ok(())
    }
}

impl Side for PushServer {
    fn sockets(&mut self) -> &mut Sockets {
        &mut self.sockets
    }

    fn operations(&self) -> u64 {
        self.deliveries
    }

    fn ready(&mut self, ready: Ready, poller: &Poller) -> Result<(), FloorError> {
        self.sockets.resume(ready, poller)?;
        if !ready.can_read {
            return Ok(());
        }
        let read = self.sockets.read(ready.number as usize)?;
        if let Some(Pace::Closed { allowed }) = &mut self.pace {
            *allowed += read.unwrap_or(0) as u64;
        }
        Ok(())
    }

    fn due(&mut self, now: Timestamp, poller: &Poller) -> Result<Option<Timestamp>, FloorError> {
        if self.has_stopped {
            return Ok(None);
        }
        let (every, at_once, topics) = (self.every, self.at_once, self.topics);
        let mut pace = self.pace.take().unwrap_or_else(|| match every {
            Some(every) => Pace::Timed { schedule: Schedule::new(now, every, topics), next: 0 },
            None => Pace::Closed { allowed: at_once.into() },
        });
        let again = match &mut pace {
            Pace::Closed { allowed } => {
                // In a closed loop a message is for everybody.
                for _ in 0..std::mem::take(allowed) {
                    self.publish(0, 1, poller)?;
                }
                None
            }
            Pace::Timed { schedule, next } => {
                // One moment each turn, so that requests to stop are heard by a server that lags.
                if schedule.due(*next) <= now {
                    for _ in 0..at_once {
                        self.publish(schedule.whose(*next), topics, poller)?;
                    }
                    *next += 1;
                }
                Some(schedule.due(*next))
            }
        };
        self.pace = Some(pace);
        Ok(again)
    }

    fn stop(&mut self) {
        self.has_stopped = true;
    }

    fn is_quiet(&self) -> bool {
        !self.sockets.owe_anything()
    }
}
