//! What takes the messages of a third-party server's WebSocket, and books them.

use pushbench_adapter::Edge;
use pushbench_protocol::{ByteKind, Direction, Phase, Timestamp};

use crate::Fault;
use crate::transport::adapted::booked;
use crate::transport::adapted::client::Client;
use crate::transport::context::ClientContext;
use crate::transport::frames::Frames;
use crate::transport::pushed::Cause;
use crate::transport::tapped::Tapped;
use crate::transport::websocket::Listener;

/// A client as far as it listens.
pub(super) struct Ear<'c> {
    pub(super) client: Client<'c>,
    frames: Frames,
    /// Bytes of data that have come and are on no books yet.
    unbooked: u64,
    /// What came of the last message.
    received: Result<(), Fault>,
}

impl<'c> Ear<'c> {
    /// Of a WebSocket that has just been opened.
    pub(super) fn new(client: Client<'c>, tapped: &Tapped) -> Self {
        Self { client, frames: Frames::new(tapped), unbooked: 0, received: Ok(()) }
    }

    /// What came of the last message.
    pub(super) fn received(&self) -> Result<(), Fault> {
        self.received
    }

    /// The phase of what was received last.
    pub(super) fn received_in(&self) -> Phase {
        self.frames.received_in()
    }

    /// Books the frame of what was just sent in a phase; gives the bytes of its data.
    pub(super) fn sent(&mut self, context: &ClientContext, tapped: &Tapped, phase: Phase) -> u64 {
        self.frames.book_up(context, tapped, phase)
    }

    /// Books what has passed since the last time, whole or not.
    pub(super) fn give_up(&mut self, context: &ClientContext, tapped: &Tapped) {
        self.client.is_unfinished();
        let (phase, data) = self.frames.give_up(context, tapped);
        context.accounts.book(phase, Direction::Up, ByteKind::Control, data.up);
        let unbooked = std::mem::take(&mut self.unbooked) + data.down;
        booked::give_up(&context.accounts, phase, unbooked);
    }

    /// Books what never became whole, at the end of all.
    pub(super) fn end(&mut self, context: &ClientContext) {
        self.client.is_unfinished();
        booked::give_up(&context.accounts, Phase::Close, std::mem::take(&mut self.unbooked));
    }

    fn take_frames(&mut self, context: &ClientContext, tapped: &Tapped, phase: Phase) {
        self.book(context, tapped, phase);
        self.frames.has_taken(tapped);
    }
}

impl Listener for Ear<'_> {
    fn take_data(&mut self, context: &ClientContext, data: &[u8], at: Timestamp, tapped: &Tapped) {
        let Self { client, frames, unbooked, .. } = self;
        let mut phase_of = |cause| frames.phase_of(context, cause, at, tapped, *unbooked);
        let handed =
            client.hand_over(data, (Edge::Message, at), &mut |said| said.parts, &mut phase_of);
        // Of a message in which nothing is whole it is not known yet where it belongs.
        if let Some(phase) = handed.phase {
            self.take_frames(context, tapped, phase);
            self.unbooked = self.unbooked.saturating_sub(handed.bytes);
        }
        self.received = handed.result;
    }

    fn receive(
        &mut self,
        context: &ClientContext,
        cause: Cause,
        at: Timestamp,
        tapped: &Tapped,
    ) -> Phase {
        let phase = self.frames.phase_of(context, cause, at, tapped, self.unbooked);
        self.take_frames(context, tapped, phase);
        self.received = Ok(());
        phase
    }

    fn book_sent(&mut self, context: &ClientContext, tapped: &Tapped) {
        let phase = self.frames.received_in();
        let data = self.frames.book_up(context, tapped, phase);
        context.accounts.book(phase, Direction::Up, ByteKind::Control, data);
    }

    fn book(&mut self, context: &ClientContext, tapped: &Tapped, phase: Phase) {
        let data = self.frames.book(context, tapped, phase);
        context.accounts.book(phase, Direction::Up, ByteKind::Control, data.up);
        self.unbooked += data.down;
    }
}
