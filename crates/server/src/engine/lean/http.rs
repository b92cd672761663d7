//! A connection while it speaks HTTP/1.1: reads what there is, has it responded to, sends.
//!
//! It reads by `poll_read`, which knows from a short read that the socket is empty, into room that all
//! connections of a thread share. Only what is incomplete is kept.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::asked::{Asker, Out, Step, Waiting};
use super::unsent::Unsent;
use crate::engine::axum::app::Takeover;
use crate::stream::Socket;

/// Bytes read at a time.
const MOST_READ: usize = 64 * 1024;

/// Room that is of use to one connection at a time.
struct Scratch {
    read: Vec<u8>,
    out: Out,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> =
        RefCell::new(Scratch { read: vec![0; MOST_READ], out: Out::default() });
}

/// A connection that speaks HTTP/1.1.
#[derive(Debug)]
pub(super) struct Http<S> {
    pub(super) asker: Asker,
    pub(super) socket: Socket<S>,
    /// What has come and was not responded to.
    pub(super) input: Vec<u8>,
    /// How much of it is the beginning of a request that is known to be incomplete.
    incomplete: usize,
    /// What the socket has not taken yet.
    unsent: Option<Box<Unsent>>,
    /// Whether nothing follows what is sent.
    is_ending: bool,
}

/// What becomes of a connection that can do nothing more by itself.
#[derive(Debug)]
pub(super) enum Turn {
    /// It is over: the client has closed, or is to.
    Over,
    /// It speaks another version of HTTP than 1.1; its first bytes are its input.
    Other,
    /// Something takes time.
    Wait(Box<Waiting>),
    /// A subscriber's session goes on, behind its input.
    Subscribe(Takeover),
}

/// What a read has brought.
enum Read {
    Nothing,
    Incomplete,
    Step(Step),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http<S> {
    pub(super) fn new(asker: Asker, socket: Socket<S>) -> Self {
        Self { asker, socket, input: Vec::new(), incomplete: 0, unsent: None, is_ending: false }
    }

    /// Goes on until something is to be done that takes time.
    pub(super) fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        let turn = ready!(self.poll_requests(cx));
        // With an error there is nobody left to tell.
        Poll::Ready(turn.unwrap_or(Turn::Over))
    }

    fn poll_requests(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Turn>> {
        loop {
            if self.poll_unsent(cx)?.is_pending() {
                return self.poll_gone(cx).map(|()| Ok(Turn::Over));
            }
            let is_between = self.input.is_empty() || self.asker.has_asked;
            if self.is_ending || (self.asker.is_going() && is_between) {
                return Poll::Ready(Ok(Turn::Over));
            }
            let step = match SCRATCH.with_borrow_mut(|scratch| self.poll_step(cx, scratch))? {
                Poll::Ready(Read::Step(step)) => step,
                Poll::Ready(Read::Incomplete) => continue,
                Poll::Ready(Read::Nothing) => return Poll::Ready(Ok(Turn::Over)),
                Poll::Pending => return Poll::Pending,
            };
            self.incomplete = 0;
            match step {
                Step::More => self.incomplete = self.input.len(),
                Step::Room => {}
                Step::Close => self.is_ending = true,
                Step::Other => return Poll::Ready(Ok(Turn::Other)),
                Step::Wait(waiting) => return Poll::Ready(Ok(Turn::Wait(waiting))),
                Step::Subscribe(takeover) => return Poll::Ready(Ok(Turn::Subscribe(takeover))),
            }
        }
    }

    /// Responds to what there is, or else to what can be read, and sends it.
    fn poll_step(&mut self, cx: &mut Context<'_>, scratch: &mut Scratch) -> io::Result<Poll<Read>> {
        let Scratch { read, out } = scratch;
        out.bytes.clear();
        if self.input.len() > self.incomplete {
            return self.respond_to_input(cx, out).map(|step| Poll::Ready(Read::Step(step)));
        }
        let mut buffer = ReadBuf::new(read);
        let Poll::Ready(read) = Pin::new(&mut self.socket).poll_read(cx, &mut buffer) else {
            return Ok(Poll::Pending);
        };
        read?;
        let mut bytes = buffer.filled();
        if bytes.is_empty() {
            return Ok(Poll::Ready(Read::Nothing));
        }
        if !self.input.is_empty() {
            self.input.extend_from_slice(bytes);
            let most = self.asker.shared.app.rules.limits.head_bytes;
            // A line at least must have come for a head to be whole: who sends one byte after the
            // other does not have all of them read each time.
            if !bytes.contains(&b'\n') && self.input.len() < most {
                self.incomplete = self.input.len();
                return Ok(Poll::Ready(Read::Incomplete));
            }
            return self.respond_to_input(cx, out).map(|step| Poll::Ready(Read::Step(step)));
        }
        let step = self.asker.on_bytes(&mut bytes, out);
        if !bytes.is_empty() {
            self.input = bytes.to_vec();
        }
        self.send(cx, out)?;
        Ok(Poll::Ready(Read::Step(step)))
    }

    fn respond_to_input(&mut self, cx: &mut Context<'_>, out: &mut Out) -> io::Result<Step> {
        let input = std::mem::take(&mut self.input);
        let mut left = &input[..];
        let step = self.asker.on_bytes(&mut left, out);
        self.keep(left.len(), input);
        self.send(cx, out)?;
        Ok(step)
    }

    /// Keeps so many bytes from the end of `input`, and no room where there are none.
    pub(super) fn keep(&mut self, left: usize, mut input: Vec<u8>) {
        if left > 0 {
            input.drain(..input.len() - left);
            self.input = input;
        }
    }

    fn send(&mut self, cx: &mut Context<'_>, out: &mut Out) -> io::Result<()> {
        if !out.bytes.is_empty() || !out.tail.is_empty() {
            self.unsent = Unsent::send(&mut self.socket, cx, out)?;
        }
        Ok(())
    }

    /// Has this sent behind what is unsent; `is_last` where nothing follows.
    pub(super) fn send_later(&mut self, out: Out, is_last: bool) {
        debug_assert!(self.unsent.is_none(), "who waits has sent all before");
        self.unsent = Unsent::of(out);
        self.is_ending |= is_last;
    }

    /// Sends what is unsent.
    pub(super) fn poll_unsent(&mut self, cx: &mut Context<'_>) -> io::Result<Poll<()>> {
        let Some(unsent) = &mut self.unsent else { return Ok(Poll::Ready(())) };
        let sent = unsent.poll_send(&mut self.socket, cx)?;
        if sent.is_ready() {
            self.unsent = None;
        }
        Ok(sent)
    }

    /// Ready once the client is known to have gone. It is not looked for behind what it has sent
    /// already and whose turn has not come.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.input.is_empty() {
            return Poll::Pending;
        }
        match self.poll_more(cx) {
            Poll::Ready(Ok(true)) => Poll::Pending,
            Poll::Ready(Ok(false) | Err(_)) => Poll::Ready(()),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Reads more input; `false` at the end.
    pub(super) fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(&mut scratch.read);
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buffer))?;
            self.input.extend_from_slice(buffer.filled());
            Poll::Ready(Ok(!buffer.filled().is_empty()))
        })
    }
}
