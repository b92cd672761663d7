//! The publisher: open-loop, apart from every subscriber, as an application would post.
//!
//! One thread has each message sent when it is due and never waits for a response, so a slow server
//! cannot push later sends back. A thread that sleeps until a moment wakes more exactly than a
//! runtime's timer, and this one has nothing else to do. What carries a message is its [`way`]: to our
//! own server it is one connection with pipelined requests, which the thread writes itself and
//! another reads the responses of (RFC 9112, section 9.3.2); to a third-party server it is what the
//! adapter says, on a thread of its own.

pub(crate) mod answers;
mod connection;
mod exchange;
mod failure;
pub(crate) mod handed;
mod latest;
pub(crate) mod line;
pub(crate) mod messages;
mod part;
mod requests;
mod sender;
pub(crate) mod subscribers;
#[cfg(test)]
mod tests;
mod way;
mod writer;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use pushbench_protocol::Timestamp;
use pushbench_protocol::clock::Clock;

use crate::accounts::hiccup::PUBLISHER_TICK;
use crate::accounts::published::Published;
use crate::accounts::turns::Turns;
use crate::publisher::latest::Latest;
use crate::publisher::line::Cord;
use crate::publisher::messages::Messages;
use crate::publisher::part::Part;
use crate::publisher::subscribers::ToPublish;
use crate::publisher::way::Way;
use crate::publisher::writer::Writer;
use crate::{Fault, Plan, PublisherOutcome, bounds};

/// The publisher's threads.
pub(crate) struct Publisher {
    parts: Option<Sender<Part>>,
    done: Receiver<()>,
    parts_open: Cell<u32>,
    stop: Arc<AtomicBool>,
    /// Whether enough has been published after the measure phase.
    enough: Arc<AtomicBool>,
    latest: Latest,
    /// Whether a response was no success, or the connection has failed.
    has_failed: Arc<AtomicBool>,
    /// A connection that the thread writes to, to be shut down under it if it blocks.
    cord: Option<Cord>,
    writer: JoinHandle<Writer>,
    /// How long responses that have not come are waited for at the end.
    end_bound: Duration,
}

impl Publisher {
    /// Gets ready and waits for a part of the schedule; `None` where the server publishes by itself.
    /// Messages that subscribers are to publish are handed to `subscribers`.
    pub(crate) fn start(
        plan: Arc<Plan>,
        published: Arc<Published>,
        subscribers: &ToPublish,
    ) -> io::Result<Option<Self>> {
        let Some(way) = Way::open(&plan, &published, subscribers)? else { return Ok(None) };
        let messages = Messages::of(&plan, published, Clock::HOST);
        let stop = Arc::new(AtomicBool::new(false));
        let enough = Arc::new(AtomicBool::new(false));
        let (latest, has_failed, cord) = (way.latest(), way.has_failed(), way.cord());
        let writer = Writer {
            plan,
            messages,
            way,
            next: 0,
            outcome: PublisherOutcome::default(),
            stop: Arc::clone(&stop),
            enough: Arc::clone(&enough),
            latest: latest.clone(),
            turns: Turns::default(),
            hiccups: None,
        };
        let (parts, parts_in) = channel();
        let (done_out, done) = channel();
        let writer = std::thread::Builder::new()
            .name("publisher".to_owned())
            .spawn(move || writer.run(&parts_in, &done_out))?;
        let parts_open = Cell::new(0);
        let end_bound = bounds::PUBLISHER_END;
        let parts = Some(parts);
        let publisher = Self {
            parts,
            done,
            parts_open,
            stop,
            enough,
            latest,
            has_failed,
            cord,
            writer,
            end_bound,
        };
        Ok(Some(publisher))
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
        self.latest.late()
    }

    /// Tells the writer to send nothing more.
    pub(crate) fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.parts = None;
        self.writer.thread().unpark();
    }

    /// Responses have been waited for long enough: what has none by now gets none.
    pub(crate) fn gives_up(&mut self) {
        self.end_bound = Duration::ZERO;
    }

    /// Ends the connection and gives what was done; what is not yet sent stays unsent.
    ///
    /// A server that reads no more, or that does not end its side, blocks a thread in a call that
    /// knows no time limit. So the connection is shut down under it.
    pub(crate) fn finish(mut self) -> PublisherOutcome {
        self.stop();
        if !bounds::ends_within(&self.writer, 2 * PUBLISHER_TICK)
            && let Some(cord) = &self.cord
        {
            cord.pull();
        }
        let gone = PublisherOutcome {
            faults: BTreeMap::from([(Fault::ThreadGone, 1)]),
            ..PublisherOutcome::default()
        };
        let Some(Writer { way, mut outcome, .. }) = bounds::joined(self.writer) else {
            return gone;
        };
        match way.finish(self.end_bound, &mut outcome) {
            Some(()) => outcome,
            None => gone,
        }
    }
}
