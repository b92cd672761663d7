//! Reads responses to polls and publishes, however the bytes come in (RFC 9112).
//!
//! Any legal response is read: interim ones before it, a body that has a length, comes in chunks or
//! ends with the connection. What the body is coded in is told, not undone.

use pushbench_protocol::number::MAX_BODY;
use pushbench_wire::chunk::{ChunkedReader, NotChunked, Piece};
use pushbench_wire::head::BodyEnd;

use crate::Fault;
use crate::accounts::Unfinished;
use crate::carrier::answer::Answer;
use crate::carrier::http1::headers::Headers;

/// Puts responses together from reads.
///
/// Holds no memory while responses come whole, as nearly all do.
#[derive(Debug, Default)]
pub(crate) struct AnswerReader {
    /// What has come of the response that is being read. Data of chunks is taken off.
    kept: Vec<u8>,
    headers: Headers,
    chunks: Option<Box<Chunks>>,
}

/// A body in chunks, as far as it has come.
#[derive(Debug, Default)]
struct Chunks {
    reader: ChunkedReader,
    data: Vec<u8>,
    framing: u64,
}

/// Most bytes of the beginning that are told of a response that did not become whole, beside its
/// head.
const BEGINNING: usize = 256;

impl AnswerReader {
    /// Takes the next bytes and gives `with` the response once it is complete.
    ///
    /// # Errors
    ///
    /// A fault if the bytes are no response that a poll can have, or if more bytes came than the
    /// response has: nothing was asked that they could belong to.
    pub(crate) fn push<T>(
        &mut self,
        mut bytes: &[u8],
        with: impl FnOnce(Answer<'_>) -> T,
    ) -> Result<Option<T>, Fault> {
        let done = self.take(&mut bytes, with)?;
        if done.is_some() && !bytes.is_empty() {
            self.kept.extend_from_slice(bytes);
            return Err(Fault::Malformed);
        }
        Ok(done)
    }

    /// Takes bytes off the front of `input` until a response is complete, which `with` is given, or
    /// `input` is used up. What follows belongs to the next one.
    pub(crate) fn take<T>(
        &mut self,
        input: &mut &[u8],
        with: impl FnOnce(Answer<'_>) -> T,
    ) -> Result<Option<T>, Fault> {
        // What is wrong with it is found again below.
        if self.is_empty()
            && let Ok(Some(answer)) = whole(input, &mut Headers::default())
        {
            let len = answer.interim as usize + answer.head.len() + answer.body.len();
            let rest = &input[len..];
            let done = with(answer);
            *input = rest;
            return Ok(Some(done));
        }
        self.kept.extend_from_slice(input);
        *input = self.read(input)?;
        let Some(answer) = self.answer(false) else { return Ok(None) };
        let done = with(answer);
        *self = Self::default();
        Ok(Some(done))
    }

    /// The connection has ended: gives `with` the response whose end that is; `None` if nothing has
    /// come.
    ///
    /// # Errors
    ///
    /// [`Fault::Closed`] if a response has come in part (RFC 9112, section 8).
    pub(crate) fn end<T>(
        &mut self,
        with: impl FnOnce(Answer<'_>) -> T,
    ) -> Result<Option<T>, Fault> {
        if self.is_empty() {
            return Ok(None);
        }
        let done = with(self.answer(true).ok_or(Fault::Closed)?);
        *self = Self::default();
        Ok(Some(done))
    }

    /// Whether nothing of a response has come.
    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Bytes that have come of a response that is not whole.
    pub(crate) fn len(&self) -> u64 {
        let of_chunks = |chunks: &Chunks| chunks.data.len() as u64 + chunks.framing;
        self.kept.len() as u64 + self.chunks.as_deref().map_or(0, of_chunks)
    }

    /// Gives up on what has come in part, and says what it was.
    pub(crate) fn give_up(&mut self) -> Unfinished {
        let Self { kept, headers, chunks } = std::mem::take(self);
        let head_end = headers.interim + headers.last.map_or(0, |head| head.len);
        let (data, framing) =
            chunks.map_or((Vec::new(), 0), |chunks| (chunks.data, chunks.framing));
        let mut beginning = kept[headers.interim..].to_vec();
        beginning.extend_from_slice(&data);
        beginning.truncate(head_end - headers.interim + BEGINNING);
        Unfinished {
            header: head_end as u64,
            framing,
            rest: (kept.len() - head_end + data.len()) as u64,
            beginning,
        }
    }

    /// Reads on in what is kept, whose last bytes are `input`; gives what of it is too much.
    fn read<'i>(&mut self, input: &'i [u8]) -> Result<&'i [u8], Fault> {
        self.headers.read(&self.kept)?;
        let Some(head) = self.headers.last else { return Ok(&[]) };
        let head_end = self.headers.interim + head.len;
        let surplus = match head.body {
            BodyEnd::Length(len) => self.kept.len().saturating_sub(head_end + len as usize),
            BodyEnd::Close if (self.kept.len() - head_end) as u64 > MAX_BODY => {
                return Err(Fault::TooLarge);
            }
            BodyEnd::Close => 0,
            BodyEnd::Chunks => {
                let chunks = self.chunks.get_or_insert_default();
                let (used, read) = chunks.push(&self.kept[head_end..]);
                let surplus = self.kept.len() - head_end - used;
                // They are counted or kept elsewhere, also if they are no chunks.
                self.kept.drain(head_end..head_end + used);
                read?;
                surplus
            }
        };
        self.kept.truncate(self.kept.len() - surplus);
        Ok(&input[input.len() - surplus..])
    }

    /// The response, if it is complete.
    fn answer(&self, has_ended: bool) -> Option<Answer<'_>> {
        let head = self.headers.last?;
        let body = &self.kept[self.headers.interim + head.len..];
        let (body, framing, is_whole) = match (head.body, &self.chunks) {
            (BodyEnd::Length(len), _) => (body, 0, body.len() as u64 == len),
            (BodyEnd::Close, _) => (body, 0, has_ended),
            (BodyEnd::Chunks, None) => return None,
            (BodyEnd::Chunks, Some(chunks)) => {
                (&chunks.data[..], chunks.framing, chunks.reader.is_over())
            }
        };
        is_whole.then(|| {
            head.answer(
                &self.kept[..self.headers.interim + head.len],
                self.headers.interim,
                body,
                framing,
            )
        })
    }
}

impl Chunks {
    /// Takes bytes until the last chunk has ended; gives how many.
    fn push(&mut self, bytes: &[u8]) -> (usize, Result<(), Fault>) {
        let mut rest = bytes;
        let read = loop {
            match self.reader.next(&mut rest) {
                Ok(Some(Piece::Data(data))) => {
                    self.data.extend_from_slice(data);
                    self.framing += self.reader.take_overhead();
                    // Chunks of a byte each have six times as much around it.
                    if self.data.len() as u64 + self.framing > MAX_BODY {
                        break Err(Fault::TooLarge);
                    }
                }
                Ok(Some(Piece::End) | None) => break Ok(()),
                Err(NotChunked) => break Err(Fault::Malformed),
            }
        };
        self.framing += self.reader.take_overhead();
        (bytes.len() - rest.len(), read)
    }
}

/// The response at the front of `bytes` that is whole in them and has a length.
fn whole<'a>(bytes: &'a [u8], headers: &mut Headers) -> Result<Option<Answer<'a>>, Fault> {
    headers.read(bytes)?;
    let Some(head) = headers.last else { return Ok(None) };
    let BodyEnd::Length(len) = head.body else { return Ok(None) };
    let head_end = headers.interim + head.len;
    let body = bytes[head_end..].get(..len as usize);
    Ok(body.map(|body| head.answer(&bytes[..head_end], headers.interim, body, 0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pushbench_protocol::Cursor;

    use crate::content_coding::ContentCoding;

    use super::*;

    const ANSWERS: [&str; 6] = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nCursor: 00010000000000aa\r\nGap: 7\r\n\r\nhello",
        "HTTP/1.1 204 No Content\r\nDate: x\r\nCursor: 00010000000000aa\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nEtag: \"00010000000000aa\"\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nEtag: W/\"00010000000000aa\"\r\nVary: x\r\n\r\n",
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n\
         6\r\nhello \r\n5\r\nworld\r\n0\r\nA: b\r\n\r\n",
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
    fn more_than_the_answer_and_what_is_no_http_are_malformed() {
        for bytes in [
            format!("{}x", ANSWERS[0]),
            format!("{}x", ANSWERS[5]),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz".to_owned(),
            "SSH-2.0-OpenSSH\r\n".to_owned(),
        ] {
            let mut reader = AnswerReader::default();
            assert_eq!(push(&mut reader, bytes.as_bytes()), Err(Fault::Malformed), "{bytes}");
        }
    }

    #[test]
    fn a_body_that_ends_with_the_connection_is_whole_when_that_has_ended() {
        let text = "HTTP/1.1 200 OK\r\nCursor: 00010000000000aa\r\n\r\nhello";
        for cut in 1..text.len() {
            let mut reader = AnswerReader::default();
            let (first, second) = text.as_bytes().split_at(cut);
            assert_eq!(push(&mut reader, first), Ok(None));
            assert_eq!(push(&mut reader, second), Ok(None));
            let ended = reader.end(|answer| (answer.body.to_vec(), answer.closes, answer.len()));
            assert_eq!(ended, Ok(Some((b"hello".to_vec(), true, text.len() as u64))));
            assert_eq!(reader.end(|_| ()), Ok(None), "nothing is left");
        }
        for answer in ANSWERS {
            let mut reader = AnswerReader::default();
            assert_eq!(push(&mut reader, &answer.as_bytes()[..answer.len() - 1]), Ok(None));
            assert_eq!(reader.end(|_| ()), Err(Fault::Closed), "{answer}");
        }
    }

    #[test]
    fn chunks_win_over_a_length_and_an_interim_response_is_read_past() {
        let seen = |text: &str| {
            let mut reader = AnswerReader::default();
            let seen = reader.push(text.as_bytes(), |a| {
                (a.status, a.body.to_vec(), a.interim, a.framing, a.len())
            });
            seen.expect("valid").expect("complete")
        };
        let (interim, framing) = (25 + 53, 3 + 2 + 3 + 2 + 3 + 6 + 2);
        let expected = (200, b"hello world".to_vec(), interim, framing, ANSWERS[5].len() as u64);
        assert_eq!(seen(ANSWERS[5]), expected);
    }

    #[test]
    fn what_came_in_part_is_given_up_to_the_byte() {
        for answer in ANSWERS {
            for cut in 0..answer.len() {
                let mut reader = AnswerReader::default();
                assert_eq!(push(&mut reader, &answer.as_bytes()[..cut]), Ok(None));
                let unfinished = reader.give_up();
                let all = unfinished.header + unfinished.framing + unfinished.rest;
                assert_eq!(all, cut as u64, "{answer} cut at {cut}");
                assert!(reader.is_empty());
            }
        }
        let mut reader = AnswerReader::default();
        let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcdef";
        assert_eq!(push(&mut reader, bytes), Err(Fault::Malformed));
        let given_up = reader.give_up();
        assert_eq!(given_up.header + given_up.framing + given_up.rest, bytes.len() as u64);
        assert!(given_up.beginning.starts_with(b"HTTP/1.1 200 OK"));
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
        }
    }

    #[test]
    fn a_coding_is_told_by_its_name_if_that_is_known() {
        for (value, expected) in [
            ("gzip", ContentCoding::Gzip),
            ("BR", ContentCoding::Brotli),
            ("zstd", ContentCoding::Zstd),
            ("compress", ContentCoding::Unknown),
            ("gzip, br", ContentCoding::Unknown),
        ] {
            let text = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Encoding: {value}\r\n\r\nx"
            );
            let found = AnswerReader::default().push(text.as_bytes(), |answer| answer.coding);
            assert_eq!(found, Ok(Some(expected)), "{value}");
        }
    }

    #[test]
    fn answers_that_come_together_are_told_apart_wherever_reads_end() {
        let all = ANSWERS.concat();
        for step in 1..all.len() {
            let mut reader = AnswerReader::default();
            let mut lens = Vec::new();
            for mut bytes in all.as_bytes().chunks(step) {
                while let Some(len) = reader.take(&mut bytes, |answer| answer.len()).expect("valid")
                {
                    lens.push(len);
                }
            }
            assert_eq!(lens, ANSWERS.map(|answer| answer.len() as u64), "in steps of {step}");
        }
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
