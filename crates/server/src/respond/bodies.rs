//! Bodies of answers to polls, compressed once for all clients that ask at the same place.

use std::collections::HashMap;
use std::sync::Mutex;

use bytes::Bytes;
use pushbench_protocol::Cursor;
use pushbench_wire::coding::encode;

use super::fields::Fields;
use super::response::Content;
use crate::config::BodyCompression;

/// Bytes of bodies that are kept, of all topics.
const MOST_BYTES_KEPT: usize = 32 << 20;
/// Bodies kept of one topic. Clients that keep up ask from a few places.
const KEPT: usize = 32;
/// Topics of which bodies are kept.
const MOST_TOPICS_KEPT: usize = 10_000;

/// Compresses bodies and remembers those that may be asked for again.
#[derive(Debug)]
pub(crate) struct Bodies {
    settings: BodyCompression,
    kept: Mutex<AllKept>,
}

#[derive(Debug, Default)]
struct AllKept {
    /// By topic; a topic has an entry once a body of it was compressed.
    by_topic: HashMap<String, Kept>,
    /// Bytes of all bodies.
    bytes: usize,
}

/// The bodies of one topic that end at its newest message.
#[derive(Debug)]
struct Kept {
    next: Cursor,
    /// By the place that the client asked from.
    bodies: Vec<(Cursor, Bytes)>,
}

/// Which messages a body holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span<'a> {
    pub(super) topic: &'a str,
    /// Where the client stood; [`Cursor::OLDEST`] where all get the same.
    pub(super) after: Cursor,
    /// Where it stands now.
    pub(super) next: Cursor,
}

impl Bodies {
    /// That are compressed so.
    pub(crate) fn new(settings: BodyCompression) -> Self {
        Self { settings, kept: Mutex::default() }
    }

    /// Whether a request with these fields takes a compressed body.
    pub(super) fn are_accepted<F: Fields + ?Sized>(&self, fields: &F) -> bool {
        let coding = self.settings.coding.content_coding();
        coding.is_some_and(|coding| fields.accept_coding(coding))
    }

    /// The content of a response to a request that takes a compressed one, or does not. What is too
    /// large to be compressed does not come here: it is in pieces.
    pub(super) fn content(&self, is_accepted: bool, span: Span<'_>, plain: Bytes) -> Content {
        if is_accepted && plain.len() >= self.settings.threshold {
            Content::Whole { bytes: self.coded(span, &plain), is_coded: true }
        } else {
            Content::Whole { bytes: plain, is_coded: false }
        }
    }

    fn coded(&self, span: Span<'_>, plain: &[u8]) -> Bytes {
        // Held while it compresses, so that no two do the same work.
        let mut kept = self.kept.lock().expect("compressing into memory does not panic");
        let nothing = Kept { next: span.next, bodies: Vec::new() };
        let all = &mut *kept;
        // Whoever asks next finds it compressed anew. Names of topics that are gone go with it.
        if all.bytes > MOST_BYTES_KEPT || all.by_topic.len() > MOST_TOPICS_KEPT {
            *all = AllKept::default();
        }
        let kept = all.by_topic.entry(span.topic.to_owned()).or_insert(nothing);
        let mut drop_bodies = |bodies: std::vec::Drain<'_, (Cursor, Bytes)>| {
            all.bytes -= bodies.map(|(_, body)| body.len()).sum::<usize>();
        };
        if kept.next != span.next {
            kept.next = span.next;
            drop_bodies(kept.bodies.drain(..));
        }
        if let Some((_, body)) = kept.bodies.iter().find(|(after, _)| *after == span.after) {
            return body.clone();
        }
        let coded = encode(self.settings.coding, plain).expect("what is accepted is a coding");
        let body = Bytes::from(coded);
        if kept.bodies.len() == KEPT {
            drop_bodies(kept.bodies.drain(..1));
        }
        all.bytes += body.len();
        kept.bodies.push((span.after, body.clone()));
        body
    }
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::Compression;

    use super::*;

    fn bodies() -> Bodies {
        Bodies::new(BodyCompression { coding: Compression::Gzip, threshold: 100 })
    }

    fn cursor(position: u64) -> Cursor {
        Cursor { epoch: 7, position }
    }

    struct Body {
        bytes: Bytes,
        is_coded: bool,
    }

    fn ask_with(
        fields: &[(&str, &str)],
        bodies: &Bodies,
        after: u64,
        next: u64,
        plain: &str,
    ) -> Body {
        let span = Span { topic: "t", after: cursor(after), next: cursor(next) };
        let plain = Bytes::from(plain.to_owned());
        match bodies.content(bodies.are_accepted(fields), span, plain) {
            Content::Whole { bytes, is_coded } => Body { bytes, is_coded },
            Content::Pieces(_) => unreachable!("it was whole"),
        }
    }

    fn ask(bodies: &Bodies, after: u64, next: u64, plain: &str) -> Body {
        ask_with(&[("Accept-Encoding", "gzip")], bodies, after, next, plain)
    }

    #[test]
    fn the_same_body_is_compressed_once_until_there_is_a_message() {
        let bodies = bodies();
        let (text, more) = ("price ".repeat(50), "price ".repeat(60));
        let first = ask(&bodies, 1, 2, &text);
        assert!(first.is_coded && first.bytes.len() < text.len());
        assert_eq!(first.bytes.as_ptr(), ask(&bodies, 1, 2, &text).bytes.as_ptr());
        assert_ne!(first.bytes.as_ptr(), ask(&bodies, 0, 2, &more).bytes.as_ptr());
        let later = ask(&bodies, 1, 3, &more);
        assert_ne!(later.bytes, first.bytes);
        assert_eq!(later.bytes, encode(Compression::Gzip, more.as_bytes()).expect("gzip"));
    }

    #[test]
    fn no_more_bodies_are_kept_than_the_bound() {
        let bodies = bodies();
        for after in 0..3 * KEPT as u64 {
            ask(&bodies, after, 1_000, &"price ".repeat(50));
        }
        assert_eq!(bodies.kept.lock().expect("unharmed").by_topic["t"].bodies.len(), KEPT);
    }

    #[test]
    fn a_small_body_and_one_for_a_client_that_knows_no_coding_stay_as_they_are() {
        let bodies = bodies();
        assert!(!ask(&bodies, 1, 2, &"x".repeat(99)).is_coded);
        assert!(ask(&bodies, 2, 3, &"x".repeat(100)).is_coded);
        assert!(!ask_with(&[], &bodies, 1, 2, &"x".repeat(500)).is_coded);
    }
}
