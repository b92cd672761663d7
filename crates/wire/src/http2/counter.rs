//! Counts the bytes of one direction of an HTTP/2 connection by what they are for.

use super::PREFACE;

/// Counts frames as they pass, however reads and writes cut them.
///
/// A passive observer: it decodes no field block and keeps no data, so the library that does stays
/// an independent hand.
#[derive(Clone, Debug)]
pub struct FrameCounter {
    /// Bytes of the preface that have not passed.
    preface_left: usize,
    head: [u8; HEAD_LEN],
    head_taken: usize,
    /// Parts of the present frame's payload that have not passed, in their order.
    parts: [(Part, u64); 4],
    /// Whether a field block has begun and goes on in another frame.
    in_block: bool,
    /// Of the first stream of the connection: its field blocks.
    first_stream: Option<u32>,
    stream: u32,
    /// Totals so far.
    pub counts: FrameCounts,
}

/// What a [`FrameCounter`] has seen.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct FrameCounts {
    /// Field blocks as encoded.
    pub field_blocks: u64,
    /// Of those, the ones of the connection's first stream.
    pub first_field_blocks: u64,
    /// Data, without padding.
    pub data: u64,
    /// What marks both off: frame headers, padding, priorities.
    pub framing: u64,
    /// Whole frames of every other type, and the preface.
    pub control: u64,
    /// SETTINGS frames that are no acknowledgement.
    pub settings: u64,
    /// SETTINGS frames that acknowledge.
    pub settings_acknowledged: u64,
}

const HEAD_LEN: usize = super::FRAME_HEADER_LEN as usize;

/// What a part of a payload is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    /// The length of the padding, which is known once it has passed.
    PadLength,
    Marks,
    FieldBlock,
    Data,
    Control,
}

/// Types of frames that are told apart (RFC 9113, section 6).
mod kind {
    pub(super) const DATA: u8 = 0x0;
    pub(super) const HEADERS: u8 = 0x1;
    pub(super) const SETTINGS: u8 = 0x4;
    pub(super) const PUSH_PROMISE: u8 = 0x5;
    pub(super) const CONTINUATION: u8 = 0x9;
}

/// Flags (RFC 9113, section 6).
mod flag {
    pub(super) const ACK: u8 = 0x1;
    pub(super) const END_HEADERS: u8 = 0x4;
    pub(super) const PADDED: u8 = 0x8;
    pub(super) const PRIORITY: u8 = 0x20;
}

const NOTHING: (Part, u64) = (Part::Marks, 0);

impl FrameCounter {
    /// Counts what a client sends: the preface, then frames.
    pub fn of_client() -> Self {
        Self { preface_left: PREFACE.len(), ..Self::of_server() }
    }

    /// Counts what a server sends: frames.
    pub fn of_server() -> Self {
        Self {
            preface_left: 0,
            head: [0; HEAD_LEN],
            head_taken: 0,
            parts: [NOTHING; 4],
            in_block: false,
            first_stream: None,
            stream: 0,
            counts: FrameCounts::default(),
        }
    }

    /// Takes the next bytes.
    pub fn observe(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = if self.preface_left > 0 {
                let taken = self.preface_left.min(bytes.len());
                self.preface_left -= taken;
                self.counts.control += taken as u64;
                taken
            } else if let Some(place) = self.parts.iter().position(|(_, left)| *left > 0) {
                self.take_part(place, bytes)
            } else {
                self.take_head(bytes)
            };
            bytes = &bytes[taken..];
        }
    }

    /// Whether the last byte seen ended a frame, and with it the field block, if there was one.
    pub fn is_at_rest(&self) -> bool {
        self.preface_left == 0
            && self.head_taken == 0
            && !self.in_block
            && self.parts.iter().all(|(_, left)| *left == 0)
    }

    /// Takes bytes of a frame's header; what they are for is known with the last of them.
    fn take_head(&mut self, bytes: &[u8]) -> usize {
        let taken = (HEAD_LEN - self.head_taken).min(bytes.len());
        self.head[self.head_taken..self.head_taken + taken].copy_from_slice(&bytes[..taken]);
        self.head_taken += taken;
        if self.head_taken == HEAD_LEN {
            self.head_taken = 0;
            self.begin();
        }
        taken
    }

    /// Begins the frame whose header is whole.
    fn begin(&mut self) {
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = self.head;
        let len = u64::from(u32::from_be_bytes([0, l0, l1, l2]));
        self.stream = u32::from_be_bytes([s0, s1, s2, s3]) & 0x7fff_ffff;
        let has = |flag| flags & flag != 0;
        let pad_length = u64::from(has(flag::PADDED));
        let (marks, rest) = match kind {
            kind::DATA => (0, Part::Data),
            kind::HEADERS => (if has(flag::PRIORITY) { 5 } else { 0 }, Part::FieldBlock),
            kind::PUSH_PROMISE => (4, Part::FieldBlock),
            kind::CONTINUATION => {
                self.parts = [(Part::FieldBlock, len), NOTHING, NOTHING, NOTHING];
                self.in_block = !has(flag::END_HEADERS);
                self.counts.framing += HEAD_LEN as u64;
                return;
            }
            _ => {
                if kind == kind::SETTINGS {
                    if has(flag::ACK) {
                        self.counts.settings_acknowledged += 1;
                    } else {
                        self.counts.settings += 1;
                    }
                }
                self.parts = [(Part::Control, len), NOTHING, NOTHING, NOTHING];
                self.counts.control += HEAD_LEN as u64;
                return;
            }
        };
        if rest == Part::FieldBlock {
            self.first_stream.get_or_insert(self.stream);
            self.in_block = !has(flag::END_HEADERS);
        }
        self.counts.framing += HEAD_LEN as u64;
        // A frame that is too short for what its flags say is an error, and counted all the same.
        let pad_length = pad_length.min(len);
        let marks = marks.min(len - pad_length);
        self.parts = [
            (Part::PadLength, pad_length),
            (Part::Marks, marks),
            (rest, len - pad_length - marks),
            NOTHING,
        ];
    }

    /// Takes bytes of a part of the payload.
    fn take_part(&mut self, place: usize, bytes: &[u8]) -> usize {
        let (part, left) = self.parts[place];
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        self.parts[place].1 -= taken as u64;
        let counts = &mut self.counts;
        match part {
            Part::PadLength => {
                counts.framing += 1;
                // The padding is the end of what was taken to be the content.
                let content = &mut self.parts[2].1;
                let padding = u64::from(bytes[0]).min(*content);
                *content -= padding;
                self.parts[3] = (Part::Marks, padding);
            }
            Part::Marks => counts.framing += taken as u64,
            Part::FieldBlock => {
                counts.field_blocks += taken as u64;
                if self.first_stream == Some(self.stream) {
                    counts.first_field_blocks += taken as u64;
                }
            }
            Part::Data => counts.data += taken as u64,
            Part::Control => counts.control += taken as u64,
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let len = u32::try_from(payload.len()).expect("short").to_be_bytes();
        let mut frame = vec![len[1], len[2], len[3], kind, flags];
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        frame
    }

    /// A client's frames of every kind, and what they are.
    fn stream() -> (Vec<u8>, FrameCounts) {
        let frames = [
            PREFACE.to_vec(),
            frame(0x4, 0, 0, &[0; 12]),
            // Padded by 3, with a priority: 20 bytes of block.
            frame(0x1, 0x8 | 0x20, 1, &[&[3][..], &[0; 5], &[7; 20], &[0; 3]].concat()),
            frame(0x9, 0, 1, &[7; 10]),
            frame(0x9, 0x4, 1, &[7; 5]),
            frame(0x4, 0x1, 0, &[]),
            // Padded by 2: 9 bytes of data.
            frame(0x0, 0x8, 1, &[&[2][..], &[5; 9], &[0; 2]].concat()),
            frame(0x0, 0x1, 1, &[]),
            frame(0x1, 0x4 | 0x1, 3, &[7; 11]),
            frame(0x8, 0, 0, &[0; 4]),
            frame(0x6, 0, 0, &[0; 8]),
            frame(0x3, 0, 3, &[0; 4]),
            frame(0xbe, 0, 0, &[0; 2]),
            frame(0x5, 0x4, 1, &[&[0; 4][..], &[7; 6]].concat()),
            frame(0x7, 0, 0, &[0; 9]),
        ];
        let counts = FrameCounts {
            field_blocks: 35 + 11 + 6,
            first_field_blocks: 35 + 6,
            data: 9,
            // HEADERS with its marks, two CONTINUATION, two DATA, HEADERS, PUSH_PROMISE.
            framing: (9 + 1 + 5 + 3) + 2 * 9 + (9 + 1 + 2) + 9 + 9 + (9 + 4),
            control: 24 + 21 + 9 + 13 + 17 + 13 + 11 + 18,
            settings: 1,
            settings_acknowledged: 1,
        };
        (frames.concat(), counts)
    }

    #[test]
    fn counting_does_not_depend_on_where_reads_end() {
        let (bytes, expected) = stream();
        for cut in 0..=bytes.len() {
            let mut counter = FrameCounter::of_client();
            counter.observe(&bytes[..cut]);
            counter.observe(&bytes[cut..]);
            assert_eq!(counter.counts, expected, "cut at {cut}");
            assert!(counter.is_at_rest());
        }
        for step in 1..20 {
            let mut counter = FrameCounter::of_client();
            bytes.chunks(step).for_each(|chunk| counter.observe(chunk));
            assert_eq!(counter.counts, expected, "in steps of {step}");
        }
    }

    #[test]
    fn a_block_that_goes_on_is_no_rest() {
        let mut counter = FrameCounter::of_server();
        counter.observe(&frame(0x1, 0, 1, &[7; 3]));
        assert!(!counter.is_at_rest());
        counter.observe(&frame(0x9, 0x4, 1, &[]));
        assert!(counter.is_at_rest());
        counter.observe(&[0]);
        assert!(!counter.is_at_rest());
        assert!(!FrameCounter::of_client().is_at_rest());
    }

    proptest! {
        #[test]
        fn every_byte_is_counted_once(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut counter = FrameCounter::of_server();
            counter.observe(&bytes);
            let FrameCounts { field_blocks, data, framing, control, .. } = counter.counts;
            let waiting = counter.head_taken as u64;
            prop_assert_eq!(field_blocks + data + framing + control + waiting, bytes.len() as u64);
        }
    }
}
