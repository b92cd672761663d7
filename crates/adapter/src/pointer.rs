//! Where a value is in a JSON text (RFC 6901).

use std::borrow::Cow;
use std::fmt;

use pushbench_toml::kind::Mismatch;
use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
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
            let mut json = serde_json::Deserializer::from_str(value.get());
            value = json.deserialize_any(Below(token)).ok()??;
        }
        Some(value)
    }
}

/// Looks for the value below a token, and keeps no other: a text may have millions.
struct Below<'t>(&'t str);

impl<'j> Visitor<'j> for Below<'_> {
    type Value = Option<&'j RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'j>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = members.next_key::<Name<'j>>()? {
            match name.0 == self.0 {
                // Of two members with one name the last counts, as it does for most readers.
                true => found = Some(members.next_value()?),
                false => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'j>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let Some(index) = index(self.0) else {
            while elements.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(None);
        };
        for _ in 0..index {
            if elements.next_element::<IgnoredAny>()?.is_none() {
                return Ok(None);
            }
        }
        let found = elements.next_element()?;
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }
}

/// A member's name; borrowed where nothing in it is escaped.
#[derive(serde::Deserialize)]
struct Name<'j>(#[serde(borrow)] Cow<'j, str>);

/// The elements of a list; `None` if it is none, or has more than 65,536.
pub(crate) fn elements(list: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::Deserializer::from_str(list.get()).deserialize_any(Elements).ok()
}

const MOST_ELEMENTS: usize = 1 << 16;

struct Elements;

impl<'j> Visitor<'j> for Elements {
    type Value = Vec<&'j RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of at most {MOST_ELEMENTS} elements")
    }

    fn visit_seq<A: SeqAccess<'j>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(element) = elements.next_element()? {
            if all.len() == MOST_ELEMENTS {
                return Err(serde::de::Error::invalid_length(all.len() + 1, &self));
            }
            all.push(element);
        }
        Ok(all)
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
    fn a_list_has_its_elements_as_they_are_written_up_to_a_bound() {
        let list = |text: &str| {
            let value: &RawValue = serde_json::from_str(text).expect("JSON");
            let found = elements(value)?;
            Some(found.iter().map(|element| element.get().to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(list(r#"[1, {"a": 2}]"#), Some(vec!["1".to_owned(), r#"{"a": 2}"#.to_owned()]));
        assert_eq!(list("{}"), None);
        let long = |count: usize| list(&format!("[0{}]", ",0".repeat(count - 1)));
        assert_eq!(long(MOST_ELEMENTS).map(|all| all.len()), Some(MOST_ELEMENTS));
        assert_eq!(long(MOST_ELEMENTS + 1), None);
    }

    #[test]
    fn of_two_members_with_one_name_the_last_counts() {
        let pointer = Pointer::parse("/a").expect("a pointer");
        let found = pointer.find(br#"{"a":1,"\u0061":2,"b":3}"#).map(RawValue::get);
        assert_eq!(found, Some("2"));
    }

    #[test]
    fn a_text_that_is_deep_is_no_reason_to_end() {
        let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
        let pointer = Pointer::parse("/0/0").expect("a pointer");
        assert!(pointer.find(&deep).is_some());
    }
}
