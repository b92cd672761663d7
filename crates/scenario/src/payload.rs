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
    /// What stands before the filler, and behind it: the JSON around a token.
    around: (Vec<u8>, &'static [u8]),
    pool: Vec<u8>,
    /// How far behind the last message's filler the next one's begins in the pool, and where in the pool
    /// it may begin at all.
    step: usize,
    starts: usize,
    len: usize,
}

impl PayloadWriter {
    /// A writer of payloads of `len` bytes, at least an envelope's.
    fn new(content: &Content, len: usize, seed: u64) -> Self {
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let mut around: (Vec<u8>, &[u8]) = Default::default();
        let unit = match content {
            Content::Text => text(&mut random),
            Content::Random => base64url(&mut random),
            Content::Json => json(&mut random),
            Content::Tokens(shape) => {
                around = shape.around(&mut random);
                text(&mut random)
            }
            Content::File(bytes) => bytes.clone(),
        };
        let filler_len = len - Envelope::LEN - around.0.len() - around.1.len();
        let (step, starts) = match content {
            // A step that is prime to the pool's length visits every place before it repeats one.
            Content::Text | Content::Random | Content::Json => (7_919, POOL_LEN),
            // The next token goes on where the last one ends.
            Content::Tokens(_) => (filler_len, POOL_LEN),
            // A file always begins at its start.
            Content::File(_) => (0, 1),
        };
        let needed = if starts > 1 { filler_len + starts } else { filler_len };
        let pool = unit.iter().copied().cycle().take(needed).collect();
        Self { around, pool, step, starts, len }
    }

    /// The writer of a workload's publisher.
    pub fn of(workload: &Workload) -> Self {
        Self::new(&workload.payload.content, workload.payload.bytes as usize, workload.seed)
    }

    /// Appends the payload of a message to `out`.
    pub fn write(&self, envelope: Envelope, out: &mut Vec<u8>) {
        let (before, behind) = &self.around;
        let filler_len = self.len - Envelope::LEN - before.len() - behind.len();
        let start = envelope.number.0 as usize * self.step % self.starts;
        out.extend_from_slice(&envelope.encode());
        out.extend_from_slice(before);
        out.extend_from_slice(&self.pool[start..start + filler_len]);
        out.extend_from_slice(behind);
    }
}

fn base64url(random: &mut impl Rng) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..POOL_LEN).map(|_| DIGITS[random.random_range(0..DIGITS.len())]).collect()
}

const WORDS: [&str; 24] = [
    "price", "rose", "fell", "after", "the", "report", "of", "news", "market", "and", "a", "trade",
    "in", "early", "session", "while", "volume", "was", "light", "index", "closed", "higher", "by",
    "points",
];

fn text(random: &mut impl Rng) -> Vec<u8> {
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
    use crate::tokens::TokenShape;

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
    fn tokens_are_json_of_their_service_and_together_one_reply() {
        for (shape, pointer) in [
            (TokenShape::OpenAi, "/choices/0/delta/content"),
            (TokenShape::Anthropic, "/delta/text"),
        ] {
            let mut reply = String::new();
            let len = Envelope::LEN + shape.least() + 4;
            let writer = PayloadWriter::new(&Content::Tokens(shape), len, 3);
            for number in 0..40 {
                let envelope =
                    Envelope { number: PublishNumber(number), due_at: Timestamp::from_nanos(7) };
                let mut payload = Vec::new();
                writer.write(envelope, &mut payload);
                assert_eq!((payload.len(), Envelope::decode(&payload)), (len, Some(envelope)));
                let chunk: serde_json::Value =
                    serde_json::from_slice(&payload[Envelope::LEN..]).expect("JSON");
                let token = chunk.pointer(pointer).and_then(|token| token.as_str());
                let token = token.expect("a text");
                assert_eq!(token.len(), 5, "a token of one character more than the least, and 4");
                reply.push_str(token);
            }
            let words: Vec<_> = reply.split(' ').collect();
            let whole = &words[..words.len() - 1];
            assert!(whole.iter().all(|word| WORDS.contains(word)), "{reply}");
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
