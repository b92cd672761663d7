//! One subscriber and one message, before anything is measured: whether a transport works at all.
//!
//! The same publisher and the same client play it as play a trial, so what works here works there;
//! only deadlines are shorter, and it ends as soon as it is known.

use std::ops::ControlFlow;
use std::time::Duration;

use pushbench_protocol::{Phase, clock};

use super::{LEAD, LOOK, Load};
use crate::command::{Command, Status};
use crate::publisher::Publisher;
use crate::{Outcome, Plan, bounds};

/// Longest wait for the subscriber to be open.
const OPEN: Duration = Duration::from_secs(3);
/// Longest wait for the message, from when it is published; what a server holds it back on purpose
/// comes on top.
const MESSAGE: Duration = Duration::from_secs(3);
/// The same, and for the subscriber to be open, of a third-party server on this host: whoever writes an
/// adapter tries it often, and most mistakes end in silence.
const NEARBY: Duration = Duration::from_millis(1_250);
/// How long a message is waited for that came already, of a third-party server that is polled.
const AGAIN: Duration = Duration::from_millis(350);

/// How far a message came on its way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reached {
    /// The subscriber did not come to be open.
    Nothing,
    /// The subscriber is open, and the message did not reach it.
    Open,
    /// The message reached the subscriber, or there was none to publish and, where it polls, a response
    /// came.
    Through,
    /// The watch broke it off.
    BrokenOff,
}

impl Plan {
    /// How long the message of a preflight is waited for.
    pub fn preflight_bound(&self) -> Duration {
        let bound = if self.is_nearby() { NEARBY } else { MESSAGE };
        bound + self.transport.conflate().unwrap_or_default()
    }

    fn is_nearby(&self) -> bool {
        self.adapted.is_some() && self.subscribers_target().ip().is_loopback()
    }
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Waited {
    Done,
    Failed,
    TooLong,
    BrokenOff,
}

impl Load {
    /// Plays a plan of one client, no warm-up and at most one message, until the message is through
    /// or it is known that it will not be. To be called right after [`Load::start`].
    pub fn preflight(mut self, watch: &mut dyn FnMut() -> ControlFlow<()>) -> (Reached, Outcome) {
        for worker in &self.workers {
            // A worker that is gone is a fault of the outcome.
            let _ = worker.commands.send(Command::Connect);
        }
        let bound = if self.plan.is_nearby() { NEARBY } else { OPEN };
        let opened = self.until(bound, watch, |status| status.connected > 0);
        let reached = match opened {
            Waited::Done if self.plan.publishes_by_itself() => self.response(watch),
            Waited::Done if self.plan.dues.is_empty() => Reached::Through,
            Waited::Done => self.message(watch),
            Waited::Failed | Waited::TooLong => Reached::Nothing,
            Waited::BrokenOff => Reached::BrokenOff,
        };
        if self.plan.is_nearby() && reached != Reached::Through {
            self.ending_still = bounds::ENDING_IN_VAIN;
            if let (Reached::Nothing, Some(publisher)) = (reached, &mut self.publisher) {
                // It was told to publish nothing, so no response is to come.
                publisher.gives_up();
            }
        }
        (reached, self.finish())
    }

    fn message(&mut self, watch: &mut dyn FnMut() -> ControlFlow<()>) -> Reached {
        let at = clock::now().plus(LEAD);
        self.begin(Phase::WarmUp, at);
        self.begin(Phase::Measure, at);
        if let Some(publisher) = &self.publisher {
            publisher.publish(Duration::ZERO, self.plan.measure_end(), at);
        }
        let bound = LEAD + self.plan.preflight_bound();
        match self.until(bound, watch, |status| status.waiting_for_last == 0) {
            Waited::Done => self.again(watch),
            Waited::Failed => Reached::Open,
            Waited::TooLong => {
                if let Some(publisher) = &mut self.publisher {
                    publisher.gives_up();
                }
                Reached::Open
            }
            Waited::BrokenOff => Reached::BrokenOff,
        }
    }

    /// Of a server that publishes by itself nobody knows when a message comes. A poll must be responded
    /// to all the same, unless it is held until there is one.
    fn response(&mut self, watch: &mut dyn FnMut() -> ControlFlow<()>) -> Reached {
        if !self.plan.transport.kind().polls() {
            return Reached::Through;
        }
        let at = clock::now().plus(LEAD);
        self.begin(Phase::WarmUp, at);
        self.begin(Phase::Measure, at);
        let bound = LEAD + self.plan.preflight_bound();
        match self.until(bound, watch, |status| status.responses > 0) {
            Waited::Done => Reached::Through,
            Waited::TooLong if !self.plan.transport.kind().has_timer() => Reached::Through,
            Waited::Failed | Waited::TooLong => Reached::Open,
            Waited::BrokenOff => Reached::BrokenOff,
        }
    }

    /// Whether a poll brings the message again is seen by the next ones: a client of a third-party
    /// server may not carry on where it is. The outcome tells.
    fn again(&self, watch: &mut dyn FnMut() -> ControlFlow<()>) -> Reached {
        // The message came, and with it something that its client cannot go on from.
        if self.status().failed > 0 {
            return Reached::Open;
        }
        let is_polled = self.plan.adapted.as_ref().is_some_and(|of| of.transport.is_polled);
        if !is_polled {
            return Reached::Through;
        }
        match self.until(AGAIN, watch, |status| status.duplicates > 0) {
            Waited::Done | Waited::TooLong => Reached::Through,
            Waited::Failed => Reached::Open,
            Waited::BrokenOff => Reached::BrokenOff,
        }
    }

    /// Waits for something as long as nothing fails.
    fn until(
        &self,
        bound: Duration,
        watch: &mut dyn FnMut() -> ControlFlow<()>,
        is_done: impl Fn(&Status) -> bool,
    ) -> Waited {
        let begin = clock::now();
        loop {
            let status = self.status();
            if is_done(&status) {
                return Waited::Done;
            }
            if status.failed > 0 || self.publisher.as_ref().is_some_and(Publisher::has_failed) {
                return Waited::Failed;
            }
            if watch().is_break() {
                return Waited::BrokenOff;
            }
            if clock::now().since(begin) >= bound {
                return Waited::TooLong;
            }
            std::thread::sleep(LOOK / 4);
        }
    }
}
