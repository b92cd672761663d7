//! Reads answers to polls, however the bytes come in.

use pushbench_protocol::heads::WEAK;
use pushbench_protocol::number::{MAX_BODY, digits, gap};
use pushbench_protocol::paths::{CURSOR_FIELD, GAP_FIELD};
use pushbench_protocol::{Compression, Cursor};

use crate::Fault;

/// Most fields an answer may have.
const MAX_FIELDS: usize = 64;
/// Longest head, so that a stream which is no HTTP cannot fill memory.
const MAX_HEAD: usize = 64 * 1024;

/// An answer to a poll.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Answer<'a> {
    /// Status code.
    pub(crate) status: u16,
    /// The head as received, empty line included.
    pub(crate) head: &'a [u8],
    /// The body.
    pub(crate) body: &'a [u8],
    /// From the `Cursor` or the `Etag` field.
    pub(crate) cursor: Option<Cursor>,
    /// From the `Gap` field: messages that the server no longer held.
    pub(crate) gap: u64,
    /// From the `Content-Encoding` field: what the body is compressed with.
    pub(crate) coding: Compression,
}

/// What a head says.
#[derive(Clone, Copy, Debug)]
struct Head {
    len: usize,
    status: u16,
    body_len: usize,
    cursor: Option<Cursor>,
    gap: u64,
    coding: Compression,
}

/// Puts answers together from reads.
///
/// Holds no memory while answers come whole, as nearly all do.
#[derive(Debug, Default)]
pub(crate) struct AnswerReader {
    kept: Vec<u8>,
    head: Option<Head>,
}

impl AnswerReader {
    /// Takes the next bytes and gives `with` the answer once it is complete.
    ///
    /// # Errors
    ///
    /// [`Fault::Malformed`] if the bytes are no answer that a poll can have, or if more bytes came
    /// than the answer has: nothing was asked that they could belong to.
    pub(crate) fn push<T>(
        &mut self,
        bytes: &[u8],
        with: impl FnOnce(Answer<'_>) -> T,
    ) -> Result<Option<T>, Fault> {
        if self.kept.is_empty() {
            return match read(bytes, &mut self.head)? {
                Some(answer) => Ok(Some(with(answer))).inspect(|_| self.head = None),
                None => {
                    self.kept.extend_from_slice(bytes);
                    Ok(None)
                }
            };
        }
        self.kept.extend_from_slice(bytes);
        match read(&self.kept, &mut self.head)? {
            Some(answer) => {
                let done = with(answer);
                self.head = None;
                self.kept = Vec::new();
                Ok(Some(done))
            }
            None => Ok(None),
        }
    }

    /// Length and status of the first answer in `bytes`, which may hold several; `None` while it is
    /// incomplete.
    pub(crate) fn first(bytes: &[u8]) -> Result<Option<(usize, u16)>, Fault> {
        let head = read_head(bytes)?;
        Ok(head
            .map(|head| (head.len + head.body_len, head.status))
            .filter(|&(len, _)| len <= bytes.len()))
    }
}

/// Reads an answer from all bytes so far; remembers the head, so it is parsed once.
fn read<'a>(bytes: &'a [u8], head: &mut Option<Head>) -> Result<Option<Answer<'a>>, Fault> {
    if head.is_none() {
        *head = read_head(bytes)?;
    }
    let Some(known) = *head else { return Ok(None) };
    let end = known.len + known.body_len;
    match bytes.len().cmp(&end) {
        std::cmp::Ordering::Less => Ok(None),
        std::cmp::Ordering::Equal => Ok(Some(Answer {
            status: known.status,
            head: &bytes[..known.len],
            body: &bytes[known.len..],
            cursor: known.cursor,
            gap: known.gap,
            coding: known.coding,
        })),
        std::cmp::Ordering::Greater => Err(Fault::Malformed),
    }
}

fn read_head(bytes: &[u8]) -> Result<Option<Head>, Fault> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    let len = match answer.parse(bytes) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) if bytes.len() < MAX_HEAD => return Ok(None),
        _ => return Err(Fault::Malformed),
    };
    let status = answer.code.ok_or(Fault::Malformed)?;
    let coding = Compression::None;
    let mut head = Head { len, status, body_len: 0, cursor: None, gap: 0, coding };
    let bodyless = matches!(status, 204 | 304) || status < 200;
    let mut has_length = bodyless;
    for field in answer.headers.iter() {
        if field.name.eq_ignore_ascii_case("content-length") {
            if !bodyless {
                head.body_len = body_len(field.value)?;
                has_length = true;
            }
        } else if field.name.eq_ignore_ascii_case(CURSOR_FIELD) {
            head.cursor = Cursor::decode(field.value);
        } else if field.name.eq_ignore_ascii_case("etag") {
            head.cursor = tag(field.value).and_then(Cursor::decode).or(head.cursor);
        } else if field.name.eq_ignore_ascii_case(GAP_FIELD) {
            head.gap = gap(field.value).ok_or(Fault::Malformed)?;
        } else if field.name.eq_ignore_ascii_case("content-encoding") {
            head.coding = content_coding(field.value).ok_or(Fault::Coding)?;
        }
    }
    // A body without a length ends with the connection or in chunks; a poll has neither.
    if has_length { Ok(Some(head)) } else { Err(Fault::Malformed) }
}

/// The length of a body, so small that lengths can be added up.
fn body_len(value: &[u8]) -> Result<usize, Fault> {
    let len = digits(value).ok_or(Fault::Malformed)?;
    usize::try_from(len).ok().filter(|_| len <= MAX_BODY).ok_or(Fault::TooLarge)
}

/// The coding of a body, as far as a transport can ask for it; the name's case does not count.
pub(crate) fn content_coding(value: &[u8]) -> Option<Compression> {
    let name = std::str::from_utf8(value).ok()?.trim();
    [Compression::Gzip, Compression::Brotli]
        .into_iter()
        .find(|known| known.content_coding().is_some_and(|known| known.eq_ignore_ascii_case(name)))
}

/// What stands between the quotes of an entity tag, weak or not.
pub(crate) fn tag(value: &[u8]) -> Option<&[u8]> {
    let value = value.strip_prefix(WEAK.as_bytes()).unwrap_or(value);
    value.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ANSWERS: [&str; 5] = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nCursor: 00010000000000aa\r\nGap: 7\r\n\r\nhello",
        "HTTP/1.1 204 No Content\r\nDate: x\r\nCursor: 00010000000000aa\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nEtag: \"00010000000000aa\"\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nEtag: W/\"00010000000000aa\"\r\nVary: x\r\n\r\n",
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
    ];

    type Seen = (u16, Vec<u8>, usize, Option<Cursor>, u64);

    fn push(reader: &mut AnswerReader, bytes: &[u8]) -> Result<Option<Seen>, Fault> {
        reader.push(bytes, |a| (a.status, a.body.to_vec(), a.head.len(), a.cursor, a.gap))
    }

    fn whole(answer: &str) -> Seen {
        push(&mut AnswerReader::default(), answer.as_bytes()).expect("valid").expect("complete")
    }

    #[test]
    fn an_answer_does_not_depend_on_where_reads_end() {
        for answer in ANSWERS {
            let expected = whole(answer);
            for cut in 1..answer.len() {
                let mut reader = AnswerReader::default();
                let (first, second) = answer.as_bytes().split_at(cut);
                assert_eq!(push(&mut reader, first), Ok(None), "{answer} cut at {cut}");
                assert_eq!(push(&mut reader, second), Ok(Some(expected.clone())), "cut at {cut}");
                assert_eq!(push(&mut reader, answer.as_bytes()), Ok(Some(expected.clone())));
            }
            let mut reader = AnswerReader::default();
            let (last, before) = answer.as_bytes().split_last().expect("not empty");
            for byte in before {
                assert_eq!(push(&mut reader, &[*byte]), Ok(None));
            }
            assert_eq!(push(&mut reader, &[*last]), Ok(Some(expected)));
        }
    }

    #[test]
    fn fields_are_read() {
        let cursor = Some(Cursor { epoch: 1, position: 33 });
        assert_eq!(whole(ANSWERS[0]), (200, b"hello".to_vec(), 72, cursor, 7));
        assert_eq!(whole(ANSWERS[1]).3, cursor);
        assert_eq!(whole(ANSWERS[2]).3, cursor);
        assert_eq!(whole(ANSWERS[3]).3, cursor);
    }

    #[test]
    fn more_than_the_answer_and_bodies_without_length_are_malformed() {
        for bytes in [
            format!("{}x", ANSWERS[0]),
            "HTTP/1.1 200 OK\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
            "SSH-2.0-OpenSSH\r\n".to_owned(),
        ] {
            assert_eq!(push(&mut AnswerReader::default(), bytes.as_bytes()), Err(Fault::Malformed));
        }
    }

    #[test]
    fn a_length_or_a_gap_that_cannot_be_is_a_fault_and_no_panic() {
        for (fields, fault) in [
            ("Content-Length: 18446744073709551615", Fault::Malformed),
            ("Content-Length: 18446744073709551616", Fault::Malformed),
            ("Content-Length: +5", Fault::Malformed),
            ("Content-Length: -1", Fault::Malformed),
            ("Content-Length:", Fault::Malformed),
            ("Content-Length: 9223372036854775807", Fault::TooLarge),
            ("Content-Length: 67108865", Fault::TooLarge),
            ("Content-Length: 5\r\nGap: 18446744073709551615", Fault::Malformed),
            ("Content-Length: 5\r\nGap: +1", Fault::Malformed),
        ] {
            let bytes = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\nhello");
            let pushed = push(&mut AnswerReader::default(), bytes.as_bytes());
            assert_eq!(pushed, Err(fault), "{fields}");
            assert_eq!(AnswerReader::first(bytes.as_bytes()), Err(fault), "{fields}");
        }
    }

    #[test]
    fn a_coding_is_read_if_a_transport_can_ask_for_it() {
        for (value, expected) in [
            ("gzip", Ok(Compression::Gzip)),
            ("BR", Ok(Compression::Brotli)),
            ("zstd", Err(Fault::Coding)),
            ("gzip, br", Err(Fault::Coding)),
        ] {
            let text = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Encoding: {value}\r\n\r\nx"
            );
            let found = AnswerReader::default().push(text.as_bytes(), |answer| answer.coding);
            assert_eq!(found, expected.map(Some), "{value}");
        }
    }

    #[test]
    fn answers_that_come_together_are_told_apart() {
        let both = ANSWERS[0].to_owned() + ANSWERS[1];
        assert_eq!(AnswerReader::first(both.as_bytes()), Ok(Some((ANSWERS[0].len(), 200))));
        let cut = &both.as_bytes()[..ANSWERS[0].len() - 1];
        assert_eq!(AnswerReader::first(cut), Ok(None));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..5)) {
            let mut reader = AnswerReader::default();
            for chunk in chunks {
                if push(&mut reader, &chunk).is_err() {
                    break;
                }
            }
        }
    }
}
