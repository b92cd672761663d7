//! What every client that polls does: sends the head of a request, reads a response, books both.
//!
//! When it polls, and which phase an exchange belongs to, is the transport's own rule.

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use pushbench_protocol::compression::BODY_THRESHOLD;
use pushbench_protocol::{ByteKind, Cursor, Deliver, Direction, Phase, Timestamp};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::accounts::recorder::{Arrival, Receipt};
use crate::carrier::connection::Connection;
use crate::carrier::http1::answer::{Answer, AnswerReader};
use crate::carrier::http2;
use crate::carrier::line::Line;
use crate::coded::{decoded, new_part};
use crate::content_coding::{ContentCoding, Offer};
use crate::outcome::SampleHeads;
use crate::transport::context::ClientContext;
use crate::witness::Witness;
use crate::{Fault, Unexpected};

/// A client that polls one topic.
#[derive(Debug)]
pub(crate) struct Poller {
    seat: usize,
    topic: usize,
    cursor: Cursor,
    every: bool,
    /// What the transport's setting asks for bodies in.
    coding: ContentCoding,
    /// What the request says that it takes.
    offer: Rc<Offer>,
    answers: AnswerReader,
    /// Whether nothing of a response to the last request has come.
    has_heard_nothing: bool,
}

impl Poller {
    /// A client that has seen nothing yet.
    pub(crate) fn new(context: &ClientContext, client: u32, seat: usize) -> Self {
        let plan = &context.plan;
        let topic = plan.topic_of(client) as usize;
        Self {
            seat,
            topic,
            cursor: plan.start_cursors[topic],
            every: plan.scenario.workload.deliver == Deliver::Every,
            coding: ContentCoding::of(plan.transport.content_coding()),
            offer: Rc::clone(&context.offer),
            answers: AnswerReader::default(),
            has_heard_nothing: true,
        }
    }

    /// Whether the client holds the last message of its topic.
    pub(crate) fn holds_last(&self, context: &ClientContext) -> bool {
        context.accounts.recorder.borrow().holds_last(self.seat)
    }

    /// Writes a request and books it.
    pub(crate) async fn ask(
        &self,
        context: &ClientContext,
        line: &mut Line,
        phase: Phase,
    ) -> Result<(), Fault> {
        let connection = match line {
            Line::Http1(connection) => connection,
            Line::Http2(line) => {
                let mut fields = context.poll_lists.borrow()[self.topic].clone();
                fields.set_cursor(self.cursor);
                line.ask(&context.accounts, &fields, phase).await?;
                line.connection().witness().has_taken();
                return Ok(());
            }
        };
        // All clients of a topic share one head, filled just before it goes out. Only what a full
        // socket does not take is copied.
        let (len, rest) = poll_fn(|cx| {
            let mut heads = context.poll_heads.borrow_mut();
            let head = &mut heads[self.topic];
            head.set_cursor(self.cursor);
            Pin::new(&mut *connection)
                .poll_write(cx, head.bytes())
                .map_ok(|written| (head.bytes().len() as u64, head.bytes()[written..].to_vec()))
        })
        .await
        .map_err(|_| Fault::Io)?;
        // What has left is on the books, whatever becomes of the rest.
        context.accounts.book(phase, Direction::Up, ByteKind::Header, len - rest.len() as u64);
        let mut rest = &rest[..];
        while !rest.is_empty() {
            let written = connection.write(rest).await.map_err(|_| Fault::Io)?;
            if written == 0 {
                return Err(Fault::Io);
            }
            context.accounts.book(phase, Direction::Up, ByteKind::Header, written as u64);
            rest = &rest[written..];
        }
        connection.witness().has_taken();
        Ok(())
    }

    /// Whether nothing of the response to the last request has come.
    pub(crate) fn has_heard_nothing(&self) -> bool {
        self.has_heard_nothing
    }

    /// Reads one response and books it under the phase that `phase_of` says.
    pub(crate) async fn hear(
        &mut self,
        context: &ClientContext,
        line: &mut Line,
        phase_of: impl Fn(&Answer<'_>, Timestamp) -> Phase,
    ) -> Result<Heard, Fault> {
        match line {
            Line::Http1(connection) => {
                let heard = poll_fn(|cx| self.poll_hear(cx, context, connection, &phase_of)).await;
                heard.inspect_err(|fault| self.give_up(context, connection.witness(), *fault))
            }
            Line::Http2(line) => {
                line.hear(&context.accounts, |answer, uncompressed| {
                    let received_at = context.accounts.now();
                    let phase = phase_of(&answer, received_at);
                    http2::line::count_uncompressed(
                        &context.accounts,
                        phase,
                        Direction::Down,
                        uncompressed,
                    );
                    self.take(context, phase, &answer, received_at)?;
                    Ok(Heard { phase, closes: false })
                })
                .await?
            }
        }
    }

    /// Reads into the worker's scratch memory until the answer is whole.
    fn poll_hear(
        &mut self,
        cx: &mut Context<'_>,
        context: &ClientContext,
        connection: &mut Connection,
        phase_of: &impl Fn(&Answer<'_>, Timestamp) -> Phase,
    ) -> Poll<Result<Heard, Fault>> {
        let mut scratch = context.scratch.borrow_mut();
        loop {
            let mut buf = ReadBuf::new(&mut scratch);
            if ready!(Pin::new(&mut *connection).poll_read(cx, &mut buf)).is_err() {
                return Poll::Ready(Err(Fault::Io));
            }
            let received_at = context.accounts.now();
            let mut answers = std::mem::take(&mut self.answers);
            let has_ended = buf.filled().is_empty();
            let with = |answer: Answer<'_>| {
                let phase = phase_of(&answer, received_at);
                self.take(context, phase, &answer, received_at)?;
                Ok(Heard { phase, closes: answer.closes })
            };
            let answered = match has_ended {
                true => answers.end(with),
                false => answers.push(buf.filled(), with),
            };
            self.answers = answers;
            match answered {
                Ok(Some(done)) => return Poll::Ready(done),
                Ok(None) if has_ended => return Poll::Ready(Err(Fault::Closed)),
                Ok(None) => {}
                Err(fault) => return Poll::Ready(Err(fault)),
            }
        }
    }

    /// Books what has come of a response that will not become whole.
    fn give_up(&mut self, context: &ClientContext, witness: &Witness, fault: Fault) {
        let unfinished = self.answers.give_up();
        self.has_heard_nothing = unfinished.header + unfinished.framing + unfinished.rest == 0;
        let phase = context.accounts.phase_on(witness);
        context.accounts.book_unfinished(phase, ByteKind::Header, fault, &unfinished);
    }

    /// Books a response and what it brought.
    fn take(
        &mut self,
        context: &ClientContext,
        phase: Phase,
        answer: &Answer<'_>,
        received_at: Timestamp,
    ) -> Result<(), Fault> {
        self.cursor = answer.cursor.unwrap_or(self.cursor);
        let phase = context.accounts.open_phase(phase);
        let timeline = context.accounts.timeline();
        let mut recorder = context.accounts.recorder.borrow_mut();
        let mut ledger = context.accounts.ledger.borrow_mut();
        let heads = answer.interim + answer.head.len() as u64;
        ledger.book(phase, Direction::Down, ByteKind::Header, heads);
        ledger.book(phase, Direction::Down, ByteKind::Framing, answer.framing);
        let mut held = Held::default();
        let mut receive = |payload: &[u8], framing: u64| {
            let seen =
                recorder.receive(self.seat, payload, received_at, Arrival::Polled, &timeline);
            match seen {
                Receipt::New => {
                    held.messages += 1;
                    held.new += payload.len() as u64;
                    held.new_framing += framing;
                }
                Receipt::Repeat | Receipt::Foreign | Receipt::Altered => {
                    held.old += payload.len() as u64;
                    held.old_framing += framing;
                }
            }
        };
        let every = self.every;
        let taken = self.body(answer).and_then(|body| {
            if every {
                for line in body.split_inclusive(|&byte| byte == b'\n') {
                    receive(line.strip_suffix(b"\n").ok_or(Fault::NotLines)?, 1);
                }
            } else if !body.is_empty() {
                receive(&body, 0);
            }
            Ok(())
        });
        if let Err(fault) = taken {
            ledger.book(phase, Direction::Down, ByteKind::Repeat, answer.body.len() as u64);
            context.accounts.keep_unexpected(fault, || {
                Unexpected::of_parts(answer.status, answer.head, answer.body)
            });
            return Err(fault);
        }
        for (kind, bytes) in held.booked(answer) {
            ledger.book(phase, Direction::Down, kind, bytes);
        }
        recorder.counts.add_gap(answer.gap);
        if phase == Phase::Measure {
            recorder.counts.polls += 1;
            recorder.counts.empty_polls += u64::from(held.messages == 0);
            recorder.counts.deliveries_in_measure += held.messages;
            recorder.counts.uncompressed_payload_in_measure += held.new;
            *recorder.counts.answers.entry(answer.status).or_default() += 1;
            if answer.status == 200 && !answer.head.is_empty() {
                self.keep_sample(context, answer);
            }
        }
        Ok(())
    }

    /// The body, decoded; empty where the response says that there is nothing new.
    fn body<'a>(&self, answer: &Answer<'a>) -> Result<Cow<'a, [u8]>, Fault> {
        match answer.status {
            200 => {
                self.check_coding(answer)?;
                decoded(answer.coding, answer.body)
            }
            204 | 304 => Ok(Cow::Borrowed(&[])),
            status => Err(Fault::Status(status)),
        }
    }

    /// Refuses a body in a coding that the request does not offer. Where the transport asks for one,
    /// it must be that, unless the body is too small for every server's default.
    fn check_coding(&self, answer: &Answer<'_>) -> Result<(), Fault> {
        let is_asked = self.offer.is_met(self.coding, answer.coding);
        let is_identity = answer.coding == ContentCoding::Identity;
        let is_small = is_identity && answer.body.len() < BODY_THRESHOLD;
        if is_asked || is_small { Ok(()) } else { Err(Fault::Coding) }
    }

    /// Keeps the heads of this exchange if the worker has none yet.
    fn keep_sample(&self, context: &ClientContext, answer: &Answer<'_>) {
        let mut sample = context.accounts.sample.borrow_mut();
        if sample.is_none() {
            *sample = Some(SampleHeads {
                request: context.poll_heads.borrow()[self.topic].bytes().to_vec(),
                response: answer.head.to_vec(),
                body_len: answer.body.len() as u64,
            });
        }
    }
}

/// A response that was heard whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Heard {
    /// The phase under which it was booked.
    pub(crate) phase: Phase,
    /// Whether the server closes the connection after it.
    pub(crate) closes: bool,
}

/// What the body of an answer held, decoded.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    /// Messages new to the client.
    messages: u64,
    /// Bytes of their payloads, and of what marks them off.
    new: u64,
    new_framing: u64,
    /// The same of messages that it had.
    old: u64,
    old_framing: u64,
}

impl Held {
    /// The bytes of the body on the wire, by kind. A compressed body is context out in proportion
    /// between what is new and what is old: within it nothing marks messages off that could be told
    /// apart.
    fn booked(&self, answer: &Answer<'_>) -> [(ByteKind, u64); 3] {
        let (payload, repeat, framing) = match answer.coding {
            ContentCoding::Identity => (self.new, self.old, self.new_framing + self.old_framing),
            ContentCoding::Gzip
            | ContentCoding::Brotli
            | ContentCoding::Deflate
            | ContentCoding::Zstd => {
                let whole = answer.body.len() as u64;
                let (new, old) = (self.new + self.new_framing, self.old + self.old_framing);
                let payload = new_part(whole, new, old);
                (payload, whole - payload, 0)
            }
        };
        [(ByteKind::Payload, payload), (ByteKind::Repeat, repeat), (ByteKind::Framing, framing)]
    }
}
