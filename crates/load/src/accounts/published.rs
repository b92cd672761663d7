//! What was published: for each message when it was due, when it was sent, and what it was, written
//! by the publisher and read by all workers.
//!
//! A payload says itself which message it is, and a server may cut it, lengthen it, fill it anew or
//! send it to the wrong topic. So what arrives is held against what was sent. One slot for each
//! message, so nobody waits for anybody.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use pushbench_protocol::{PublishNumber, Timestamp};

use crate::plan::TopicCount;

/// Number of the message that a topic begins with where it must have one: it counts for nothing.
pub(crate) const BEGINNING: PublishNumber = PublishNumber(u32::MAX);

/// Every message of a trial.
#[derive(Debug)]
pub(crate) struct Published {
    first_of_topic: Vec<usize>,
    messages: Vec<Slot>,
    beginnings: Vec<Slot>,
    /// Whether a message may be sent while the one before it is on its way, by another connection.
    is_concurrent: AtomicBool,
}

/// One message; its time of sending, written last, is zero until all else is there.
#[derive(Debug, Default)]
struct Slot {
    sent_at: AtomicU64,
    due_at: AtomicU64,
    digest: AtomicU64,
    /// When the server had said that it took it; zero before, and where nobody looks.
    taken_at: AtomicU64,
}

/// A message that was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Sent {
    pub(crate) sent_at: Timestamp,
    pub(crate) due_at: Timestamp,
    /// [`digest`] of its payload.
    pub(crate) digest: u64,
}

impl Published {
    pub(crate) fn new(topics: &[TopicCount]) -> Self {
        let mut first_of_topic = Vec::with_capacity(topics.len() + 1);
        let mut len = 0;
        for topic in topics {
            first_of_topic.push(len);
            len += topic.with_after as usize;
        }
        first_of_topic.push(len);
        let slots = |len| (0..len).map(|_| Slot::default()).collect();
        Self {
            first_of_topic,
            messages: slots(len),
            beginnings: slots(topics.len()),
            is_concurrent: AtomicBool::new(false),
        }
    }

    /// A message is about to be sent.
    pub(crate) fn set(&self, topic: u32, number: PublishNumber, sent: Sent) {
        let slot = self.slot(topic, number).expect("only messages of the plan are published");
        slot.due_at.store(sent.due_at.as_nanos(), Ordering::Relaxed);
        slot.digest.store(sent.digest, Ordering::Relaxed);
        slot.sent_at.store(sent.sent_at.as_nanos(), Ordering::Release);
    }

    /// Messages are sent by requests that may be under way at once: only a response tells when one was
    /// taken.
    pub(crate) fn are_concurrent(&self) {
        self.is_concurrent.store(true, Ordering::Relaxed);
    }

    /// The server has said that it took a message.
    pub(crate) fn is_taken(&self, topic: u32, number: PublishNumber, now: Timestamp) {
        if let Some(slot) = self.slot(topic, number) {
            slot.taken_at.store(now.as_nanos(), Ordering::Release);
        }
    }

    /// Whether a message had to reach subscribers before a later one of its topic: by one connection
    /// always, by requests if it was taken before the later one was sent.
    pub(crate) fn is_before(
        &self,
        topic: u32,
        number: PublishNumber,
        later: PublishNumber,
    ) -> bool {
        if !self.is_concurrent.load(Ordering::Relaxed) {
            return true;
        }
        let of = |number| self.slot(topic, number);
        let (Some(slot), Some(later)) = (of(number), of(later)) else { return true };
        let taken_at = slot.taken_at.load(Ordering::Acquire);
        taken_at != 0 && taken_at < later.sent_at.load(Ordering::Acquire)
    }

    /// A message, if it has been sent.
    pub(crate) fn of(&self, topic: u32, number: PublishNumber) -> Option<Sent> {
        let slot = self.slot(topic, number)?;
        match slot.sent_at.load(Ordering::Acquire) {
            0 => None,
            sent_at => Some(Sent {
                sent_at: Timestamp::from_nanos(sent_at),
                due_at: Timestamp::from_nanos(slot.due_at.load(Ordering::Relaxed)),
                digest: slot.digest.load(Ordering::Relaxed),
            }),
        }
    }

    /// The topic in which a message of this number was due at this moment. Looks at every topic, so
    /// it is for messages that are wrong already.
    pub(crate) fn topic_of(&self, number: PublishNumber, due_at: Timestamp) -> Option<u32> {
        let topics = 0..self.beginnings.len() as u32;
        topics
            .into_iter()
            .find(|&topic| self.of(topic, number).is_some_and(|sent| sent.due_at == due_at))
    }

    fn slot(&self, topic: u32, number: PublishNumber) -> Option<&Slot> {
        let topic = topic as usize;
        if number == BEGINNING {
            return self.beginnings.get(topic);
        }
        let (first, end) = (*self.first_of_topic.get(topic)?, *self.first_of_topic.get(topic + 1)?);
        let at = first.checked_add(number.0 as usize)?;
        if at < end { self.messages.get(at) } else { None }
    }
}

/// A number that is another for another payload: each step maps words one to one, so payloads of one
/// length that differ in one word never share it, and others by a chance of 2^-64. It is quick, not
/// safe from somebody who wants them to.
pub(crate) fn digest(payload: &[u8]) -> u64 {
    // Odd, and without a pattern: the golden ratio's bits.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let step = |digest: u64, word: u64| (digest ^ word).wrapping_mul(FACTOR).rotate_left(29);
    let mut words = payload.chunks_exact(8);
    let digest = words.by_ref().fold(payload.len() as u64, |digest, word| {
        step(digest, u64::from_le_bytes(word.try_into().expect("eight bytes")))
    });
    let mut rest = [0; 8];
    rest[..words.remainder().len()].copy_from_slice(words.remainder());
    step(digest, u64::from_le_bytes(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_that_is_cut_lengthened_or_changed_in_a_byte_has_another_digest() {
        let payload: Vec<u8> = (0..100).collect();
        let whole = digest(&payload);
        for at in 0..payload.len() {
            assert_ne!(digest(&payload[..at]), whole, "cut to {at}");
            let mut other = payload.clone();
            other[at] ^= 1;
            assert_ne!(digest(&other), whole, "changed at {at}");
        }
        assert_ne!(digest(&[&payload[..], &[0]].concat()), whole);
        assert_ne!(digest(&[&payload[8..16], &payload[..8], &payload[16..]].concat()), whole);
    }

    #[test]
    fn only_what_was_taken_before_the_next_was_sent_has_an_order() {
        let count = TopicCount { warm_up: 0, all: 3, with_after: 3 };
        let published = Published::new(&[count]);
        let at = Timestamp::from_nanos;
        for (number, sent_at) in [(0, 10), (1, 20), (2, 40)] {
            let sent = Sent { sent_at: at(sent_at), due_at: at(sent_at), digest: 0 };
            published.set(0, PublishNumber(number), sent);
        }
        let is_before =
            |one, other| published.is_before(0, PublishNumber(one), PublishNumber(other));
        assert!(is_before(0, 1), "over one connection");
        published.are_concurrent();
        assert!(!is_before(0, 1), "there is no response yet");
        published.is_taken(0, PublishNumber(0), at(30));
        assert!(!is_before(0, 1), "both were under way");
        assert!(is_before(0, 2));
    }

    #[test]
    fn a_message_is_known_once_it_was_sent_and_by_its_topic() {
        let count = TopicCount { warm_up: 0, all: 2, with_after: 3 };
        let published = Published::new(&[count, count]);
        let sent = |nanos| Sent {
            sent_at: Timestamp::from_nanos(nanos + 1),
            due_at: Timestamp::from_nanos(nanos),
            digest: nanos,
        };
        published.set(0, PublishNumber(2), sent(20));
        published.set(1, PublishNumber(2), sent(30));
        published.set(1, BEGINNING, sent(5));
        assert_eq!(published.of(0, PublishNumber(2)), Some(sent(20)));
        assert_eq!(published.of(0, PublishNumber(1)), None, "not yet sent");
        assert_eq!(published.of(0, PublishNumber(3)), None, "the next topic's");
        assert_eq!(published.of(1, BEGINNING), Some(sent(5)));
        assert_eq!(published.of(0, BEGINNING), None);
        assert_eq!(published.topic_of(PublishNumber(2), Timestamp::from_nanos(30)), Some(1));
        assert_eq!(published.topic_of(PublishNumber(2), Timestamp::from_nanos(31)), None);
    }
}
