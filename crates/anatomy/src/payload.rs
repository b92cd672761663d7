//! Payloads: the envelope at their head, decoded.

use pushbench_protocol::{ByteKind, Envelope};

use crate::part::{Detail, Part};

/// The part of a payload that is new to the client.
pub(crate) fn payload(bytes: &[u8]) -> Part {
    Part::new("payload", ByteKind::Payload, bytes)
        .because("the message itself, the only bytes that anyone wanted", "")
        .with(envelope(bytes))
}

/// What the envelope says, if there is one.
pub(crate) fn envelope(bytes: &[u8]) -> Vec<Detail> {
    let Some(envelope) = Envelope::decode(bytes) else {
        return vec![Detail::new(
            "envelope",
            "none",
            "your own text, which does not begin with one",
        )];
    };
    let text = String::from_utf8_lossy(&bytes[..Envelope::LEN]).into_owned();
    let due = envelope.due_at.as_nanos();
    let seconds = format!("{}.{:09} s", due / 1_000_000_000, due % 1_000_000_000);
    let filler = bytes.len() - Envelope::LEN;
    let mut details = vec![
        Detail::new("envelope", text, "16 characters of base64url, which are 12 bytes:"),
        Detail::new(
            "number",
            envelope.number.0.to_string(),
            "publish number, 4 bytes: a gap is a loss, a repeat a duplicate",
        ),
        Detail::new(
            "due",
            seconds,
            "due time, 8 bytes of nanoseconds since the host started: latency is counted from here",
        ),
    ];
    if filler > 0 {
        let note = "stands for the content of an application";
        details.push(Detail::new("filler", format!("{filler} B"), note));
    }
    details
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::{PublishNumber, Timestamp};

    use super::*;

    #[test]
    fn an_envelope_is_decoded_and_another_text_is_not() {
        let envelope_of =
            Envelope { number: PublishNumber(7), due_at: Timestamp::from_nanos(12_000_000_345) };
        let mut bytes = envelope_of.encode().to_vec();
        bytes.extend_from_slice(b"abcd");
        let details = envelope(&bytes);
        let value = |name: &str| {
            details.iter().find(|detail| detail.name == name).expect("a detail").value.clone()
        };
        assert_eq!(value("number"), "7");
        assert_eq!(value("due"), "12.000000345 s");
        assert_eq!(value("filler"), "4 B");
        assert_eq!(envelope(b"hello")[0].value, "none");
    }
}
