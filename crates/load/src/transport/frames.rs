//! What is booked of one WebSocket's frames, whoever says what their data is.

use pushbench_protocol::{ByteKind, Direction, Phase, Timestamp};
use pushbench_wire::frame::FrameCounts;

use crate::accounts::Came;
use crate::carrier::watch::Watch;
use crate::transport::context::ClientContext;
use crate::transport::pushed::{self, Cause};
use crate::transport::tapped::Tapped;

/// What has been booked of what passed.
#[derive(Clone, Copy, Debug, Default)]
struct Booked {
    down: FrameCounts,
    up: FrameCounts,
}

/// The books of one WebSocket's frames: what marks them off, and those that control. Data is for its
/// owner to book.
pub(crate) struct Frames {
    booked: Booked,
    /// The phase of what was received last: what answers it belongs there too.
    received_in: Phase,
    /// What comes with the next message and is booked before it.
    head: Watch,
}

/// Bytes of data that have passed and are on no books.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[must_use]
pub(crate) struct Data {
    pub(crate) down: u64,
    pub(crate) up: u64,
}

impl Frames {
    pub(crate) fn new(tapped: &Tapped) -> Self {
        let (booked, received_in) = (Booked::default(), Phase::Connect);
        Self { booked, received_in, head: tapped.watch() }
    }

    /// The phase of what has come since the last time, beside `unbooked` bytes of data that came before
    /// it.
    pub(crate) fn phase_of(
        &mut self,
        context: &ClientContext,
        cause: Cause,
        at: Timestamp,
        tapped: &Tapped,
        unbooked: u64,
    ) -> Phase {
        let witness = tapped.witness();
        let is_update = pushed::is_update(context, cause);
        let bytes = tapped.down().total() - self.booked.down.total() + unbooked;
        let passed = self.head.passed();
        let phase = context.accounts.phase_of(&Came { witness, at, is_update, bytes, passed });
        self.received_in = phase;
        phase
    }

    /// What has come has been taken, in the phase that was asked for.
    pub(crate) fn has_taken(&mut self, tapped: &Tapped) {
        tapped.witness().has_taken();
        self.head = tapped.watch();
    }

    /// Books what has passed since the last time but for data, which it gives.
    pub(crate) fn book(&mut self, context: &ClientContext, tapped: &Tapped, phase: Phase) -> Data {
        let down = book(context, phase, Direction::Down, tapped.down(), &mut self.booked.down);
        Data { down, up: self.book_up(context, tapped, phase) }
    }

    /// The phase of what was received last.
    pub(crate) fn received_in(&self) -> Phase {
        self.received_in
    }

    /// The same of what was sent alone.
    pub(crate) fn book_up(
        &mut self,
        context: &ClientContext,
        tapped: &Tapped,
        phase: Phase,
    ) -> u64 {
        book(context, phase, Direction::Up, tapped.up(), &mut self.booked.up)
    }

    /// Books what has passed since the last time, a header that did not become whole too, but for data,
    /// which it gives with the phase.
    pub(crate) fn give_up(&mut self, context: &ClientContext, tapped: &Tapped) -> (Phase, Data) {
        let phase = context.accounts.phase_on(tapped.witness());
        let data = self.book(context, tapped, phase);
        let [down, up] = tapped.begun();
        context.accounts.book(phase, Direction::Down, ByteKind::Control, down);
        context.accounts.book(phase, Direction::Up, ByteKind::Control, up);
        (phase, data)
    }
}

/// Books frames of one direction; gives their data.
fn book(
    context: &ClientContext,
    phase: Phase,
    direction: Direction,
    now: FrameCounts,
    booked: &mut FrameCounts,
) -> u64 {
    let phase = context.accounts.open_phase(phase);
    let mut ledger = context.accounts.ledger.borrow_mut();
    for (kind, bytes) in [
        (ByteKind::Framing, now.framing - booked.framing),
        (ByteKind::Control, now.control - booked.control),
    ] {
        ledger.book(phase, direction, kind, bytes);
    }
    let data = now.payload - booked.payload;
    *booked = now;
    data
}
