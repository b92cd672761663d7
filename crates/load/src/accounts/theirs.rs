//! Messages of a server that publishes by itself: which of them a client has had, and how old they were.
//!
//! Nothing is known of what was to come, so nothing can be lost or out of order. A message is one that
//! the client has had if the server gives both the same id; without ids each is new. Pure.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use pushbench_protocol::Timestamp;

use crate::accounts::published::digest;

/// Most ids that are known of a client: the newest. A poll may be sent a whole list again and again.
const MOST_KNOWN: usize = 4_096;

/// What one client has had.
#[derive(Clone, Debug, Default)]
pub(crate) struct Had {
    known: HashSet<u64>,
    oldest_first: VecDeque<u64>,
}

impl Had {
    /// A message of this id has come; whether it is new to the client.
    pub(crate) fn is_new(&mut self, id: &[u8]) -> bool {
        let id = digest(id);
        if !self.known.insert(id) {
            return false;
        }
        self.oldest_first.push_back(id);
        if self.oldest_first.len() > MOST_KNOWN
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

/// A message that arrived before it was sent: the clocks are not one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Backwards;

/// How long a message took that was sent and received then, if it was sent in the measure phase, which
/// began at `measure_at`: what a client finds when it comes was on its way for as long as it was not
/// there.
pub(crate) fn took(
    sent_at: Timestamp,
    received_at: Timestamp,
    measure_at: Option<Timestamp>,
) -> Option<Result<Duration, Backwards>> {
    if received_at < sent_at {
        return Some(Err(Backwards));
    }
    let is_measured = measure_at.is_some_and(|measure_at| measure_at <= sent_at);
    is_measured.then(|| Ok(received_at.since(sent_at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_new_once_as_long_as_its_id_is_among_the_newest() {
        let mut had = Had::default();
        for number in 0..MOST_KNOWN {
            assert!(had.is_new(number.to_string().as_bytes()), "{number}");
        }
        assert!(!had.is_new(b"0"));
        assert!(had.is_new(b"another"));
        assert!(had.is_new(b"0"), "it was the oldest");
        assert_eq!(had.known.len(), MOST_KNOWN);
    }

    #[test]
    fn only_what_was_sent_in_the_measure_phase_took_any_time() {
        let at = |seconds: u64| Timestamp::from_nanos(seconds * 1_000_000_000);
        let took = |sent, received| super::took(at(sent), at(received), Some(at(10)));
        assert_eq!(took(9, 12), None);
        assert_eq!(took(10, 12), Some(Ok(Duration::from_secs(2))));
        assert_eq!(took(13, 12), Some(Err(Backwards)));
        assert_eq!(super::took(at(9), at(12), None), None, "it has not begun");
    }
}
