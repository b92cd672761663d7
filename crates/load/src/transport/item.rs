//! What a stream says, one thing after another, and how one kind of stream is asked for and read.

use pushbench_protocol::Cursor;

use crate::transport::pushed::Cause;
use crate::{Fault, Plan};

/// What a stream says, one thing after another, as its bytes are booked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Item<'a> {
    pub(crate) said: Said<'a>,
    /// Bytes of its message as they came.
    pub(crate) payload: u64,
    /// Bytes that mark it off, beside those of its message.
    pub(crate) framing: u64,
    /// Bytes of comments and notices.
    pub(crate) control: u64,
}

/// What a stream can say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Said<'a> {
    Message(&'a [u8]),
    /// So many messages were dropped.
    Gap(u64),
    /// That it is still there.
    Nothing,
}

/// How one kind of stream is asked for and read.
pub(crate) trait Codec: Default {
    /// The head of the request: for what is behind `after`, or from where the topic's subscribers begin.
    fn request(plan: &Plan, topic: u32, after: Option<Cursor>) -> Vec<u8>;

    /// Takes the next data of the stream, wherever it was cut, and gives `on_item` each whole item.
    fn push(&mut self, data: &[u8], on_item: &mut dyn FnMut(Item<'_>)) -> Result<(), Fault>;
}

impl Item<'_> {
    /// What made the server say it.
    pub(crate) fn cause(&self) -> Cause {
        match self.said {
            Said::Message(_) | Said::Gap(_) => Cause::Message,
            Said::Nothing => Cause::Clock,
        }
    }

    /// Bytes of data that it took.
    pub(crate) fn len(&self) -> u64 {
        self.payload + self.framing + self.control
    }
}
