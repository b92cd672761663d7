//! What every client that polls does: sends the head of a request, reads an answer, books both.
//!
//! When it polls, and which phase an exchange belongs to, is the transport's own rule.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pushbench_protocol::compression::BODY_THRESHOLD;
use pushbench_protocol::heads::{FieldList, PollFields};
use pushbench_protocol::{
    ByteKind, Compression, Cursor, Deliver, Direction, HttpVersion, Phase, RequestHead, Timestamp,
    Unchanged, clock,
};
use pushbench_scenario::TransportSettings;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::answer::{Answer, AnswerReader};
use crate::coded::{decoded, new_part};
use crate::connection::Connection;
use crate::line::Line;
use crate::outcome::SampleHeads;
use crate::recorder::{Arrival, Receipt};
use crate::worker::Shared;
use crate::{Fault, Plan, http2};

/// A client that polls one topic.
#[derive(Debug)]
pub(crate) struct Poller {
    seat: usize,
    topic: usize,
    cursor: Cursor,
    every: bool,
    /// What bodies are asked for in.
    coding: Compression,
    answers: AnswerReader,
}

impl Poller {
    /// A client that has seen nothing yet.
    pub(crate) fn new(plan: &Plan, client: u32, seat: usize) -> Self {
        let topic = plan.topic_of(client) as usize;
        Self {
            seat,
            topic,
            cursor: plan.start_cursors[topic],
            every: plan.scenario.workload.deliver == Deliver::Every,
            coding: coding_of(plan.transport),
            answers: AnswerReader::default(),
        }
    }

    /// Whether the client holds the last message of its topic.
    pub(crate) fn holds_last(&self, shared: &Shared) -> bool {
        shared.recorder.borrow().holds_last(self.seat)
    }

    /// Writes a request and books it.
    pub(crate) async fn ask(
        &self,
        shared: &Shared,
        line: &mut Line,
        phase: Phase,
    ) -> Result<(), Fault> {
        let connection = match line {
            Line::Http1(connection) => connection,
            Line::Http2(line) => {
                let mut fields = shared.poll_lists.borrow()[self.topic].clone();
                fields.set_cursor(self.cursor);
                line.ask(shared, &fields, phase).await?;
                line.connection().probe().has_taken();
                return Ok(());
            }
        };
        // All clients of a topic share one head, filled just before it goes out. Only what a full
        // socket does not take is copied.
        let (len, rest) = poll_fn(|cx| {
            let mut heads = shared.poll_heads.borrow_mut();
            let head = &mut heads[self.topic];
            head.set_cursor(self.cursor);
            Pin::new(&mut *connection)
                .poll_write(cx, head.bytes())
                .map_ok(|written| (head.bytes().len() as u64, head.bytes()[written..].to_vec()))
        })
        .await
        .map_err(|_| Fault::Io)?;
        if !rest.is_empty() {
            connection.write_all(&rest).await.map_err(|_| Fault::Io)?;
        }
        shared.book(phase, Direction::Up, ByteKind::Header, len);
        connection.probe().has_taken();
        Ok(())
    }

    /// Reads one answer and books it under the phase that `phase_of` says; gives that phase.
    pub(crate) async fn hear(
        &mut self,
        shared: &Shared,
        line: &mut Line,
        phase_of: impl Fn(&Answer<'_>, Timestamp) -> Phase,
    ) -> Result<Phase, Fault> {
        match line {
            Line::Http1(connection) => {
                poll_fn(|cx| self.poll_hear(cx, shared, connection, &phase_of)).await
            }
            Line::Http2(line) => {
                line.hear(|answer, uncompressed| {
                    let received_at = clock::now();
                    let phase = phase_of(&answer, received_at);
                    http2::line::count_uncompressed(shared, phase, Direction::Down, uncompressed);
                    self.take(shared, phase, &answer, received_at).map(|()| phase)
                })
                .await?
            }
        }
    }

    /// Reads into the worker's scratch memory until the answer is whole.
    fn poll_hear(
        &mut self,
        cx: &mut Context<'_>,
        shared: &Shared,
        connection: &mut Connection,
        phase_of: &impl Fn(&Answer<'_>, Timestamp) -> Phase,
    ) -> Poll<Result<Phase, Fault>> {
        let mut scratch = shared.scratch.borrow_mut();
        loop {
            let mut buf = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut *connection).poll_read(cx, &mut buf)) {
                Err(_) => return Poll::Ready(Err(Fault::Io)),
                Ok(()) if buf.filled().is_empty() => return Poll::Ready(Err(Fault::Closed)),
                Ok(()) => {}
            }
            let received_at = clock::now();
            let mut answers = std::mem::take(&mut self.answers);
            let answered = answers.push(buf.filled(), |answer| {
                let phase = phase_of(&answer, received_at);
                self.take(shared, phase, &answer, received_at).map(|()| phase)
            });
            self.answers = answers;
            match answered {
                Ok(Some(done)) => return Poll::Ready(done),
                Ok(None) => {}
                Err(fault) => return Poll::Ready(Err(fault)),
            }
        }
    }

    /// Books an answer and what it brought.
    fn take(
        &mut self,
        shared: &Shared,
        phase: Phase,
        answer: &Answer<'_>,
        received_at: Timestamp,
    ) -> Result<(), Fault> {
        self.cursor = answer.cursor.unwrap_or(self.cursor);
        let phase = shared.open_phase(phase);
        let timeline = shared.grid.timeline();
        let mut recorder = shared.recorder.borrow_mut();
        let mut ledger = shared.ledger.borrow_mut();
        ledger.book(phase, Direction::Down, ByteKind::Header, answer.head.len() as u64);
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
                Receipt::Repeat | Receipt::Foreign => {
                    held.old += payload.len() as u64;
                    held.old_framing += framing;
                }
            }
        };
        match answer.status {
            200 => {
                self.check_coding(answer)?;
                let body = decoded(answer.coding, answer.body)?;
                if self.every {
                    for line in body.split_inclusive(|&byte| byte == b'\n') {
                        receive(line.strip_suffix(b"\n").ok_or(Fault::Malformed)?, 1);
                    }
                } else if !body.is_empty() {
                    receive(&body, 0);
                }
            }
            204 | 304 => {}
            status => {
                ledger.book(phase, Direction::Down, ByteKind::Repeat, answer.body.len() as u64);
                return Err(Fault::Status(status));
            }
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
                self.keep_sample(shared, answer);
            }
        }
        Ok(())
    }

    /// Refuses a body that is not in the coding asked for, or is left as it is though it is large
    /// enough for every server's default.
    fn check_coding(&self, answer: &Answer<'_>) -> Result<(), Fault> {
        let is_asked = answer.coding == self.coding;
        let is_small = answer.coding == Compression::None && answer.body.len() < BODY_THRESHOLD;
        if is_asked || is_small { Ok(()) } else { Err(Fault::Coding) }
    }

    /// Keeps the heads of this exchange if the worker has none yet.
    fn keep_sample(&self, shared: &Shared, answer: &Answer<'_>) {
        let mut sample = shared.sample.borrow_mut();
        if sample.is_none() {
            *sample = Some(SampleHeads {
                request: shared.poll_heads.borrow()[self.topic].bytes().to_vec(),
                response: answer.head.to_vec(),
                body_len: answer.body.len() as u64,
            });
        }
    }
}

/// The same heads as HTTP/2 sends them; empty where it does not.
pub(crate) fn poll_lists(plan: &Plan) -> Vec<FieldList> {
    match plan.carriage.http {
        HttpVersion::Http11 => Vec::new(),
        HttpVersion::Http2 => poll_heads(plan)
            .iter()
            .map(|head| FieldList::of_request(head.bytes(), plan.scheme()))
            .collect(),
    }
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
    /// The bytes of the body on the wire, by kind. A compressed body is shared out in proportion
    /// between what is new and what is old: within it nothing marks messages off that could be told
    /// apart.
    fn booked(&self, answer: &Answer<'_>) -> [(ByteKind, u64); 3] {
        let (payload, repeat, framing) = match answer.coding {
            Compression::None => (self.new, self.old, self.new_framing + self.old_framing),
            Compression::Gzip | Compression::Brotli | Compression::Deflate => {
                let whole = answer.body.len() as u64;
                let (new, old) = (self.new + self.new_framing, self.old + self.old_framing);
                let payload = new_part(whole, new, old);
                (payload, whole - payload, 0)
            }
        };
        [(ByteKind::Payload, payload), (ByteKind::Repeat, repeat), (ByteKind::Framing, framing)]
    }
}

/// What a transport's polls ask for their bodies in.
fn coding_of(transport: TransportSettings) -> Compression {
    match transport {
        TransportSettings::ShortPoll(poll) => poll.compression,
        TransportSettings::LongPoll(poll) => poll.compression,
        TransportSettings::Sse(_)
        | TransportSettings::Stream(_)
        | TransportSettings::WebSocket(_)
        | TransportSettings::Nudge(_) => Compression::None,
    }
}

/// The heads that polls of each topic send, clients fill in their cursors; empty where nothing is
/// polled.
pub(crate) fn poll_heads(plan: &Plan) -> Vec<RequestHead> {
    let headers = &plan.scenario.headers;
    (0..plan.scenario.workload.topics.get())
        .map_while(|topic| {
            let topic = Plan::topic_name(topic);
            let (path, conditional) = match plan.transport {
                TransportSettings::ShortPoll(poll) => {
                    (topic.poll_path(Cursor::OLDEST), poll.unchanged == Unchanged::NotModified)
                }
                TransportSettings::LongPoll(poll) => {
                    (topic.long_poll_path(Cursor::OLDEST, poll.hold), false)
                }
                TransportSettings::Nudge(_) => (topic.poll_path(Cursor::OLDEST), false),
                TransportSettings::Sse(_)
                | TransportSettings::Stream(_)
                | TransportSettings::WebSocket(_) => return None,
            };
            let fields = PollFields { conditional, compression: coding_of(plan.transport) };
            Some(headers.request.poll_with(plan.head_target(&path), fields))
        })
        .collect()
}
