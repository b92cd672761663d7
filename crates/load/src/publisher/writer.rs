//! The publisher's thread: each message when it is due, and never a wait for a response.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use pushbench_protocol::{Envelope, PublishNumber, Timestamp, clock};

use crate::accounts::hiccup::{Hiccups, PUBLISHER_TICK};
use crate::accounts::published::BEGINNING;
use crate::accounts::turns::{Late, Turns};
use crate::publisher::latest::Latest;
use crate::publisher::line::PublisherLine;
use crate::publisher::messages::{Messages, is_measured};
use crate::publisher::part::Part;
use crate::publisher::way::Way;
use crate::{Fault, Plan, PublisherOutcome};

/// What the thread works with.
pub(super) struct Writer {
    pub(super) plan: Arc<Plan>,
    pub(super) messages: Messages,
    pub(super) way: Way,
    pub(super) next: usize,
    pub(super) outcome: PublisherOutcome,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) enough: Arc<AtomicBool>,
    pub(super) latest: Latest,
    pub(super) turns: Turns,
    /// The tick of this thread; from the beginning of the measure phase on.
    pub(super) hiccups: Option<Hiccups>,
}

impl Writer {
    pub(super) fn run(mut self, parts: &Receiver<Part>, done: &Sender<()>) -> Self {
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
            let number = PublishNumber(due.number);
            let is_measured = is_measured(&self.plan, due);
            self.send(due.topic, Envelope { number, due_at }, is_measured, buffer)?;
            self.next += 1;
        }
        Ok(true)
    }

    /// Sends what topics begin with.
    fn begin_topics(&mut self, at: Timestamp, buffer: &mut Vec<u8>) -> Result<bool, Fault> {
        for topic in self.plan.begun_topics() {
            self.send(topic, Envelope { number: BEGINNING, due_at: at }, false, buffer)?;
        }
        Ok(true)
    }

    fn send(
        &mut self,
        topic: u32,
        envelope: Envelope,
        is_measured: bool,
        buffer: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let due_at = envelope.due_at;
        match &mut self.way {
            Way::Line(line) => {
                let sent_at = self.messages.fill(topic, envelope, buffer);
                let late = self.turns.send(due_at, sent_at);
                let mut wait = Wait { stop: &self.stop, hiccups: &mut self.hiccups };
                let (blocked, done_at) = wait.write(line, buffer)?;
                self.turns.done(done_at);
                self.outcome.has_sent(buffer.len());
                if is_measured {
                    self.latest.tell(late.own);
                    self.outcome.is_late(Late { kept: late.kept + blocked, ..late });
                }
            }
            Way::Handed(hands) => {
                let mut payload = Vec::new();
                let sent_at = self.messages.payload(topic, envelope, &mut payload);
                let late = self.turns.send(due_at, sent_at);
                hands.hand_over(topic, payload, sent_at, is_measured.then_some(late));
                let now = clock::now();
                tick(&mut self.hiccups, now);
                self.turns.done(now);
            }
        }
        Ok(())
    }

    /// Sleeps until a moment; `false` if told to stop before, or that it is enough.
    fn sleep_until(&mut self, moment: Timestamp) -> bool {
        let mut now = clock::now();
        loop {
            if self.stop.load(Ordering::Relaxed) || self.enough.load(Ordering::Relaxed) {
                return false;
            }
            tick(&mut self.hiccups, now);
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

/// What goes on while a full socket takes no more.
struct Wait<'w> {
    stop: &'w AtomicBool,
    hiccups: &'w mut Option<Hiccups>,
}

impl Wait<'_> {
    /// Writes all of a message; gives how long a full socket kept it from that, and when it was done.
    fn write(
        &mut self,
        line: &mut PublisherLine,
        mut bytes: &[u8],
    ) -> Result<(Duration, Timestamp), Fault> {
        line.ready().map_err(|_| Fault::Connect)?;
        line.asks();
        let begin = clock::now();
        let mut has_waited = false;
        loop {
            match line.write(bytes) {
                Ok(0) => return Err(Fault::Io),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if is_for_now(error.kind()) => {}
                Err(_) => return Err(Fault::Io),
            }
            let now = clock::now();
            tick(self.hiccups, now);
            if bytes.is_empty() {
                line.has_sent();
                return Ok((if has_waited { now.since(begin) } else { Duration::ZERO }, now));
            }
            has_waited = true;
            if self.stop.load(Ordering::Relaxed) {
                return Err(Fault::Io);
            }
        }
    }
}

fn tick(hiccups: &mut Option<Hiccups>, now: Timestamp) {
    if let Some(hiccups) = hiccups {
        hiccups.tick(now);
    }
}

/// Whether a write may simply be tried again.
fn is_for_now(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(kind, Interrupted | TimedOut | WouldBlock)
}
