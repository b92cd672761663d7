//! Clients whose connection was lost: when each comes back, from where it goes on, and how long it was
//! away.
//!
//! A client that is pushed to knows where the server had it begin and how much it has taken since, so
//! it asks for what follows that. Nothing is kept of this where clients do not come back.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use pushbench_protocol::{Cursor, Timestamp};
use pushbench_scenario::Reconnect;

/// The comebacks of one worker's clients.
#[derive(Debug)]
pub(crate) struct Comebacks {
    reconnect: Reconnect,
    seed: u64,
    places: RefCell<Vec<Place>>,
    away: Cell<u64>,
}

/// Where one client is.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// Up to where it has taken everything; `None` before the server has said where it begins.
    after: Option<Cursor>,
    /// Since when it has no connection.
    away_since: Option<Timestamp>,
    /// How often it has set out to come back.
    attempts: u32,
}

impl Comebacks {
    /// Of clients that come back so, in a trial with this seed.
    pub(crate) fn new(reconnect: Reconnect, seed: u64) -> Self {
        Self { reconnect, seed, places: RefCell::default(), away: Cell::default() }
    }

    /// The server has told the client of this seat that it begins there.
    pub(crate) fn begins(&self, subscriber_id: usize, cursor: Option<Cursor>) {
        self.at(subscriber_id, |place| place.after = cursor.or(place.after));
    }

    /// The client has taken so many messages, or was told that it missed them.
    pub(crate) fn goes_on(&self, subscriber_id: usize, messages: u64) {
        self.at(subscriber_id, |place| {
            if let Some(Cursor { position, .. }) = &mut place.after {
                // The server's numbers. One that it cannot have given it responds to with a gap.
                *position = position.saturating_add(messages);
            }
        });
    }

    /// Up to where the client has taken everything, if it is known.
    pub(crate) fn after(&self, subscriber_id: usize) -> Option<Cursor> {
        self.at(subscriber_id, |place| place.after)
    }

    /// The client has no connection as of this moment; says how long it waits before it comes back.
    pub(crate) fn leaves(&self, client: u32, subscriber_id: usize, now: Timestamp) -> Duration {
        let attempt = self.at(subscriber_id, |place| {
            if place.away_since.is_none() {
                self.away.set(self.away.get() + 1);
            }
            place.away_since.get_or_insert(now);
            let attempt = place.attempts;
            place.attempts = attempt.saturating_add(1);
            attempt
        });
        self.reconnect.wait(self.seed, client, attempt)
    }

    /// The client is ready for messages; says how long it was away, if it was.
    pub(crate) fn is_back(&self, subscriber_id: usize, now: Timestamp) -> Option<Duration> {
        let since = self.at(subscriber_id, |place| place.away_since.take())?;
        self.away.set(self.away.get() - 1);
        Some(now.since(since))
    }

    /// Whether the client has lost its connection and is not back.
    pub(crate) fn is_away(&self, subscriber_id: usize) -> bool {
        self.at(subscriber_id, |place| place.away_since.is_some())
    }

    /// Clients that are away.
    pub(crate) fn away(&self) -> u64 {
        self.away.get()
    }

    fn at<T>(&self, subscriber_id: usize, with: impl FnOnce(&mut Place) -> T) -> T {
        let mut places = self.places.borrow_mut();
        if places.len() <= subscriber_id {
            places.resize(subscriber_id + 1, Place::default());
        }
        with(&mut places[subscriber_id])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn comebacks() -> Comebacks {
        Comebacks::new(Reconnect { least: Duration::ZERO, most: 5 * SECOND }, 7)
    }

    #[test]
    fn a_client_goes_on_behind_what_it_has_taken() {
        let comebacks = comebacks();
        comebacks.goes_on(3, 2);
        assert_eq!(comebacks.after(3), None, "nobody has told where it began");
        comebacks.begins(3, Some(Cursor { epoch: 5, position: 10 }));
        comebacks.goes_on(3, 1);
        comebacks.goes_on(3, 4);
        assert_eq!(comebacks.after(3), Some(Cursor { epoch: 5, position: 15 }));
        comebacks.begins(3, None);
        assert_eq!(comebacks.after(3), Some(Cursor { epoch: 5, position: 15 }));
        assert_eq!(comebacks.after(2), None, "another client's place is its own");
    }

    #[test]
    fn a_client_is_away_from_its_first_loss_until_it_is_back_however_often_it_tries() {
        let comebacks = comebacks();
        let at = |seconds| Timestamp::from_nanos(0).plus(SECOND * seconds);
        assert_eq!(comebacks.is_back(1, at(1)), None, "it was not away");
        let first = comebacks.leaves(40, 1, at(2));
        let again = comebacks.leaves(40, 1, at(4));
        assert_ne!(first, again, "each wait is drawn anew");
        assert_eq!(
            (comebacks.is_away(1), comebacks.is_away(0), comebacks.away()),
            (true, false, 1)
        );
        assert_eq!(comebacks.is_back(1, at(9)), Some(7 * SECOND));
        assert_eq!((comebacks.is_away(1), comebacks.away()), (false, 0));
    }
}
