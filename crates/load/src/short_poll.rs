//! A client that polls.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{self, Context};
use std::time::Duration;

use pushbench_protocol::heads::HeadTarget;
use pushbench_protocol::{
    ByteKind, Cursor, Deliver, Direction, Phase, PollTiming, RequestHead, Timestamp, Unchanged,
    clock,
};
use pushbench_scenario::{ShortPoll, poll_phase};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::answer::{Answer, AnswerReader};
use crate::connection::Connection;
use crate::outcome::SampleHeads;
use crate::recorder::{Arrival, Receipt};
use crate::worker::Shared;
use crate::{Fault, Plan};

/// One poll on its way.
struct Poll {
    due_at: Timestamp,
    phase: Phase,
}

/// Connects, polls until there is nothing more to come, and ends the connection when told to.
pub(crate) async fn play(
    shared: &Shared,
    client: u32,
    seat: usize,
    settings: ShortPoll,
) -> Result<(), Fault> {
    let mut connection = shared.connect(client).await?;
    shared.is_connected();
    let plan = &shared.plan;
    let topic = plan.topic_of(client);
    let mut poller = Poller {
        seat,
        topic: topic as usize,
        cursor: plan.start_cursors[topic as usize],
        every: plan.scenario.workload.deliver == Deliver::Every,
        in_flight: false,
        answers: AnswerReader::default(),
    };
    let first = poll_phase(plan.scenario.workload.seed, client, settings.interval, settings.timing);
    let ended = tokio::select! {
        biased;
        ended = poller.work(shared, &mut connection, settings, first) => ended,
        () = shared.closed() => Ok(()),
    };
    if poller.in_flight {
        shared.in_flight.set(shared.in_flight.get() - 1);
    }
    ended?;
    if poller.in_flight {
        return Err(Fault::AnswerTimeout);
    }
    shared.closed().await;
    end(&mut connection).await
}

/// Ends the connection in order: our FIN, then the server's.
async fn end(connection: &mut Connection) -> Result<(), Fault> {
    connection.shutdown().await.map_err(|_| Fault::Io)?;
    match connection.read(&mut [0; 1]).await {
        Ok(0) => Ok(()),
        Ok(_) => Err(Fault::Malformed),
        Err(_) => Err(Fault::Io),
    }
}

struct Poller {
    seat: usize,
    topic: usize,
    cursor: Cursor,
    every: bool,
    in_flight: bool,
    answers: AnswerReader,
}

impl Poller {
    /// Polls on schedule until the client holds all that is to come.
    async fn work(
        &mut self,
        shared: &Shared,
        connection: &mut Connection,
        settings: ShortPoll,
        first: Duration,
    ) -> Result<(), Fault> {
        let mut at = first;
        loop {
            let is_over = shared.grid.timeline().phase_of(at) == Phase::Drain
                && shared.recorder.borrow().holds_last(self.seat);
            if is_over || !shared.grid.wait_until(at).await {
                return Ok(());
            }
            self.poll(shared, connection, at).await?;
            at = match settings.timing {
                PollTiming::Schedule | PollTiming::Aligned => at + settings.interval,
                PollTiming::AfterAnswer => {
                    shared.grid.timeline().place(clock::now()) + settings.interval
                }
            };
        }
    }

    async fn poll(
        &mut self,
        shared: &Shared,
        connection: &mut Connection,
        at: Duration,
    ) -> Result<(), Fault> {
        let timeline = shared.grid.timeline();
        let due_at = timeline.moment(at).expect("the grid waits for the part to begin");
        let poll = Poll { due_at, phase: timeline.phase_of(at) };
        if poll.phase == Phase::Drain {
            shared.close_measure(connection.probe());
        }
        self.in_flight = true;
        shared.in_flight.set(shared.in_flight.get() + 1);
        self.send(shared, connection, &poll).await?;
        poll_fn(|cx| self.poll_answer(cx, shared, connection, &poll)).await?;
        self.in_flight = false;
        shared.in_flight.set(shared.in_flight.get() - 1);
        Ok(())
    }

    /// Writes the request and books it.
    async fn send(
        &self,
        shared: &Shared,
        connection: &mut Connection,
        poll: &Poll,
    ) -> Result<(), Fault> {
        if poll.phase == Phase::Measure {
            let late = clock::now().since(poll.due_at);
            shared.recorder.borrow_mut().poll_lateness.record(late);
        }
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
        shared.book(poll.phase, Direction::Up, ByteKind::Header, len);
        Ok(())
    }

    /// Reads into the worker's scratch memory until the answer is whole.
    fn poll_answer(
        &mut self,
        cx: &mut Context<'_>,
        shared: &Shared,
        connection: &mut Connection,
        poll: &Poll,
    ) -> task::Poll<Result<(), Fault>> {
        use task::Poll::Ready;
        let mut scratch = shared.scratch.borrow_mut();
        loop {
            let mut buf = ReadBuf::new(&mut scratch);
            match task::ready!(Pin::new(&mut *connection).poll_read(cx, &mut buf)) {
                Err(_) => return Ready(Err(Fault::Io)),
                Ok(()) if buf.filled().is_empty() => return Ready(Err(Fault::Closed)),
                Ok(()) => {}
            }
            let received_at = clock::now();
            let mut answers = std::mem::take(&mut self.answers);
            let answered =
                answers.push(buf.filled(), |answer| self.take(shared, poll, &answer, received_at));
            self.answers = answers;
            match answered {
                Ok(Some(done)) => return Ready(done),
                Ok(None) => {}
                Err(fault) => return Ready(Err(fault)),
            }
        }
    }

    /// Books an answer and what it brought.
    fn take(
        &mut self,
        shared: &Shared,
        poll: &Poll,
        answer: &Answer<'_>,
        received_at: Timestamp,
    ) -> Result<(), Fault> {
        self.cursor = answer.cursor.unwrap_or(self.cursor);
        let timeline = shared.grid.timeline();
        let mut recorder = shared.recorder.borrow_mut();
        let mut ledger = shared.ledger.borrow_mut();
        let mut book = |kind, bytes: usize| {
            ledger.book(poll.phase, Direction::Down, kind, bytes as u64);
        };
        book(ByteKind::Header, answer.head.len());
        let mut news = 0;
        let mut receive = |payload: &[u8], framing: usize| {
            let seen =
                recorder.receive(self.seat, payload, received_at, Arrival::Polled, &timeline);
            let kind = match seen {
                Receipt::New { .. } => ByteKind::Payload,
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
                ledger.book(
                    poll.phase,
                    Direction::Down,
                    ByteKind::Repeat,
                    answer.body.len() as u64,
                );
                return Err(Fault::Status(status));
            }
        }
        recorder.counts.gap_messages += answer.gap;
        if poll.phase == Phase::Measure {
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

/// The heads that polls of each topic send; clients fill in their cursors.
pub(crate) fn poll_heads(plan: &Plan, settings: ShortPoll) -> Vec<RequestHead> {
    let headers = &plan.scenario.headers;
    (0..plan.scenario.workload.topics.get())
        .map(|topic| {
            let path = Plan::topic_name(topic).poll_path(Cursor::OLDEST);
            let target =
                HeadTarget { path: &path, host: &plan.host, cookie_bytes: headers.cookie_bytes };
            headers.request.poll(target, settings.unchanged == Unchanged::NotModified)
        })
        .collect()
}
