//! The publisher: open-loop, over a connection of its own, as an application would post.
//!
//! One thread writes each message when it is due and never waits for an answer; another reads the
//! answers (HTTP pipelining, RFC 9112, section 9.3.2), so a slow server cannot push later sends
//! back. Blocking sockets: a thread that sleeps until a moment wakes more exactly than a runtime's
//! timer, and this one has nothing else to do.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use pushbench_protocol::{Envelope, PublishNumber, Timestamp, clock};
use pushbench_scenario::Due;

use crate::answer::AnswerReader;
use crate::hiccup::{Hiccups, TICK};
use crate::payload::PayloadWriter;
use crate::recorder::PublishTimes;
use crate::turns::Turns;
use crate::{Fault, Plan, PublisherOutcome, bounds};

/// A part of the schedule to publish.
struct Part {
    from: Duration,
    until: Duration,
    /// When `from` is.
    at: Timestamp,
}

/// The publisher's threads.
pub(crate) struct Publisher {
    parts: Option<Sender<Part>>,
    done: Receiver<()>,
    parts_open: Cell<u32>,
    stop: Arc<AtomicBool>,
    /// Nanoseconds that the latest message of the measure phase was late; 0 before the first.
    latest: Arc<AtomicU64>,
    /// The connection, to be shut down under a thread that it blocks.
    stream: TcpStream,
    writer: JoinHandle<Writer>,
    reader: JoinHandle<Answers>,
}

/// The writing half.
struct Writer {
    plan: Arc<Plan>,
    times: Arc<PublishTimes>,
    stream: TcpStream,
    payloads: PayloadWriter,
    heads: Vec<Vec<u8>>,
    next: usize,
    outcome: PublisherOutcome,
    stop: Arc<AtomicBool>,
    latest: Arc<AtomicU64>,
    turns: Turns,
    /// The tick of this thread; from the beginning of the measure phase on.
    hiccups: Option<Hiccups>,
}

/// What the reading half saw.
#[derive(Default)]
struct Answers {
    bytes: u64,
    count: u64,
    faults: BTreeMap<Fault, u64>,
}

impl Publisher {
    /// Connects to the server and waits for a part of the schedule.
    pub(crate) fn start(plan: Arc<Plan>, times: Arc<PublishTimes>) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&plan.target, bounds::PUBLISHER_OPEN)?;
        stream.set_nodelay(true)?;
        // A write that a full socket keeps waiting returns at each tick, so that the thread can tell
        // that from standing still.
        stream.set_write_timeout(Some(TICK))?;
        let (reading, whole) = (stream.try_clone()?, stream.try_clone()?);
        let len = plan.scenario.workload.payload.bytes as usize;
        let payloads = PayloadWriter::of(&plan.scenario.workload);
        let heads = (0..plan.scenario.workload.topics.get())
            .map(|topic| publish_head(&plan, topic, len))
            .collect();
        let stop = Arc::new(AtomicBool::new(false));
        let latest = Arc::new(AtomicU64::new(0));
        let writer = Writer {
            plan,
            times,
            stream,
            payloads,
            heads,
            next: 0,
            outcome: PublisherOutcome::default(),
            stop: Arc::clone(&stop),
            latest: Arc::clone(&latest),
            turns: Turns::default(),
            hiccups: None,
        };
        let (parts, parts_in) = channel();
        let (done_out, done) = channel();
        let writer = std::thread::Builder::new()
            .name("publisher".to_owned())
            .spawn(move || writer.run(&parts_in, &done_out))?;
        let reader = std::thread::Builder::new()
            .name("publisher-answers".to_owned())
            .spawn(move || read_answers(reading))?;
        Ok(Self {
            parts: Some(parts),
            done,
            parts_open: Cell::new(0),
            stop,
            latest,
            stream: whole,
            writer,
            reader,
        })
    }

    /// Publishes what is due from `from` until `until` on the schedule; `from` is at `at`.
    pub(crate) fn publish(&self, from: Duration, until: Duration, at: Timestamp) {
        if let Some(parts) = &self.parts {
            self.parts_open.set(self.parts_open.get() + 1);
            // A writer that has ended has told its fault; its outcome carries it.
            let _ = parts.send(Part { from, until, at });
        }
    }

    /// Whether all parts handed over have been sent, or never will be.
    pub(crate) fn is_done(&self) -> bool {
        loop {
            match self.done.try_recv() {
                Ok(()) => self.parts_open.set(self.parts_open.get().saturating_sub(1)),
                Err(TryRecvError::Empty) => return self.parts_open.get() == 0,
                Err(TryRecvError::Disconnected) => return true,
            }
        }
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
    }

    /// Ends the connection and gives what was done; what is not yet sent stays unsent.
    ///
    /// A server that reads no more, or that does not end its side, blocks a thread in a call that
    /// knows no time limit. So the connection is shut down under it.
    pub(crate) fn finish(mut self) -> PublisherOutcome {
        self.stop();
        if !bounds::ends_within(&self.writer, 10 * TICK) {
            let _ = self.stream.shutdown(Shutdown::Both);
        }
        let gone = PublisherOutcome {
            faults: BTreeMap::from([(Fault::ThreadGone, 1)]),
            ..PublisherOutcome::default()
        };
        let Some(mut outcome) = joined(self.writer).map(|writer| writer.outcome) else {
            return gone;
        };
        let _ = self.stream.shutdown(Shutdown::Write);
        let has_ended = bounds::ends_within(&self.reader, bounds::PUBLISHER_END);
        if !has_ended {
            let _ = self.stream.shutdown(Shutdown::Both);
        }
        let Some(answers) = joined(self.reader) else { return gone };
        outcome.bytes_down = answers.bytes;
        for (fault, count) in answers.faults {
            *outcome.faults.entry(fault).or_default() += count;
        }
        if answers.count < outcome.published {
            if outcome.faults.is_empty() {
                outcome.faults.insert(Fault::AnswerTimeout, outcome.published - answers.count);
            }
        } else {
            outcome.close_unanswered = !has_ended;
        }
        outcome
    }
}

/// What a thread returns; `None` if it panicked, or does not end though nothing blocks it.
fn joined<T>(thread: JoinHandle<T>) -> Option<T> {
    if bounds::ends_within(&thread, bounds::UNBLOCKED) { thread.join().ok() } else { None }
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
            if part.from >= self.plan.warm_up_end() {
                self.hiccups = Some(Hiccups::since(part.at));
            }
            while let Some(&due) = self.plan.dues.get(self.next).filter(|due| due.at < part.until) {
                let due_at = part.at.plus(due.at - part.from);
                if !self.sleep_until(due_at) {
                    return;
                }
                if let Err(fault) = self.send(due, due_at, &mut buffer) {
                    // After the stop it is our own end of the connection that ended the write.
                    if !self.stop.load(Ordering::Relaxed) {
                        *self.outcome.faults.entry(fault).or_default() += 1;
                    }
                    return;
                }
                self.next += 1;
            }
            let _ = done.send(());
        }
    }

    fn send(&mut self, due: Due, due_at: Timestamp, buffer: &mut Vec<u8>) -> Result<(), Fault> {
        buffer.clear();
        buffer.extend_from_slice(&self.heads[due.topic as usize]);
        self.payloads.write(Envelope { number: PublishNumber(due.number), due_at }, buffer);
        let sent_at = clock::now();
        self.times.set(due.topic, due.number, sent_at);
        let late = self.turns.send(due_at, sent_at);
        let blocked = self.write(buffer)?;
        self.outcome.bytes_up += buffer.len() as u64;
        self.outcome.published += 1;
        if due.at >= self.plan.warm_up_end() {
            self.outcome.published_in_measure += 1;
            self.outcome.lateness.record(late.own);
            self.outcome.kept_waiting.record(late.kept + blocked);
            let nanos = u64::try_from(late.own.as_nanos()).unwrap_or(u64::MAX);
            self.latest.fetch_max(nanos.max(1), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Writes all of a message; gives how long a full socket kept it from that.
    fn write(&mut self, mut bytes: &[u8]) -> Result<Duration, Fault> {
        let begin = clock::now();
        let mut has_waited = false;
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
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
            } else if has_waited {
                self.turns.done(now);
                return Ok(now.since(begin));
            }
        }
        Ok(Duration::ZERO)
    }

    fn tick(&mut self, now: Timestamp) {
        if let Some(hiccups) = &mut self.hiccups {
            hiccups.tick(now);
        }
    }

    /// Sleeps until a moment; `false` if told to stop before.
    fn sleep_until(&mut self, moment: Timestamp) -> bool {
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return false;
            }
            let now = clock::now();
            self.tick(now);
            let left = moment.since(now);
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(TICK));
        }
    }
}

/// Whether a write may simply be tried again.
fn is_for_now(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(kind, Interrupted | TimedOut | WouldBlock)
}

fn publish_head(plan: &Plan, topic: u32, len: usize) -> Vec<u8> {
    let path = Plan::topic_name(topic).messages_path();
    let token = plan
        .publish_token
        .as_ref()
        .map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
    format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\n{token}Content-Type: text/plain\r\n\
         Content-Length: {len}\r\n\r\n",
        plan.host
    )
    .into_bytes()
}

/// Reads answers until the server ends the connection, or [`Publisher::finish`] does.
fn read_answers(mut stream: TcpStream) -> Answers {
    let mut answers = Answers::default();
    let fault = |answers: &mut Answers, fault| *answers.faults.entry(fault).or_default() += 1;
    let mut bytes = vec![0; 64 * 1024];
    let mut reader = AnswerReader::default();
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return answers,
            Ok(len) => {
                answers.bytes += len as u64;
                if let Err(kind) = take_answers(&mut reader, &bytes[..len], &mut answers) {
                    fault(&mut answers, kind);
                    return answers;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => {
                fault(&mut answers, Fault::Closed);
                return answers;
            }
        }
    }
}

/// Takes every response that is complete with these bytes.
fn take_answers(
    reader: &mut AnswerReader,
    mut bytes: &[u8],
    answers: &mut Answers,
) -> Result<(), Fault> {
    while let Some(status) = reader.take(&mut bytes, |answer| answer.status)? {
        answers.count += 1;
        if !(200..300).contains(&status) {
            *answers.faults.entry(Fault::Status(status)).or_default() += 1;
        }
    }
    Ok(())
}
