//! What the clients of one worker write down: how many bytes went for what, in which phase, what was
//! received and when.
//!
//! Everything that books stands above this: a carrier books headers and framing, a transport books
//! messages. Whoever books says what the bytes were; which phase they belong to is said here, by the
//! schedule and by the boundaries that have been taken. The clock is an argument.

pub(crate) mod age;
pub(crate) mod comebacks;
pub(crate) mod gaps;
pub(crate) mod hiccup;
pub(crate) mod presence;
pub(crate) mod published;
pub(crate) mod receipt;
mod recent;
pub(crate) mod recorder;
pub(crate) mod sockets;
pub(crate) mod theirs;
pub(crate) mod timeline;
pub(crate) mod turns;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use pushbench_protocol::clock::Clock;
use pushbench_protocol::{ByteKind, Direction, Phase, Timestamp};
use pushbench_wire::Ledger;

use crate::accounts::comebacks::Comebacks;
use crate::accounts::presence::Presence;
use crate::accounts::recorder::Recorder;
use crate::accounts::sockets::Sockets;
use crate::accounts::timeline::Timeline;
use crate::outcome::{HeadCounts, Reconnects, SampleHeaders};
use crate::witness::Witness;
use crate::{Fault, Unexpected};

/// The accounts of one worker. One thread owns them, so nothing here is locked.
pub(crate) struct Accounts {
    clock: Clock,
    timeline: Cell<Timeline>,
    /// The earliest phase whose books are open.
    earliest: Cell<Phase>,
    is_closing: Cell<bool>,
    /// Whether clients share connections.
    shares_connections: bool,
    pub(crate) recorder: RefCell<Recorder>,
    pub(crate) ledger: RefCell<Ledger>,
    pub(crate) sockets: Sockets,
    pub(crate) presence: Presence,
    /// Absent where a lost connection ends its client.
    pub(crate) comebacks: Option<Comebacks>,
    pub(crate) headers: Cell<HeadCounts>,
    pub(crate) sample: RefCell<Option<SampleHeaders>>,
    /// The first response that was not expected, for each fault.
    unexpected: RefCell<BTreeMap<Fault, Unexpected>>,
}

/// What was read with something before it was known what it belongs to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Passed {
    /// Bytes of heads, which were booked as they passed.
    pub(crate) headers: u64,
    /// Bytes that mark frames off, likewise.
    pub(crate) framing: u64,
    /// Bytes of data behind it, which are not with the client yet and on no books.
    pub(crate) data: u64,
}

/// Something that has come, as far as its phase depends on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Came<'a> {
    pub(crate) witness: &'a Witness,
    pub(crate) at: Timestamp,
    /// Whether a publish has made the server say it; otherwise its clock has.
    pub(crate) is_update: bool,
    /// Bytes of it, but for those that have passed.
    pub(crate) bytes: u64,
    pub(crate) passed: Passed,
}

/// What has come of a response that did not become whole.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Unfinished {
    /// Bytes of heads that are whole.
    pub(crate) header: u64,
    /// Bytes behind them that mark chunks off.
    pub(crate) framing: u64,
    /// All other bytes.
    pub(crate) rest: u64,
    /// The beginning of it, without interim responses.
    pub(crate) beginning: Vec<u8>,
}

impl Passed {
    /// Bytes of all of it.
    pub(crate) fn len(self) -> u64 {
        self.headers + self.framing + self.data
    }
}

impl Accounts {
    /// Empty accounts of a schedule that has not begun.
    pub(crate) fn new(
        clock: Clock,
        timeline: Timeline,
        shares_connections: bool,
        recorder: Recorder,
        sockets: Sockets,
    ) -> Self {
        Self {
            clock,
            timeline: Cell::new(timeline),
            earliest: Cell::new(Phase::Connect),
            is_closing: Cell::new(false),
            shares_connections,
            recorder: RefCell::new(recorder),
            ledger: RefCell::default(),
            sockets,
            presence: Presence::default(),
            comebacks: None,
            headers: Cell::default(),
            sample: RefCell::default(),
            unexpected: RefCell::default(),
        }
    }

    /// The same of clients that come back where their connection was lost.
    pub(crate) fn with_comebacks(self, comebacks: Option<Comebacks>) -> Self {
        self.recorder.borrow_mut().counts.reconnects =
            comebacks.as_ref().map(|_| Reconnects::default());
        Self { comebacks, ..self }
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whoever needs it where the accounts are not.
    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// The schedule as it stands.
    pub(crate) fn timeline(&self) -> Timeline {
        self.timeline.get()
    }

    /// A part of the schedule begins, or is to.
    pub(crate) fn set_timeline(&self, timeline: Timeline) {
        self.timeline.set(timeline);
    }

    /// Closes the books of all phases before this one.
    pub(crate) fn open_from(&self, phase: Phase) {
        self.earliest.set(phase);
    }

    /// The earliest phase whose books are open.
    pub(crate) fn earliest(&self) -> Phase {
        self.earliest.get()
    }

    /// From now on everything belongs to the end of the trial.
    pub(crate) fn begin_closing(&self) {
        self.is_closing.set(true);
    }

    /// Whether all connections are to be ended.
    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.get()
    }

    /// The phase that a moment belongs to: the schedule's, but none whose books are closed.
    pub(crate) fn phase_at(&self, moment: Timestamp) -> Phase {
        if self.is_closing.get() {
            return Phase::Close;
        }
        self.timeline.get().phase_at(moment).max(self.earliest.get())
    }

    /// The phase in whose books a connection's bytes are that are read now: its measure phase goes on
    /// until its books are closed.
    pub(crate) fn phase_on(&self, witness: &Witness) -> Phase {
        match self.phase_at(self.now()) {
            Phase::Drain if !witness.is_measured.get() => Phase::Measure,
            phase => phase,
        }
    }

    /// The phase of what has come unasked, or was asked for long ago.
    ///
    /// An update due in the measure phase that comes a little after it belongs to it: nothing else is
    /// published then. What comes by the server's clock does not, and ends the phase for its
    /// connection, so that there is as much of it in the phase as goes into its length. It has been
    /// read before that is known, so its bytes are taken off again. Where clients share a connection
    /// its measure phase ends with the drain, and all of that belongs to it.
    pub(crate) fn phase_of(&self, came: &Came<'_>) -> Phase {
        match self.phase_at(came.at) {
            Phase::Drain if came.witness.is_measured.get() => Phase::Drain,
            Phase::Drain if came.is_update || self.shares_connections => Phase::Measure,
            Phase::Drain => {
                // What is not with the client yet is booked when it is, in the drain.
                let Passed { headers, framing, data: _ } = came.passed;
                let mut ledger = self.ledger.borrow_mut();
                for (kind, bytes) in [(ByteKind::Header, headers), (ByteKind::Framing, framing)] {
                    ledger.postpone((Phase::Measure, Phase::Drain), Direction::Down, kind, bytes);
                }
                drop(ledger);
                self.sockets.close_measure_before(came.witness, came.bytes + came.passed.len());
                Phase::Drain
            }
            phase => phase,
        }
    }

    /// The phase itself, unless its books were closed since it was found.
    pub(crate) fn open_phase(&self, phase: Phase) -> Phase {
        phase.max(self.earliest.get())
    }

    pub(crate) fn book(&self, phase: Phase, direction: Direction, kind: ByteKind, bytes: u64) {
        self.ledger.borrow_mut().book(self.open_phase(phase), direction, kind, bytes);
    }

    /// Counts a failure that ends a client.
    pub(crate) fn fault(&self, fault: Fault) {
        self.count_fault(fault);
        self.presence.has_failed();
    }

    /// Counts a failure after which the client goes on. While connections are being ended, those that
    /// are of the end are told apart.
    pub(crate) fn count_fault(&self, fault: Fault) {
        let is_of_the_end = self.is_closing.get() && fault.is_of_the_end();
        self.recorder.borrow_mut().counts.fail(fault, is_of_the_end);
    }

    /// Keeps what came instead of what was expected, if it is the first for its fault.
    pub(crate) fn keep_unexpected(&self, fault: Fault, what: impl FnOnce() -> Unexpected) {
        self.unexpected.borrow_mut().entry(fault).or_insert_with(what);
    }

    /// Takes what was kept of responses that were not expected.
    pub(crate) fn take_unexpected(&self) -> BTreeMap<Fault, Unexpected> {
        self.unexpected.take()
    }

    /// Books what came of a response that did not become whole, its headers as `headers`, and keeps its
    /// beginning if that is a fault. What it would have been is not known: it brought nothing new.
    pub(crate) fn book_unfinished(
        &self,
        phase: Phase,
        headers: ByteKind,
        fault: impl Into<Option<Fault>>,
        unfinished: &Unfinished,
    ) {
        self.book(phase, Direction::Down, headers, unfinished.header);
        self.book(phase, Direction::Down, ByteKind::Framing, unfinished.framing);
        self.book(phase, Direction::Down, ByteKind::Repeat, unfinished.rest);
        if let Some(fault) = fault.into()
            && !unfinished.beginning.is_empty()
        {
            self.keep_unexpected(fault, || Unexpected::of(&unfinished.beginning));
        }
    }

    /// Books what came though nothing was asked.
    ///
    /// # Errors
    ///
    /// If there is any.
    pub(crate) fn refuse_unasked(&self, witness: &Witness, unasked: &[u8]) -> Result<(), Fault> {
        if unasked.is_empty() {
            return Ok(());
        }
        let phase = self.phase_on(witness);
        self.book(phase, Direction::Down, ByteKind::Repeat, unasked.len() as u64);
        self.keep_unexpected(Fault::Malformed, || Unexpected::of(unasked));
        Err(Fault::Malformed)
    }

    /// A client of `topic` takes its seat; gives its place.
    pub(crate) fn subscriber_id(&self, topic: u32) -> usize {
        self.presence.expect();
        self.recorder.borrow_mut().subscriber_id(topic)
    }

    /// The client of this seat is ready for messages.
    pub(crate) fn is_connected(&self, subscriber_id: usize) {
        let now = self.now();
        let comebacks = self.comebacks.as_ref();
        let Some(away) = comebacks.and_then(|comebacks| comebacks.is_back(subscriber_id, now))
        else {
            return self.presence.is_open(subscriber_id, now);
        };
        let began = self.timeline().measure_at;
        let mut recorder = self.recorder.borrow_mut();
        recorder.reconnect_time.record(away);
        let second = began.and_then(|began| u32::try_from(now.since(began).as_secs()).ok());
        recorder.counts.reconnects.get_or_insert_default().is_back(second);
    }

    /// A client has failed; says after how long it comes back, if it does: one that was connected and
    /// has lost its connection, or did not get another.
    pub(crate) fn comes_back(
        &self,
        client: u32,
        subscriber_id: usize,
        fault: Fault,
    ) -> Option<Duration> {
        let comebacks = self.comebacks.as_ref()?;
        let was_connected = self.presence.has_opened(subscriber_id);
        if !was_connected || self.is_closing() || !fault.is_of_the_connection() {
            return None;
        }
        let mut recorder = self.recorder.borrow_mut();
        let counts = recorder.counts.reconnects.get_or_insert_default();
        *match comebacks.is_away(subscriber_id) {
            false => &mut counts.lost,
            true => &mut counts.failed,
        } += 1;
        Some(comebacks.leaves(client, subscriber_id, self.now()))
    }
}
