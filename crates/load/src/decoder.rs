//! A response in a content coding that does not end: decoded as its bytes come, in steps of bounded
//! output.

use std::cell::RefCell;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::{Decompress, FlushDecompress, Status};

use crate::Fault;
use crate::content_coding::ContentCoding;

/// Memory that what is decoded goes through.
const STEP: usize = 16 * 1024;
/// Most that one read may come to once decoded: twice the largest payload. Deflate makes at most
/// 1,032 bytes of one and a read has at most 64 KiB, brotli makes millions of one.
const MOST_OF_A_READ: u64 = 32 << 20;
/// The largest window of deflate, which every decoder has room for.
const WINDOW_BITS: u8 = 15;
/// The first byte of every gzip member (RFC 1952, section 2.3.1).
const GZIP_FIRST: u8 = 0x1f;

thread_local! {
    /// Where every decoder of this thread decodes to: one at rest holds no more than its window.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; STEP]);
}

/// Decodes one response, wherever its bytes were cut.
pub(crate) struct Decoder {
    coding: ContentCoding,
    state: State,
}

enum State {
    /// Nothing has come, or what came before is whole.
    Between {
        is_first: bool,
    },
    Inflating(Box<Decompress>),
    Brotli(Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>),
}

/// How far a step has come.
struct Step {
    taken: usize,
    made: usize,
    end: StepEnd,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum StepEnd {
    /// There may be more to make of what has been taken.
    Full,
    /// All that came has been used up.
    Dry,
    /// The coding's own end.
    Whole,
}

impl Decoder {
    /// A decoder for a response in this coding; `None` for one that is not coded.
    ///
    /// # Errors
    ///
    /// [`Fault::Zstd`], which is not decoded here.
    pub(crate) fn of(coding: ContentCoding) -> Result<Option<Self>, Fault> {
        match coding {
            ContentCoding::Identity => Ok(None),
            ContentCoding::Zstd => Err(Fault::Zstd),
            ContentCoding::Unknown => Err(Fault::Coding),
            ContentCoding::Gzip | ContentCoding::Deflate | ContentCoding::Brotli => {
                Ok(Some(Self { coding, state: State::Between { is_first: true } }))
            }
        }
    }

    /// Decodes what has been read and gives `with` what it comes to, piece by piece.
    ///
    /// # Errors
    ///
    /// [`Fault::Malformed`] if it is not in that coding, or goes on after its end;
    /// [`Fault::Bomb`] if it comes to too much; and whatever `with` says.
    pub(crate) fn push(
        &mut self,
        mut bytes: &[u8],
        mut with: impl FnMut(&[u8]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut made = 0;
        SCRATCH.with_borrow_mut(|scratch| {
            while let Some(&first) = bytes.first() {
                self.begin(first)?;
                loop {
                    let step = self.step(bytes, scratch)?;
                    bytes = &bytes[step.taken..];
                    made += step.made as u64;
                    if made > MOST_OF_A_READ {
                        return Err(Fault::Bomb);
                    }
                    if step.made > 0 {
                        with(&scratch[..step.made])?;
                    }
                    match step.end {
                        StepEnd::Full => {}
                        StepEnd::Dry => return Ok(()),
                        StepEnd::Whole => break,
                    }
                }
                self.state = State::Between { is_first: false };
            }
            Ok(())
        })
    }

    /// Whether what has come so far is whole.
    pub(crate) const fn is_whole(&self) -> bool {
        matches!(self.state, State::Between { is_first: false })
    }

    /// Has something to decode with, now that there is something to decode.
    fn begin(&mut self, first: u8) -> Result<(), Fault> {
        let State::Between { is_first } = self.state else { return Ok(()) };
        // A gzip file may go on with another member (RFC 1952, section 2.2); the others have one end.
        if !is_first && self.coding != ContentCoding::Gzip {
            return Err(Fault::Malformed);
        }
        self.state = match self.coding {
            // Told by its first byte, since the library waits for the second.
            ContentCoding::Gzip if first != GZIP_FIRST => return Err(Fault::Malformed),
            ContentCoding::Gzip => State::Inflating(Box::new(Decompress::new_gzip(WINDOW_BITS))),
            // Some servers send deflate data without zlib's header, which no header begins like: its
            // first byte names the method, 8, and a window of at most 32 KiB (RFC 1950, section 2.2).
            ContentCoding::Deflate => {
                let has_header = first & 0x0f == 8 && first >> 4 <= 7;
                State::Inflating(Box::new(Decompress::new(has_header)))
            }
            ContentCoding::Brotli => {
                let alloc = StandardAlloc::default;
                State::Brotli(Box::new(BrotliState::new(alloc(), alloc(), alloc())))
            }
            ContentCoding::Identity | ContentCoding::Zstd | ContentCoding::Unknown => {
                unreachable!("there is no decoder of these")
            }
        };
        Ok(())
    }

    fn step(&mut self, bytes: &[u8], out: &mut [u8]) -> Result<Step, Fault> {
        match &mut self.state {
            State::Between { .. } => unreachable!("it has begun"),
            State::Inflating(decompress) => inflate(decompress, bytes, out),
            State::Brotli(state) => {
                let (mut left, mut taken, mut room, mut made) = (bytes.len(), 0, out.len(), 0);
                let result = BrotliDecompressStream(
                    &mut left, &mut taken, bytes, &mut room, &mut made, out, &mut 0, state,
                );
                let end = match result {
                    BrotliResult::ResultSuccess => StepEnd::Whole,
                    // It asks for more to read even while it has more to give.
                    BrotliResult::NeedsMoreInput if room == 0 => StepEnd::Full,
                    BrotliResult::NeedsMoreInput => StepEnd::Dry,
                    BrotliResult::NeedsMoreOutput => StepEnd::Full,
                    BrotliResult::ResultFailure => return Err(Fault::Malformed),
                };
                Ok(Step { taken, made, end })
            }
        }
    }
}

fn inflate(decompress: &mut Decompress, bytes: &[u8], out: &mut [u8]) -> Result<Step, Fault> {
    const WITHIN: &str = "no more than was given";
    let (begin_in, begin_out) = (decompress.total_in(), decompress.total_out());
    let status = decompress.decompress(bytes, out, FlushDecompress::Sync);
    let status = status.map_err(|_| Fault::Malformed)?;
    let taken = usize::try_from(decompress.total_in() - begin_in).expect(WITHIN);
    let made = usize::try_from(decompress.total_out() - begin_out).expect(WITHIN);
    let end = match status {
        Status::StreamEnd => StepEnd::Whole,
        Status::Ok | Status::BufError if made == out.len() => StepEnd::Full,
        Status::Ok | Status::BufError if taken == bytes.len() => StepEnd::Dry,
        Status::Ok => StepEnd::Full,
        Status::BufError => return Err(Fault::Malformed),
    };
    Ok(Step { taken, made, end })
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = match self.state {
            State::Between { .. } => "between",
            State::Inflating(_) | State::Brotli(_) => "decoding",
        };
        f.debug_struct("Decoder").field("coding", &self.coding).field("state", &state).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;
    use pushbench_protocol::{Compression, StreamCoding};
    use pushbench_wire::coding::encode;
    use pushbench_wire::stream_coder::StreamCoder;

    use super::*;

    const CODINGS: [Compression; 2] = [Compression::Gzip, Compression::Brotli];

    fn decoder(coding: ContentCoding) -> Decoder {
        Decoder::of(coding).expect("it is decoded").expect("it is coded")
    }

    /// All that these reads come to, and whether it is whole.
    fn read<'a>(
        coding: ContentCoding,
        reads: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(Vec<u8>, bool), Fault> {
        let mut decoder = decoder(coding);
        let mut plain = Vec::new();
        for bytes in reads {
            decoder.push(bytes, |piece| {
                assert!(piece.len() <= STEP);
                plain.extend_from_slice(piece);
                Ok(())
            })?;
        }
        Ok((plain, decoder.is_whole()))
    }

    /// A stream of a few messages, message by message, and its end.
    fn stream(compression: Compression) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let coding = StreamCoding::new(compression, None).expect("a coding of streams");
        let mut coder = StreamCoder::new(coding);
        let messages: Vec<_> = (0..5)
            .map(|n| format!("id: {n}\ndata: {{\"symbol\":\"ACME\",\"price\":{n}}}\n\n").into())
            .collect();
        let mut pieces: Vec<_> =
            messages.iter().map(|message: &Vec<u8>| coder.message(message)).collect();
        pieces.push(coder.end());
        (messages, pieces)
    }

    #[test]
    fn a_stream_is_decoded_wherever_its_bytes_are_cut() {
        for compression in CODINGS {
            let coding = ContentCoding::of(compression);
            let (messages, pieces) = stream(compression);
            let (plain, whole) = (messages.concat(), pieces.concat());
            for cut in 0..=whole.len() {
                let (first, second) = whole.split_at(cut);
                let found = read(coding, [first, second]);
                assert_eq!(found, Ok((plain.clone(), true)), "{compression} cut at {cut}");
            }
            assert_eq!(read(coding, whole.chunks(1)), Ok((plain, true)), "{compression}");
        }
    }

    #[test]
    fn each_message_is_there_as_soon_as_its_bytes_are() {
        for compression in CODINGS {
            let (messages, pieces) = stream(compression);
            let mut decoder = decoder(ContentCoding::of(compression));
            for (message, piece) in messages.iter().zip(&pieces) {
                let mut plain = Vec::new();
                let pushed = decoder.push(piece, |piece| {
                    plain.extend_from_slice(piece);
                    Ok(())
                });
                assert_eq!((pushed, &plain), (Ok(()), message), "{compression}");
                assert!(!decoder.is_whole());
            }
        }
    }

    #[test]
    fn a_stream_that_is_cut_off_is_not_whole_and_one_that_goes_on_is_malformed() {
        for compression in CODINGS {
            let coding = ContentCoding::of(compression);
            let (messages, pieces) = stream(compression);
            let whole = pieces.concat();
            for len in 0..whole.len() {
                let (plain, is_whole) = read(coding, [&whole[..len]]).expect("so far");
                assert!(!is_whole && messages.concat().starts_with(&plain), "{compression} {len}");
            }
            for more in [&b"x"[..], b"\0", b"{}"] {
                let found = read(coding, [&whole, more]);
                assert_eq!(found, Err(Fault::Malformed), "{compression} {more:?}");
                assert_eq!(read(coding, [&[&whole, more].concat()[..]]), Err(Fault::Malformed));
            }
        }
        // Of gzip's members there may be several.
        let (messages, pieces) = stream(Compression::Gzip);
        let twice = pieces.concat().repeat(2);
        let expected = Ok((messages.concat().repeat(2), true));
        for cut in 0..=twice.len() {
            let (first, second) = twice.split_at(cut);
            assert_eq!(read(ContentCoding::Gzip, [first, second]), expected, "cut at {cut}");
        }
    }

    #[test]
    fn bytes_in_another_coding_or_with_a_wrong_sum_are_malformed() {
        for compression in CODINGS {
            let whole = stream(compression).1.concat();
            for other in CODINGS.into_iter().filter(|other| *other != compression) {
                let found = read(ContentCoding::of(other), [&whole[..]]);
                assert_eq!(found, Err(Fault::Malformed), "{compression} as {other}");
            }
        }
        let mut whole = stream(Compression::Gzip).1.concat();
        let sum = whole.len() - 8;
        whole[sum] ^= 1;
        assert_eq!(read(ContentCoding::Gzip, [&whole[..]]), Err(Fault::Malformed));
        let plain = b"data: not compressed\n\n";
        for coding in [ContentCoding::Gzip, ContentCoding::Deflate] {
            assert_eq!(read(coding, [&plain[..]]), Err(Fault::Malformed));
        }
    }

    #[test]
    fn deflate_is_read_with_the_header_of_zlib_and_without() {
        let body = b"{\"symbol\":\"ACME\"},".repeat(100);
        let level = flate2::Compression::default();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), level);
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), level);
        for encoder in [&mut zlib as &mut dyn Write, &mut raw] {
            encoder.write_all(&body).expect("memory takes every byte");
        }
        for coded in [zlib.finish().expect("memory"), raw.finish().expect("memory")] {
            for step in [1, coded.len()] {
                let found = read(ContentCoding::Deflate, coded.chunks(step));
                assert_eq!(found, Ok((body.clone(), true)));
            }
        }
    }

    #[test]
    fn a_bomb_is_a_fault_and_never_memory() {
        let zeros = vec![0; 2 * usize::try_from(MOST_OF_A_READ).expect("it fits")];
        for compression in CODINGS {
            let bomb = encode(compression, &zeros).expect("a coding of bodies");
            let mut decoder = decoder(ContentCoding::of(compression));
            let mut given = 0;
            let found = decoder.push(&bomb, |piece| {
                given += piece.len() as u64;
                Ok(())
            });
            assert_eq!(found, Err(Fault::Bomb), "{compression}: {} bytes", bomb.len());
            assert!(given <= MOST_OF_A_READ, "{compression}: {given}");
        }
    }

    #[test]
    fn what_its_reader_says_ends_it() {
        let whole = stream(Compression::Gzip).1.concat();
        let found = decoder(ContentCoding::Gzip).push(&whole, |_| Err(Fault::TooLarge));
        assert_eq!(found, Err(Fault::TooLarge));
        assert!(Decoder::of(ContentCoding::Identity).is_ok_and(|decoder| decoder.is_none()));
        assert!(matches!(Decoder::of(ContentCoding::Zstd), Err(Fault::Zstd)));
        assert!(matches!(Decoder::of(ContentCoding::Unknown), Err(Fault::Coding)));
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_decoder_panic_and_a_cut_changes_nothing(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            step in 1_usize..40,
        ) {
            for coding in [ContentCoding::Gzip, ContentCoding::Brotli, ContentCoding::Deflate] {
                let (cut, whole) = (read(coding, bytes.chunks(step)), read(coding, [&bytes[..]]));
                prop_assert_eq!(cut, whole);
            }
        }
    }

    #[test]
    fn what_a_read_comes_to_is_given_with_it_and_not_with_the_next() {
        // A brotli stream that goes on, whose bytes come to more than a step.
        const BYTES: &[u8] = b"\x01\x10YYYYYYY\x06HTT\xad/1.1 400\x9b OK\r\nC\x0e\0\0\0\0\0\0\0\
                               YYYYYYY\xc6\xc6\xc6*\xc6\xc6\xc6\0\0\0\0\0\0\0\0\0\0\0.1 400\x9b OK\r";
        let whole = read(ContentCoding::Brotli, [BYTES]).expect("it is brotli");
        assert!(whole.0.len() > STEP, "{}", whole.0.len());
        assert_eq!(read(ContentCoding::Brotli, BYTES.chunks(1)).expect("it is brotli"), whole);
    }
}
