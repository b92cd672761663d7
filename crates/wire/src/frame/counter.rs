//! Counts the bytes of a stream of WebSocket frames by what they are for.

use std::collections::VecDeque;

use super::header::{HeaderParser, Opcode};

/// Counts the bytes of a stream of frames by what they are for, however reads cut the stream.
///
/// A passive observer: it decodes no payload, so the library that does stays an independent hand.
#[derive(Clone, Debug, Default)]
pub struct FrameCounter {
    parser: HeaderParser,
    left_in_payload: u64,
    in_control: bool,
    /// Whether the frame is the last of its message.
    fin: bool,
    /// Lengths of whole messages, if they are kept.
    message_lens: Option<MessageLens>,
    /// Totals so far.
    pub counts: FrameCounts,
}

/// Payload bytes of messages, fragments together, oldest first.
#[derive(Clone, Debug, Default)]
struct MessageLens {
    begun: u64,
    whole: VecDeque<u64>,
}

/// What a [`FrameCounter`] has seen.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct FrameCounts {
    /// Payload bytes of data frames.
    pub payload: u64,
    /// Header bytes of data frames, masking keys included.
    pub framing: u64,
    /// Whole control frames.
    pub control: u64,
}

impl FrameCounts {
    /// All bytes of whole frames, and of begun ones their headers and what has come of their payload.
    pub const fn total(&self) -> u64 {
        self.payload + self.framing + self.control
    }
}

impl FrameCounter {
    /// Takes the next bytes of the stream.
    pub fn observe(&mut self, mut bytes: &[u8]) {
        while let Some((&first, rest)) = bytes.split_first() {
            if self.left_in_payload > 0 {
                let step =
                    usize::try_from(self.left_in_payload).unwrap_or(usize::MAX).min(bytes.len());
                if self.in_control {
                    self.counts.control += step as u64;
                } else {
                    self.counts.payload += step as u64;
                }
                self.left_in_payload -= step as u64;
                bytes = &bytes[step..];
                self.end_frame();
                continue;
            }
            if let Some(header) = self.parser.push(first) {
                self.in_control = Opcode::from_bits(header.opcode).is_some_and(Opcode::is_control);
                if self.in_control {
                    self.counts.control += header.header_len;
                } else {
                    self.counts.framing += header.header_len;
                }
                self.left_in_payload = header.payload_len;
                self.fin = header.fin;
                if let Some(lens) = self.message_lens.as_mut().filter(|_| !self.in_control) {
                    // The lengths are the peer's, and need not be those of frames that ever come.
                    lens.begun = lens.begun.saturating_add(header.payload_len);
                }
                self.end_frame();
            }
            bytes = rest;
        }
    }

    /// Keeps the length of each message of data from now on, for [`Self::take_message_len`].
    pub fn keep_message_lens(&mut self) {
        self.message_lens = Some(MessageLens::default());
    }

    /// Payload bytes of the oldest whole message that was not yet asked for.
    pub fn take_message_len(&mut self) -> Option<u64> {
        self.message_lens.as_mut()?.whole.pop_front()
    }

    /// Ends a message if its last frame has ended.
    fn end_frame(&mut self) {
        let has_ended = self.left_in_payload == 0 && self.fin && !self.in_control;
        if let Some(lens) = self.message_lens.as_mut().filter(|_| has_ended) {
            lens.whole.push_back(std::mem::take(&mut lens.begun));
        }
    }

    /// Bytes of a header that is not whole yet; they are in no total.
    pub fn begun(&self) -> u64 {
        self.parser.taken() as u64
    }

    /// Whether the last byte seen ended a frame.
    pub fn is_between_frames(&self) -> bool {
        self.left_in_payload == 0 && self.parser.taken() == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::frame::encode_header;

    /// Three data frames, a ping between them, of lengths at the edges.
    fn stream() -> (Vec<u8>, FrameCounts) {
        let mut bytes = Vec::new();
        let mut counts = FrameCounts::default();
        for (opcode, len, mask) in [
            (Opcode::Text, 20_u64, None),
            (Opcode::Ping, 4, Some([9, 9, 9, 9])),
            (Opcode::Binary, 126, Some([1, 2, 3, 4])),
            (Opcode::Text, 0, None),
            (Opcode::Close, 2, None),
        ] {
            let before = bytes.len() as u64;
            encode_header(&mut bytes, true, opcode, len, mask);
            let header = bytes.len() as u64 - before;
            bytes.extend(std::iter::repeat_n(0x82, len as usize));
            if opcode.is_control() {
                counts.control += header + len;
            } else {
                counts.framing += header;
                counts.payload += len;
            }
        }
        (bytes, counts)
    }

    #[test]
    fn counting_does_not_depend_on_where_reads_end() {
        let (bytes, expected) = stream();
        for cut in 0..=bytes.len() {
            let mut counter = FrameCounter::default();
            counter.observe(&bytes[..cut]);
            counter.observe(&bytes[cut..]);
            assert_eq!(counter.counts, expected, "cut at {cut}");
            assert!(counter.is_between_frames());
        }
        let mut counter = FrameCounter::default();
        for byte in &bytes {
            counter.observe(std::slice::from_ref(byte));
        }
        assert_eq!(counter.counts, expected);
    }

    #[test]
    fn the_length_of_a_message_is_that_of_its_fragments() {
        let mut bytes = Vec::new();
        for (fin, opcode, len) in [
            (true, Opcode::Text, 20_u64),
            (false, Opcode::Text, 130),
            (true, Opcode::Ping, 4),
            (false, Opcode::Continuation, 0),
            (true, Opcode::Continuation, 7),
            (true, Opcode::Binary, 0),
            (false, Opcode::Binary, 9),
        ] {
            encode_header(&mut bytes, fin, opcode, len, None);
            bytes.extend(std::iter::repeat_n(0x81, len as usize));
        }
        for size in [1, 3, bytes.len()] {
            let mut counter = FrameCounter::default();
            counter.keep_message_lens();
            bytes.chunks(size).for_each(|piece| counter.observe(piece));
            let lens: Vec<_> = std::iter::from_fn(|| counter.take_message_len()).collect();
            assert_eq!(lens, [20, 137, 0], "by {size}");
        }
    }

    #[test]
    fn lengths_that_add_up_to_more_than_there_is_are_counted_and_no_panic() {
        let mut bytes = Vec::new();
        encode_header(&mut bytes, false, Opcode::Text, 1, None);
        bytes.push(b'x');
        encode_header(&mut bytes, true, Opcode::Continuation, u64::MAX, None);
        bytes.extend_from_slice(b"more");
        let mut counter = FrameCounter::default();
        counter.keep_message_lens();
        counter.observe(&bytes);
        assert_eq!(counter.counts.payload, 5);
        assert_eq!(counter.take_message_len(), None);
    }

    proptest! {
        #[test]
        fn every_complete_byte_is_counted_once(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut counter = FrameCounter::default();
            counter.observe(&bytes);
            let FrameCounts { payload, framing, control } = counter.counts;
            let waiting = counter.parser.taken() as u64;
            prop_assert_eq!(payload + framing + control + waiting, bytes.len() as u64);
        }
    }
}
