//! What every client that polls does: sends the head of a request, reads an answer, books both.
//!
//! When it polls, and which phase an exchange belongs to, is the transport's own rule.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pushbench_protocol::{
    ByteKind, Cursor, Deliver, Direction, Phase, RequestHead, Timestamp, Unchanged, clock,
};
use pushbench_scenario::TransportSettings;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::answer::{Answer, AnswerReader};
use crate::connection::Connection;
use crate::outcome::SampleHeads;
use crate::recorder::{Arrival, Receipt};
use crate::worker::Shared;
use crate::{Fault, Plan};

/// A client that polls one topic.
#[derive(Debug)]
pub(crate) struct Poller {
    seat: usize,
    topic: usize,
    cursor: Cursor,
    every: bool,
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
        connection: &mut Connection,
        phase: Phase,
    ) -> Result<(), Fault> {
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
        connection.probe().has_asked();
        Ok(())
    }

    /// Reads one answer and books it under the phase that `phase_of` says; gives that phase.
    pub(crate) async fn hear(
        &mut self,
        shared: &Shared,
        connection: &mut Connection,
        phase_of: impl Fn(&Answer<'_>, Timestamp) -> Phase,
    ) -> Result<Phase, Fault> {
        poll_fn(|cx| self.poll_hear(cx, shared, connection, &phase_of)).await
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
        let timeline = shared.grid.timeline();
        let mut recorder = shared.recorder.borrow_mut();
        let mut ledger = shared.ledger.borrow_mut();
        let mut book = |kind, bytes: usize| {
            ledger.book(phase, Direction::Down, kind, bytes as u64);
        };
        book(ByteKind::Header, answer.head.len());
        let mut news = 0;
        let mut receive = |payload: &[u8], framing: usize| {
            let seen =
                recorder.receive(self.seat, payload, received_at, Arrival::Polled, &timeline);
            let kind = match seen {
                Receipt::New => ByteKind::Payload,
                Receipt::Repeat | Receipt::Foreign => ByteKind::Repeat,
            };
            news += u64::from(kind == ByteKind::Payload);
            book(kind, payload.len());
            book(ByteKind::Framing, framing);
        };
        match answer.status {
            200 if self.every => {
                for line in answer.body.split_inclusive(|&byte| byte == b'\n') {
                    let payload = line.strip_suffix(b"\n").ok_or(Fault::Malformed)?;
                    receive(payload, 1);
                }
            }
            200 if !answer.body.is_empty() => receive(answer.body, 0),
            200 | 204 | 304 => {}
            status => {
                ledger.book(phase, Direction::Down, ByteKind::Repeat, answer.body.len() as u64);
                return Err(Fault::Status(status));
            }
        }
        recorder.counts.gap_messages += answer.gap;
        if phase == Phase::Measure {
            recorder.counts.polls += 1;
            recorder.counts.empty_polls += u64::from(news == 0);
            recorder.counts.deliveries_in_measure += news;
            *recorder.counts.answers.entry(answer.status).or_default() += 1;
            if answer.status == 200 {
                self.keep_sample(shared, answer);
            }
        }
        Ok(())
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
            Some(headers.request.poll(plan.head_target(&path), conditional))
        })
        .collect()
}
