//! The four programs: each knows what to do when a connection is ready, and when something is due.

mod poll_client;
mod poll_server;
mod push_client;
mod push_server;

use pushbench_protocol::Timestamp;

use crate::poller::{Poller, Ready};
use crate::sockets::Sockets;
use crate::{Counts, FloorError};

pub(crate) use poll_client::PollClient;
pub(crate) use poll_server::PollServer;
pub(crate) use push_client::PushClient;
pub(crate) use push_server::PushServer;

/// One of the programs.
pub(crate) trait Side {
    /// Its connections.
    fn sockets(&mut self) -> &mut Sockets;

    /// So many operations were begun, or have arrived whole.
    fn operations(&self) -> u64;

    /// A connection can be read or written.
    fn ready(&mut self, ready: Ready, poller: &Poller) -> Result<(), FloorError>;

    /// All connections are open. Does what is due, and says when it wants to be asked again; `None`
    /// leaves that to the connections.
    fn due(&mut self, now: Timestamp, poller: &Poller) -> Result<Option<Timestamp>, FloorError>;

    /// Begins nothing more.
    fn stop(&mut self);

    /// Whether it has stopped and nothing is under way, so that its connections can be ended. Asked
    /// for only after [`Self::stop`].
    fn is_quiet(&self) -> bool;

    /// What it has counted.
    fn counts(&mut self) -> Counts {
        let operations = self.operations();
        let Sockets { sent, received, .. } = *self.sockets();
        Counts { operations, sent, received }
    }
}

/// A block to send: bytes that no reader takes for anything, since nobody reads more than their
/// number.
pub(crate) fn block(bytes: u32) -> Vec<u8> {
    vec![b'.'; bytes as usize]
}
