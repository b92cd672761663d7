//! From how a value was written to the value itself.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

use crate::filter::Filter;

/// How a value was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Decode {
    /// As JSON: of a string what is between its quotes, of any other value its text.
    Json,
    /// In base64 with padding (RFC 4648, section 4).
    Base64,
    /// In base64 for URLs without padding (RFC 4648, section 5).
    Base64Url,
}

impl Decode {
    pub(crate) const ALL: &'static [Self] = &[Self::Json, Self::Base64, Self::Base64Url];

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
        }
    }

    /// What undoes a filter; `None` where nothing does.
    pub(crate) fn of(filter: &Filter) -> Option<Self> {
        match filter {
            Filter::Json => Some(Self::Json),
            Filter::Base64 => Some(Self::Base64),
            Filter::Base64Url => Some(Self::Base64Url),
            Filter::Hex
            | Filter::Length
            | Filter::Url
            | Filter::Escape
            | Filter::Md5
            | Filter::HmacSha256(_)
            | Filter::JwtHs256(_)
            | Filter::Plus(_) => None,
        }
    }

    /// The value; never longer than what was written. `None` if it was not written so.
    pub(crate) fn apply(self, written: Cow<'_, [u8]>) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Json => json(written),
            Self::Base64 => BASE64_STANDARD.decode(&written).ok().map(Cow::Owned),
            Self::Base64Url => BASE64_URL_SAFE_NO_PAD.decode(&written).ok().map(Cow::Owned),
        }
    }
}

fn json(written: Cow<'_, [u8]>) -> Option<Cow<'_, [u8]>> {
    let text = written.trim_ascii();
    if text.first() != Some(&b'"') {
        let _: serde::de::IgnoredAny = serde_json::from_slice(text).ok()?;
        return Some(written);
    }
    // Most strings have nothing to be undone, and their bytes are there already.
    let inside = text.get(1..text.len().checked_sub(1)?)?;
    let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..=31 | 128..);
    if let (Cow::Borrowed(all), true, true) =
        (&written, text.ends_with(b"\""), inside.iter().all(is_plain))
    {
        let begin = all.len() - all.trim_ascii_start().len() + 1;
        return all.get(begin..begin + inside.len()).map(Cow::Borrowed);
    }
    let string: String = serde_json::from_slice(text).ok()?;
    Some(Cow::Owned(string.into_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(decode: Decode, written: &[u8]) -> Option<Vec<u8>> {
        decode.apply(Cow::Borrowed(written)).map(Cow::into_owned)
    }

    #[test]
    fn a_value_is_what_was_written() {
        for (decode, written, value) in [
            (Decode::Json, &br#""a\n\u00e9""#[..], Some("a\né".as_bytes())),
            (Decode::Json, br#" "plain" "#, Some(b"plain")),
            (Decode::Json, br#"{"a": 1}"#, Some(br#"{"a": 1}"#)),
            (Decode::Json, b"\"", None),
            (Decode::Json, b"\"a\"b\"", None),
            (Decode::Json, b"", None),
            (Decode::Base64, b"bTE=", Some(b"m1")),
            (Decode::Base64, b"bTE", None),
            (Decode::Base64Url, b"bTE", Some(b"m1")),
        ] {
            assert_eq!(decoded(decode, written).as_deref(), value, "{decode:?} {written:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_longer(written in prop::collection::vec(any::<u8>(), 0..40)) {
            for decode in Decode::ALL {
                let len = decoded(*decode, &written).map_or(0, |value| value.len());
                prop_assert!(len <= written.len());
            }
        }

        #[test]
        fn any_text_comes_back_from_json(text in "\\PC*") {
            let written = serde_json::to_vec(&text).expect("JSON");
            prop_assert_eq!(decoded(Decode::Json, &written), Some(text.into_bytes()));
        }
    }
}
