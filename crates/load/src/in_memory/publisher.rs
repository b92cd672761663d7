//! The publisher over a pipe: the requests of every publisher, each when it is due, and never a wait
//! for a response.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use pushbench_protocol::clock::Clock;
use pushbench_protocol::{Envelope, PublishNumber, Timestamp};
use pushbench_scenario::Due;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::accounts::published::{BEGINNING, Published};
use crate::accounts::turns::Turns;
use crate::publisher::answers::Hearing;
use crate::publisher::messages::{Messages, is_measured};
use crate::{Fault, Plan, PublisherOutcome, bounds};

/// The publisher's connection, and what is left of the schedule.
pub(super) struct PipePublisher {
    plan: Arc<Plan>,
    clock: Clock,
    messages: Messages,
    line: WriteHalf<DuplexStream>,
    reader: JoinHandle<()>,
    received: Rc<RefCell<Hearing>>,
    /// Requests begun.
    asked: Rc<Cell<u64>>,
    next: usize,
    turns: Turns,
    buffer: Vec<u8>,
    outcome: PublisherOutcome,
}

impl PipePublisher {
    /// Takes its end of a connection, and begins to read responses.
    pub(super) fn new(
        plan: Arc<Plan>,
        published: Arc<Published>,
        clock: Clock,
        pipe: DuplexStream,
    ) -> Self {
        let (read, line) = tokio::io::split(pipe);
        let received = Rc::new(RefCell::new(Hearing::default()));
        let asked = Rc::new(Cell::new(0));
        Self {
            messages: Messages::of(&plan, published, clock),
            plan,
            clock,
            line,
            reader: tokio::task::spawn_local(receive(
                read,
                Rc::clone(&received),
                Rc::clone(&asked),
            )),
            received,
            asked,
            next: 0,
            turns: Turns::default(),
            buffer: Vec::new(),
            outcome: PublisherOutcome::default(),
        }
    }

    /// Publishes what each topic begins with that must have a message.
    pub(super) async fn begin_topics(&mut self, at: Timestamp) {
        for topic in self.plan.begun_topics() {
            let beginning = Envelope { number: BEGINNING, due_at: at };
            self.messages.fill(topic, beginning, &mut self.buffer);
            self.write().await;
        }
    }

    /// Publishes what is due from `from` until `until` on the schedule; `from` is at `at`. Ends
    /// earlier when it is told that this is enough.
    pub(super) async fn publish(
        &mut self,
        until: Duration,
        from: Duration,
        at: Timestamp,
        enough: &mut watch::Receiver<bool>,
    ) {
        while let Some(&due) = self.plan.dues.get(self.next).filter(|due| due.at < until) {
            let due_at = at.plus(due.at - from);
            tokio::select! {
                biased;
                _ = enough.wait_for(|is_enough| *is_enough) => return,
                () = tokio::time::sleep(due_at.since(self.clock.now())) => {}
            }
            self.send(due, due_at).await;
            self.next += 1;
        }
    }

    async fn send(&mut self, due: Due, due_at: Timestamp) {
        let envelope = Envelope { number: PublishNumber(due.number), due_at };
        let sent_at = self.messages.fill(due.topic, envelope, &mut self.buffer);
        let late = self.turns.send(due_at, sent_at);
        self.write().await;
        self.turns.done(self.clock.now());
        if is_measured(&self.plan, due) {
            self.outcome.is_late(late);
        }
    }

    async fn write(&mut self) {
        self.asked.set(self.asked.get() + 1);
        match self.line.write_all(&self.buffer).await {
            Ok(()) => self.outcome.has_sent(self.buffer.len()),
            Err(_) => *self.outcome.faults.entry(Fault::Io).or_default() += 1,
        }
    }

    /// Ends the connection and gives what was done.
    pub(super) async fn finish(mut self) -> PublisherOutcome {
        let _ = self.line.shutdown().await;
        let ended = tokio::time::timeout(bounds::PUBLISHER_END, &mut self.reader).await;
        self.reader.abort();
        let mut outcome = self.outcome;
        let answers = std::mem::take(&mut self.received.borrow_mut().answers);
        outcome.receive(answers, ended.is_ok_and(|ended| ended.is_ok()));
        outcome
    }
}

/// Reads responses until the server ends the connection.
async fn receive(
    mut read: ReadHalf<DuplexStream>,
    received: Rc<RefCell<Hearing>>,
    asked: Rc<Cell<u64>>,
) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        match read.read(&mut bytes).await {
            Ok(0) => return received.borrow_mut().end(),
            Ok(len) => {
                if !received.borrow_mut().take(&bytes[..len], asked.get()) {
                    return;
                }
            }
            Err(_) => return received.borrow_mut().answers.fail(Fault::Closed),
        }
    }
}
