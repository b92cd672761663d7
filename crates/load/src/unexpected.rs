//! What came instead of what was expected, kept so that a reader of the record sees it.

use std::fmt::Write;

use pushbench_wire::head::{HeadError, ResponseHead};

use crate::carrier::answer::Answer;
use crate::coded::beginning;

/// Most bytes that are kept of a body, or of what is no HTTP.
pub(crate) const KEPT: usize = 200;
/// Most bytes that are kept of a first line.
const KEPT_OF_LINE: usize = 200;
/// Most bytes that are kept of what went wrong in a dialogue, which has an excerpt in it.
const KEPT_OF_DIALOGUE: usize = 800;

/// The code of a close frame that has none (RFC 6455, section 7.1.5).
const NO_CODE: u16 = 1005;

/// A response or a close frame that was not what was expected, as far as it is kept on record.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Unexpected {
    /// Its status code; `None` if what came is no HTTP.
    pub status: Option<u16>,
    /// Its first line, without line end; `None` if what came is no HTTP, or came as
    /// fields, which have none.
    pub first_line: Option<String>,
    /// The code of a close frame, 1005 if it has none (RFC 6455, section 7.1.5); `None` if what came is
    /// no close frame.
    pub close_code: Option<u16>,
    /// The first 200 bytes of its body, of what is no HTTP, of fields that are not whole or not as
    /// they should be, or of a close frame's reason; what cannot be printed is escaped.
    pub first_bytes: String,
    /// What went wrong, in words: with a third-party server in which step, what came, and what its
    /// adapter expects; in a TLS handshake what came, and what to do. `None` elsewhere.
    pub dialogue: Option<String>,
    /// The key of a third-party server's adapter that it does not agree with; `None` where it is not
    /// one in particular.
    pub key: Option<&'static str>,
}

impl Unexpected {
    /// What these bytes say, which begin with a head if they are HTTP.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let head = ResponseHead::read(bytes, |head| Ok::<_, HeadError>((head.len, head.status)));
        match head {
            Ok(Some((len, status))) => Self {
                status: Some(status),
                first_line: Some(first_line(bytes)),
                first_bytes: printable(&bytes[len..], KEPT),
                ..Self::default()
            },
            Ok(None) | Err(_) => Self::of_headers(bytes),
        }
    }

    /// The same of headers that are not whole, or that are refused.
    fn of_headers(bytes: &[u8]) -> Self {
        let line_len = bytes.iter().position(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let (line, fields) = bytes.split_at(line_len);
        let alone = [line, b"\r\n"].concat();
        match ResponseHead::read(&alone, |head| Ok::<_, HeadError>(head.status)) {
            Ok(Some(status)) => Self {
                status: Some(status),
                first_line: Some(first_line(line)),
                first_bytes: printable(fields, KEPT),
                ..Self::default()
            },
            Ok(None) | Err(_) => Self { first_bytes: printable(bytes, KEPT), ..Self::default() },
        }
    }

    /// The same of a response that has come whole; its body is decoded, so that people can read the
    /// reason that a server gives in it.
    pub(crate) fn of_answer(answer: &Answer<'_>) -> Self {
        let body = beginning(answer.coding, answer.body, KEPT);
        Self::of_parts(answer.status, answer.head, &body)
    }

    /// The same of a head and a body that are apart. Without a head it came as fields.
    pub(crate) fn of_parts(status: u16, head: &[u8], body: &[u8]) -> Self {
        Self {
            status: Some(status),
            first_line: (!head.is_empty()).then(|| first_line(head)),
            first_bytes: printable(body, KEPT),
            ..Self::default()
        }
    }

    /// The same of a message, or a part of one.
    pub(crate) fn of_message(bytes: &[u8]) -> Self {
        Self { first_bytes: printable(bytes, KEPT), ..Self::default() }
    }

    /// The same of what a third-party server said, told by what its adapter expects.
    pub(crate) fn of_dialogue(error: &impl std::fmt::Display) -> Self {
        let dialogue = Some(printable(error.to_string().as_bytes(), KEPT_OF_DIALOGUE));
        Self { dialogue, ..Self::default() }
    }

    /// The same of a close frame: a code and a reason, or nothing (RFC 6455, section 5.5.1).
    pub(crate) fn of_close(close: Option<(u16, &[u8])>) -> Self {
        let (code, reason) = close.unwrap_or((NO_CODE, &[]));
        Self { close_code: Some(code), first_bytes: printable(reason, KEPT), ..Self::default() }
    }
}

fn first_line(head: &[u8]) -> String {
    let line = head.split(|byte| matches!(byte, b'\r' | b'\n')).find(|line| !line.is_empty());
    printable(line.unwrap_or_default(), KEPT_OF_LINE)
}

/// The first bytes as text. Text of others must not reach a terminal raw: control characters, and
/// those that turn the direction of what follows, are escaped.
pub(crate) fn printable(bytes: &[u8], most: usize) -> String {
    let bytes = &bytes[..bytes.len().min(most)];
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                _ if character.is_control() || turns(character) => {
                    text.extend(character.escape_unicode());
                }
                _ => text.push(character),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Whether a character is invisible and changes how others are shown (Unicode, UAX 9).
fn turns(character: char) -> bool {
    matches!(character, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_its_status_its_first_line_and_the_beginning_of_its_body() {
        let bytes = b"HTTP/1.1 404 Not Found\r\nContent-Length: 300\r\n\r\nno such topic\n";
        let expected = Unexpected {
            status: Some(404),
            first_line: Some("HTTP/1.1 404 Not Found".to_owned()),
            first_bytes: "no such topic\\n".to_owned(),
            ..Unexpected::default()
        };
        assert_eq!(Unexpected::of(bytes), expected);
        let long = [&bytes[..], &[b'x'; 300]].concat();
        assert_eq!(Unexpected::of(&long).first_bytes.len(), KEPT + 1);
    }

    #[test]
    fn headers_that_are_not_whole_or_too_long_are_told_as_http_by_their_status_line() {
        let long = format!("A: {}\r\n", "x".repeat(70_000));
        for (fields, shown) in [
            ("A: b\r\nContent-Le", "A: b\\r\\nContent-Le"),
            ("A : b\r\n\r\n", "A : b\\r\\n\\r\\n"),
            (&*long, &long[..KEPT]),
        ] {
            let expected = Unexpected {
                status: Some(200),
                first_line: Some("HTTP/1.1 200 OK".to_owned()),
                first_bytes: shown.to_owned(),
                ..Unexpected::default()
            };
            assert_eq!(Unexpected::of(format!("HTTP/1.1 200 OK\r\n{fields}").as_bytes()), expected);
        }
        for none in ["", "\n", "HTTP/1.1 200", "HTTP/1.1 20 OK\r\n", "SSH-2.0\r\n"] {
            assert_eq!(Unexpected::of(none.as_bytes()).status, None, "{none}");
        }
    }

    #[test]
    fn a_close_frame_is_its_code_and_its_reason_and_may_have_neither() {
        for (close, code, reason) in [
            (Some((1013, &b"too slow\x1b[2J"[..])), 1013, "too slow\\u{1b}[2J"),
            (Some((1001, b"")), 1001, ""),
            (None, 1005, ""),
        ] {
            let kept = Unexpected::of_close(close);
            assert_eq!((kept.close_code, kept.first_bytes.as_str()), (Some(code), reason));
            assert_eq!((kept.status, kept.first_line), (None, None));
        }
        assert_eq!(Unexpected::of_close(Some((1000, &[b'x'; 300]))).first_bytes.len(), KEPT);
    }

    #[test]
    fn what_is_no_http_is_its_first_bytes_and_nothing_of_it_reaches_a_terminal_raw() {
        let bytes = b"\x1b[31mSSH\xff\x07 \xe2\x80\xae caf\xc3\xa9";
        let expected = "\\u{1b}[31mSSH\\xff\\u{7} \\u{202e} caf\u{e9}";
        let found = Unexpected::of(bytes);
        assert_eq!((found.status, found.first_bytes.as_str()), (None, expected));
    }
}
