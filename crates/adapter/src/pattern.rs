//! What a unit looks like: a template that may have gaps, and one place to take a value from.
//!
//! `${any}` stands for any bytes, as few as will do; `${payload}` (in a value to `get`, `${value}`)
//! for the bytes to take. All else must be there as it is written, from the first byte to the last.

use std::borrow::Cow;
use std::ops::Range;

use pushbench_toml::kind::Mismatch;
use serde_json::value::RawValue;

use crate::decode::Decode;
use crate::template::{ANY, Hole, Piece, Template};
use crate::values::{FillError, Values};

/// A pattern as written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Pattern {
    template: Template,
    /// The name of the hole to take the bytes of.
    takes: &'static str,
}

/// A pattern whose values are filled in.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct FilledPattern {
    /// One more than there are gaps.
    literals: Vec<Vec<u8>>,
    gaps: Vec<Gap>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Gap {
    Any,
    Take(Vec<Decode>),
}

impl Pattern {
    /// Reads a pattern whose bytes to take are called `takes`.
    pub(crate) fn parse(text: &str, takes: &'static str) -> Result<Self, Mismatch> {
        let template = Template::parse(text)?;
        let mut taken = 0;
        let mut was_gap = false;
        for piece in &template.pieces {
            let gap = match piece {
                Piece::Hole(hole) if hole.name == ANY || hole.name == takes => hole,
                Piece::Text(_) | Piece::Hole(_) => {
                    was_gap = false;
                    continue;
                }
            };
            if std::mem::replace(&mut was_gap, true) {
                return Err(Mismatch::new(format!(
                    "text between two of `${{any}}` and `${{{takes}}}`"
                ))
                .help("without it nobody knows where the first ends"));
            }
            taken += u32::from(gap.name == takes);
            decodes(gap, takes)?;
        }
        match taken {
            0 | 1 => Ok(Self { template, takes }),
            _ => Err(Mismatch::new(format!("at most one `${{{takes}}}`"))),
        }
    }

    /// Every byte of the unit.
    pub(crate) fn whole(takes: &'static str) -> Self {
        let hole = Hole { name: takes.to_owned(), counts: false, filters: Vec::new() };
        Self { template: Template { pieces: vec![Piece::Hole(hole)] }, takes }
    }

    pub(crate) fn has_taken(&self) -> bool {
        self.template.holes().any(|hole| hole.name == self.takes)
    }

    /// The holes that are filled with values.
    pub(crate) fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.template.holes().filter(|hole| hole.name != ANY && hole.name != self.takes)
    }

    pub(crate) fn fill(&self, values: &mut Values) -> Result<FilledPattern, FillError> {
        let mut filled = FilledPattern { literals: vec![Vec::new()], gaps: Vec::new() };
        for piece in &self.template.pieces {
            match piece {
                Piece::Hole(hole) if hole.name == ANY || hole.name == self.takes => {
                    filled.gaps.push(match hole.name == ANY {
                        true => Gap::Any,
                        false => Gap::Take(
                            decodes(hole, self.takes).expect("checked when it was parsed"),
                        ),
                    });
                    filled.literals.push(Vec::new());
                }
                piece => {
                    let value = values.fill(&Template { pieces: vec![piece.clone()] })?;
                    filled.literals.last_mut().expect("begins with one").extend(value);
                }
            }
        }
        Ok(filled)
    }
}

/// What undoes the filters of a gap, the last of them first.
fn decodes(gap: &Hole, takes: &str) -> Result<Vec<Decode>, Mismatch> {
    if gap.counts || (gap.name == ANY && !gap.filters.is_empty()) {
        return Err(Mismatch::new(format!("`${{{}}}` as it is", gap.name)));
    }
    gap.filters.iter().rev().map(Decode::of).collect::<Option<_>>().ok_or_else(|| {
        let names: Vec<_> = Decode::ALL.iter().map(|decode| decode.label()).collect();
        Mismatch::new(format!("`${{{takes}}}` with no filter but {}", names.join(", ")))
    })
}

impl FilledPattern {
    /// Whether the unit looks like this; and if so, the bytes to take, undone, where it has any.
    pub(crate) fn find<'u>(&self, unit: &'u [u8]) -> Option<Option<Cow<'u, [u8]>>> {
        let (first, rest) = self.literals.split_first()?;
        let Some((last, middle)) = rest.split_last() else {
            return (unit == first).then_some(None);
        };
        let mut at = unit.starts_with(first).then_some(first.len())?;
        let end = unit.len().checked_sub(last.len()).filter(|end| *end >= at)?;
        if !unit.ends_with(last) {
            return None;
        }
        let mut taken = None;
        for (place, gap) in self.gaps.iter().enumerate() {
            let next = middle.get(place);
            let range = match (gap, next) {
                (Gap::Take(decodes), Some(next)) if decodes.first() == Some(&Decode::Json) => {
                    // The text that follows may be part of the JSON too, so the JSON says where it ends.
                    let len = json_len(&unit[at..end])?;
                    unit[at + len..end].starts_with(next).then_some(at..at + len)?
                }
                (_, Some(next)) => find(next, &unit[..end], at)?,
                (_, None) => at..end,
            };
            at = range.end + next.map_or(0, Vec::len);
            if let Gap::Take(decodes) = gap {
                let written = Cow::Borrowed(&unit[range]);
                taken = Some(decodes.iter().try_fold(written, |text, d| d.apply(text))?);
            }
        }
        Some(taken)
    }
}

/// The bytes from `at` up to where `literal` begins.
fn find(literal: &[u8], unit: &[u8], at: usize) -> Option<Range<usize>> {
    if literal.is_empty() {
        return Some(at..at);
    }
    let found = unit[at..].windows(literal.len()).position(|window| window == literal)?;
    Some(at..at + found)
}

/// How many bytes the JSON value takes that the text begins with.
fn json_len(text: &[u8]) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(text: &str) -> FilledPattern {
        let mut values = Values::default();
        values.set("channel", "c1");
        values.set("nothing", "");
        Pattern::parse(text, "payload").expect("a pattern").fill(&mut values).expect("filled")
    }

    fn found(pattern: &str, unit: &str) -> Option<Option<String>> {
        let found = filled(pattern).find(unit.as_bytes());
        found.map(|taken| taken.map(|taken| String::from_utf8_lossy(&taken).into_owned()))
    }

    fn takes(text: &str) -> Option<Option<String>> {
        Some(Some(text.to_owned()))
    }

    #[test]
    fn a_unit_must_look_like_all_of_the_pattern() {
        for (pattern, unit, expected) in [
            ("2", "2", Some(None)),
            ("2", "22", None),
            ("40${any}", "40", Some(None)),
            ("40${any}", "40{\"sid\":\"x\"}", Some(None)),
            ("${payload}", "all", takes("all")),
            ("MSG ${channel} 1 ${any}\r\n${payload}", "MSG c1 1 2\r\na\r\nb", takes("a\r\nb")),
            ("MSG ${channel} 1 ${any}\r\n${payload}", "MSG c2 1 2\r\nab", None),
            ("42[\"news\",${payload|json}]", r#"42["news","a\"]"]"#, takes("a\"]")),
            ("42[\"news\",${payload|json}]", r#"42["news","a","b"]"#, None),
            ("[${payload|json},${any}]", r#"["a,\"b",2]"#, takes("a,\"b")),
            ("<${payload|base64}>", "<bTE=>", takes("m1")),
            ("<${payload|base64}>", "<no base64>", None),
            ("{${payload|base64|json}}", "{\"bTE=\"}", takes("m1")),
            ("ab${any}bc", "abc", None),
            ("${any}${nothing}x", "x", Some(None)),
            ("", "", Some(None)),
        ] {
            assert_eq!(found(pattern, unit), expected, "{pattern} {unit}");
        }
    }

    #[test]
    fn what_says_not_where_to_cut_is_refused() {
        for pattern in [
            "${any}${payload}",
            "${payload}x${payload}",
            "${payload|hex}",
            "${any|json}",
            "${any++}",
        ] {
            assert!(Pattern::parse(pattern, "payload").is_err(), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn what_a_template_writes_its_pattern_takes_apart(payload in "\\PC{0,20}") {
            for text in ["42[\"n\",${payload|json}]", "{\"d\":${payload|base64|json},\"x\":1}", "m${payload}"] {
                let mut values = Values::default();
                values.set("payload", payload.as_str());
                let unit = values.fill(&Template::parse(text).expect("a template")).expect("filled");
                let pattern = Pattern::parse(text, "payload").expect("a pattern");
                let pattern = pattern.fill(&mut Values::default()).expect("filled");
                let taken = pattern.find(&unit).expect("it looks so").expect("it takes");
                prop_assert_eq!(&taken[..], payload.as_bytes());
            }
        }

        #[test]
        fn no_unit_makes_a_pattern_panic(unit in "[ab\\[\\],\"]{0,20}") {
            for pattern in ["a${any}b${payload|json}a", "${any}ab${any}b", "${payload|json},${any}"] {
                let _ = filled(pattern).find(unit.as_bytes());
            }
        }
    }
}
