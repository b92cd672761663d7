//! What a socket has not taken yet.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

use super::asked::Out;

/// Bytes that wait for room in a socket.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    first: Bytes,
    then: Bytes,
}

impl Unsent {
    /// Sends what is in `out`, in one piece; gives what the socket did not take, if there is any.
    ///
    /// # Errors
    ///
    /// If the socket takes nothing any more.
    pub(super) fn send(
        socket: &mut (impl AsyncWrite + Unpin),
        cx: &mut Context<'_>,
        out: &mut Out,
    ) -> io::Result<Option<Box<Self>>> {
        let tail = std::mem::take(&mut out.tail);
        let taken = match poll_write(socket, cx, &out.bytes, &tail)? {
            Poll::Ready(taken) => taken,
            Poll::Pending => 0,
        };
        if taken == out.bytes.len() + tail.len() {
            return Ok(None);
        }
        let mut unsent = Self { first: Bytes::new(), then: tail };
        match out.bytes.get(taken..) {
            Some(left) => unsent.first = Bytes::copy_from_slice(left),
            None => unsent.then.advance(taken - out.bytes.len()),
        }
        Ok(Some(Box::new(unsent)))
    }

    /// What is to be sent as soon as there is room.
    pub(super) fn of(out: Out) -> Option<Box<Self>> {
        let unsent = Self { first: out.bytes.into(), then: out.tail };
        (!unsent.is_empty()).then(|| Box::new(unsent))
    }

    fn is_empty(&self) -> bool {
        self.first.is_empty() && self.then.is_empty()
    }

    /// Sends until all is sent.
    pub(super) fn poll_send(
        &mut self,
        socket: &mut (impl AsyncWrite + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let taken = ready!(poll_write(socket, cx, &self.first, &self.then)?);
            let of_first = taken.min(self.first.len());
            self.first.advance(of_first);
            self.then.advance(taken - of_first);
        }
        Poll::Ready(Ok(()))
    }
}

/// Writes of both, at least a byte.
fn poll_write(
    socket: &mut (impl AsyncWrite + Unpin),
    cx: &mut Context<'_>,
    first: &[u8],
    then: &[u8],
) -> io::Result<Poll<usize>> {
    let socket = Pin::new(socket);
    let written = match (first.is_empty(), then.is_empty()) {
        (_, true) => socket.poll_write(cx, first),
        (true, _) => socket.poll_write(cx, then),
        (false, false) => {
            socket.poll_write_vectored(cx, &[IoSlice::new(first), IoSlice::new(then)])
        }
    };
    match written {
        Poll::Ready(Ok(0)) => Err(io::ErrorKind::WriteZero.into()),
        Poll::Ready(written) => written.map(Poll::Ready),
        Poll::Pending => Ok(Poll::Pending),
    }
}
