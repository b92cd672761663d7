//! What a content coding makes of messages: bytes that no rule of the stream within explains.
//!
//! Booked as a trial books them: all that a message took on the wire is its payload's, since within a
//! compressed stretch nothing marks messages off that could be told apart.

use pushbench_protocol::ByteKind;

use crate::part::{Detail, Part};

/// What gzip begins with (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// A gzip header without optional parts.
const GZIP_HEADER: usize = 10;
/// A block of no bytes, stored and aligned, which a compressor ends with that is flushed: its length
/// and the complement of that.
const FLUSH: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// The coding that a head names; `None` for a body that is as it is.
pub(crate) fn named(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|coding| !coding.eq_ignore_ascii_case("identity"))
}

/// One message of a stream in this coding, as it was flushed.
pub(crate) fn message(data: &[u8], coding: &str) -> Vec<Part> {
    let is_gzip = is_gzip(coding);
    let (header, rest) = match is_gzip {
        true => split_header(data),
        false => (&[][..], data),
    };
    let (text, flush) = match rest.strip_suffix(&FLUSH) {
        Some(text) if is_gzip => (text, &FLUSH[..]),
        _ => (rest, &[][..]),
    };
    let what = format!(
        "the message in {coding}, with what the stream has around it: what was sent before is a \
         window for it, so it cannot be read alone"
    );
    let flushed = "the end of a flush: an empty block, so that all before it can be read at once";
    [
        header_part(header),
        part("compressed message", text, &what, "RFC 9110, section 8.4"),
        part("flush", flush, flushed, "RFC 1951, section 3.2.4"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A whole body in this coding.
pub(crate) fn body(data: &[u8], coding: &str) -> Vec<Part> {
    let (header, rest) = if is_gzip(coding) { split_header(data) } else { (&[][..], data) };
    let what = format!("all messages of the body together, in {coding}");
    let text = part("compressed body", rest, &what, "RFC 9110, section 8.4");
    [header_part(header), text].into_iter().flatten().collect()
}

fn is_gzip(coding: &str) -> bool {
    coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip")
}

/// The gzip header that a stream or a body begins with; one with optional parts is left where it is.
fn split_header(data: &[u8]) -> (&[u8], &[u8]) {
    let has_no_extras = data.starts_with(&GZIP_MAGIC) && data.get(3) == Some(&0);
    match data.split_at_checked(GZIP_HEADER) {
        Some(parts) if has_no_extras => parts,
        _ => (&[], data),
    }
}

fn header_part(header: &[u8]) -> Option<Part> {
    let part =
        part("gzip header", header, "gzip's own, once for all of it", "RFC 1952, section 2.3")?;
    let method = Detail::new("method", header[2].to_string(), "8 is deflate");
    Some(part.with([method]))
}

fn part(name: &str, bytes: &[u8], note: &str, source: &'static str) -> Option<Part> {
    let part = Part::new(name, ByteKind::Payload, bytes).because(note, source);
    (!bytes.is_empty()).then_some(part)
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::{Compression, StreamCoding};
    use pushbench_wire::coding::encode;
    use pushbench_wire::stream_coder::StreamCoder;

    use super::*;

    fn names(parts: &[Part]) -> Vec<&str> {
        parts.iter().map(|part| part.name.as_str()).collect()
    }

    fn check(parts: &[Part], bytes: &[u8]) {
        assert_eq!(parts.iter().flat_map(|part| part.bytes.clone()).collect::<Vec<_>>(), bytes);
        assert!(parts.iter().all(|part| part.kind == ByteKind::Payload), "{parts:?}");
    }

    #[test]
    fn a_flush_is_named_and_gzips_header_comes_with_the_first_message_alone() {
        let coding = StreamCoding::new(Compression::Gzip, None).expect("a coding of streams");
        let mut coder = StreamCoder::new(coding);
        for expected in
            [&["gzip header", "compressed message", "flush"][..], &["compressed message", "flush"]]
        {
            let piece = coder.message(b"data: twenty bytes of text\n\n");
            let parts = message(&piece, "gzip");
            assert_eq!(names(&parts), expected);
            check(&parts, &piece);
        }
        let coding = StreamCoding::new(Compression::Brotli, None).expect("a coding of streams");
        let piece = StreamCoder::new(coding).message(b"data: text\n\n");
        let parts = message(&piece, "br");
        assert_eq!(names(&parts), ["compressed message"]);
        check(&parts, &piece);
    }

    #[test]
    fn a_body_is_one_part_behind_its_header() {
        for (coding, name, expected) in [
            (Compression::Gzip, "gzip", &["gzip header", "compressed body"][..]),
            (Compression::Brotli, "br", &["compressed body"]),
        ] {
            let bytes = encode(coding, &b"text\n".repeat(100)).expect("a coding of bodies");
            let parts = body(&bytes, name);
            assert_eq!(names(&parts), expected);
            check(&parts, &bytes);
        }
        // Cut, or with a name in it: told as it is, and no panic.
        for bytes in [&[][..], &GZIP_MAGIC, &[0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3, b'x', 0]] {
            check(&body(bytes, "gzip"), bytes);
            check(&message(bytes, "gzip"), bytes);
        }
    }

    #[test]
    fn a_body_as_it_is_has_no_coding() {
        for (value, expected) in
            [(None, None), (Some("identity"), None), (Some(" gzip"), Some("gzip"))]
        {
            assert_eq!(named(value), expected);
        }
    }
}
