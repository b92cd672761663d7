//! `reconnect` of a `[[transport]]` as written.

use std::time::Duration;

use pushbench_toml::kind::{Mismatch, duration};
use pushbench_toml::{At, Read, Reader, Value};

use crate::quantity::{minutes, parse_duration};
use crate::reconnect::Reconnect;

/// How it is written.
pub(crate) const RECONNECT_EXAMPLE: &str = "{ after = \"5s\", jitter = \"full\" }";
/// The longest wait that may be written.
const MOST: Duration = minutes(1);
/// What a schema says of `after`.
pub(crate) const AFTER_PATTERN: &str = r"^[0-9.]+ *(ms|s|m)( *\.\. *[0-9.]+ *(ms|s|m))?$";
/// What a schema says of `jitter`.
pub(crate) const JITTER_PATTERN: &str = "^(none|full|[0-9]+ *%)$";

/// `after` as written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum After {
    Exactly(Duration),
    Between(Duration, Duration),
}

/// `jitter` as written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Jitter {
    None,
    /// So many hundredths of the wait, up and down.
    Percent(u32),
    /// From nothing to the wait.
    Full,
}

/// Reads the table.
pub(crate) fn reconnect(mut found: At<Option<Reader<'_>>>) -> Read<Option<Reconnect>> {
    let Some(mut table) = found.value.take() else { return Some(found.with(None)) };
    let after = table.required("after", after);
    let jitter = table.optional("jitter", jitter);
    table.finish();
    let (after, jitter) = (after?, jitter?);
    let (least, most) = match (after.value, jitter.value) {
        (After::Between(least, most), None | Some(Jitter::Full)) => (least, most),
        (After::Between(..), Some(Jitter::None | Jitter::Percent(_))) => {
            let help = "a range says already how far apart clients come back";
            let expected = "absent, or \"full\", where `after` is a range".to_owned();
            jitter.refuse(table.problems(), expected, Some(help));
            return None;
        }
        (After::Exactly(wait), None | Some(Jitter::None)) => (wait, wait),
        (After::Exactly(wait), Some(Jitter::Percent(percent))) => {
            let part = wait * percent / 100;
            (wait - part, wait + part)
        }
        (After::Exactly(wait), Some(Jitter::Full)) => (Duration::ZERO, wait),
    };
    let reconnect = Reconnect { least, most };
    Some(table.whole(Some(reconnect), format!("\"{reconnect}\"")))
}

/// A duration, or a range of two.
fn after(value: &Value) -> Result<After, Mismatch> {
    let mismatch = || {
        let one = duration(Duration::ZERO..=MOST)(&Value::Other(String::new()));
        let one = one.err().map_or_else(String::new, |mismatch| mismatch.expected);
        Mismatch::new(format!("{one}, or a range of two, as in \"0s..5s\""))
    };
    let Value::Text(text) = value else { return Err(mismatch()) };
    let one = |text: &str| parse_duration(text.trim()).filter(|found| *found <= MOST);
    let Some((least, most)) = text.split_once("..") else {
        return one(text).map(After::Exactly).ok_or_else(mismatch);
    };
    let (least, most) = one(least).zip(one(most)).ok_or_else(mismatch)?;
    match least <= most {
        true => Ok(After::Between(least, most)),
        false => Err(mismatch().help("the range ends before it begins")),
    }
}

fn jitter(value: &Value) -> Result<Jitter, Mismatch> {
    let percent = |text: &str| {
        let number = text.strip_suffix('%')?.trim_end();
        let is_whole = number.bytes().all(|byte| byte.is_ascii_digit());
        let percent = is_whole.then(|| number.parse::<u32>().ok()).flatten()?;
        (1..=100).contains(&percent).then_some(Jitter::Percent(percent))
    };
    let found = match value {
        Value::Text(text) => match text.as_str() {
            "none" => Some(Jitter::None),
            "full" => Some(Jitter::Full),
            text => percent(text),
        },
        _ => None,
    };
    found.ok_or_else(|| Mismatch::new("\"none\", \"full\", or a share from \"1%\" to \"100%\""))
}
