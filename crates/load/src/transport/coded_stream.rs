//! What a stream is asked for in, and what it says behind its content coding.
//!
//! Within a compressed stream nothing marks messages off that could be told apart: all that a message
//! took on the wire is its payload's, as of a compressed body, and all that a comment or a notice took
//! is `control`. Chunks and frames around it are `framing` as ever.

use crate::coded::Shares;
use crate::content_coding::{ContentCoding, Offer};
use crate::decoder::Decoder;
use crate::transport::item::{Codec, Item, Said};
use crate::{Fault, Plan};

/// What a stream was asked for in.
pub(crate) struct Asked {
    /// What the transport is to be in; a server that is not ours may choose where it is nothing.
    pub(crate) coding: ContentCoding,
    pub(crate) offer: Offer,
}

impl Asked {
    /// By a request of this plan.
    pub(crate) fn by(plan: &Plan, request: &[u8]) -> Self {
        let coding = ContentCoding::of(plan.transport.content_coding());
        Self { coding, offer: Offer::of_head(request) }
    }

    /// The coding of a response that names these.
    ///
    /// # Errors
    ///
    /// [`Fault::Coding`] if it is not what was asked for, or several on top of one another.
    pub(crate) fn coding_of<'a>(
        &self,
        mut named: impl Iterator<Item = &'a [u8]>,
    ) -> Result<ContentCoding, Fault> {
        let found = match (named.next(), named.next()) {
            (None, _) => ContentCoding::Identity,
            (Some(name), None) => ContentCoding::named(name).ok_or(Fault::Coding)?,
            (Some(_), Some(_)) => return Err(Fault::Coding),
        };
        if self.offer.is_met(self.coding, found) { Ok(found) } else { Err(Fault::Coding) }
    }
}

/// Reads one stream, compressed or not.
#[derive(Debug)]
pub(crate) struct CodedStream<C> {
    codec: C,
    coded: Option<Coded>,
}

#[derive(Debug)]
struct Coded {
    decoder: Decoder,
    shares: Shares,
}

impl<C: Codec> CodedStream<C> {
    /// Of a response in this coding.
    ///
    /// # Errors
    ///
    /// As [`Decoder::of`].
    pub(crate) fn of(coding: ContentCoding) -> Result<Self, Fault> {
        let decoder = Decoder::of(coding)?;
        let coded = decoder.map(|decoder| Coded { decoder, shares: Shares::default() });
        Ok(Self { codec: C::default(), coded })
    }

    /// Takes the next data of the stream, wherever it was cut, and gives `on_item` each whole item with
    /// its bytes on the wire.
    ///
    /// A server that flushes with each message sends one in a piece, which is then all its own. Of
    /// several in one each has its part by what it came to.
    pub(crate) fn push(
        &mut self,
        data: &[u8],
        on_item: &mut dyn FnMut(Item<'_>),
    ) -> Result<(), Fault> {
        let Some(Coded { decoder, shares }) = &mut self.coded else {
            return self.codec.push(data, on_item);
        };
        let codec = &mut self.codec;
        shares.came(data.len() as u64);
        decoder.push(data, |piece| {
            shares.decoded(piece.len() as u64);
            codec.push(piece, &mut |item: Item<'_>| {
                let part = shares.take(item.len());
                on_item(match item.said {
                    Said::Message(_) => Item { payload: part, framing: 0, control: 0, ..item },
                    Said::Gap(_) | Said::Nothing => {
                        Item { payload: 0, framing: 0, control: part, ..item }
                    }
                });
            })
        })
    }

    /// Says whether the stream may end here.
    ///
    /// # Errors
    ///
    /// [`Fault::Malformed`] if its coding has not come to an end.
    pub(crate) fn end(&self) -> Result<(), Fault> {
        match &self.coded {
            Some(coded) if !coded.decoder.is_whole() => Err(Fault::Malformed),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::{Compression, StreamCoding};
    use pushbench_wire::stream_coder::StreamCoder;

    use super::*;
    use crate::transport::sse::Events;

    /// What is said, and its bytes on the wire: of payload, framing and control.
    type Seen = (String, [u64; 3]);

    fn read<'a>(
        stream: &mut CodedStream<Events>,
        reads: impl IntoIterator<Item = &'a [u8]>,
    ) -> Vec<Seen> {
        let mut seen = Vec::new();
        for bytes in reads {
            let pushed = stream.push(bytes, &mut |item| {
                let said = match item.said {
                    Said::Message(payload) => String::from_utf8_lossy(payload).into_owned(),
                    Said::Gap(gap) => format!("gap {gap}"),
                    Said::Nothing => "nothing".to_owned(),
                };
                seen.push((said, [item.payload, item.framing, item.control]));
            });
            assert_eq!(pushed, Ok(()));
        }
        seen
    }

    const PLAIN: [&[u8]; 4] =
        [b"id: 1\ndata: hello\n\n", b":\n\n", b"event: gap\ndata: 12\n\n", b"data: hello\n\n"];
    const SAID: [&str; 4] = ["hello", "nothing", "gap 12", "hello"];

    fn pieces(compression: Compression) -> Vec<Vec<u8>> {
        let coding = StreamCoding::new(compression, None).expect("a coding of streams");
        let mut coder = StreamCoder::new(coding);
        let mut pieces: Vec<_> = PLAIN.iter().map(|plain| coder.message(plain)).collect();
        pieces.push(coder.end());
        pieces
    }

    #[test]
    fn a_flush_is_all_its_messages_own_and_what_it_is_for() {
        for compression in [Compression::Gzip, Compression::Brotli] {
            let pieces = pieces(compression);
            let coding = ContentCoding::of(compression);
            let mut stream = CodedStream::of(coding).expect("it is decoded");
            let seen = read(&mut stream, pieces.iter().map(|piece| &piece[..]));
            let expected: Vec<Seen> = SAID
                .iter()
                .zip(&pieces)
                .map(|(said, piece)| {
                    let len = piece.len() as u64;
                    let is_message = *said == "hello";
                    let bytes = if is_message { [len, 0, 0] } else { [0, 0, len] };
                    ((*said).to_owned(), bytes)
                })
                .collect();
            assert_eq!(seen, expected, "{compression}");
            assert_eq!(stream.end(), Ok(()));
        }
    }

    #[test]
    fn no_byte_is_booked_twice_wherever_reads_end() {
        for compression in [Compression::Gzip, Compression::Brotli] {
            let pieces = pieces(compression);
            let whole = pieces.concat();
            let trailer = pieces.last().expect("an end").len();
            for step in 1..=whole.len() {
                let mut stream = CodedStream::of(ContentCoding::of(compression)).expect("decoded");
                let seen = read(&mut stream, whole.chunks(step));
                let said: Vec<_> = seen.iter().map(|(said, _)| said.as_str()).collect();
                assert_eq!(said, SAID, "{compression} in steps of {step}");
                let booked: u64 = seen.iter().flat_map(|(_, bytes)| bytes).sum();
                let len = whole.len() as u64;
                assert!(booked <= len && booked + 6 + trailer as u64 >= len, "{booked} {len}");
            }
        }
    }

    #[test]
    fn a_stream_that_ends_before_its_coding_does_is_malformed() {
        for compression in [Compression::Gzip, Compression::Brotli] {
            let pieces = pieces(compression);
            let mut stream =
                CodedStream::<Events>::of(ContentCoding::of(compression)).expect("decoded");
            assert_eq!(stream.end(), Err(Fault::Malformed), "{compression}: nothing came");
            read(&mut stream, pieces[..4].iter().map(|piece| &piece[..]));
            assert_eq!(stream.end(), Err(Fault::Malformed), "{compression}");
        }
        let mut plain = CodedStream::<Events>::of(ContentCoding::Identity).expect("as it is");
        assert_eq!(read(&mut plain, [PLAIN[0]])[0].1, [5, 14, 0]);
        assert_eq!(plain.end(), Ok(()), "who is not coded may end anywhere");
    }
}
