//! The fan-out pass: hands what a topic has taken to its subscribers, one after the other.
//!
//! A task for each subscriber would be woken, scheduled and polled for each message. A pass goes over
//! all subscribers of a topic in a circle instead: all that it looks at lies side by side in memory,
//! and whoever is behind by the same gets the same run of pieces, built once, in one write. It may be
//! interrupted after any visit. A publish has everyone visited from where the pass is, and does not
//! begin anew: who was not visited yet gets both messages at once, and nobody waits for ever.
//!
//! The [`Hub`] decides what each one gets, as it does for a session that asks it piece by piece. No
//! socket, no runtime and no clock is known here.

use std::collections::VecDeque;
use std::sync::Arc;

use pushbench_protocol::Timestamp;

use crate::hub::{Hub, Run, SubscriberPlace, Waiting};

/// Where a subscriber's pieces go.
pub(crate) trait Port {
    /// Writes as much of a run as there is room for, and keeps what is left of a piece that was
    /// begun, to be written before anything else.
    fn send(&self, run: &Run) -> Sent;

    /// Says that the subscriber lags too far: it gets nothing more.
    fn end(&self);
}

impl<P: Port + ?Sized> Port for Arc<P> {
    fn send(&self, run: &Run) -> Sent {
        (**self).send(run)
    }

    fn end(&self) {
        (**self).end();
    }
}

/// What became of a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Sent {
    /// Pieces that are written or being written.
    pub(crate) pieces: usize,
    /// Whether there is room for more. If not, nothing is sent until [`Pass::has_room`].
    pub(crate) has_room: bool,
}

/// A subscriber of a pass; the number is used again once it has left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct SubscriberId(usize);

/// The subscribers of one topic, and how far they were visited.
#[derive(Debug)]
pub(crate) struct Pass<P> {
    subscribers: Vec<Option<Subscriber<P>>>,
    free: Vec<usize>,
    /// Where the circle goes on.
    at: usize,
    /// How many are to be visited from there.
    left: usize,
    /// Who is to be visited beside: newcomers, and those with room again.
    single: VecDeque<usize>,
    /// What was sent last.
    run: Run,
    /// The earliest moment for which a subscriber waits.
    moment: Option<Timestamp>,
}

#[derive(Debug)]
struct Subscriber<P> {
    place: SubscriberPlace,
    port: P,
    /// Whether its socket takes nothing.
    is_blocked: bool,
    /// Whether it lagged too far.
    is_over: bool,
    /// Whether it is to be visited beside the circle.
    is_single: bool,
}

impl<P> Default for Pass<P> {
    fn default() -> Self {
        Self {
            subscribers: Vec::new(),
            free: Vec::new(),
            at: 0,
            left: 0,
            single: VecDeque::new(),
            run: Run::default(),
            moment: None,
        }
    }
}

impl<P: Port> Pass<P> {
    /// One subscriber more, from its place on.
    pub(crate) fn join(&mut self, place: SubscriberPlace, port: P) -> SubscriberId {
        let subscriber =
            Some(Subscriber { place, port, is_blocked: false, is_over: false, is_single: false });
        let id = match self.free.pop() {
            Some(free) => {
                self.subscribers[free] = subscriber;
                free
            }
            None => {
                self.subscribers.push(subscriber);
                // The circle has grown, perhaps within what is left of it.
                self.left += usize::from(self.left > 0);
                self.subscribers.len() - 1
            }
        };
        self.visit_soon(id);
        SubscriberId(id)
    }

    /// Forgets a subscriber.
    pub(crate) fn leave(&mut self, id: SubscriberId) {
        self.subscribers[id.0] = None;
        self.free.push(id.0);
        if self.free.len() == self.subscribers.len() {
            // Many may have been here.
            *self = Self::default();
        }
    }

    /// Has everyone visited: the topic has taken a message, or a moment has come.
    pub(crate) fn visit_all(&mut self) {
        self.left = self.subscribers.len();
        self.moment = None;
    }

    /// A subscriber's socket takes more, and all that it was given before is written.
    pub(crate) fn has_room(&mut self, id: SubscriberId) {
        if let Some(subscriber) = &mut self.subscribers[id.0] {
            subscriber.is_blocked = false;
            self.visit_soon(id.0);
        }
    }

    /// Whether a subscriber lagged too far.
    pub(crate) fn is_over(&self, id: SubscriberId) -> bool {
        self.subscribers[id.0].as_ref().is_some_and(|subscriber| subscriber.is_over)
    }

    /// Where a subscriber stands.
    pub(crate) fn place(&self, id: SubscriberId) -> Option<&SubscriberPlace> {
        self.subscribers[id.0].as_ref().map(|subscriber| &subscriber.place)
    }

    /// Whether someone is to be visited.
    pub(crate) fn has_visits(&self) -> bool {
        self.left > 0 || !self.single.is_empty()
    }

    /// The earliest moment for which a subscriber waits; everyone is to be visited then.
    pub(crate) fn moment(&self) -> Option<Timestamp> {
        self.moment
    }

    /// Visits up to `most` subscribers and gives each what waits for it; how many it has visited.
    pub(crate) fn deliver(&mut self, hub: &mut Hub, now: Timestamp, most: usize) -> usize {
        for visited in 0..most {
            let Some(id) = self.next_visit() else {
                // The last message is kept by the log, as long as that may.
                self.run = Run::default();
                return visited;
            };
            self.visit(id, hub, now);
        }
        most
    }

    /// Who is next. Those beside the circle come after it: it visits them too.
    fn next_visit(&mut self) -> Option<usize> {
        if self.left > 0 {
            self.left -= 1;
            let id = if self.at < self.subscribers.len() { self.at } else { 0 };
            self.at = id + 1;
            return Some(id);
        }
        let id = self.single.pop_front()?;
        if let Some(subscriber) = &mut self.subscribers[id] {
            subscriber.is_single = false;
        }
        Some(id)
    }

    fn visit_soon(&mut self, id: usize) {
        if let Some(subscriber) = &mut self.subscribers[id]
            && !std::mem::replace(&mut subscriber.is_single, true)
        {
            self.single.push_back(id);
        }
    }

    fn visit(&mut self, id: usize, hub: &mut Hub, now: Timestamp) {
        let Some(subscriber) = &mut self.subscribers[id] else { return };
        while !subscriber.is_over {
            // One whose socket takes nothing is judged all the same, so that it is dropped or ended
            // in time and not when it reads again.
            if !hub.keeps(&mut subscriber.place) {
                subscriber.is_over = true;
                subscriber.port.end();
                return;
            }
            if subscriber.is_blocked {
                return;
            }
            match hub.waiting(&subscriber.place, now, &mut self.run) {
                Waiting::Publish => return,
                Waiting::Moment(until) => {
                    self.moment = Some(self.moment.map_or(until, |moment| moment.min(until)));
                    return;
                }
                Waiting::Socket => {
                    let sent = subscriber.port.send(&self.run);
                    subscriber.is_blocked = !sent.has_room;
                    hub.begun(&mut subscriber.place, &self.run, sent.pieces);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
