//! Takes chunked answers apart, wherever reads end (RFC 9112, section 7.1).

/// Bytes that are no chunks, or that go on after the last one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("bytes are no chunked body, expected chunks as RFC 9112, section 7.1, has them")]
pub struct NotChunked;

/// The least size of a chunk that nobody sends, 2^48 bytes.
const MAX_SIZE: u64 = 1 << 48;
/// Longest line of a size with its extension, and longest trailer section: nothing in them is used,
/// and neither are zeros before a size, so a peer that never ends one sends bytes that are for nothing.
///
/// Source: RFC 9112, sections 7.1 (`1*HEXDIG`) and 7.1.1 (a recipient ought to limit the length of chunk
/// extensions).
const MAX_SKIPPED: u32 = 16 * 1024;

/// Part of a chunked body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Piece<'a> {
    /// Data: a whole chunk's, or as much of it as there is.
    Data(&'a [u8]),
    /// The body is over.
    End,
}

/// Takes chunks off a stream of bytes, and counts what they add to the data.
#[derive(Clone, Debug, Default)]
pub struct ChunkedReader {
    state: State,
    /// Size of the chunk that is being read, then what is left of its data.
    left: u64,
    /// Whether the size has a digit.
    has_size: bool,
    /// Bytes of zeros before the size, of the extension or of the trailer section that have been skipped.
    skipped: u32,
    overhead: u64,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    /// In the digits of a size.
    #[default]
    Size,
    /// In an extension of a size, which is skipped.
    Extension,
    /// Behind the CR of a size.
    SizeEnd,
    Data,
    /// Behind the data.
    DataEnd,
    /// Behind the CR that ends the data.
    ChunkEnd,
    /// At the start of a trailer line.
    TrailerStart,
    /// Within one, which is skipped.
    Trailer,
    /// Behind the CR of the empty line.
    LastEnd,
    Over,
}

impl ChunkedReader {
    /// Takes bytes off the front of `input` until there is a piece or `input` is used up.
    ///
    /// # Errors
    ///
    /// If the bytes are no chunks, or go on after the last one.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Piece<'a>>, NotChunked> {
        while let Some((&byte, rest)) = input.split_first() {
            if self.state == State::Data {
                let len = usize::try_from(self.left).unwrap_or(usize::MAX).min(input.len());
                let (data, rest) = input.split_at(len);
                *input = rest;
                self.left -= len as u64;
                if self.left == 0 {
                    self.state = State::DataEnd;
                }
                return Ok(Some(Piece::Data(data)));
            }
            *input = rest;
            self.overhead += 1;
            self.state = self.after(byte)?;
            if self.state == State::Over {
                return Ok(Some(Piece::End));
            }
        }
        Ok(None)
    }

    /// Whether the last chunk, and the trailer section behind it, have ended.
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Takes the number of bytes so far that were no data.
    pub fn take_overhead(&mut self) -> u64 {
        std::mem::take(&mut self.overhead)
    }

    /// Goes on skipping, within a bound.
    fn skip(&mut self, state: State) -> Result<State, NotChunked> {
        self.skipped += 1;
        if self.skipped > MAX_SKIPPED { Err(NotChunked) } else { Ok(state) }
    }

    /// The state after a byte that is no data.
    fn after(&mut self, byte: u8) -> Result<State, NotChunked> {
        Ok(match (self.state, byte) {
            (State::Size, b'\r') if self.has_size => State::SizeEnd,
            (State::Size, b';' | b' ' | b'\t') if self.has_size => State::Extension,
            (State::Size, _) => {
                let digit = char::from(byte).to_digit(16).ok_or(NotChunked)?;
                self.left = self.left << 4 | u64::from(digit);
                self.has_size = true;
                match self.left {
                    0 => self.skip(State::Size)?,
                    MAX_SIZE.. => return Err(NotChunked),
                    _ => State::Size,
                }
            }
            (State::Extension, b'\r') => State::SizeEnd,
            (State::Extension, _) => self.skip(State::Extension)?,
            (State::SizeEnd, b'\n') => {
                self.has_size = false;
                self.skipped = 0;
                if self.left == 0 { State::TrailerStart } else { State::Data }
            }
            (State::DataEnd, b'\r') => State::ChunkEnd,
            (State::ChunkEnd, b'\n') => State::Size,
            (State::TrailerStart, b'\r') => State::LastEnd,
            (State::TrailerStart, _) => self.skip(State::Trailer)?,
            (State::Trailer, b'\n') => State::TrailerStart,
            (State::Trailer, _) => self.skip(State::Trailer)?,
            (State::LastEnd, b'\n') => State::Over,
            (
                State::SizeEnd
                | State::DataEnd
                | State::ChunkEnd
                | State::LastEnd
                | State::Over
                | State::Data,
                _,
            ) => return Err(NotChunked),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BODY: &[u8] =
        b"5\r\nhello\r\n1;name=value\r\n \r\n00a\r\nworld\r\nxyz\r\n0\r\nTrailer: x\r\n\r\n";
    const DATA: &[u8] = b"hello world\r\nxyz";

    /// Everything that `reads` carry: data, whether it ended, bytes that were no data.
    fn read<'a>(
        reads: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(Vec<u8>, bool, u64), NotChunked> {
        let mut reader = ChunkedReader::default();
        let (mut data, mut ended) = (Vec::new(), false);
        for mut input in reads {
            while let Some(piece) = reader.next(&mut input)? {
                match piece {
                    Piece::Data(bytes) => data.extend_from_slice(bytes),
                    Piece::End => ended = true,
                }
            }
        }
        Ok((data, ended, reader.take_overhead()))
    }

    #[test]
    fn chunks_do_not_depend_on_where_reads_end() {
        let overhead = (BODY.len() - DATA.len()) as u64;
        let expected = Ok((DATA.to_vec(), true, overhead));
        assert_eq!(read([BODY]), expected);
        for cut in 0..BODY.len() {
            let (first, second) = BODY.split_at(cut);
            assert_eq!(read([first, second]), expected, "cut at {cut}");
        }
        assert_eq!(read(BODY.chunks(1)), expected);
        assert_eq!(read(BODY.chunks(3)), expected);
    }

    #[test]
    fn zeros_before_a_size_are_part_of_it() {
        let text = b"0000000000000003\r\nabc\r\n00000000000000000000\r\n\r\n";
        assert_eq!(read([&text[..]]), Ok((b"abc".to_vec(), true, text.len() as u64 - 3)));
        assert_eq!(read(text.chunks(1)), Ok((b"abc".to_vec(), true, text.len() as u64 - 3)));
    }

    #[test]
    fn what_is_no_chunk_is_malformed() {
        for bytes in [
            &b"\r\n"[..],
            b"x\r\n",
            b"5\nhello",
            b"1\r\nab",
            b"0\r\n\r\nmore",
            b"fffffffffffff\r\n",
            b"HTTP/1.1 200 OK\r\n",
        ] {
            assert_eq!(read([bytes]), Err(NotChunked), "{:?}", bytes.escape_ascii());
        }
    }

    #[test]
    fn an_extension_and_a_trailer_end_within_a_bound() {
        let long = "x".repeat(MAX_SKIPPED as usize + 1);
        for text in [
            format!("5;{long}"),
            "0".repeat(MAX_SKIPPED as usize + 1),
            format!("0\r\n{long}"),
            format!("0\r\n{}", "a: b\r\n".repeat(4_096)),
        ] {
            assert_eq!(read([text.as_bytes()]), Err(NotChunked));
        }
        // What is skipped for one chunk is not held against the next.
        let text = format!("1;{}\r\na\r\n", &long[..1_000]).repeat(100) + "0\r\n\r\n";
        assert!(read([text.as_bytes()]).is_ok_and(|(data, ended, _)| data.len() == 100 && ended));
    }

    proptest! {
        #[test]
        fn every_encoded_body_comes_back(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 0..8),
            step in 1_usize..40,
        ) {
            let mut body = Vec::new();
            for chunk in &chunks {
                body.extend(crate::chunk::encode_chunk(&[chunk]));
            }
            let data = chunks.concat();
            let overhead = (body.len() - data.len()) as u64;
            prop_assert_eq!(read(body.chunks(step)), Ok((data, false, overhead)));
        }

        #[test]
        fn no_bytes_make_the_reader_panic(reads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..5)) {
            let _ = read(reads.iter().map(Vec::as_slice));
        }
    }
}
