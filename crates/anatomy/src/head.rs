//! HTTP headers: start line, fields, empty line.

use pushbench_protocol::{ByteKind, Cursor};
use pushbench_wire::head::{Fields, RequestHead, ResponseHead};

use crate::fields::known;
use crate::part::{Detail, Part};
use crate::{AcceptKey, AnatomyError, malformed};

/// A head taken apart, and what is needed of it to go on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Head {
    /// Its parts, empty line included.
    pub(crate) parts: Vec<Part>,
    /// Its bytes.
    pub(crate) len: usize,
    fields: Vec<(String, String)>,
}

impl Head {
    /// Value of the first field of this name.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let found = fields.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Puts the steps of its computation under `Sec-WebSocket-Accept`.
    pub(crate) fn explain_accept(&mut self, accept: &AcceptKey) {
        for part in &mut self.parts {
            if part.name.eq_ignore_ascii_case("Sec-WebSocket-Accept") {
                part.details.extend(accept.steps());
            }
        }
    }
}

/// Takes the head at the front of `bytes` apart; all of it is booked as `kind`.
pub(crate) fn head(bytes: &[u8], kind: ByteKind, is_request: bool) -> Result<Head, AnatomyError> {
    let (place, read) = if is_request {
        let read = RequestHead::read(bytes, |head| {
            Ok(Head::of(request_line(head, kind), &head.fields, kind))
        });
        ("the request headers", read)
    } else {
        let read = ResponseHead::read(bytes, |head| {
            Ok(Head::of(status_line(head, kind), &head.fields, kind))
        });
        ("the response headers", read)
    };
    let read = read.map_err(|error| AnatomyError::Head { place, error })?;
    read.ok_or_else(|| malformed(place, bytes, "lines up to an empty one"))
}

impl Head {
    fn of(start: Part, fields: &Fields<'_>, kind: ByteKind) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let named: Vec<_> =
            fields.lines().map(|field| (field.name.to_owned(), text(field.value))).collect();
        let lines =
            fields.lines().zip(&named).map(|(f, (name, value))| field(name, value, f.line, kind));
        let why = "the empty line: the headers end here";
        let end = Part::new("empty line", kind, fields.empty_line());
        let end = end.because(why, "RFC 9112, section 2.1");
        let parts: Vec<_> = [start].into_iter().chain(lines).chain([end]).collect();
        Self { len: parts.iter().map(|part| part.bytes.len()).sum(), parts, fields: named }
    }
}

fn request_line(head: &RequestHead<'_>, kind: ByteKind) -> Part {
    let line = head.fields.start_line();
    let (method, target) = (head.method, head.target);
    let version = line.trim_ascii().rsplit(|&byte| byte == b' ').next().unwrap_or_default();
    let version = String::from_utf8_lossy(version);
    let mut details = vec![
        sized("method", method, "the method: what to do with the resource"),
        sized("target", target, "the resource: the topic, and what is requested of it"),
        sized("version", &version, "the protocol version: how to read what follows"),
    ];
    if let Some(cursor) = cursor_in(target) {
        details.insert(2, cursor);
    }
    details.push(Detail::new("between", "", "4 B: two blanks, CR and LF"));
    let why = "the request line: what is requested, sent again with every request";
    Part::new("request line", kind, line).because(why, "RFC 9112, section 3").with(details)
}

fn status_line(head: &ResponseHead<'_>, kind: ByteKind) -> Part {
    let (why, source) = match head.status {
        101 => (
            "101: the protocol is switched; what follows the empty line is no longer HTTP",
            "RFC 9110, section 15.2.2",
        ),
        200 => ("200: the body has the requested messages", "RFC 9110, section 15.3.1"),
        204 => ("204: no new message, and so no body", "RFC 9110, section 15.3.5"),
        304 => ("304: what the client has is still the newest", "RFC 9110, section 15.4.5"),
        _ => ("the status line: the outcome of the request", "RFC 9112, section 4"),
    };
    Part::new("status line", kind, head.fields.start_line()).because(why, source)
}

fn field(name: &str, value: &str, line: &[u8], kind: ByteKind) -> Part {
    let part = Part::new(name, kind, line);
    let mut part = match known(name) {
        Some(field) => part.because(field.why, field.source),
        None => part.because("a field that Pushbench does not know", ""),
    };
    if name.eq_ignore_ascii_case("cursor") {
        part.details.extend(cursor(value));
    }
    part
}

fn sized(name: &str, value: &str, note: &str) -> Detail {
    Detail::new(name, value, format!("{} B: {note}", value.len()))
}

/// The cursor in a target's `?after=`.
fn cursor_in(target: &str) -> Option<Detail> {
    let (_, query) = target.split_once('?')?;
    query.split('&').find_map(|pair| cursor(pair.strip_prefix("after=")?))
}

/// A cursor, in words.
pub(crate) fn cursor(text: &str) -> Option<Detail> {
    let cursor = Cursor::decode(text.as_bytes())?;
    let meaning = match cursor {
        Cursor::OLDEST => "before everything that the log still holds".to_owned(),
        Cursor::NOW => "after everything published so far: only what comes from now on".to_owned(),
        Cursor { epoch, position } => {
            format!("life {epoch} of the log, after its message number {position}")
        }
    };
    Some(Detail::new("cursor", text, meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = "GET /topics/t0000/poll?after=0000000000000000 HTTP/1.1\r\nHost: h:1\r\nX-Banana: 1\r\n\r\n";

    fn joined(head: &Head) -> Vec<u8> {
        head.parts.iter().flat_map(|part| part.bytes.clone()).collect()
    }

    #[test]
    fn a_head_is_its_parts_and_what_follows_it_is_left() {
        let bytes = format!("{REQUEST}body");
        let head = head(bytes.as_bytes(), ByteKind::Header, true).expect("a head");
        assert_eq!(joined(&head), REQUEST.as_bytes());
        let names: Vec<_> = head.parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["request line", "Host", "X-Banana", "empty line"]);
        assert_eq!(head.value("hoST"), Some("h:1"));
        assert!(head.parts[0].details.iter().any(|detail| detail.name == "cursor"));
        assert_eq!(head.parts[1].source, Some("RFC 9110, section 7.2"));
        assert_eq!(
            (head.parts[2].source, head.parts[2].note.contains("does not know")),
            (None, true)
        );
    }

    #[test]
    fn a_head_that_is_cut_anywhere_is_refused_and_never_read_as_another() {
        for cut in 0..REQUEST.len() {
            assert!(head(&REQUEST.as_bytes()[..cut], ByteKind::Header, true).is_err(), "{cut}");
        }
    }

    #[test]
    fn what_is_no_head_is_refused() {
        for bytes in
            [&b"\x81\x05hello\r\n\r\n"[..], b"GET /\r\n\r\n", b"GET / HTTP/1.1\r\nno field\r\n\r\n"]
        {
            assert!(head(bytes, ByteKind::Header, true).is_err(), "{:?}", bytes.escape_ascii());
        }
        assert!(head(b"SSH-2.0\r\n\r\n", ByteKind::Header, false).is_err());
    }

    #[test]
    fn a_cursor_is_told_in_words() {
        assert!(cursor("0000000000000000").expect("one").note.contains("before everything"));
        assert!(cursor("001a00000000000i").expect("one").note.contains("number 6"));
        assert_eq!(cursor("banana"), None);
    }
}
