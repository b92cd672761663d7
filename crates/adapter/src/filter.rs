//! What a hole does to its value: `${payload|json}`, `${signed|hmac-sha256:secret|hex}`.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use pushbench_toml::closest;
use pushbench_toml::kind::Mismatch;
use sha2::Sha256;

/// The header of a token that is signed by HMAC-SHA256 (RFC 7515, section 4; RFC 7518, section 3.2).
const JWT_HEADER: &[u8] = br#"{"alg":"HS256","typ":"JWT"}"#;

/// One step from a value to another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Filter {
    /// Base64 with padding (RFC 4648, section 4).
    Base64,
    /// Base64 for URLs and file names, without padding (RFC 4648, section 5).
    Base64Url,
    /// Two lower-case digits for each byte.
    Hex,
    /// The number of bytes, in decimal.
    Length,
    /// Percent-encoded, but for letters, digits, `-`, `.`, `_` and `~` (RFC 3986, section 2.3).
    Url,
    /// A JSON string with its quotes (RFC 8259, section 7).
    Json,
    /// What stands between the quotes of a JSON string.
    Escape,
    /// The 16 bytes of the MD5 (RFC 1321), for services that want one of what is signed.
    Md5,
    /// The 32 bytes of the HMAC-SHA256 of the value, by the key of this name (RFC 2104).
    HmacSha256(String),
    /// A JSON Web Token with the value as its claims, signed by the key of this name (RFC 7515).
    JwtHs256(String),
    /// The number and this many more.
    Plus(u64),
}

/// Why a value could not go through a filter.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FilterError {
    /// JSON strings are text.
    #[error("is not UTF-8, expected text for JSON")]
    NotText,
    /// `plus` adds to numbers.
    #[error("is not a whole number below 2^63, expected one for `plus`")]
    NotANumber,
    /// A key was not set.
    #[error("has no key, expected a value that is not empty for the filter's key")]
    NoKey,
}

/// Name, and what stands after its colon: nothing, a number, or the name of a key.
const NAMES: [(&str, &str); 11] = [
    ("base64", ""),
    ("base64url", ""),
    ("hex", ""),
    ("length", ""),
    ("url", ""),
    ("json", ""),
    ("escape", ""),
    ("md5", ""),
    ("hmac-sha256", "KEY"),
    ("jwt-hs256", "KEY"),
    ("plus", "NUMBER"),
];

impl Filter {
    /// Reads a filter as it stands in a hole.
    pub(crate) fn parse(text: &str) -> Result<Self, Mismatch> {
        let (name, argument) = match text.split_once(':') {
            Some((name, argument)) => (name, Some(argument)),
            None => (text, None),
        };
        let expected = || {
            let names: Vec<_> =
                NAMES.iter().map(|(name, argument)| spelled(name, argument)).collect();
            Mismatch::new(format!("one of the filters {}", names.join(", ")))
        };
        let Some((_, takes)) = NAMES.iter().find(|(known, _)| *known == name) else {
            let close = closest(name, NAMES.iter().map(|(known, _)| *known));
            return Err(match close {
                Some(close) => expected().help(format!("did you mean `{close}`?")),
                None => expected(),
            });
        };
        let key = argument.filter(|key| !key.is_empty()).map(str::to_owned);
        let filter = match (name, key) {
            ("base64", None) => Self::Base64,
            ("base64url", None) => Self::Base64Url,
            ("hex", None) => Self::Hex,
            ("length", None) => Self::Length,
            ("url", None) => Self::Url,
            ("json", None) => Self::Json,
            ("escape", None) => Self::Escape,
            ("md5", None) => Self::Md5,
            ("hmac-sha256", Some(key)) => Self::HmacSha256(key),
            ("jwt-hs256", Some(key)) => Self::JwtHs256(key),
            ("plus", Some(number)) => match number.parse::<u32>() {
                Ok(more) => Self::Plus(u64::from(more)),
                Err(_) => {
                    return Err(Mismatch::new(format!("`{}`", spelled(name, takes)))
                        .help("NUMBER is a whole number from 0 to 4_294_967_295"));
                }
            },
            _ => return Err(Mismatch::new(format!("`{}`", spelled(name, takes)))),
        };
        Ok(filter)
    }

    /// The name of the value that is its key, if it has one.
    pub(crate) fn key(&self) -> Option<&str> {
        match self {
            Self::HmacSha256(key) | Self::JwtHs256(key) => Some(key),
            Self::Base64
            | Self::Base64Url
            | Self::Hex
            | Self::Length
            | Self::Url
            | Self::Json
            | Self::Escape
            | Self::Md5
            | Self::Plus(_) => None,
        }
    }

    /// The value after it; `key` is the value of [`Filter::key`].
    pub(crate) fn apply(&self, value: &[u8], key: Option<&[u8]>) -> Result<Vec<u8>, FilterError> {
        let key = || key.filter(|key| !key.is_empty()).ok_or(FilterError::NoKey);
        Ok(match self {
            Self::Base64 => BASE64_STANDARD.encode(value).into_bytes(),
            Self::Base64Url => BASE64_URL_SAFE_NO_PAD.encode(value).into_bytes(),
            Self::Hex => hex(value),
            Self::Length => value.len().to_string().into_bytes(),
            Self::Url => percent_encoded(value),
            Self::Json => json(value)?,
            Self::Escape => {
                let quoted = json(value)?;
                quoted[1..quoted.len() - 1].to_vec()
            }
            Self::Md5 => Md5::digest(value).to_vec(),
            Self::HmacSha256(_) => hmac_sha256(key()?, value).to_vec(),
            Self::JwtHs256(_) => jwt_hs256(key()?, value).into_bytes(),
            Self::Plus(more) => {
                let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                let number: i64 = number.ok_or(FilterError::NotANumber)?;
                let sum = i64::try_from(*more).ok().and_then(|more| number.checked_add(more));
                sum.ok_or(FilterError::NotANumber)?.to_string().into_bytes()
            }
        })
    }
}

fn spelled(name: &str, argument: &str) -> String {
    match argument {
        "" => name.to_owned(),
        argument => format!("{name}:{argument}"),
    }
}

/// A JSON string with its quotes.
fn json(value: &[u8]) -> Result<Vec<u8>, FilterError> {
    let text = std::str::from_utf8(value).map_err(|_| FilterError::NotText)?;
    Ok(serde_json::to_vec(text).expect("a string is JSON"))
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    bytes.iter().flat_map(digits).collect()
}

fn percent_encoded(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(*byte),
            byte => {
                text.push(b'%');
                text.extend(hex(&[*byte]).to_ascii_uppercase());
            }
        }
    }
    text
}

fn hmac_sha256(key: &[u8], value: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(value);
    mac.finalize().into_bytes().into()
}

/// The claims are signed as they are written, so that an adapter decides every byte of its token.
fn jwt_hs256(key: &[u8], claims: &[u8]) -> String {
    let encode = |part: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(part);
    let signed = format!("{}.{}", encode(JWT_HEADER), encode(claims));
    let signature = encode(&hmac_sha256(key, signed.as_bytes()));
    format!("{signed}.{signature}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filtered(filter: &str, value: &[u8], key: &[u8]) -> String {
        let filter = Filter::parse(filter).expect("a filter");
        String::from_utf8(filter.apply(value, Some(key)).expect("it applies")).expect("text")
    }

    #[test]
    fn values_are_encoded_as_the_standards_say() {
        for (filter, value, expected) in [
            ("base64", &b"f\xffo?"[..], "Zv9vPw=="),
            ("base64url", b"f\xffo?", "Zv9vPw"),
            ("hex", b"\x00\xaf", "00af"),
            ("length", "é1".as_bytes(), "3"),
            ("url", "a b/é~".as_bytes(), "a%20b%2F%C3%A9~"),
            ("json", b"a\"\\\n", r#""a\"\\\n""#),
            ("escape", b"a\"\n", r#"a\"\n"#),
            ("plus:3600", b"1700000000", "1700003600"),
        ] {
            assert_eq!(filtered(filter, value, b""), expected, "{filter}");
        }
    }

    /// Source: RFC 1321, appendix A.5.
    #[test]
    fn a_digest_is_that_of_the_standard() {
        let digest = Filter::Md5.apply(b"message digest", None).expect("no key is needed");
        let digest = String::from_utf8(hex(&digest)).expect("digits");
        assert_eq!(digest, "f96b697d7cb7938d525a2f31aaf161d0");
    }

    /// Source: RFC 4231, section 4.3 (test case 2).
    #[test]
    fn a_signature_is_that_of_the_standard() {
        let key = Filter::HmacSha256("key".to_owned());
        let mac = key.apply(b"what do ya want for nothing?", Some(b"Jefe")).expect("a key");
        assert_eq!(
            String::from_utf8(hex(&mac)).expect("digits"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    /// Made with Python's `hmac`, `hashlib` and `base64`.
    #[test]
    fn a_token_is_the_one_that_another_library_makes() {
        let claims = br#"{"mercure":{"publish":["*"]}}"#;
        let token = filtered("jwt-hs256:key", claims, b"an example of a key for HS256, 32 bytes+");
        let expected = [
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
            "eyJtZXJjdXJlIjp7InB1Ymxpc2giOlsiKiJdfX0",
            "G3naTwT88TaM7t4tn3fUenyT5LiiHnEw5kcebbxnExs",
        ];
        assert_eq!(token, expected.join("."));
    }

    /// Source: RFC 7515, appendix A.1.
    #[test]
    fn the_signature_of_the_token_in_the_standard_is_found() {
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4M\
            TkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z\
            9CAow";
        let key = BASE64_URL_SAFE_NO_PAD.decode(key).expect("the key of the example");
        let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac_sha256(&key, signed.as_bytes()));
        assert_eq!(signature, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }

    #[test]
    fn what_a_filter_cannot_take_is_an_error() {
        let error = |filter: &str, value: &[u8]| {
            Filter::parse(filter).expect("a filter").apply(value, None).expect_err(filter)
        };
        assert_eq!(error("json", b"\xff"), FilterError::NotText);
        assert_eq!(error("plus:1", b"one"), FilterError::NotANumber);
        assert_eq!(error("plus:1", b"9223372036854775807"), FilterError::NotANumber);
        assert_eq!(error("hmac-sha256:key", b"x"), FilterError::NoKey);
        for text in ["", "base", "base64:x", "hmac-sha256", "plus:", "plus:-1", "jwt-hs256:"] {
            assert!(Filter::parse(text).is_err(), "{text}");
        }
    }
}
