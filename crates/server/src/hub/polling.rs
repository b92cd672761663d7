//! The rule of polling: what a poll is answered.

use bytes::{BufMut, Bytes, BytesMut};
use pushbench_protocol::{Cursor, Deliver, Unchanged};

use super::bounds::TopicId;
use crate::log::{Message, TopicLog};

/// How polls are answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PollSettings {
    /// Each message since the cursor, or the newest only.
    pub deliver: Deliver,
    /// What a poll is answered when nothing is new to the client.
    pub unchanged: Unchanged,
}

/// Bodies of more bytes are not copied: they are read from the log as the client takes them.
const MOST_COPIED: u64 = 64 * 1024;

/// What a poll is answered. The caller owns the socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PollAnswer {
    /// 200 with this body.
    Messages {
        /// `every`: payloads, each followed by a line feed; `latest`: the newest payload, bare.
        body: PollBody,
        /// The cursor after them.
        next: Cursor,
        /// Messages that the log no longer held for this client.
        gap: u64,
    },
    /// 204: nothing new, or nothing at all yet.
    Empty {
        /// The cursor to go on with.
        next: Cursor,
    },
    /// 304: nothing new since the tag that the client sent.
    NotModified {
        /// The cursor to go on with, the tag again.
        next: Cursor,
    },
}

/// What the answer to a poll carries.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PollBody {
    /// All of it.
    Whole(Bytes),
    /// More than is copied.
    Pieces(Pieces),
}

/// Messages to be read from the log one after the other, each with its line feed, by
/// [`super::Hub::piece`]. So that they are those of this topic, it must have a reader until then.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pieces {
    /// Their topic.
    pub topic: TopicId,
    /// Position of the first.
    pub from: u64,
    /// Position after the last.
    pub to: u64,
    /// Bytes of all of them.
    pub bytes: u64,
}

/// The rule of polling, and how many messages the answer carries.
pub(super) fn answer_poll(
    topic: TopicId,
    log: &TopicLog,
    after: Cursor,
    settings: PollSettings,
) -> (PollAnswer, u64) {
    let slice = log.after(after);
    let next = slice.next;
    let nothing_new = !slice.has_messages();
    match (settings.deliver, settings.unchanged, log.newest()) {
        (Deliver::Latest, _, None) => (PollAnswer::Empty { next }, 0),
        (_, Unchanged::Empty, _) if nothing_new => (PollAnswer::Empty { next }, 0),
        (_, Unchanged::NotModified, _) if nothing_new => (PollAnswer::NotModified { next }, 0),
        // What was replaced before anyone asked is superseded and no gap.
        (Deliver::Latest, _, Some(newest)) => {
            let body = PollBody::Whole(newest.payload.clone());
            (PollAnswer::Messages { body, next, gap: 0 }, 1)
        }
        (Deliver::Every, _, _) => {
            let sent = slice.messages.len() as u64;
            let (from, to) = (log.head() - sent, log.head());
            let bytes = slice.messages.clone().map(|message| message.line_of_poll().len() as u64);
            let pieces = Pieces { topic, from, to, bytes: bytes.sum() };
            let body = match slice.messages.clone().next() {
                Some(only) if sent == 1 => PollBody::Whole(only.line_of_poll().clone()),
                _ if pieces.bytes <= MOST_COPIED => PollBody::Whole(lines(slice.messages)),
                _ => PollBody::Pieces(pieces),
            };
            (PollAnswer::Messages { body, next, gap: slice.gap }, sent)
        }
    }
}

/// Payloads, each followed by a line feed.
fn lines<'log>(messages: impl Iterator<Item = &'log Message> + Clone) -> Bytes {
    let len = messages.clone().map(|message| message.line_of_poll().len()).sum();
    let mut body = BytesMut::with_capacity(len);
    for message in messages {
        body.put_slice(message.line_of_poll());
    }
    body.freeze()
}
