//! WebSocket frame headers (RFC 6455, section 5.2): their length, their bytes, their parser.

/// Which side sends a frame; only clients mask (RFC 6455, section 5.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sender {
    /// The frame carries a masking key.
    Client,
    /// The frame is not masked.
    Server,
}

/// Meaning of a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Opcode {
    /// Goes on with a fragmented message.
    Continuation,
    /// A message of UTF-8 text.
    Text,
    /// A message of bytes.
    Binary,
    /// Ends the connection.
    Close,
    /// Asks for a pong.
    Ping,
    /// Answers a ping.
    Pong,
}

impl Opcode {
    /// The opcode of these four bits; `None` for the reserved ones.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x8 => Some(Self::Close),
            0x9 => Some(Self::Ping),
            0xa => Some(Self::Pong),
            _ => None,
        }
    }

    /// Its four bits.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }

    /// Whether frames of this kind may come between the fragments of a message.
    pub const fn is_control(self) -> bool {
        match self {
            Self::Close | Self::Ping | Self::Pong => true,
            Self::Continuation | Self::Text | Self::Binary => false,
        }
    }
}

/// A frame's header as read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FrameHeader {
    /// Whether this is the last fragment of its message.
    pub fin: bool,
    /// The three reserved bits.
    pub rsv: u8,
    /// The four opcode bits, reserved ones included.
    pub opcode: u8,
    /// The masking key, if the frame is masked.
    pub mask: Option<[u8; 4]>,
    /// Bytes of payload that follow.
    pub payload_len: u64,
    /// Bytes of the header itself, as it came: 2 to 14.
    pub header_len: u64,
}

impl FrameHeader {
    /// Bytes that the header would take with the payload's length in the fewest bytes, which it must
    /// have (RFC 6455, section 5.2).
    pub const fn shortest_len(&self) -> u64 {
        let sender = if self.mask.is_some() { Sender::Client } else { Sender::Server };
        frame_header_len(self.payload_len, sender)
    }
}

/// Longest header in bytes: two, eight of extended length, four of masking key.
pub const MAX_HEADER_LEN: usize = 14;

/// Length in bytes of the header in front of a payload of `payload_len` bytes.
///
/// 2 to 14 bytes: 2 always, 0, 2 or 8 of extended length, and the 4 of the masking key when the
/// client sends.
///
/// Source: RFC 6455, sections 5.1 (who masks) and 5.2 (layout).
///
/// ```
/// use pushbench_wire::frame::{Sender, frame_header_len};
///
/// assert_eq!(frame_header_len(125, Sender::Server), 2); // the length fits in seven bits
/// assert_eq!(frame_header_len(126, Sender::Server), 4); // and no longer does
/// assert_eq!(frame_header_len(126, Sender::Client), 8); // with the masking key
/// ```
pub const fn frame_header_len(payload_len: u64, sender: Sender) -> u64 {
    let extended_length = match payload_len {
        0..=125 => 0,
        126..=65_535 => 2,
        _ => 8,
    };
    let masking_key = match sender {
        Sender::Client => 4,
        Sender::Server => 0,
    };
    2 + extended_length + masking_key
}

/// Appends a frame header to `out`, in the shortest form, reserved bits zero.
pub fn encode_header(
    out: &mut Vec<u8>,
    fin: bool,
    opcode: Opcode,
    payload_len: u64,
    mask: Option<[u8; 4]>,
) {
    out.push(u8::from(fin) << 7 | opcode.bits());
    let masked = u8::from(mask.is_some()) << 7;
    match payload_len {
        0..=125 => out.push(masked | payload_len as u8),
        126..=65_535 => {
            out.push(masked | 126);
            out.extend_from_slice(&(payload_len as u16).to_be_bytes());
        }
        _ => {
            out.push(masked | 127);
            out.extend_from_slice(&payload_len.to_be_bytes());
        }
    }
    if let Some(key) = mask {
        out.extend_from_slice(&key);
    }
}

/// Masks or unmasks `bytes`, which begin `offset` bytes into the payload (RFC 6455, section 5.3).
pub fn apply_mask(bytes: &mut [u8], key: [u8; 4], offset: u64) {
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte ^= key[(offset as usize).wrapping_add(place) % 4];
    }
}

/// Reads frame headers a byte at a time, so it does not matter where reads end.
#[derive(Clone, Debug, Default)]
pub struct HeaderParser {
    bytes: [u8; MAX_HEADER_LEN],
    len: u8,
}

impl HeaderParser {
    /// Takes the next byte of a header; gives the header when it is complete, and starts afresh.
    pub fn push(&mut self, byte: u8) -> Option<FrameHeader> {
        self.bytes[usize::from(self.len)] = byte;
        self.len += 1;
        if self.len < 2 || usize::from(self.len) < self.needed() {
            return None;
        }
        let header = self.header();
        self.len = 0;
        Some(header)
    }

    /// Bytes of the present header taken so far.
    pub fn taken(&self) -> usize {
        usize::from(self.len)
    }

    fn extended_len(&self) -> usize {
        match self.bytes[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        }
    }

    fn is_masked(&self) -> bool {
        self.bytes[1] & 0x80 != 0
    }

    fn needed(&self) -> usize {
        2 + self.extended_len() + if self.is_masked() { 4 } else { 0 }
    }

    fn header(&self) -> FrameHeader {
        let extended = &self.bytes[2..2 + self.extended_len()];
        let payload_len = match extended.len() {
            0 => u64::from(self.bytes[1] & 0x7f),
            _ => extended.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)),
        };
        let key_at = 2 + extended.len();
        let mask = self.is_masked().then(|| {
            self.bytes[key_at..key_at + 4].try_into().expect("four bytes are an array of four")
        });
        FrameHeader {
            fin: self.bytes[0] & 0x80 != 0,
            rsv: self.bytes[0] >> 4 & 0x7,
            opcode: self.bytes[0] & 0xf,
            mask,
            payload_len,
            header_len: u64::from(self.len),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_header_grows_where_the_rfc_says() {
        for (payload_len, client, server) in
            [(0, 6, 2), (125, 6, 2), (126, 8, 4), (65_535, 8, 4), (65_536, 14, 10)]
        {
            assert_eq!(frame_header_len(payload_len, Sender::Client), client, "{payload_len}");
            assert_eq!(frame_header_len(payload_len, Sender::Server), server, "{payload_len}");
        }
    }

    #[test]
    fn encoding_takes_the_length_that_was_predicted_and_parses_back() {
        for payload_len in [0, 1, 125, 126, 65_535, 65_536, 1 << 40] {
            for mask in [None, Some([1, 2, 3, 4])] {
                let mut bytes = Vec::new();
                encode_header(&mut bytes, true, Opcode::Text, payload_len, mask);
                let mut parser = HeaderParser::default();
                let (last, before) = bytes.split_last().expect("not empty");
                assert!(before.iter().all(|&byte| parser.push(byte).is_none()));
                let header = parser.push(*last).expect("complete");
                assert_eq!(
                    (header.payload_len, header.mask, header.fin),
                    (payload_len, mask, true)
                );
                assert_eq!(header.header_len, bytes.len() as u64);
                assert_eq!(header.shortest_len(), bytes.len() as u64);
            }
        }
    }

    #[test]
    fn a_header_knows_what_it_took_and_what_it_would_have_taken_at_least() {
        for (bytes, taken, shortest) in [
            (&b"\x81\x7d"[..], 2, 2),
            (b"\x81\x7e\0\x7d", 4, 2),
            (b"\x81\x7e\0\x7e", 4, 4),
            (b"\x81\x7f\0\0\0\0\0\0\xff\xff", 10, 4),
            (b"\x81\x7f\0\0\0\0\0\x01\0\0", 10, 10),
            (b"\x81\xfe\0\x05abcd", 8, 6),
        ] {
            let mut parser = HeaderParser::default();
            let header = bytes.iter().find_map(|&byte| parser.push(byte)).expect("a header");
            assert_eq!((header.header_len, header.shortest_len()), (taken, shortest), "{bytes:x?}");
        }
    }
}
