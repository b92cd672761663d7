//! Where a value is in a JSON text (RFC 6901).

use std::collections::BTreeMap;

use pushbench_toml::kind::Mismatch;
use serde_json::value::RawValue;

/// The most steps of a pointer. Each reads what is below it once more.
const MOST_TOKENS: usize = 16;

/// A path to a value: `/payload/data/0`; empty for the whole text.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Pointer {
    tokens: Vec<String>,
}

impl Pointer {
    pub(crate) fn parse(text: &str) -> Result<Self, Mismatch> {
        let expected = || Mismatch::new("a JSON pointer: empty, or as in \"/payload/0/data\"");
        let Some(path) = text.strip_prefix('/') else {
            return match text {
                "" => Ok(Self::default()),
                text => Err(expected().help(format!("write a `/` before it: \"/{text}\""))),
            };
        };
        let tokens = path.split('/').map(unescaped).collect::<Option<Vec<_>>>();
        let tokens = tokens.ok_or_else(|| expected().help("`~` is written `~0`, and `/` `~1`"))?;
        match tokens.len() {
            0..=MOST_TOKENS => Ok(Self { tokens }),
            _ => Err(Mismatch::new(format!("a JSON pointer of at most {MOST_TOKENS} steps"))),
        }
    }

    /// The value at its place in the JSON text; `None` if the text is none or has no such place.
    pub(crate) fn find<'j>(&self, json: &'j [u8]) -> Option<&'j RawValue> {
        let mut value: &RawValue = serde_json::from_slice(json).ok()?;
        for token in &self.tokens {
            let text = value.get();
            value = match text.as_bytes().first()? {
                b'{' => {
                    let mut members: BTreeMap<String, &RawValue> =
                        serde_json::from_str(text).ok()?;
                    members.remove(token)?
                }
                b'[' => {
                    let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
                    *elements.get(index(token)?)?
                }
                _ => return None,
            };
        }
        Some(value)
    }
}

fn unescaped(token: &str) -> Option<String> {
    let mut text = String::new();
    let mut characters = token.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '~' => match characters.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            other => other,
        });
    }
    Some(text)
}

/// Digits without a zero before others (RFC 6901, section 4).
fn index(token: &str) -> Option<usize> {
    let is_plain = token == "0" || !token.starts_with('0');
    let is_digits = token.bytes().all(|byte| byte.is_ascii_digit());
    (is_plain && is_digits).then(|| token.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: RFC 6901, section 5, and what is not there.
    #[test]
    fn a_pointer_finds_what_the_standard_says() {
        let json = br#" {"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, "x": {"y" : null}} "#;
        for (pointer, found) in [
            ("/foo", Some(r#"["bar", "baz"]"#)),
            ("/foo/0", Some(r#""bar""#)),
            ("/", Some("0")),
            ("/a~1b", Some("1")),
            ("/m~0n", Some("8")),
            ("/x/y", Some("null")),
            ("/foo/2", None),
            ("/foo/00", None),
            ("/foo/-", None),
            ("/foo/+1", None),
            ("/x/y/z", None),
            ("/none", None),
        ] {
            let at = Pointer::parse(pointer).expect("a pointer").find(json).map(RawValue::get);
            assert_eq!(at, found, "{pointer}");
        }
        assert!(Pointer::default().find(json).is_some());
        assert!(Pointer::default().find(b"{").is_none());
        assert!(Pointer::default().find(b"1 2").is_none());
        for text in ["foo", "/~", "/~2", &"/x".repeat(17)] {
            assert!(Pointer::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_deep_is_no_reason_to_end() {
        let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
        let pointer = Pointer::parse("/0/0").expect("a pointer");
        let _ = pointer.find(&deep);
    }
}
