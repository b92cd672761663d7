//! A poller's connection: one exchange at a time.

use std::borrow::Cow;
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use pushbench_protocol::{ByteKind, Direction, Phase, Timestamp};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::Fault;
use crate::accounts::Accounts;
use crate::carrier::again::Again;
use crate::carrier::answer::{Answer, Received};
use crate::carrier::connection::{Connection, TURN, end_turn};
use crate::carrier::http1::pending::{Pending, Place};
use crate::carrier::http1::reader::AnswerReader;
use crate::carrier::request::{Asked, Request};

/// A connection, and what has come of a response on it.
pub(crate) struct Line {
    pub(crate) connection: Connection,
    answers: Pending<AnswerReader>,
    /// Whether nothing of a response to the last request has come.
    has_received_nothing: bool,
    /// Whether it has carried a response.
    has_carried: bool,
    /// Whether our side has ended while a response was to come.
    is_cut: bool,
}

/// What of a request has not left yet.
struct Left {
    /// Bytes of its head.
    head: u64,
    body_kind: ByteKind,
}

impl Left {
    /// Books so many bytes that have left, whatever becomes of the rest.
    fn book(&mut self, accounts: &Accounts, phase: Phase, written: u64) {
        let head = written.min(self.head);
        self.head -= head;
        accounts.book(phase, Direction::Up, ByteKind::Header, head);
        accounts.book(phase, Direction::Up, self.body_kind, written - head);
    }
}

impl Line {
    /// On a connection that has just been opened.
    pub(crate) fn new(accounts: &Rc<Accounts>, connection: Connection) -> Self {
        let place = Place::Poll(Rc::clone(connection.witness()));
        let nothing = AnswerReader::default();
        let answers = Pending::new(accounts, place, None, nothing);
        Self { connection, answers, has_received_nothing: true, has_carried: false, is_cut: false }
    }

    /// Writes a request and books it.
    pub(crate) async fn ask(
        &mut self,
        accounts: &Accounts,
        Asked { request, cursor }: Asked<'_>,
        phase: Phase,
    ) -> Result<(), Fault> {
        let connection = &mut self.connection;
        // All clients of a topic share one head, filled just before it goes out. Only what a full
        // socket does not take is copied.
        let (mut left, rest) = poll_fn(|cx| {
            let Request { head, body, body_kind, .. } = &mut *request.borrow_mut();
            if let Some(cursor) = cursor {
                head.set_cursor(cursor);
            }
            let head = head.bytes();
            // A request leaves in one write.
            let whole = match body.is_empty() {
                true => Cow::Borrowed(head),
                false => Cow::Owned([head, body].concat()),
            };
            let left = Left { head: head.len() as u64, body_kind: *body_kind };
            let written = Pin::new(&mut *connection).poll_write(cx, &whole);
            written.map_ok(|written| {
                let mut left = left;
                left.book(accounts, phase, written as u64);
                (left, whole[written..].to_vec())
            })
        })
        .await
        .map_err(|_| Fault::Io)?;
        let mut rest = &rest[..];
        while !rest.is_empty() {
            let written = connection.write(rest).await.map_err(|_| Fault::Io)?;
            if written == 0 {
                return Err(Fault::Io);
            }
            left.book(accounts, phase, written as u64);
            rest = &rest[written..];
        }
        Ok(())
    }

    /// Reads one response whole, through the worker's scratch memory.
    pub(crate) async fn receive(
        &mut self,
        accounts: &Accounts,
        scratch: &RefCell<Vec<u8>>,
        phase_of: impl Fn(&Answer<'_>, Timestamp) -> Phase,
        mut take: impl FnMut(Phase, &Answer<'_>, Timestamp) -> Result<(), Fault>,
    ) -> Result<Received, Fault> {
        let mut with = |answer: Answer<'_>, received_at| {
            let phase = phase_of(&answer, received_at);
            take(phase, &answer, received_at)?;
            Ok(Received { phase, closes: answer.closes, at: received_at })
        };
        let received = poll_fn(|cx| self.poll_receive(cx, accounts, scratch, &mut with)).await;
        let received = received.inspect_err(|fault| self.give_up(*fault))?;
        self.has_carried = true;
        Ok(received)
    }

    /// Whether a request that failed so may be sent again on another connection: the server has closed
    /// one that had been idle under it, and nothing of a response had come (RFC 9112, section 9.3.1).
    pub(crate) fn again(&self, fault: Fault) -> Again {
        let is_closed = matches!(fault, Fault::Closed | Fault::Io);
        match is_closed && self.has_received_nothing && self.has_carried {
            true => Again::Once,
            false => Again::Never,
        }
    }

    /// Ends our side while a response may still come.
    pub(crate) async fn cut(&mut self) -> Result<(), Fault> {
        self.is_cut = true;
        self.connection.shutdown().await.map_err(|_| Fault::Io)
    }

    /// Gives up on the response that has been begun, if any has. That a server does not end one that is
    /// cut is no fault.
    pub(crate) fn give_up(&mut self, fault: Fault) {
        let fault = Some(fault).filter(|fault| !(self.is_cut && *fault == Fault::Closed));
        self.has_received_nothing = self.answers.give_up(fault) == 0;
    }

    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        accounts: &Accounts,
        scratch: &RefCell<Vec<u8>>,
        with: &mut impl FnMut(Answer<'_>, Timestamp) -> Result<Received, Fault>,
    ) -> Poll<Result<Received, Fault>> {
        let mut scratch = scratch.borrow_mut();
        let mut begun = None;
        loop {
            let mut buf = ReadBuf::new(&mut scratch);
            if ready!(Pin::new(&mut self.connection).poll_read(cx, &mut buf)).is_err() {
                return Poll::Ready(Err(Fault::Io));
            }
            let received_at = accounts.now();
            let has_ended = buf.filled().is_empty();
            let with = |answer: Answer<'_>| with(answer, received_at);
            match self.answers.receive(buf.filled(), with) {
                Ok(Some(done)) => return Poll::Ready(done),
                Ok(None) if has_ended => return Poll::Ready(Err(Fault::Closed)),
                Ok(None) => {}
                Err(fault) => return Poll::Ready(Err(fault)),
            }
            if received_at.since(*begun.get_or_insert(received_at)) >= TURN {
                return end_turn(cx);
            }
        }
    }
}
