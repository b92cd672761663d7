//! A connection whose frames are told apart and booked as they pass.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use pushbench_protocol::{ByteKind, Direction, Phase};
use pushbench_wire::http2::{FrameCounter, FrameCounts, PREFACE};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

use crate::accounts::{Accounts, Passed};
use crate::carrier::connection::Connection;
use crate::carrier::watch::{Passing, Watch};
use crate::witness::Witness;

/// A connection with handles: the library keeps one and does not give it back, and what the server
/// says after the library is done is booked too.
#[derive(Clone)]
pub(super) struct Tap(Rc<Inner>);

struct Inner {
    /// `None` once it is closed.
    connection: RefCell<Option<Connection>>,
    /// Segments before the end of the connection began.
    segments_before_end: Cell<Option<u64>>,
    /// The preface, which the library writes by itself: it leaves with the first frames, as others
    /// send it, and not in a segment of its own whenever that happens to come first.
    early: RefCell<Vec<u8>>,
    witness: Rc<Witness>,
    up: RefCell<FrameCounter>,
    down: RefCell<FrameCounter>,
    accounts: Rc<Accounts>,
    /// Of the field blocks.
    kind: ByteKind,
    has_begun: Cell<bool>,
    /// Bytes of data that the library has handed to clients, of those that have passed.
    handed: Cell<u64>,
    passed: Notify,
}

impl Tap {
    /// Field blocks that pass are booked as `kind`.
    pub(super) fn new(accounts: Rc<Accounts>, kind: ByteKind, connection: Connection) -> Self {
        let witness = Rc::clone(connection.witness());
        Self(Rc::new(Inner {
            connection: RefCell::new(Some(connection)),
            segments_before_end: Cell::new(None),
            early: RefCell::default(),
            witness,
            up: RefCell::new(FrameCounter::of_client()),
            down: RefCell::new(FrameCounter::of_server()),
            accounts,
            kind,
            has_begun: Cell::new(false),
            handed: Cell::new(0),
            passed: Notify::new(),
        }))
    }

    pub(super) fn witness(&self) -> &Rc<Witness> {
        &self.0.witness
    }

    /// Watches for what comes from now on.
    pub(super) fn watch(&self) -> Watch {
        let passing: Rc<Inner> = Rc::clone(&self.0);
        Watch::on(passing)
    }

    /// A client has been given so many bytes of data.
    pub(super) fn has_handed(&self, data: u64) {
        self.0.handed.set(self.0.handed.get() + data);
    }

    /// Waits until both sides have told and acknowledged their settings.
    pub(super) async fn settled(&self) {
        let both = |counts: FrameCounts| counts.settings > 0 && counts.settings_acknowledged > 0;
        while !both(self.0.down.borrow().counts) || !both(self.0.up.borrow().counts) {
            self.0.passed.notified().await;
        }
    }

    /// Whether the server has said what its settings are.
    pub(super) fn is_answered(&self) -> bool {
        self.0.down.borrow().counts.settings > 0
    }

    /// Closes the connection, though clients may hold it still: it brings and takes nothing more.
    pub(super) fn close(&self) {
        let Inner { connection, witness, accounts, segments_before_end, .. } = &*self.0;
        let Some(connection) = connection.take() else { return };
        let phase = accounts.phase_on(witness);
        drop(connection);
        if phase == Phase::Measure
            && let Some(before) = segments_before_end.get()
        {
            accounts.sockets.connecting(witness.sums().segments() - before);
        }
    }

    /// Does something with the connection while it is open.
    fn on<T>(
        &self,
        with: impl FnOnce(Pin<&mut Connection>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match &mut *self.0.connection.borrow_mut() {
            Some(connection) => with(Pin::new(connection)),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    /// Writes what was held back. A socket that has just opened takes it whole; what it does not
    /// take is an error, since it was said to be written.
    fn poll_early(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let early = self.0.early.take();
        let result = self.on(|connection| connection.poll_write(cx, &early));
        match result {
            Poll::Ready(Ok(written)) if written == early.len() => {
                self.observe(Direction::Up, &early);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(_)) | Poll::Pending => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
        }
    }

    fn observe(&self, direction: Direction, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let counter = match direction {
            Direction::Up => &self.0.up,
            Direction::Down => &self.0.down,
        };
        let mut counter = counter.borrow_mut();
        let before = counter.counts;
        counter.observe(bytes);
        let now = counter.counts;
        let phase = self.0.accounts.phase_on(&self.0.witness);
        let accounts = &self.0.accounts;
        let mut ledger = accounts.ledger.borrow_mut();
        for (kind, bytes) in [
            (self.0.kind, now.field_blocks - before.field_blocks),
            (ByteKind::Framing, now.framing - before.framing),
            (ByteKind::Control, now.control - before.control),
        ] {
            ledger.book(phase, direction, kind, bytes);
        }
        let first = now.first_field_blocks - before.first_field_blocks;
        if first > 0 {
            let mut counts = accounts.headers.get();
            counts.first[direction as usize] += first;
            if phase == Phase::Measure {
                counts.first_in_measure[direction as usize] += first;
                counts.firsts_in_measure += u64::from(!self.0.has_begun.get());
            }
            self.0.has_begun.set(true);
            accounts.headers.set(counts);
        }
        if (now.settings, now.settings_acknowledged)
            != (before.settings, before.settings_acknowledged)
        {
            self.0.passed.notify_waiters();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Nobody books anything more of it; its books go to those of the connections that are no more.
        self.connection.take();
        self.accounts.sockets.fold(&self.witness);
    }
}

impl Passing for Inner {
    fn passed(&self) -> Passed {
        let now = self.down.borrow().counts;
        let data = now.data - self.handed.get();
        Passed { headers: now.field_blocks, framing: now.framing, data }
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = self.on(|connection| connection.poll_read(cx, buf));
        self.observe(Direction::Down, &buf.filled()[before..]);
        result
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes == PREFACE {
            self.0.early.borrow_mut().extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        if !self.0.early.borrow().is_empty() {
            self.0.early.borrow_mut().extend_from_slice(bytes);
            return self.poll_early(cx).map_ok(|()| bytes.len());
        }
        let result = self.on(|connection| connection.poll_write(cx, bytes));
        if let Poll::Ready(Ok(written)) = result {
            self.observe(Direction::Up, &bytes[..written]);
        }
        result
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.0.early.borrow().is_empty() {
            let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
            return self.poll_write(cx, &bytes);
        }
        let result = self.on(|connection| connection.poll_write_vectored(cx, slices));
        if let Poll::Ready(Ok(written)) = result {
            let mut left = written;
            for slice in slices {
                let passed = left.min(slice.len());
                self.observe(Direction::Up, &slice[..passed]);
                left -= passed;
            }
        }
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.0.connection.borrow().as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.on(|connection| connection.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let before = &self.0.segments_before_end;
        if before.get().is_none() {
            before.set(Some(self.0.witness.sums().segments()));
        }
        self.on(|connection| connection.poll_shutdown(cx))
    }
}
