//! Sends a prepared response for each request that has come whole.

use pushbench_protocol::Timestamp;

use super::{Side, block};
use crate::FloorError;
use crate::blocks::Arrived;
use crate::poller::{Poller, Ready};
use crate::sockets::Sockets;

#[derive(Debug)]
pub(crate) struct PollServer {
    sockets: Sockets,
    request_bytes: u32,
    requests: Vec<Arrived>,
    polls: u64,
}

impl PollServer {
    pub(crate) fn new(connections: u32, request_bytes: u32, response_bytes: u32) -> Self {
        Self {
            sockets: Sockets::new(block(response_bytes)),
            request_bytes,
            requests: vec![Arrived::default(); connections as usize],
            polls: 0,
        }
    }
}

impl Side for PollServer {
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
        let Some(read) = self.sockets.read(index)? else { return Ok(()) };
        for _ in 0..self.requests[index].add(read, self.request_bytes) {
            self.polls += 1;
            self.sockets.send(index, poller)?;
        }
        Ok(())
    }

    fn due(&mut self, _: Timestamp, _: &Poller) -> Result<Option<Timestamp>, FloorError> {
        Ok(None)
    }

    fn stop(&mut self) {}

    fn is_quiet(&self) -> bool {
        !self.sockets.owe_anything()
    }
}
