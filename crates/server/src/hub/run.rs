//! Pieces one after the other, as one write gives them to every subscriber that is behind by the same.

use bytes::Bytes;
use pushbench_protocol::Timestamp;

use super::bounds::TopicId;
use super::place::{Behind, SubscriberPlace};

/// Most bytes of a run, unless it is one piece. What a socket does not take of a run is asked for
/// once more, so longer ones would gain nothing.
pub(super) const MOST_BYTES: usize = 64 * 1024;

/// What waits for a subscriber, as whole pieces: frames, or chunks.
#[derive(Debug, Default)]
pub struct Run {
    /// For whom it was built; `None` where it is for one subscriber alone.
    of: Option<(TopicId, Behind)>,
    /// The only piece, as the log holds it.
    first: Bytes,
    /// All pieces, where there are more.
    several: Vec<u8>,
    ends: Vec<End>,
}

/// The end of a piece in a run.
#[derive(Debug)]
struct End {
    /// Bytes up to here.
    bytes: usize,
    /// Messages up to here: a notice is none.
    messages: u64,
    /// Where the subscriber stands that has begun to be sent it.
    after: SubscriberPlace,
}

/// What a subscriber waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Waiting {
    /// A publish.
    Publish,
    /// This moment, and then for the newest message.
    Moment(Timestamp),
    /// Its socket: there is a run for it.
    Socket,
}

impl Run {
    /// All of it.
    pub fn bytes(&self) -> &[u8] {
        match self.ends.len() {
            1 => &self.first,
            _ => &self.several,
        }
    }

    /// How many pieces it has.
    pub fn pieces(&self) -> usize {
        self.ends.len()
    }

    /// What a socket that took only the first `written` bytes has begun: how many pieces, and what is
    /// left of the last of them. A piece that was offered is begun, even if nothing of it was taken.
    ///
    /// # Panics
    ///
    /// If it took all of it.
    pub fn cut(&self, written: usize) -> (usize, Bytes) {
        let whole = self.ends.partition_point(|end| end.bytes <= written);
        let end = self.ends[whole].bytes;
        let rest = match self.ends.len() {
            1 => self.first.slice(written..end),
            _ => Bytes::copy_from_slice(&self.several[written..end]),
        };
        (whole + 1, rest)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn is_of(&self, topic: TopicId, behind: Behind) -> bool {
        self.of == Some((topic, behind))
    }

    pub(super) fn begin(&mut self, of: Option<(TopicId, Behind)>) {
        self.of = of;
        self.several.clear();
        self.ends.clear();
    }

    /// Takes one piece more; `false` where there is no room for it.
    pub(super) fn push(&mut self, piece: Bytes, is_message: bool, after: &SubscriberPlace) -> bool {
        let (before, messages) = self.ends.last().map_or((0, 0), |end| (end.bytes, end.messages));
        let bytes = before + piece.len();
        match self.ends.len() {
            0 => self.first = piece,
            _ if bytes > MOST_BYTES => return false,
            count => {
                if count == 1 {
                    self.several.extend_from_slice(&self.first);
                }
                self.several.extend_from_slice(&piece);
            }
        }
        let messages = messages + u64::from(is_message);
        self.ends.push(End { bytes, messages, after: after.clone() });
        true
    }

    /// How many messages its first pieces are, at least one piece, and where they lead.
    pub(super) fn begun(&self, pieces: usize) -> (u64, &SubscriberPlace) {
        let End { messages, after, .. } = &self.ends[pieces - 1];
        (*messages, after)
    }
}
