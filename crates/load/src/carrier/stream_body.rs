//! A response that does not end: whether it is one, and its body, however that is framed (RFC 9112,
//! section 6.3).

use pushbench_protocol::Timestamp;
use pushbench_wire::chunk::{ChunkedReader, NotChunked, Piece};
use pushbench_wire::head::BodyEnd;

use crate::Fault;
use crate::accounts::Passed;
use crate::content_coding::ContentCoding;
use crate::witness::Witness;

/// Takes data off a stream of bytes.
#[derive(Debug)]
pub(crate) enum StreamBody {
    /// In chunks.
    Chunks(ChunkedReader),
    /// All that comes until the connection ends.
    UntilClose,
    /// So many bytes more, though it was to have no end; and whether that has been told.
    Left(u64, bool),
}

impl StreamBody {
    /// The body behind a head that says this of it.
    pub(crate) fn of(end: BodyEnd) -> Self {
        match end {
            BodyEnd::Chunks => Self::Chunks(ChunkedReader::default()),
            BodyEnd::Close => Self::UntilClose,
            BodyEnd::Length(len) => Self::Left(len, false),
        }
    }

    /// Takes bytes off the front of `input` until there is a piece or `input` is used up.
    ///
    /// # Errors
    ///
    /// [`Fault::Malformed`] if the bytes are no chunks, or go on after the end.
    pub(crate) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Piece<'a>>, Fault> {
        match self {
            Self::Chunks(reader) => reader.next(input).map_err(|NotChunked| Fault::Malformed),
            Self::UntilClose if input.is_empty() => Ok(None),
            Self::UntilClose => Ok(Some(Piece::Data(std::mem::take(input)))),
            Self::Left(0, is_told) => match (*is_told, input.is_empty()) {
                (false, _) => {
                    *is_told = true;
                    Ok(Some(Piece::End))
                }
                (true, true) => Ok(None),
                (true, false) => Err(Fault::Malformed),
            },
            Self::Left(..) if input.is_empty() => Ok(None),
            Self::Left(left, _) => {
                let len = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                let (data, rest) = input.split_at(len);
                *left -= len as u64;
                *input = rest;
                Ok(Some(Piece::Data(data)))
            }
        }
    }

    /// Whether the server has said that nothing more comes; the connection may go on.
    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::Chunks(reader) => reader.is_over(),
            Self::UntilClose => false,
            Self::Left(left, _) => *left == 0,
        }
    }

    /// Takes the number of bytes so far that were no data.
    pub(crate) fn take_overhead(&mut self) -> u64 {
        match self {
            Self::Chunks(reader) => reader.take_overhead(),
            Self::UntilClose | Self::Left(..) => 0,
        }
    }
}

/// Says what a response is coded in that names these, or refuses them.
pub(crate) type CodingOf<'f> =
    dyn for<'n> Fn(&mut dyn Iterator<Item = &'n [u8]>) -> Result<ContentCoding, Fault> + 'f;

/// What a response is coded in that is a stream.
///
/// # Errors
///
/// [`Fault::Status`] for any but 200, and whatever `coding_of` says.
pub(crate) fn check(
    status: u16,
    named: &mut dyn Iterator<Item = &[u8]>,
    coding_of: &CodingOf<'_>,
) -> Result<ContentCoding, Fault> {
    if status == 200 { coding_of(named) } else { Err(Fault::Status(status)) }
}

/// What was read of a stream at once. It belongs together, and to one phase.
pub(crate) struct Read<'r> {
    body: &'r mut StreamBody,
    bytes: &'r [u8],
    /// Bytes of it, with what marks data off.
    pub(crate) len: u64,
    pub(crate) received_at: Timestamp,
    pub(crate) witness: &'r Witness,
    /// What has come with it, and with the reads before it of which nothing was booked, and was
    /// booked as it passed.
    pub(crate) passed: Passed,
}

impl<'r> Read<'r> {
    pub(crate) fn new(
        body: &'r mut StreamBody,
        bytes: &'r [u8],
        received_at: Timestamp,
        witness: &'r Witness,
        passed: Passed,
    ) -> Self {
        Self { body, bytes, len: bytes.len() as u64, received_at, witness, passed }
    }

    /// The next piece of it.
    ///
    /// # Errors
    ///
    /// [`Fault::Malformed`] if the bytes are no body of their kind.
    pub(crate) fn next(&mut self) -> Result<Option<Piece<'r>>, Fault> {
        self.body.next(&mut self.bytes)
    }

    /// Takes the number of bytes so far, of this read and of those before it, that were no data.
    pub(crate) fn take_overhead(&mut self) -> u64 {
        self.body.take_overhead()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a>(
        end: BodyEnd,
        reads: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(Vec<u8>, bool), Fault> {
        let mut body = StreamBody::of(end);
        let (mut data, mut has_ended) = (Vec::new(), false);
        for mut input in reads {
            while let Some(piece) = body.next(&mut input)? {
                match piece {
                    Piece::Data(bytes) => data.extend_from_slice(bytes),
                    Piece::End => has_ended = true,
                }
            }
        }
        Ok((data, has_ended))
    }

    #[test]
    fn data_is_taken_however_it_is_framed_and_wherever_reads_end() {
        for (end, bytes, has_ended) in [
            (BodyEnd::Chunks, &b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"[..], true),
            (BodyEnd::Close, b"abcde", false),
            (BodyEnd::Length(5), b"abcde", true),
            (BodyEnd::Length(6), b"abcde", false),
        ] {
            for cut in 0..=bytes.len() {
                let (first, second) = bytes.split_at(cut);
                let expected = Ok((b"abcde".to_vec(), has_ended));
                assert_eq!(read(end, [first, second]), expected, "{end:?} cut at {cut}");
            }
        }
        assert_eq!(read(BodyEnd::Length(4), [&b"abcde"[..]]), Err(Fault::Malformed));
        assert_eq!(read(BodyEnd::Length(0), [&b""[..]]), Ok((Vec::new(), true)));
    }
}
