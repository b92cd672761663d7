//! How a response marks the client's place in the log: what the server writes and a client reads.

use std::fmt::Write;

use super::lines::title_case;
use crate::number::gap;
use crate::paths::{CURSOR_FIELD, GAP_FIELD};
use crate::{Cursor, Deliver, Unchanged};

/// What makes an entity tag a weak one (RFC 9110, section 8.8.3).
pub(super) const WEAK: &str = "W/";

const TAG_FIELD: &str = "etag";

/// What an answer says about the client's place in the log, after the profile's fields.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AnswerMark {
    /// A `Cursor` field, for the next `?after=`.
    pub cursor: Option<Cursor>,
    /// An `Etag` field, for the next `If-None-Match`.
    pub tag: Option<Cursor>,
    /// A `Gap` field: messages that the log no longer held for this client; 0 is not sent.
    pub gap: u64,
}

impl AnswerMark {
    /// Its fields, names in lower case: what a server sends. The tag is a weak one where it stands for
    /// bodies in more than one coding (RFC 9110, section 8.8.3.3).
    pub fn fields(self, is_weak: bool) -> impl Iterator<Item = (&'static str, String)> {
        let cursor = self.cursor.map(|cursor| (CURSOR_FIELD, cursor.to_string()));
        let tag = self.tag.map(|tag| (TAG_FIELD, entity_tag(tag, is_weak)));
        let gap = (self.gap > 0).then(|| (GAP_FIELD, self.gap.to_string()));
        [cursor, tag, gap].into_iter().flatten()
    }

    /// Adds its fields at the end; an entity tag of the profile's own gives way in its place.
    pub(super) fn add_to(self, fields: &mut Vec<(String, String)>, is_weak: bool) {
        for (name, value) in self.fields(is_weak) {
            let own = fields.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
            match own {
                Some((_, own)) if name == TAG_FIELD => *own = value,
                Some(_) | None => fields.push((title_case(name), value)),
            }
        }
    }

    /// The mark of a response to a short poll: the cursor where the next poll must say it, and a tag
    /// where it will ask with one.
    pub fn of_short_poll(deliver: Deliver, unchanged: Unchanged, next: Cursor, gap: u64) -> Self {
        let by_cursor = deliver == Deliver::Every || unchanged == Unchanged::Empty;
        let by_tag = unchanged == Unchanged::NotModified;
        Self { cursor: by_cursor.then_some(next), tag: by_tag.then_some(next), gap }
    }

    /// The mark that a response has; `value` gives the first value of a field, by its name in lower
    /// case. `None` where the number of messages that are missing is none.
    pub fn read<'v>(value: impl Fn(&'static str) -> Option<&'v [u8]>) -> Option<Self> {
        Some(Self {
            cursor: value(CURSOR_FIELD).and_then(Cursor::decode),
            tag: value(TAG_FIELD).and_then(tagged),
            gap: value(GAP_FIELD).map_or(Some(0), gap)?,
        })
    }

    /// Where the next poll goes on.
    pub fn place(self) -> Option<Cursor> {
        self.tag.or(self.cursor)
    }
}

/// A place as an entity tag, weak or not.
pub fn entity_tag(place: Cursor, is_weak: bool) -> String {
    let weak = if is_weak { WEAK } else { "" };
    // Every response to a poll has one, and a text that fills its memory is sent without being moved.
    let mut tag = String::with_capacity(weak.len() + Cursor::LEN + 2);
    write!(tag, "{weak}\"{place}\"").expect("memory takes every text");
    tag
}

/// The place that an entity tag names, weak or not: where a client asks with one, the two are compared
/// without a difference (RFC 9110, section 13.1.2). `None` if it is no tag of ours.
pub fn tagged(tag: &[u8]) -> Option<Cursor> {
    let tag = tag.strip_prefix(WEAK.as_bytes()).unwrap_or(tag);
    Cursor::decode(tag.strip_prefix(b"\"")?.strip_suffix(b"\"")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written_whatever_marks_the_place() {
        let next = Cursor::OLDEST;
        for &deliver in Deliver::ALL {
            for &unchanged in Unchanged::ALL {
                let mark = AnswerMark::of_short_poll(deliver, unchanged, next, 7);
                let mut fields = Vec::new();
                mark.add_to(&mut fields, false);
                let value = |name: &str| {
                    let field = fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                    field.map(|(_, value)| value.as_bytes())
                };
                assert_eq!(AnswerMark::read(value), Some(mark), "{deliver} {unchanged}");
                let is_marked = deliver == Deliver::Every || unchanged != Unchanged::Resend;
                assert_eq!(mark.place(), is_marked.then_some(next), "{deliver} {unchanged}");
            }
        }
    }

    #[test]
    fn a_weak_tag_marks_a_place_and_a_gap_that_is_none_is_refused() {
        let tag = entity_tag(Cursor::OLDEST, true);
        let mark = AnswerMark::read(|name| (name == "etag").then_some(tag.as_bytes()));
        assert_eq!(mark.and_then(AnswerMark::place), Some(Cursor::OLDEST));
        assert_eq!(AnswerMark::read(|name| (name == GAP_FIELD).then_some(b"many")), None);
        assert_eq!(AnswerMark::read(|_| None), Some(AnswerMark::default()));
    }

    #[test]
    fn what_every_poll_is_sent_fills_its_memory() {
        let mark = AnswerMark { cursor: Some(Cursor::NOW), tag: Some(Cursor::NOW), gap: 0 };
        for is_weak in [false, true] {
            for (name, value) in mark.fields(is_weak) {
                assert_eq!(value.capacity(), value.len(), "{name}: {value}");
            }
        }
    }

    #[test]
    fn only_a_single_tag_of_ours_names_a_place() {
        for (tag, expected) in [
            ("\"0000000000000000\"", Some(Cursor::OLDEST)),
            ("W/\"0000000000000000\"", Some(Cursor::OLDEST)),
            ("w/\"0000000000000000\"", None),
            ("0000000000000000", None),
            ("\"other\"", None),
            ("*", None),
            ("\"", None),
        ] {
            assert_eq!(tagged(tag.as_bytes()), expected, "{tag}");
        }
    }
}
