//! Reads messages by counting their bytes; in a closed loop asks for the next when one has reached
//! everybody.

use pushbench_protocol::Timestamp;

use super::{Side, block};
use crate::FloorError;
use crate::blocks::Arrived;
use crate::poller::{Poller, Ready};
use crate::sockets::Sockets;

#[derive(Debug)]
pub(crate) struct PushClient {
    sockets: Sockets,
    message_bytes: u32,
    messages: Vec<Arrived>,
    is_closed_loop: bool,
    deliveries: u64,
    /// Deliveries at which a message has reached everybody that was not told of yet.
    next_round: u64,
}

impl PushClient {
    pub(crate) fn new(connections: u32, message_bytes: u32, is_closed_loop: bool) -> Self {
        Self {
            sockets: Sockets::new(block(1)),
            message_bytes,
            messages: vec![Arrived::default(); connections as usize],
            is_closed_loop,
            deliveries: 0,
            next_round: connections.into(),
        }
    }
}

impl Side for PushClient {
    fn sockets(&mut self) -> &mut Sockets {
        &mut self.sockets
    }

    fn operations(&self) -> u64 {
        self.deliveries
    }

    fn ready(&mut self, ready: Ready, poller: &Poller) -> Result<(), FloorError> {
        let index = ready.number as usize;
        self.sockets.resume(ready, poller)?;
        if !ready.can_read {
            return Ok(());
        }
        let Some(read) = self.sockets.read(index)? else { return Ok(()) };
        self.deliveries += self.messages[index].add(read, self.message_bytes);
        while self.is_closed_loop && self.deliveries >= self.next_round {
            self.next_round += self.messages.len() as u64;
            self.sockets.send(index, poller)?;
        }
        Ok(())
    }

    fn due(&mut self, _: Timestamp, _: &Poller) -> Result<Option<Timestamp>, FloorError> {
        Ok(None)
    }

    fn stop(&mut self) {}

    fn is_quiet(&self) -> bool {
        true
    }
}
