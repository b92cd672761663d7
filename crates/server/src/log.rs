//! The bounded log of one topic: what pollers, late comers and slow subscribers read from.

mod deflated;
mod message;
mod text_frame;

use std::cell::Cell;
use std::collections::{VecDeque, vec_deque};
use std::num::NonZeroU32;

use bytes::Bytes;
use pushbench_protocol::Cursor;

pub use deflated::SharedDeflate;
pub(crate) use deflated::{deflated_frame, shared_frame};
pub use message::{MESSAGE_OVERHEAD, Message, PayloadError};
pub(crate) use text_frame::text_frame;

/// The newest messages of one topic, up to a bound.
///
/// A position counts the messages taken before a place: the log holds `oldest()..head()`.
#[derive(Debug)]
pub struct TopicLog {
    epoch: u16,
    bound: usize,
    byte_bound: u64,
    head: u64,
    messages: VecDeque<Message>,
    /// Bytes that the messages hold; more when one is read in a form that nobody needed before.
    held: Cell<u64>,
}

/// What a log holds after a cursor.
#[derive(Debug)]
pub struct Slice<'log> {
    /// The messages, oldest first.
    pub messages: vec_deque::Iter<'log, Message>,
    /// Messages between the cursor and the first of these that the log no longer holds; at least 1
    /// where the cursor is not from this log, since nobody knows how many there were.
    pub gap: u64,
    /// The cursor after the last of them.
    pub next: Cursor,
}

impl Slice<'_> {
    /// Whether there is anything to tell: a message, or that some are missing.
    pub fn has_messages(&self) -> bool {
        self.messages.len() > 0 || self.gap > 0
    }
}

impl TopicLog {
    /// An empty log for at most `bound` messages; `epoch` names this life of it.
    ///
    /// # Panics
    ///
    /// If `epoch` is that of [`Cursor::OLDEST`] or [`Cursor::NOW`].
    pub fn new(epoch: u16, bound: NonZeroU32) -> Self {
        assert!(
            epoch != Cursor::OLDEST.epoch && epoch != Cursor::NOW.epoch,
            "epoch {epoch} is kept for cursors that name no log"
        );
        Self {
            epoch,
            bound: bound.get() as usize,
            byte_bound: u64::MAX,
            head: 0,
            messages: VecDeque::new(),
            held: Cell::new(0),
        }
    }

    /// The same for at most so many bytes. The newest message stays, whatever its size.
    pub fn within(self, bytes: u64) -> Self {
        Self { byte_bound: bytes, ..self }
    }

    /// An empty log of which so many messages are gone.
    pub fn beginning_at(self, position: u64) -> Self {
        Self { head: position, ..self }
    }

    /// Takes a message, drops the oldest if there are too many or too large ones, and gives the
    /// cursor after it.
    pub fn push(&mut self, message: Message) -> Cursor {
        self.held.set(self.held.get() + message.bytes());
        self.messages.push_back(message);
        self.head += 1;
        while self.messages.len() > self.bound
            || (self.held.get() > self.byte_bound && self.messages.len() > 1)
        {
            self.drop_oldest();
        }
        self.cursor(self.head)
    }

    /// Drops the oldest message, if there is one.
    pub fn drop_oldest(&mut self) {
        if let Some(message) = self.messages.pop_front() {
            self.held.set(self.held.get() - message.bytes());
        }
    }

    /// The number of the oldest message among all that the hub has taken, if it holds one.
    pub(crate) fn oldest_number(&self) -> Option<u64> {
        self.messages.front().map(|message| message.number)
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> u64 {
        self.held.get()
    }

    /// Position after the newest message.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Position of the oldest message still held.
    pub fn oldest(&self) -> u64 {
        self.head - self.messages.len() as u64
    }

    /// The cursor of a position.
    pub fn cursor(&self, position: u64) -> Cursor {
        Cursor { epoch: self.epoch, position }
    }

    /// The message at a position, if the log holds it.
    pub fn get(&self, position: u64) -> Option<&Message> {
        self.messages.get(usize::try_from(position.checked_sub(self.oldest())?).ok()?)
    }

    /// The message at a position as a chunk with one event.
    pub(crate) fn event(&self, position: u64) -> Option<Bytes> {
        let id = self.cursor(position + 1);
        self.get(position).map(|message| message.event(id, &self.held))
    }

    /// The message at a position as a chunk with one line.
    pub(crate) fn line(&self, position: u64) -> Option<Bytes> {
        self.get(position).map(|message| message.line(&self.held))
    }

    /// The message at a position as a compressed frame.
    pub(crate) fn deflated(&self, position: u64, how: SharedDeflate) -> Option<Bytes> {
        self.get(position).map(|message| message.deflated(how, &self.held))
    }

    /// The newest message, if it holds any.
    pub fn newest(&self) -> Option<&Message> {
        self.messages.back()
    }

    /// Where a reader with this cursor goes on, and how many messages it has missed.
    pub fn resume(&self, after: Cursor) -> (u64, u64) {
        let oldest = self.oldest();
        if after == Cursor::OLDEST {
            (oldest, 0)
        } else if after == Cursor::NOW {
            (self.head, 0)
        } else if after.epoch != self.epoch || after.position > self.head {
            (oldest, oldest.max(1))
        } else {
            (after.position.max(oldest), oldest.saturating_sub(after.position))
        }
    }

    /// What the log holds after a cursor.
    pub fn after(&self, after: Cursor) -> Slice<'_> {
        let (from, gap) = self.resume(after);
        let skip = usize::try_from(from - self.oldest()).expect("no more than the log holds");
        Slice { messages: self.messages.range(skip..), gap, next: self.cursor(self.head) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EPOCH: u16 = 7;

    fn log(bound: u32, published: u64) -> TopicLog {
        let mut log = TopicLog::new(EPOCH, NonZeroU32::new(bound).expect("not zero"));
        for number in 0..published {
            log.push(Message::new(number.to_string().as_bytes()).expect("one line"));
        }
        log
    }

    fn check(log: &TopicLog, after: Cursor, expected: &[&str], gap: u64) {
        let slice = log.after(after);
        let found: Vec<_> = slice.messages.map(|message| message.payload.clone()).collect();
        assert_eq!(found, expected, "{after}");
        assert_eq!(slice.gap, gap, "{after}");
        assert_eq!(slice.next, Cursor { epoch: EPOCH, position: log.head() }, "{after}");
    }

    fn at(position: u64) -> Cursor {
        Cursor { epoch: EPOCH, position }
    }

    #[test]
    fn a_reader_gets_what_the_log_holds_and_is_told_what_it_does_not() {
        let log = log(3, 5);
        check(&log, at(5), &[], 0);
        check(&log, at(4), &["4"], 0);
        check(&log, at(2), &["2", "3", "4"], 0);
        check(&log, at(1), &["2", "3", "4"], 1);
        check(&log, at(0), &["2", "3", "4"], 2);
    }

    #[test]
    fn from_the_oldest_and_from_now_nothing_is_missed() {
        check(&log(3, 5), Cursor::OLDEST, &["2", "3", "4"], 0);
        check(&log(3, 5), Cursor::NOW, &[], 0);
        check(&log(3, 0), Cursor::OLDEST, &[], 0);
    }

    #[test]
    fn a_cursor_of_another_life_or_beyond_the_head_is_a_gap_and_not_silence() {
        for foreign in [Cursor { epoch: EPOCH + 1, position: 4 }, at(6)] {
            check(&log(3, 5), foreign, &["2", "3", "4"], 2);
            check(&log(10, 5), foreign, &["0", "1", "2", "3", "4"], 1);
            check(&log(3, 0), foreign, &[], 1);
        }
    }

    #[test]
    fn a_log_keeps_no_more_bytes_than_it_may_whatever_the_forms_and_always_the_newest() {
        let payload = [b'x'; 1_000];
        let message = || Message::new(&payload).expect("one line");
        let each = message().bytes();
        let mut log =
            TopicLog::new(EPOCH, NonZeroU32::new(100).expect("not zero")).within(3 * each + 500);
        for _ in 0..5 {
            log.push(message());
        }
        assert_eq!((log.oldest(), log.head(), log.bytes()), (2, 5, 3 * each));
        // A form more makes it larger, and the next message drops the more.
        let line = log.line(3).expect("held").len() as u64;
        let event = log.event(3).expect("held").len() as u64;
        assert_eq!(log.bytes(), 3 * each + line + event);
        log.push(message());
        assert_eq!((log.oldest(), log.bytes()), (4, 2 * each));
        let huge = Message::new(&[b'x'; 9_000]).expect("one line");
        log.push(huge);
        assert_eq!((log.oldest(), log.head()), (6, 7), "the newest stays");
        log.drop_oldest();
        assert_eq!((log.oldest(), log.bytes()), (7, 0));
        assert_eq!(log.resume(at(3)), (7, 4));
    }

    proptest! {
        #[test]
        fn whatever_the_cursor_messages_and_gap_add_up(
            bound in 1_u32..20, published in 0_u64..50, position in 0_u64..50,
        ) {
            prop_assume!(position <= published);
            let log = log(bound, published);
            let slice = log.after(at(position));
            prop_assert_eq!(slice.messages.len() as u64 + slice.gap, published - position);
        }
    }
}
