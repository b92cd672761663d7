//! The data of a response, as far as it has come.

use bytes::{Bytes, BytesMut};
use h2::RecvStream;
use pushbench_protocol::{ByteKind, Direction};

use super::connection::{Http2Connection, fault_of};
use crate::Fault;
use crate::accounts::Accounts;
use crate::witness::in_part::InPart;

/// Data that is booked as what brought nothing new when it is dropped, unless it was taken: whoever
/// waits for the rest may be cut off at any moment, and the sockets have counted what has come.
pub(super) struct ReceivedData<'a> {
    accounts: &'a Accounts,
    connection: &'a Http2Connection,
    /// All of it while it came in one piece, as nearly all does, which is not copied.
    first: Bytes,
    /// All of it once it came in more.
    pieces: BytesMut,
    /// How much of it there is, for whoever closes books meanwhile.
    in_part: InPart,
}

impl<'a> ReceivedData<'a> {
    /// Nothing has come yet.
    pub(super) fn new(accounts: &'a Accounts, connection: &'a Http2Connection) -> Self {
        let (first, pieces) = (Bytes::new(), BytesMut::new());
        let in_part = InPart::new(connection.witness());
        Self { accounts, connection, first, pieces, in_part }
    }

    /// Hears all there is, up to so many bytes.
    ///
    /// # Errors
    ///
    /// [`Fault::TooLarge`] for more, and what fails the stream.
    pub(super) async fn receive(&mut self, body: &mut RecvStream, most: u64) -> Result<(), Fault> {
        while !body.is_end_stream()
            && let Some(data) = body.data().await
        {
            let data = data.map_err(|error| fault_of(&error))?;
            let _ = body.flow_control().release_capacity(data.len());
            self.connection.has_handed(data.len() as u64);
            self.push(data);
            self.in_part.is_now(self.received().len() as u64);
            if self.received().len() as u64 > most {
                return Err(Fault::TooLarge);
            }
        }
        Ok(())
    }

    fn push(&mut self, data: Bytes) {
        if self.received().is_empty() {
            self.first = data;
            return;
        }
        if self.pieces.is_empty() {
            self.pieces.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.pieces.extend_from_slice(&data);
    }

    /// What has come.
    pub(super) fn received(&self) -> &[u8] {
        if self.pieces.is_empty() { &self.first } else { &self.pieces }
    }

    /// The same, which is the caller's to book.
    pub(super) fn take(mut self) -> Bytes {
        match self.pieces.is_empty() {
            true => std::mem::take(&mut self.first),
            false => std::mem::take(&mut self.pieces).freeze(),
        }
    }
}

impl Drop for ReceivedData<'_> {
    fn drop(&mut self) {
        let len = self.received().len() as u64;
        if len > 0 {
            let phase = self.accounts.phase_on(self.connection.witness());
            self.accounts.book(phase, Direction::Down, ByteKind::Repeat, len);
        }
    }
}
