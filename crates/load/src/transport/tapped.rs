//! The bytes of a WebSocket as they pass.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use pushbench_wire::frame::{FrameChecker, FrameCounter, FrameCounts};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::carrier::Tunnel;
use crate::carrier::watch::Watch;
use crate::transport::head_meter::HeadMeter;
use crate::witness::Witness;

/// A tunnel whose frames are counted as they pass, and of which those that break a rule do not pass:
/// the libraries behind it are not equally strict.
pub(crate) struct Tapped {
    tunnel: Tunnel,
    /// The heads of an upgrade that passes through, before any frame.
    opening: [HeadMeter; 2],
    down: FrameCounter,
    checker: FrameChecker,
    up: FrameCounter,
}

impl Tapped {
    pub(crate) fn new(tunnel: Tunnel, is_deflate_agreed: bool) -> Self {
        let checker = FrameChecker::new(is_deflate_agreed);
        let opening = [HeadMeter::Over(0), HeadMeter::Over(0)];
        Self {
            tunnel,
            opening,
            down: FrameCounter::default(),
            checker,
            up: FrameCounter::default(),
        }
    }

    /// One through which a library sends an upgrade first, and hears the response to it.
    pub(crate) fn before_upgrade(tunnel: Tunnel) -> Self {
        let opening = [HeadMeter::default(), HeadMeter::default()];
        Self { opening, ..Self::new(tunnel, false) }
    }

    /// Bytes of the upgrade that have passed, down and up.
    pub(crate) fn upgrade(&self) -> [u64; 2] {
        [self.opening[0].len(), self.opening[1].len()]
    }

    /// What has come.
    pub(crate) fn down(&self) -> FrameCounts {
        self.down.counts
    }

    /// What was sent.
    pub(crate) fn up(&self) -> FrameCounts {
        self.up.counts
    }

    /// Bytes of headers that are not whole, down and up.
    pub(crate) fn begun(&self) -> [u64; 2] {
        [self.down.begun(), self.up.begun()]
    }

    /// Who counted what its connection carried.
    pub(crate) fn witness(&self) -> &Rc<Witness> {
        self.tunnel.witness()
    }

    /// Watches for what is booked as it passes.
    pub(crate) fn watch(&self) -> Watch {
        self.tunnel.watch()
    }

    /// Takes note of what was read before the tap was there; gives what of it may pass.
    pub(crate) fn observe_early(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        self.down.observe(&bytes);
        bytes.truncate(self.checker.check(&bytes));
        bytes
    }

    /// An error once a frame has come that breaks a rule.
    fn refused(&self) -> io::Result<()> {
        match self.checker.broken() {
            Some(broken) => Err(io::Error::new(io::ErrorKind::InvalidInput, broken)),
            None => Ok(()),
        }
    }

    /// Keeps the length of each message from now on, for [`Self::take_message_len`].
    pub(crate) fn keep_message_lens(&mut self) {
        self.down.keep_message_lens();
    }

    /// Bytes that the frames of the oldest message received and not yet taken carried.
    pub(crate) fn take_message_len(&mut self) -> Option<u64> {
        self.down.take_message_len()
    }
}

impl AsyncRead for Tapped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.refused()?;
        let before = buf.filled().len();
        let result = Pin::new(&mut self.tunnel).poll_read(cx, buf);
        let Self { opening: [opening, _], down, checker, .. } = &mut *self;
        let read = &buf.filled()[before..];
        let head = opening.take(read);
        // What has come is counted, whatever of it may pass.
        down.observe(&read[head..]);
        let passed = head + checker.check(&read[head..]);
        if passed < read.len() {
            buf.set_filled(before + passed);
            if passed == 0 {
                // No bytes would be the end.
                self.refused()?;
            }
        }
        result
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.tunnel).poll_write(cx, bytes);
        if let Poll::Ready(Ok(written)) = result {
            let head = self.opening[1].take(&bytes[..written]);
            self.up.observe(&bytes[head..written]);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tunnel).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tunnel).poll_shutdown(cx)
    }
}
