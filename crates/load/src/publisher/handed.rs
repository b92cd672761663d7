//! Messages that the publisher's thread hands over to whoever sends each of them.
//!
//! The thread keeps the due times and never waits. From when it hands a message over until that is
//! being sent is time of the load generator's own, so it is part of how late the message was; what the
//! server then takes to respond holds up nobody. Every message that was handed over comes to one end:
//! sent, failed, or dropped with the connection that it was to go over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pushbench_protocol::Timestamp;

use crate::accounts::turns::Late;
use crate::publisher::latest::Latest;
use crate::{Fault, PublisherOutcome, Unexpected};

/// Most messages that are on their way at once. A server that is further behind than this would make
/// connections without end.
pub(crate) const MOST_IN_FLIGHT: u64 = 1_024;

/// What became of the messages that were handed over.
#[derive(Debug, Default)]
pub(crate) struct HandedBooks {
    state: Mutex<State>,
    latest: Latest,
    has_failed: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct State {
    in_flight: u64,
    outcome: PublisherOutcome,
    /// Whether the books are closed: what ends after that is in them already.
    is_closed: bool,
}

/// A message on its way.
#[derive(Debug)]
pub(crate) struct Handed {
    payload: Vec<u8>,
    handed_at: Timestamp,
    /// How late it was when it was handed over; `None` of one that is not due in the measure phase.
    late: Option<Late>,
    is_settled: bool,
    books: Arc<HandedBooks>,
}

impl HandedBooks {
    /// Takes a message over, handed over now; `None` if there are as many on their way as may be,
    /// which is counted.
    pub(crate) fn take(
        self: &Arc<Self>,
        payload: Vec<u8>,
        handed_at: Timestamp,
        late: Option<Late>,
    ) -> Option<Handed> {
        let mut state = self.state();
        if state.in_flight >= MOST_IN_FLIGHT {
            drop(state);
            self.fail(Fault::TooManyInFlight, None);
            return None;
        }
        state.in_flight += 1;
        drop(state);
        let books = Arc::clone(self);
        Some(Handed { payload, handed_at, late, is_settled: false, books })
    }

    /// Where the lateness of the latest message is told.
    pub(super) fn latest(&self) -> Latest {
        self.latest.clone()
    }

    /// Where it is told that something has failed.
    pub(crate) fn has_failed(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.has_failed)
    }

    /// Counts what went wrong, and keeps the first of each kind.
    pub(crate) fn fail(&self, fault: Fault, unexpected: Option<Unexpected>) {
        let mut state = self.state();
        if state.is_closed {
            return;
        }
        let PublisherOutcome { faults, unexpected: kept, .. } = &mut state.outcome;
        *faults.entry(fault).or_default() += 1;
        if let Some(unexpected) = unexpected {
            kept.entry(fault).or_insert(unexpected);
        }
        self.has_failed.store(true, Ordering::Release);
    }

    /// Closes the books. What is still on its way got no response in time.
    pub(crate) fn close(&self) -> PublisherOutcome {
        let mut state = self.state();
        state.is_closed = true;
        if state.in_flight > 0 {
            let late = state.in_flight;
            *state.outcome.faults.entry(Fault::AnswerTimeout).or_default() += late;
        }
        let PublisherOutcome { faults, unexpected, .. } = &mut state.outcome;
        if faults.contains_key(&Fault::Closed) {
            // Whoever knows better has said so.
            let why = "the connection that messages were to go over had ended";
            unexpected.entry(Fault::Closed).or_insert_with(|| Unexpected::of_dialogue(&why));
        }
        std::mem::take(&mut state.outcome)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is whole before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handed {
    /// What is to be published.
    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// It is being sent now.
    pub(crate) fn begins(&mut self, now: Timestamp) {
        let mut state = self.books.state();
        if state.is_closed {
            return;
        }
        state.outcome.published += 1;
        if let Some(Late { own, kept }) = self.late.take() {
            let own = own + now.since(self.handed_at);
            state.outcome.is_late(Late { own, kept });
            self.books.latest.tell(own);
        }
    }

    /// The server has it, as far as can be known.
    pub(crate) fn sent(mut self) {
        self.settle();
    }

    /// It did not get to the server, or the server did not take it.
    pub(crate) fn failed(mut self, fault: Fault, unexpected: Option<Unexpected>) {
        self.books.fail(fault, unexpected);
        self.settle();
    }

    fn settle(&mut self) {
        self.is_settled = true;
        self.books.state().in_flight -= 1;
    }
}

impl Drop for Handed {
    /// Whoever was to send it has ended.
    fn drop(&mut self) {
        if !self.is_settled {
            self.books.fail(Fault::Closed, None);
            self.settle();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;

    const LATE: Late = Late { own: Duration::from_millis(2), kept: Duration::ZERO };

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn a_message_is_as_late_as_when_it_is_being_sent_and_only_in_the_measure_phase() {
        let books = Arc::new(HandedBooks::default());
        for (late, begins) in [(None, 900), (Some(LATE), 105), (Some(LATE), 101)] {
            let mut handed = books.take(Vec::new(), at(100), late).expect("there is room");
            handed.begins(at(begins));
            handed.sent();
        }
        assert_eq!(books.latest().late(), Some(Duration::from_millis(7)));
        let outcome = books.close();
        assert_eq!((outcome.published, outcome.published_in_measure), (3, 2));
        assert_eq!((outcome.lateness.count(), outcome.faults.len()), (2, 0));
    }

    #[test]
    fn every_message_comes_to_one_end_and_is_counted_once() {
        let books = Arc::new(HandedBooks::default());
        let take = || books.take(Vec::new(), at(0), None).expect("there is room");
        take().failed(Fault::Status(503), Some(Unexpected::of(b"first")));
        take().failed(Fault::Status(503), Some(Unexpected::of(b"second")));
        drop(take());
        assert!(books.has_failed().load(Ordering::Acquire));
        let open = take();
        let outcome = books.close();
        drop(open);
        let expected = [(Fault::Status(503), 2), (Fault::Closed, 1), (Fault::AnswerTimeout, 1)];
        assert_eq!(outcome.faults, BTreeMap::from(expected));
        assert_eq!(outcome.unexpected[&Fault::Status(503)], Unexpected::of(b"first"));
        assert_eq!(books.close().faults, BTreeMap::new(), "nothing comes later");
    }

    #[test]
    fn no_more_are_on_their_way_than_may_be_and_the_others_are_counted() {
        let books = Arc::new(HandedBooks::default());
        let all: Vec<_> =
            (0..MOST_IN_FLIGHT + 3).filter_map(|_| books.take(Vec::new(), at(0), None)).collect();
        assert_eq!(all.len() as u64, MOST_IN_FLIGHT);
        all.into_iter().for_each(Handed::sent);
        assert!(books.take(Vec::new(), at(0), None).is_some_and(|handed| {
            handed.sent();
            true
        }));
        let faults = books.close().faults;
        assert_eq!(faults, BTreeMap::from([(Fault::TooManyInFlight, 3)]));
    }
}
