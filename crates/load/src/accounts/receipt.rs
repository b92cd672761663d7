//! What a payload is that a client received: which message of the trial, or none. Pure.

use pushbench_protocol::{Envelope, PublishNumber};

use crate::accounts::published::{BEGINNING, Published, Sent, digest};
use crate::outcome::Counts;

/// What a message was to the client that received it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Receipt {
    /// Its first copy here.
    New,
    /// The client had it, or one that replaces it.
    Repeat,
    /// No message of this trial.
    Foreign,
    /// A message of this trial that is not as it was sent, or was sent to another topic.
    Altered,
}

/// Whether a message was asked for; a repeat that was asked for is no duplicate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Arrival {
    /// In an answer.
    Polled,
    /// Unasked.
    Pushed,
}

/// Which message of a topic this is and how it was sent; what else it is to the client if it is none
/// that it is to have. Foreign and altered ones are counted.
pub(super) fn identify(
    published: &Published,
    counts: &mut Counts,
    topic: u32,
    payload: &[u8],
) -> Result<(PublishNumber, Sent), Receipt> {
    let envelope = Envelope::decode(payload);
    let sent = envelope.and_then(|Envelope { number, due_at }| {
        let sent = published.of(topic, number).filter(|sent| sent.due_at == due_at)?;
        Some((number, sent))
    });
    let Some((number, sent)) = sent else {
        let wrong = envelope.and_then(|e| Some((e, published.topic_of(e.number, e.due_at)?)));
        let Some((Envelope { number, .. }, of)) = wrong else {
            counts.foreign += 1;
            counts.first_foreign.get_or_insert_with(|| first_bytes(payload));
            return Err(Receipt::Foreign);
        };
        return Err(altered(counts, || {
            format!("message {} of topic {of} came to a subscriber of topic {topic}", number.0)
        }));
    };
    if digest(payload) != sent.digest {
        return Err(altered(counts, || {
            format!(
                "message {} of topic {topic} came with {} bytes that are not those sent: `{}`",
                number.0,
                payload.len(),
                first_bytes(payload)
            )
        }));
    }
    // What a topic began with is no news to anybody.
    if number == BEGINNING { Err(Receipt::Repeat) } else { Ok((number, sent)) }
}

fn altered(counts: &mut Counts, example: impl FnOnce() -> String) -> Receipt {
    counts.altered += 1;
    counts.first_altered.get_or_insert_with(example);
    Receipt::Altered
}

/// The beginning of a payload, for people.
fn first_bytes(payload: &[u8]) -> String {
    const MOST: usize = 64;
    payload[..payload.len().min(MOST)].escape_ascii().to_string()
}
