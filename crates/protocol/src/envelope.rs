//! The first 16 bytes of every payload: which message this is and when it was due.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Place of a message in its topic, given by the publisher, from 0.
///
/// A gap in the numbers a subscriber sees is a loss, a repeat is a duplicate.
#[derive(
    Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize,
)]
pub struct PublishNumber(pub u32);

/// Publish number and due time, as they travel at the head of a payload.
///
/// Base64url (RFC 4648, section 5, unpadded) of 12 bytes: number (u32) and due time (u64
/// nanoseconds of the host's monotonic clock), both big-endian. ASCII without a line break, so it
/// passes unchanged through HTTP bodies, SSE lines, text frames and servers that we did not write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Envelope {
    /// Place of the message in its topic.
    pub number: PublishNumber,
    /// When the schedule wanted it published.
    pub due_at: Timestamp,
}

impl Envelope {
    /// Length of an encoded envelope in bytes, and so of the smallest payload.
    pub const LEN: usize = 16;

    /// The 16 ASCII bytes at the head of the payload.
    pub fn encode(self) -> [u8; Self::LEN] {
        let mut raw = [0; 12];
        raw[..4].copy_from_slice(&self.number.0.to_be_bytes());
        raw[4..].copy_from_slice(&self.due_at.as_nanos().to_be_bytes());
        let mut text = [0; Self::LEN];
        URL_SAFE_NO_PAD.encode_slice(raw, &mut text).expect("12 bytes are 16 characters");
        text
    }

    /// Reads the envelope at the head of `payload`; `None` if there is none.
    pub fn decode(payload: &[u8]) -> Option<Self> {
        let text: &[u8; Self::LEN] = payload.first_chunk()?;
        let values = text.map(|character| VALUES[usize::from(character)]);
        if values.iter().fold(0, |all, value| all | value) & NONE != 0 {
            return None;
        }
        let raw = values.iter().fold(0_u128, |raw, &value| raw << 6 | u128::from(value));
        Some(Self {
            number: PublishNumber((raw >> u64::BITS) as u32),
            due_at: Timestamp::from_nanos(raw as u64),
        })
    }
}

/// The value of each character of base64url, [`NONE`] for all others. Every message that a client gets
/// is read by it, and a decoder for texts of any length takes five times as long for sixteen characters.
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut value = 0;
    while value < alphabet.len() {
        values[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// More than any value, in the bit that none has.
const NONE: u8 = 0x80;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_envelope_comes_back_as_it_went(number: u32, due: u64, filler in "[ -~]{0,40}") {
            let envelope =
                Envelope { number: PublishNumber(number), due_at: Timestamp::from_nanos(due) };
            let mut payload = envelope.encode().to_vec();
            payload.extend_from_slice(filler.as_bytes());
            prop_assert_eq!(Envelope::decode(&payload), Some(envelope));
            prop_assert!(payload[..Envelope::LEN].iter().all(u8::is_ascii_graphic));
        }

        #[test]
        fn what_is_no_envelope_is_what_the_library_calls_no_base64url(
            text in prop_oneof!["[A-Za-z0-9_-]{16}", "[A-Za-z0-9_+/=-]{16}", "[ -~]{16}"],
        ) {
            let raw = URL_SAFE_NO_PAD.decode(&text).ok();
            let read = Envelope::decode(text.as_bytes());
            prop_assert_eq!(read.map(Envelope::encode), raw.map(|_| text.as_bytes().try_into().expect("16")));
        }

        #[test]
        fn anything_shorter_than_an_envelope_is_none(bytes in prop::collection::vec(any::<u8>(), 0..16)) {
            prop_assert_eq!(Envelope::decode(&bytes), None);
        }
    }

    #[test]
    fn sixteen_bytes_that_are_not_base64url_are_none() {
        assert_eq!(Envelope::decode(b"hello, world!!!!"), None);
        assert_eq!(Envelope::decode(b"!gap 12 and more"), None);
    }
}
