//! Payloads: the envelope and seeded filler.

use pushbench_protocol::Envelope;
use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use crate::checked::{Content, Workload};

/// Filler to cut from, so that one message's filler differs from the next one's as real data does.
const POOL_LEN: usize = 64 * 1024;

/// Writes payloads of one size.
#[derive(Debug)]
pub struct PayloadWriter {
    pool: Vec<u8>,
    /// Whether filler may begin anywhere in the pool; a file always begins at its start.
    shifts: bool,
    len: usize,
}

impl PayloadWriter {
    /// A writer of payloads of `len` bytes, at least an envelope's.
    fn new(content: &Content, len: usize, seed: u64) -> Self {
        let filler_len = len - Envelope::LEN;
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let (unit, shifts): (Vec<u8>, bool) = match content {
            Content::Text => (text(&mut random), true),
            Content::Random => (base64url(&mut random), true),
            Content::Json => (json(&mut random), true),
            Content::File(bytes) => (bytes.clone(), false),
        };
        let needed = if shifts { filler_len + POOL_LEN } else { filler_len };
        let pool = unit.iter().copied().cycle().take(needed).collect();
        Self { pool, shifts, len }
    }

    /// The writer of a workload's publisher.
    pub fn of(workload: &Workload) -> Self {
        Self::new(&workload.payload.content, workload.payload.bytes as usize, workload.seed)
    }

    /// Appends the payload of a message to `out`.
    pub fn write(&self, envelope: Envelope, out: &mut Vec<u8>) {
        out.extend_from_slice(&envelope.encode());
        // A step that is prime to the pool's length visits every place before it repeats one.
        let start = if self.shifts { envelope.number.0 as usize * 7_919 % POOL_LEN } else { 0 };
        out.extend_from_slice(&self.pool[start..start + self.len - Envelope::LEN]);
    }
}

fn base64url(random: &mut impl Rng) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..POOL_LEN).map(|_| DIGITS[random.random_range(0..DIGITS.len())]).collect()
}

fn text(random: &mut impl Rng) -> Vec<u8> {
    const WORDS: [&str; 24] = [
        "price", "rose", "fell", "after", "the", "report", "of", "news", "market", "and", "a",
        "trade", "in", "early", "session", "while", "volume", "was", "light", "index", "closed",
        "higher", "by", "points",
    ];
    let mut text = Vec::new();
    while text.len() < POOL_LEN {
        text.extend_from_slice(WORDS[random.random_range(0..WORDS.len())].as_bytes());
        text.push(b' ');
    }
    text
}

fn json(random: &mut impl Rng) -> Vec<u8> {
    const SYMBOLS: [&str; 6] = ["ACME", "GLOBEX", "INITECH", "HOOLI", "UMBRELLA", "STARK"];
    let mut json = Vec::new();
    while json.len() < POOL_LEN {
        let symbol = SYMBOLS[random.random_range(0..SYMBOLS.len())];
        let cents: u32 = random.random_range(1_000..99_999);
        let volume: u32 = random.random_range(1..50_000);
        let quote = format!(
            "{{\"symbol\":\"{symbol}\",\"price\":{}.{:02},\"volume\":{volume},\"currency\":\"USD\"}},",
            cents / 100,
            cents % 100
        );
        json.extend_from_slice(quote.as_bytes());
    }
    json
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::{PublishNumber, Timestamp};

    use super::*;

    #[test]
    fn a_payload_has_its_size_its_envelope_and_no_line_break() {
        for content in
            [Content::Text, Content::Random, Content::Json, Content::File(b"abc".to_vec())]
        {
            for len in [16, 17, 20, 126, 70_000] {
                let writer = PayloadWriter::new(&content, len, 3);
                for number in [0, 1, 65_535, u32::MAX] {
                    let envelope = Envelope {
                        number: PublishNumber(number),
                        due_at: Timestamp::from_nanos(5),
                    };
                    let mut payload = Vec::new();
                    writer.write(envelope, &mut payload);
                    assert_eq!(payload.len(), len, "{content:?}");
                    assert_eq!(Envelope::decode(&payload), Some(envelope));
                    assert!(payload.iter().all(|b| (b' '..=b'~').contains(b)), "{content:?}");
                }
            }
        }
    }

    #[test]
    fn a_seed_means_the_same_filler_and_messages_differ() {
        let payload = |seed, number| {
            let mut bytes = Vec::new();
            let envelope =
                Envelope { number: PublishNumber(number), due_at: Timestamp::from_nanos(0) };
            PayloadWriter::new(&Content::Json, 100, seed).write(envelope, &mut bytes);
            bytes.split_off(Envelope::LEN)
        };
        assert_eq!(payload(1, 4), payload(1, 4));
        assert_ne!(payload(1, 4), payload(1, 5));
        assert_ne!(payload(1, 4), payload(2, 4));
    }
}
