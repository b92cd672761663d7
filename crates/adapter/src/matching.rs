//! Which of what arrives is what, and where the value is in it.

use std::borrow::Cow;

use crate::decode::Decode;
use crate::pattern::{FilledPattern, Pattern};
use crate::pointer::{Pointer, elements};
use crate::template::{PAYLOAD, Template};
use crate::values::{FillError, Values};

/// What a unit must be like; all of it must hold.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Match {
    pub(crate) pattern: Option<Pattern>,
    /// What stands before its JSON.
    pub(crate) after: Template,
    pub(crate) conditions: Vec<Condition>,
    /// The type of the event.
    pub(crate) event: Option<Template>,
}

/// What its JSON must have at a place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Condition {
    pub(crate) pointer: Pointer,
    /// The value; `None` for any.
    pub(crate) is: Option<Template>,
}

/// Where a value is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// In the hole of this pattern, which the whole text must look like.
    Pattern(Pattern),
    /// In the JSON behind `after`; with `last_of`, in the last element of the list there.
    Json { after: Template, last_of: Option<Pointer>, pointer: Pointer, decode: Option<Decode> },
    /// In a header of the response, by its name in lower case.
    Header(String),
    /// A cookie that the response sets.
    Cookie(String),
    /// The id of the last event in the response that has one (HTML, section 9.2.6).
    LastEventId,
}

/// How a message is known, and where its payload is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct MessageRule {
    pub(crate) when: Match,
    /// Never a header.
    pub(crate) payload: Place,
}

impl MessageRule {
    /// Whether every unit is a message.
    pub(crate) fn takes_everything(&self) -> bool {
        let whole = Place::Pattern(Pattern::whole(PAYLOAD));
        self.when == Match::default() && self.payload == whole
    }
}

/// A [`Match`] whose values are filled in.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct FilledMatch {
    pattern: Option<FilledPattern>,
    after: Vec<u8>,
    conditions: Vec<(Pointer, Option<Vec<u8>>)>,
    event: Option<Vec<u8>>,
}

/// A [`Place`] whose values are filled in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum FilledPlace {
    Pattern(FilledPattern),
    Json { after: Vec<u8>, last_of: Option<Pointer>, pointer: Pointer, decode: Option<Decode> },
    Header(String),
    Cookie(String),
    LastEventId,
}

/// What a value is looked for in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Within<'r, 'h> {
    /// The body of a response, or a unit of what came over a connection.
    pub(crate) text: &'r [u8],
    /// Empty where it is no response.
    pub(crate) headers: &'h [(&'h str, &'r [u8])],
    /// Of its events.
    pub(crate) last_event_id: Option<&'r [u8]>,
}

impl Match {
    pub(crate) fn fill(&self, values: &mut Values) -> Result<FilledMatch, FillError> {
        let conditions = self.conditions.iter().map(|condition| {
            let is = condition.is.as_ref().map(|is| values.fill(is)).transpose()?;
            Ok((condition.pointer.clone(), is))
        });
        let conditions = conditions.collect::<Result<_, _>>()?;
        Ok(FilledMatch {
            pattern: self.pattern.as_ref().map(|pattern| pattern.fill(values)).transpose()?,
            after: values.fill(&self.after)?,
            conditions,
            event: self.event.as_ref().map(|event| values.fill(event)).transpose()?,
        })
    }
}

impl FilledMatch {
    pub(crate) fn holds(&self, item: &[u8], event: &[u8]) -> bool {
        if self.event.as_ref().is_some_and(|wanted| wanted != event) {
            return false;
        }
        if self.pattern.as_ref().is_some_and(|pattern| pattern.find(item).is_none()) {
            return false;
        }
        if self.conditions.is_empty() {
            return true;
        }
        let Some(json) = item.strip_prefix(&self.after[..]) else { return false };
        self.conditions.iter().all(|(pointer, is)| match (pointer.find(json), is) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(found), Some(is)) => {
                let found = Decode::Json.apply(Cow::Borrowed(found.get().as_bytes()));
                found.is_some_and(|found| found[..] == is[..])
            }
        })
    }

    /// What stands before the JSON that it looks into, if it does.
    pub(crate) fn json_behind(&self) -> Option<&[u8]> {
        (!self.conditions.is_empty()).then_some(&self.after)
    }
}

impl Place {
    pub(crate) fn fill(&self, values: &mut Values) -> Result<FilledPlace, FillError> {
        Ok(match self {
            Self::Pattern(pattern) => FilledPlace::Pattern(pattern.fill(values)?),
            Self::Json { after, last_of, pointer, decode } => FilledPlace::Json {
                after: values.fill(after)?,
                last_of: last_of.clone(),
                pointer: pointer.clone(),
                decode: *decode,
            },
            Self::Header(name) => FilledPlace::Header(name.clone()),
            Self::Cookie(name) => FilledPlace::Cookie(name.clone()),
            Self::LastEventId => FilledPlace::LastEventId,
        })
    }
}

impl FilledPlace {
    /// What stands before the JSON that it looks into, if it does.
    pub(crate) fn json_behind(&self) -> Option<&[u8]> {
        match self {
            Self::Json { after, .. } => Some(after),
            Self::Pattern(_) | Self::Header(_) | Self::Cookie(_) | Self::LastEventId => None,
        }
    }

    /// The value in a text; never longer than what it was written with.
    pub(crate) fn find<'t>(&self, text: &'t [u8]) -> Option<Cow<'t, [u8]>> {
        match self {
            Self::Pattern(pattern) => pattern.find(text)?,
            Self::Json { after, last_of, pointer, decode } => {
                let mut json = text.strip_prefix(&after[..])?;
                if let Some(list) = last_of {
                    json = elements(list.find(json)?)?.last()?.get().as_bytes();
                }
                let written = pointer.find(json)?.get().as_bytes();
                let value = Decode::Json.apply(Cow::Borrowed(written))?;
                match decode {
                    Some(decode) => decode.apply(value),
                    None => Some(value),
                }
            }
            Self::Header(_) | Self::Cookie(_) | Self::LastEventId => None,
        }
    }

    /// The value in a response: in its body, among its headers, or of its events.
    pub(crate) fn find_in<'r>(&self, within: Within<'r, '_>) -> Option<Cow<'r, [u8]>> {
        let headers = within.headers;
        match self {
            Self::Header(name) => {
                let named = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                named.map(|(_, value)| Cow::Borrowed(*value))
            }
            Self::Cookie(name) => {
                let set =
                    headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case("set-cookie"));
                // Of two with one name the last counts (RFC 6265, section 5.3).
                set.rev().find_map(|(_, value)| cookie(value, name)).map(Cow::Borrowed)
            }
            Self::LastEventId => within.last_event_id.map(Cow::Borrowed),
            Self::Pattern(_) | Self::Json { .. } => self.find(within.text),
        }
    }
}

/// The value of a cookie in a `Set-Cookie` field, if that is the name of the one it sets.
///
/// Source: RFC 6265, section 5.2.
fn cookie<'v>(field: &'v [u8], name: &str) -> Option<&'v [u8]> {
    let pair = field.split(|&byte| byte == b';').next()?;
    let equals = pair.iter().position(|&byte| byte == b'=')?;
    let (found, value) = (&pair[..equals], &pair[equals + 1..]);
    (found.trim_ascii() == name.as_bytes()).then(|| value.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(conditions: &[(&str, Option<&str>)], after: &str) -> FilledMatch {
        let template = |text: &str| Template::parse(text).expect("a template");
        let condition = |(pointer, is): &(&str, Option<&str>)| Condition {
            pointer: Pointer::parse(pointer).expect("a pointer"),
            is: is.map(template),
        };
        let conditions = conditions.iter().map(condition).collect();
        let when = Match { after: template(after), conditions, ..Match::default() };
        when.fill(&mut Values::default()).expect("nothing to fill")
    }

    #[test]
    fn all_that_is_asked_of_the_json_must_hold() {
        let json = br#"42{"type":"next","n":1,"null":null,"e":"\u00e9"}"#;
        for (conditions, holds) in [
            (&[("/type", Some("next"))][..], true),
            (&[("/type", Some("next")), ("/n", Some("1"))], true),
            (&[("/type", Some("next")), ("/n", Some("2"))], false),
            (&[("/null", None)], true),
            (&[("/null", Some("null"))], true),
            (&[("/none", None)], false),
            (&[("/e", Some("é"))], true),
        ] {
            assert_eq!(filled(conditions, "42").holds(json, b""), holds, "{conditions:?}");
        }
        assert!(!filled(&[("/type", None)], "").holds(json, b""), "no JSON without its prefix");
        assert!(filled(&[], "").holds(b"anything", b""));
    }

    #[test]
    fn a_value_is_found_by_pointer_and_decoded() {
        let place = |pointer: &str, decode| FilledPlace::Json {
            after: b"m".to_vec(),
            last_of: None,
            pointer: Pointer::parse(pointer).expect("a pointer"),
            decode,
        };
        let text = br#"m{"v":"bTE=","o":{"a": [1]}}"#;
        let found = |pointer, decode| {
            place(pointer, decode)
                .find(text)
                .map(|value| String::from_utf8_lossy(&value).into_owned())
        };
        assert_eq!(found("/v", None).as_deref(), Some("bTE="));
        assert_eq!(found("/v", Some(Decode::Base64)).as_deref(), Some("m1"));
        assert_eq!(found("/o", None).as_deref(), Some(r#"{"a": [1]}"#), "byte for byte");
        assert_eq!(found("/x", None), None);
    }

    #[test]
    fn a_cookie_is_the_last_that_the_response_sets_by_its_name() {
        let headers: [(&str, &[u8]); 5] = [
            ("Set-Cookie", b"sid=1; Path=/"),
            ("set-cookie", b" sid = a=b ; HttpOnly"),
            ("Set-Cookie", b"side=2"),
            ("Set-Cookie", b"sid"),
            ("Cookie", b"sid=3"),
        ];
        let found = |name: &str| {
            let within = Within { headers: &headers, ..Within::default() };
            let found = FilledPlace::Cookie(name.to_owned()).find_in(within);
            found.map(|value| String::from_utf8_lossy(&value).into_owned())
        };
        assert_eq!(found("sid").as_deref(), Some("a=b"));
        assert_eq!(found("side").as_deref(), Some("2"));
        assert_eq!(found("SID"), None);
    }

    #[test]
    fn the_last_element_of_a_list_is_where_a_star_stands() {
        let place = |list: &str| FilledPlace::Json {
            after: Vec::new(),
            last_of: Some(Pointer::parse(list).expect("a pointer")),
            pointer: Pointer::parse("/id").expect("a pointer"),
            decode: None,
        };
        let found = |list, json: &str| {
            let found = place(list).find(json.as_bytes());
            found.map(|value| String::from_utf8_lossy(&value).into_owned())
        };
        let json = r#"{"items":[{"id":1},{"id":"b"}],"none":[]}"#;
        assert_eq!(found("/items", json).as_deref(), Some("b"));
        assert_eq!((found("/none", json), found("/x", json), found("", json)), (None, None, None));
        assert_eq!(found("", r#"[{"id":7}]"#).as_deref(), Some("7"));
    }
}
