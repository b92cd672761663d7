//! The publisher: open-loop, over a connection of its own, as an application would post.
//!
//! One thread writes each message when it is due and never waits for an answer; another reads the
//! answers (HTTP pipelining, RFC 9112, section 9.3.2), so a slow server cannot push later sends
//! back. Blocking sockets: a thread that sleeps until a moment wakes more exactly than a runtime's
//! timer, and this one has nothing else to do.

pub(crate) mod answers;
pub(crate) mod line;
pub(crate) mod messages;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use pushbench_protocol::clock::Clock;
use pushbench_protocol::{Envelope, PublishNumber, Timestamp, clock};
use pushbench_scenario::Due;

use crate::accounts::hiccup::{Hiccups, PUBLISHER_TICK};
use crate::accounts::published::{BEGINNING, Published};
use crate::accounts::turns::{Late, Turns};
use crate::publisher::line::{Cord, PublisherLine};
use crate::publisher::messages::Messages;
use crate::{Fault, Plan, PublisherOutcome, bounds};

/// Something to publish.
enum Part {
    /// What topics begin with that must have a message, at this moment.
    Beginnings(Timestamp),
    /// A part of the schedule.
    Schedule {
        from: Duration,
        until: Duration,
        /// When `from` is.
        at: Timestamp,
    },
    /// What is due from here on, until that is enough.
    On { from: Duration, at: Timestamp },
}

/// The publisher's threads.
pub(crate) struct Publisher {
    parts: Option<Sender<Part>>,
    done: Receiver<()>,
    parts_open: Cell<u32>,
    stop: Arc<AtomicBool>,
    /// Whether enough has been published after the measure phase.
    enough: Arc<AtomicBool>,
    /// Nanoseconds that the latest message of the measure phase was late; 0 before the first.
    latest: Arc<AtomicU64>,
    /// Whether a response was no success, or the connection has failed.
    has_failed: Arc<AtomicBool>,
    /// The connection, to be shut down under a thread that it blocks.
    cord: Cord,
    writer: JoinHandle<Writer>,
}

/// The writing half.
struct Writer {
    plan: Arc<Plan>,
    messages: Messages,
    line: PublisherLine,
    next: usize,
    outcome: PublisherOutcome,
    stop: Arc<AtomicBool>,
    enough: Arc<AtomicBool>,
    latest: Arc<AtomicU64>,
    turns: Turns,
    /// The tick of this thread; from the beginning of the measure phase on.
    hiccups: Option<Hiccups>,
}

impl Publisher {
    /// Connects to the server and waits for a part of the schedule.
    pub(crate) fn start(plan: Arc<Plan>, published: Arc<Published>) -> io::Result<Self> {
        let line = PublisherLine::open(plan.target)?;
        let (cord, has_failed) = (line.cord(), line.has_failed());
        let messages = Messages::of(&plan, published, Clock::HOST);
        let stop = Arc::new(AtomicBool::new(false));
        let enough = Arc::new(AtomicBool::new(false));
        let latest = Arc::new(AtomicU64::new(0));
        let writer = Writer {
            plan,
            messages,
            line,
            next: 0,
            outcome: PublisherOutcome::default(),
            stop: Arc::clone(&stop),
            enough: Arc::clone(&enough),
            latest: Arc::clone(&latest),
            turns: Turns::default(),
            hiccups: None,
        };
        let (parts, parts_in) = channel();
        let (done_out, done) = channel();
        let writer = std::thread::Builder::new()
            .name("publisher".to_owned())
            .spawn(move || writer.run(&parts_in, &done_out))?;
        let parts_open = Cell::new(0);
        let parts = Some(parts);
        Ok(Self { parts, done, parts_open, stop, enough, latest, has_failed, cord, writer })
    }

    /// Publishes what each topic begins with that must have a message.
    pub(crate) fn begin_topics(&self, at: Timestamp) {
        self.send(Part::Beginnings(at));
    }

    /// Publishes what is due from `from` until `until` on the schedule; `from` is at `at`.
    pub(crate) fn publish(&self, from: Duration, until: Duration, at: Timestamp) {
        self.parts_open.set(self.parts_open.get() + 1);
        self.send(Part::Schedule { from, until, at });
    }

    /// Publishes on after that, as long as the plan has messages, until that is enough.
    pub(crate) fn publish_on(&self, from: Duration, at: Timestamp) {
        self.send(Part::On { from, at });
    }

    /// Enough has been published after the measure phase.
    pub(crate) fn end_publishing_on(&self) {
        self.enough.store(true, Ordering::Relaxed);
        self.writer.thread().unpark();
    }

    fn send(&self, part: Part) {
        if let Some(parts) = &self.parts {
            // A writer that has ended has told its fault; its outcome carries it.
            let _ = parts.send(part);
        }
    }

    /// Whether all parts of the schedule handed over have been sent, or never will be.
    pub(crate) fn is_done(&self) -> bool {
        loop {
            match self.done.try_recv() {
                Ok(()) => self.parts_open.set(self.parts_open.get().saturating_sub(1)),
                Err(TryRecvError::Empty) => return self.parts_open.get() == 0,
                Err(TryRecvError::Disconnected) => return true,
            }
        }
    }

    /// Whether a response so far was no success, or the connection has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire) || self.writer.is_finished()
    }

    /// The latest message of the measure phase so far, from due to sent; `None` before the first.
    pub(crate) fn late(&self) -> Option<Duration> {
        match self.latest.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    /// Tells the writer to send nothing more.
    pub(crate) fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.parts = None;
        self.writer.thread().unpark();
    }

    /// Ends the connection and gives what was done; what is not yet sent stays unsent.
    ///
    /// A server that reads no more, or that does not end its side, blocks a thread in a call that
    /// knows no time limit. So the connection is shut down under it.
    pub(crate) fn finish(mut self) -> PublisherOutcome {
        self.stop();
        if !bounds::ends_within(&self.writer, 2 * PUBLISHER_TICK) {
            self.cord.pull();
        }
        let gone = PublisherOutcome {
            faults: BTreeMap::from([(Fault::ThreadGone, 1)]),
            ..PublisherOutcome::default()
        };
        let Some(Writer { line, mut outcome, .. }) = bounds::joined(self.writer) else {
            return gone;
        };
        let Some((answers, has_ended)) = line.finish() else { return gone };
        outcome.receive(answers, has_ended);
        outcome
    }
}

impl Writer {
    fn run(mut self, parts: &Receiver<Part>, done: &Sender<()>) -> Self {
        self.play(parts, done);
        self.outcome.stall = self.hiccups.map(|hiccups| hiccups.longest());
        self
    }

    fn play(&mut self, parts: &Receiver<Part>, done: &Sender<()>) {
        let mut buffer = Vec::new();
        while let Ok(part) = parts.recv() {
            let played = match part {
                Part::Beginnings(at) => self.begin_topics(at, &mut buffer),
                Part::Schedule { from, until, at } => {
                    if from >= self.plan.warm_up_end() {
                        self.hiccups = Some(Hiccups::since(at, PUBLISHER_TICK));
                    }
                    let played = self.play_until(until, from, at, &mut buffer);
                    if played == Ok(true) {
                        let _ = done.send(());
                    }
                    played
                }
                Part::On { from, at } => {
                    let played = self.play_until(Duration::MAX, from, at, &mut buffer);
                    // Told that this is enough, it waits for what else there is to do.
                    played.map(|_| !self.stop.load(Ordering::Relaxed))
                }
            };
            match played {
                Ok(true) => {}
                Ok(false) => return,
                Err(fault) => {
                    // After the stop it is our own end of the connection that ended the write.
                    if !self.stop.load(Ordering::Relaxed) {
                        *self.outcome.faults.entry(fault).or_default() += 1;
                    }
                    return;
                }
            }
        }
    }

    /// Sends what is due before `until`; `Ok(false)` if told to stop before.
    fn play_until(
        &mut self,
        until: Duration,
        from: Duration,
        at: Timestamp,
        buffer: &mut Vec<u8>,
    ) -> Result<bool, Fault> {
        while let Some(&due) = self.plan.dues.get(self.next).filter(|due| due.at < until) {
            let due_at = at.plus(due.at - from);
            if !self.sleep_until(due_at) {
                return Ok(false);
            }
            self.send(due, due_at, buffer)?;
            self.next += 1;
        }
        Ok(true)
    }

    /// Sends what topics begin with.
    fn begin_topics(&mut self, at: Timestamp, buffer: &mut Vec<u8>) -> Result<bool, Fault> {
        for topic in self.plan.begun_topics() {
            self.messages.fill(topic, Envelope { number: BEGINNING, due_at: at }, buffer);
            self.write(buffer)?;
            self.outcome.has_sent(buffer.len());
        }
        Ok(true)
    }

    fn send(&mut self, due: Due, due_at: Timestamp, buffer: &mut Vec<u8>) -> Result<(), Fault> {
        let envelope = Envelope { number: PublishNumber(due.number), due_at };
        let sent_at = self.messages.fill(due.topic, envelope, buffer);
        let late = self.turns.send(due_at, sent_at);
        let blocked = self.write(buffer)?;
        self.outcome.has_sent(buffer.len());
        let late = Late { kept: late.kept + blocked, ..late };
        if self.outcome.has_sent_due(&self.plan, due, late) {
            let nanos = u64::try_from(late.own.as_nanos()).unwrap_or(u64::MAX);
            self.latest.fetch_max(nanos.max(1), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Writes all of a message; gives how long a full socket kept it from that.
    fn write(&mut self, mut bytes: &[u8]) -> Result<Duration, Fault> {
        self.line.ready().map_err(|_| Fault::Connect)?;
        self.line.asks();
        let begin = clock::now();
        let mut has_waited = false;
        while !bytes.is_empty() {
            match self.line.write(bytes) {
                Ok(0) => return Err(Fault::Io),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if is_for_now(error.kind()) => {}
                Err(_) => return Err(Fault::Io),
            }
            let now = clock::now();
            self.tick(now);
            if !bytes.is_empty() {
                has_waited = true;
                if self.stop.load(Ordering::Relaxed) {
                    return Err(Fault::Io);
                }
            } else {
                self.turns.done(now);
                self.line.has_sent();
                return Ok(if has_waited { now.since(begin) } else { Duration::ZERO });
            }
        }
        Ok(Duration::ZERO)
    }

    fn tick(&mut self, now: Timestamp) {
        if let Some(hiccups) = &mut self.hiccups {
            hiccups.tick(now);
        }
    }

    /// Sleeps until a moment; `false` if told to stop before, or that it is enough.
    fn sleep_until(&mut self, moment: Timestamp) -> bool {
        let mut now = clock::now();
        loop {
            if self.stop.load(Ordering::Relaxed) || self.enough.load(Ordering::Relaxed) {
                return false;
            }
            self.tick(now);
            let left = moment.since(now);
            if left.is_zero() {
                return true;
            }
            let wanted = now.plus(left.min(PUBLISHER_TICK));
            std::thread::park_timeout(wanted.since(now));
            now = clock::now();
            if let Some(hiccups) = &mut self.hiccups {
                hiccups.wake(wanted, now);
            }
        }
    }
}

/// Whether a write may simply be tried again.
fn is_for_now(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(kind, Interrupted | TimedOut | WouldBlock)
}
