//! Where one unit ends and the next begins, in bytes that come in reads of any length.
//!
//! A unit is the least that a server says: a WebSocket message, a line, an event, a packet. What
//! comes out depends on the bytes and on where messages end, never on where reads do.

pub(crate) mod unit;

mod counted;
mod events;

use std::ops::Range;

use crate::split::counted::counted_len;
use crate::split::events::Events;
use crate::split::unit::{Edge, SplitError, Unit};

/// How units are told apart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Split {
    /// Each message is a unit: a WebSocket message, or the body of a response.
    Message,
    /// These bytes end a unit, and so does the end of a message unless units go on in the next.
    Separator {
        /// What ends a unit; never empty.
        bytes: Vec<u8>,
        /// Whether a unit may begin in one message and end in another.
        goes_on: bool,
        /// What a unit begins with whose last word says how many bytes follow its separator, before
        /// another one; they are part of it.
        counted: Option<Vec<u8>>,
    },
    /// An event of a stream of events (HTML, section 9.2.6).
    Events,
    /// So many bytes, the most significant first, say how many the unit has that follows.
    Length {
        /// 1 to 8.
        width: usize,
    },
}

/// Splits what one connection brings.
#[derive(Debug)]
pub(crate) struct Splitter {
    split: Split,
    most: usize,
    /// Bytes of a unit that is not complete.
    kept: Vec<u8>,
    /// What is known of it.
    seen: Seen,
    events: Events,
}

/// What is known of a unit that is not complete, so that no byte is looked at for each read.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// Below so many bytes of it there is nothing new.
    wanted: usize,
    /// In so many bytes of it no separator begins.
    without_separator: usize,
    /// Where the line ends that says how long it is.
    line: Option<usize>,
}

/// Where a unit is in the bytes that are there.
struct Cut {
    unit: Range<usize>,
    /// Where the next one begins.
    next: usize,
}

impl Splitter {
    /// A splitter that takes units of at most `most` bytes.
    pub(crate) fn new(split: Split, most: usize) -> Self {
        Self { split, most, kept: Vec::new(), seen: Seen::default(), events: Events::default() }
    }

    /// Bytes that are part of no unit yet.
    pub(crate) fn pending(&self) -> u64 {
        self.kept.len() as u64 + self.events.pending()
    }

    /// The id of the last event that had one, of those that came since this was asked last.
    pub(crate) fn take_last_event_id(&mut self) -> Option<Vec<u8>> {
        self.events.take_last_id()
    }

    /// Takes what a read brought and gives `with` each unit that is complete.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        edge: Edge,
        with: &mut dyn FnMut(Unit<'_>),
    ) -> Result<(), SplitError> {
        if self.split == Split::Events {
            return self.events.feed(bytes, edge, self.most, with);
        }
        if self.kept.is_empty() {
            let taken = self.cut_all(bytes, edge, with)?;
            self.kept.extend_from_slice(&bytes[taken..]);
        } else {
            self.kept.extend_from_slice(bytes);
            let kept = std::mem::take(&mut self.kept);
            let taken = self.cut_all(&kept, edge, with);
            self.kept = kept;
            self.kept.drain(..taken?);
        }
        // What is seen counts from where the next unit begins, now the first byte that is kept.
        match self.kept.len() > self.most {
            true => Err(SplitError::TooLong { most: self.most }),
            false => Ok(()),
        }
    }

    /// Gives every unit in `bytes`; how many bytes those are.
    fn cut_all(
        &mut self,
        bytes: &[u8],
        edge: Edge,
        with: &mut dyn FnMut(Unit<'_>),
    ) -> Result<usize, SplitError> {
        let mut at = 0;
        while let Some(cut) = self.cut(&bytes[at..])? {
            self.seen = Seen::default();
            if cut.unit.len() > self.most {
                return Err(SplitError::TooLong { most: self.most });
            }
            let rest = &bytes[at..];
            let framing = (cut.next - cut.unit.len()) as u64;
            with(Unit { framing, ..Unit::of(&rest[cut.unit]) });
            at += cut.next;
        }
        let rest = &bytes[at..];
        let ends = match (&self.split, edge) {
            (_, Edge::Read) => false,
            (_, Edge::Stream) => true,
            (Split::Message, Edge::Message) => true,
            (Split::Separator { goes_on, counted, .. }, Edge::Message) => {
                // A counted unit of which bytes are missing goes on whatever its message does.
                !goes_on && counted.as_ref().is_none_or(|begin| !rest.starts_with(begin))
            }
            (Split::Length { .. } | Split::Events, Edge::Message) => false,
        };
        if !ends || rest.is_empty() {
            return Ok(at);
        }
        self.seen = Seen::default();
        if rest.len() > self.most {
            return Err(SplitError::TooLong { most: self.most });
        }
        let is_whole = match &self.split {
            Split::Message => true,
            Split::Separator { counted, .. } => {
                counted.as_ref().is_none_or(|begin| !rest.starts_with(begin))
            }
            Split::Length { .. } | Split::Events => false,
        };
        with(Unit { is_torn: !is_whole, ..Unit::of(rest) });
        Ok(bytes.len())
    }

    /// The unit that `bytes` begin with, if all of it is there.
    fn cut(&mut self, bytes: &[u8]) -> Result<Option<Cut>, SplitError> {
        if bytes.len() < self.seen.wanted {
            return Ok(None);
        }
        match &self.split {
            Split::Message | Split::Events => Ok(None),
            Split::Separator { bytes: separator, counted, .. } => {
                let from = self.seen.without_separator;
                let Some(line) = self.seen.line.or_else(|| find(separator, bytes, from)) else {
                    self.seen.without_separator = bytes.len().saturating_sub(separator.len() - 1);
                    return Ok(None);
                };
                let end = line + separator.len();
                let is_counted =
                    counted.as_ref().is_some_and(|begin| bytes[..line].starts_with(begin));
                if !is_counted {
                    return Ok(Some(Cut { unit: 0..line, next: end }));
                }
                let count = counted_len(&bytes[..line], self.most)?;
                let unit = end + count;
                let next = unit + separator.len();
                if bytes.len() < next {
                    self.seen.line = Some(line);
                    self.seen.wanted = next;
                    return Ok(None);
                }
                match bytes[unit..next] == **separator {
                    true => Ok(Some(Cut { unit: 0..unit, next })),
                    false => Err(SplitError::NoEnd),
                }
            }
            Split::Length { width } => {
                let Some(length) = bytes.get(..*width) else {
                    self.seen.wanted = *width;
                    return Ok(None);
                };
                let length = length.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
                let length = usize::try_from(length).ok().filter(|length| *length <= self.most);
                let next = width + length.ok_or(SplitError::TooLong { most: self.most })?;
                self.seen.wanted = next;
                Ok((bytes.len() >= next).then_some(Cut { unit: *width..next, next }))
            }
        }
    }
}

/// Where the separator begins, at or after `from`.
fn find(separator: &[u8], bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let found = match separator {
        [one] => rest.iter().position(|byte| byte == one),
        several => rest.windows(several.len()).position(|window| window == several),
    };
    found.map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Seen = Vec<(String, u64, bool)>;

    /// What comes of messages that are read in pieces of `step` bytes, and what is left.
    fn read(
        split: &Split,
        messages: &[&[u8]],
        step: usize,
        ends: bool,
    ) -> Result<(Seen, u64), SplitError> {
        let mut splitter = Splitter::new(split.clone(), 1_000);
        let mut seen = Vec::new();
        let mut len = 0;
        let mut with = |unit: Unit<'_>| {
            len += unit.len();
            let text = String::from_utf8_lossy(unit.bytes).into_owned();
            seen.push((text, unit.framing, unit.is_torn));
        };
        for message in messages {
            for piece in message.chunks(step) {
                splitter.feed(piece, Edge::Read, &mut with)?;
            }
            splitter.feed(b"", Edge::Message, &mut with)?;
        }
        if ends {
            splitter.feed(b"", Edge::Stream, &mut with)?;
        }
        let pending = splitter.pending();
        let all: usize = messages.iter().map(|message| message.len()).sum();
        assert_eq!(len + pending, all as u64, "every byte is in a unit or pending");
        Ok((seen, pending))
    }

    fn check(split: &Split, messages: &[&str], expected: &[(&str, u64)]) {
        let messages: Vec<_> = messages.iter().map(|message| message.as_bytes()).collect();
        let expected: Seen =
            expected.iter().map(|(text, framing)| ((*text).to_owned(), *framing, false)).collect();
        for step in 1..=40 {
            let seen = read(split, &messages, step, false).expect("it can be split");
            assert_eq!(seen, (expected.clone(), 0), "{split:?} in steps of {step}");
        }
    }

    fn separator(bytes: &str, goes_on: bool, counted: Option<&str>) -> Split {
        Split::Separator {
            bytes: bytes.into(),
            goes_on,
            counted: counted.map(|begin| begin.as_bytes().to_vec()),
        }
    }

    #[test]
    fn units_are_the_same_wherever_reads_end() {
        check(&Split::Message, &["a", "", "bc"], &[("a", 0), ("bc", 0)]);
        let packets = separator("\u{1e}", false, None);
        check(&packets, &["2\u{1e}42[]", "3"], &[("2", 1), ("42[]", 0), ("3", 0)]);
        let lines = separator("\n", false, None);
        check(&lines, &["a\n\nb\nc"], &[("a", 1), ("", 1), ("b", 1), ("c", 0)]);
        let frames = separator("\r\n", true, None);
        check(&frames, &["PI", "NG\r", "\n+OK\r\n"], &[("PING", 2), ("+OK", 2)]);
        check(
            &Split::Length { width: 2 },
            &["\0\u{2}ab\0", "\0\0\u{1}c"],
            &[("ab", 2), ("", 2), ("c", 2)],
        );
    }

    #[test]
    fn a_counted_unit_may_have_separators_in_it() {
        let nats = separator("\r\n", true, Some("MSG "));
        check(
            &nats,
            &["PING\r\nMSG c1 1 4\r\na\r\nb\r\nMSG c1 1 0\r\n", "\r\nPING\r\n"],
            &[("PING", 2), ("MSG c1 1 4\r\na\r\nb", 2), ("MSG c1 1 0\r\n", 2), ("PING", 2)],
        );
        for (text, error) in [
            ("MSG c1 1 x\r\n", SplitError::NoCount),
            ("MSG c1 1 +1\r\na\r\n", SplitError::NoCount),
            ("MSG c1 1 \r\na\r\n", SplitError::NoCount),
            ("MSG c1 1 1\r\nabc\r\n", SplitError::NoEnd),
            ("MSG c1 1 1001\r\n", SplitError::TooLong { most: 1_000 }),
            ("MSG c1 1 99999999999999999999999\r\n", SplitError::TooLong { most: 1_000 }),
        ] {
            for step in 1..=text.len() {
                let found = read(&nats, &[text.as_bytes()], step, false);
                assert_eq!(found, Err(error), "{text:?} in steps of {step}");
            }
        }
    }

    #[test]
    fn a_unit_without_an_end_is_refused_at_the_bound() {
        let long = vec![b'x'; 1_001];
        let too_long = Err(SplitError::TooLong { most: 1_000 });
        for split in [Split::Message, separator("\n", false, None), Split::Events] {
            for step in [1, 10, 1_001] {
                assert_eq!(read(&split, &[&long], step, false), too_long, "{split:?}");
            }
        }
        let length = Split::Length { width: 8 };
        assert_eq!(read(&length, &[&[0xff; 8]], 1, false), too_long);
    }

    #[test]
    fn a_unit_that_the_stream_ends_in_is_torn_where_that_can_be_known() {
        let torn = |split: &Split, text: &str| {
            let (seen, pending) = read(split, &[text.as_bytes()], 3, true).expect("split");
            assert_eq!(pending, 0);
            seen.last().map(|(text, _, is_torn)| (text.clone(), *is_torn))
        };
        let nats = separator("\r\n", true, Some("MSG "));
        assert_eq!(torn(&nats, "MSG c1 1 4\r\nab"), Some(("MSG c1 1 4\r\nab".to_owned(), true)));
        assert_eq!(
            torn(&Split::Length { width: 1 }, "\u{3}ab"),
            Some(("\u{3}ab".to_owned(), true))
        );
        assert_eq!(torn(&separator("\n", true, None), "a\nb"), Some(("b".to_owned(), false)));
        assert_eq!(torn(&Split::Events, "data: x\n"), Some(("x".to_owned(), true)));
    }

    fn any_split() -> impl Strategy<Value = Split> {
        prop_oneof![
            Just(Split::Message),
            Just(Split::Events),
            (1_usize..=3).prop_map(|width| Split::Length { width }),
            ("[ab\n]{1,3}", any::<bool>(), prop::option::of("[ab]{1,2}")).prop_map(
                |(bytes, goes_on, counted)| separator(&bytes, goes_on, counted.as_deref())
            ),
        ]
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_splitter_panic_or_depend_on_reads(
            split in any_split(),
            messages in prop::collection::vec("[ab\n\r 0-3:\0\u{1}]{0,12}|data:[ab]\r\n{1,2}", 0..6),
            step in 1_usize..5,
            ends in any::<bool>(),
        ) {
            let messages: Vec<_> = messages.iter().map(String::as_bytes).collect();
            prop_assert_eq!(
                read(&split, &messages, step, ends),
                read(&split, &messages, 1_000, ends)
            );
        }
    }
}
