//! Lines of a transcript in which some of the text may vary: `"data":"${payload=m1}"`.
//!
//! `${name=VALUE}` is VALUE in the transcript, and anything where a client says it: what it is then is
//! kept under the name, and said again where the server has the same name. `${any=VALUE}` is kept
//! nowhere. `${name|url=VALUE}` is percent-encoded. `\r`, `\n`, `\xNN` and `\\` stand for a byte.

use std::collections::BTreeMap;

/// What was found in place of what varies.
pub type Found = BTreeMap<String, Vec<u8>>;

/// A text of which some may vary.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Text {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Piece {
    Same(Vec<u8>),
    Varies { name: String, is_url: bool, sample: Vec<u8> },
}

const ANY: &str = "any";

impl Text {
    /// Reads a text as a transcript has it.
    #[must_use]
    pub fn parse(written: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = written;
        while let Some(Hole { before, name, sample, behind }) = hole(rest) {
            let (name, is_url) = match name.strip_suffix("|url") {
                Some(name) => (name, true),
                None => (name, false),
            };
            pieces.push(Piece::Same(unescaped(before)));
            let sample = unescaped(sample);
            pieces.push(Piece::Varies { name: name.to_owned(), is_url, sample });
            rest = behind;
        }
        pieces.push(Piece::Same(unescaped(rest)));
        pieces.retain(|piece| *piece != Piece::Same(Vec::new()));
        Self { pieces }
    }

    /// The bytes that the transcript has.
    #[must_use]
    pub fn sample(&self) -> Vec<u8> {
        let bytes = |piece: &Piece| match piece {
            Piece::Same(bytes) | Piece::Varies { sample: bytes, .. } => bytes.clone(),
        };
        self.pieces.iter().flat_map(bytes).collect()
    }

    /// Whether something of this name varies in it.
    #[must_use]
    pub fn has(&self, wanted: &str) -> bool {
        let is = |piece: &Piece| matches!(piece, Piece::Varies { name, .. } if name == wanted);
        self.pieces.iter().any(is)
    }

    /// What varies in bytes that are like this text; `None` if they are not. What varies ends where
    /// that stands which follows it, as early as the rest fits.
    #[must_use]
    pub fn find(&self, bytes: &[u8]) -> Option<Found> {
        let mut found = Found::new();
        find(&self.pieces, bytes, &mut found).then_some(found)
    }

    /// The bytes with what was found in place of what varies, and the sample where nothing was.
    #[must_use]
    pub fn fill(&self, found: &Found) -> Vec<u8> {
        let bytes = |piece: &Piece| match piece {
            Piece::Same(bytes) => bytes.clone(),
            Piece::Varies { name, is_url, sample } => match (found.get(name), is_url) {
                (None, _) => sample.clone(),
                (Some(bytes), false) => bytes.clone(),
                (Some(bytes), true) => percent_encoded(bytes),
            },
        };
        self.pieces.iter().flat_map(bytes).collect()
    }
}

fn find(pieces: &[Piece], bytes: &[u8], found: &mut Found) -> bool {
    match pieces {
        [] => bytes.is_empty(),
        [Piece::Same(same), behind @ ..] => {
            bytes.strip_prefix(&same[..]).is_some_and(|rest| find(behind, rest, found))
        }
        [Piece::Varies { name, is_url, .. }, behind @ ..] => (0..=bytes.len()).any(|end| {
            if !find(behind, &bytes[end..], found) {
                return false;
            }
            let value = match is_url {
                true => percent_decoded(&bytes[..end]),
                false => bytes[..end].to_vec(),
            };
            if name != ANY {
                found.insert(name.clone(), value);
            }
            true
        }),
    }
}

/// The first `${name=VALUE}` of a text, as it is written, and what stands around it.
struct Hole<'t> {
    before: &'t str,
    name: &'t str,
    sample: &'t str,
    behind: &'t str,
}

fn hole(text: &str) -> Option<Hole<'_>> {
    let (before, inside) = text.split_once("${")?;
    let (hole, behind) = inside.split_once('}')?;
    let (name, sample) = hole.split_once('=')?;
    Some(Hole { before, name, sample, behind })
}

/// The transcript with the sample in place of whatever varies.
#[must_use]
pub fn sampled(transcript: &str) -> String {
    let mut text = String::new();
    let mut rest = transcript;
    while let Some(Hole { before, sample, behind, .. }) = hole(rest) {
        text.push_str(before);
        text.push_str(sample);
        rest = behind;
    }
    text + rest
}

/// The bytes that a transcript's text stands for.
///
/// # Panics
///
/// If `\x` has no two digits behind it: a transcript is part of a test.
#[must_use]
pub fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        (rest, _) = match (first, after) {
            (b'\\', [b'n', after @ ..]) => (after, bytes.push(b'\n')),
            (b'\\', [b'r', after @ ..]) => (after, bytes.push(b'\r')),
            (b'\\', [b'\\', after @ ..]) => (after, bytes.push(b'\\')),
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).expect("two digits");
                (after, bytes.push(u8::from_str_radix(digits, 16).expect("two digits")))
            }
            (other, after) => (after, bytes.push(other)),
        };
    }
    bytes
}

fn percent_encoded(bytes: &[u8]) -> Vec<u8> {
    let encoded = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => vec![*byte],
        byte => format!("%{byte:02X}").into_bytes(),
    };
    bytes.iter().flat_map(encoded).collect()
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        (rest, _) = match (first, byte) {
            (b'%', Some(byte)) => (&after[2..], bytes.push(byte)),
            (other, _) => (after, bytes.push(other)),
        };
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str, bytes: &str) -> Option<Vec<(String, String)>> {
        let found = Text::parse(text).find(bytes.as_bytes())?;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Some(found.into_iter().map(|(name, value)| (name, text(value))).collect())
    }

    #[test]
    fn what_varies_is_found_and_said_again() {
        let text = r#"{"c":"${channel=c1}","d":"${payload=m1}","t":${any=1}}\x1e"#;
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let said = "{\"c\":\"c2\",\"d\":\"x\",\"t\":77}\x1e";
        assert_eq!(found(text, said), Some(vec![pair("channel", "c2"), pair("payload", "x")]));
        assert_eq!(found(text, "{\"c\":\"c2\"}\x1e"), None);
        let known = Found::from([("payload".to_owned(), b"y".to_vec())]);
        assert_eq!(Text::parse(text).fill(&known), b"{\"c\":\"c1\",\"d\":\"y\",\"t\":1}\x1e");
        assert_eq!(Text::parse(text).sample(), b"{\"c\":\"c1\",\"d\":\"m1\",\"t\":1}\x1e");
        assert_eq!(sampled(text), r#"{"c":"c1","d":"m1","t":1}\x1e"#);
        assert_eq!(
            found("data=${payload|url=m%201}", "data=a%20b"),
            Some(vec![pair("payload", "a b")])
        );
        assert!(!Text::parse(text).has("any=") && Text::parse(text).has("payload"));
    }

    #[test]
    fn what_is_no_hole_is_text() {
        for text in ["${", "${a", "${a}", "$", "a${b}c"] {
            assert_eq!(Text::parse(text).sample(), text.as_bytes());
            assert_eq!(sampled(text), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_filled_is_found(channel in "[a-z0-9/ ]{1,8}", payload in "[a-z&= %]{0,12}") {
            let text = Text::parse("c=${channel=c1}&d=${payload|url=m1}");
            let known = Found::from([
                ("channel".to_owned(), channel.into_bytes()),
                ("payload".to_owned(), payload.into_bytes()),
            ]);
            prop_assert_eq!(text.find(&text.fill(&known)), Some(known));
        }
    }
}
