//! Kinds of values: what a key takes, and what is said where it gets something else.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

use pushbench_protocol::{format_duration, parse_duration};

use crate::complaint::closest;
use crate::size::parse_size;
use crate::tree::Value;

/// What a key expected instead of the value it got.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mismatch {
    /// What was expected.
    pub expected: String,
    /// What to do, where that can be guessed.
    pub help: Option<String>,
}

impl Mismatch {
    /// Without a suggestion.
    pub fn new(expected: impl Into<String>) -> Self {
        Self { expected: expected.into(), help: None }
    }

    /// With one.
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// A text that is not empty and has one line.
pub fn text(expected: &'static str) -> impl Fn(&Value) -> Result<String, Mismatch> {
    move |value| match value {
        Value::Text(text) if !text.trim().is_empty() && !text.contains(['\n', '\r']) => {
            Ok(text.clone())
        }
        _ => Err(Mismatch::new(expected)),
    }
}

/// A whole number in a range.
pub fn whole(range: RangeInclusive<u64>) -> impl Fn(&Value) -> Result<u64, Mismatch> {
    move |value| {
        let number = match value {
            Value::Whole(_, Some(number)) => u64::try_from(*number).ok(),
            _ => None,
        };
        number.filter(|number| range.contains(number)).ok_or_else(|| {
            Mismatch::new(format!(
                "a whole number from {} to {}",
                grouped(*range.start()),
                grouped(*range.end())
            ))
        })
    }
}

/// A whole number from 1 to `most`.
pub fn count(most: u32) -> impl Fn(&Value) -> Result<NonZeroU32, Mismatch> {
    let whole = whole(1..=u64::from(most));
    move |value| {
        let number = u32::try_from(whole(value)?).expect("the range is one of u32");
        Ok(NonZeroU32::new(number).expect("the range begins at 1"))
    }
}

/// A duration in a range.
pub fn duration(range: RangeInclusive<Duration>) -> impl Fn(&Value) -> Result<Duration, Mismatch> {
    move |value| {
        let found = match value {
            Value::Text(text) => parse_duration(text),
            _ => None,
        };
        found.filter(|found| range.contains(found)).ok_or_else(|| {
            let (least, most) = (format_duration(*range.start()), format_duration(*range.end()));
            let mismatch = Mismatch::new(format!("a duration from \"{least}\" to \"{most}\""));
            match value {
                Value::Whole(number, _) => {
                    mismatch.help(format!("write the unit too, as in \"{number}s\""))
                }
                _ => mismatch,
            }
        })
    }
}

/// A size in bytes in a range.
pub fn size(range: RangeInclusive<u32>) -> impl Fn(&Value) -> Result<u32, Mismatch> {
    move |value| {
        let found = match value {
            Value::Text(text) => parse_size(text),
            Value::Whole(_, Some(number)) => u64::try_from(*number).ok(),
            _ => None,
        };
        found.and_then(|bytes| u32::try_from(bytes).ok()).filter(|n| range.contains(n)).ok_or_else(
            || {
                Mismatch::new(format!(
                    "{} to {} bytes, as in 20, \"1kB\" or \"1KiB\"",
                    grouped(u64::from(*range.start())),
                    grouped(u64::from(*range.end()))
                ))
            },
        )
    }
}

/// `true` or `false`.
pub fn truth(value: &Value) -> Result<bool, Mismatch> {
    match value {
        Value::Other(text) if text == "true" => Ok(true),
        Value::Other(text) if text == "false" => Ok(false),
        _ => Err(Mismatch::new("true or false")),
    }
}

/// One of a list of names.
pub fn choice<T: Copy>(
    all: &'static [T],
    label: impl Fn(T) -> &'static str,
) -> impl Fn(&Value) -> Result<T, Mismatch> {
    move |value| {
        let labels = || all.iter().map(|choice| label(*choice));
        let Value::Text(text) = value else {
            return Err(one_of(labels()));
        };
        all.iter().copied().find(|choice| label(*choice) == text).ok_or_else(|| {
            let mismatch = one_of(labels());
            match closest(text, labels()) {
                Some(name) => mismatch.help(format!("did you mean \"{name}\"?")),
                None => mismatch,
            }
        })
    }
}

/// `one of "a", "b"`.
pub fn one_of<'n>(names: impl IntoIterator<Item = &'n str>) -> Mismatch {
    let names: Vec<_> = names.into_iter().map(|name| format!("\"{name}\"")).collect();
    Mismatch::new(format!("one of {}", names.join(", ")))
}

/// A number with its digits in groups of three, as scenario files write them: `100_000`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}
