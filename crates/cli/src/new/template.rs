//! A scenario with comments, to be changed.

use std::io;
use std::path::Path;
use std::time::Duration;

use pushbench_scenario::{Refused, Source, format_duration, parse_duration, read};

/// The scenario with a hole for each setting that is filled in.
const TEMPLATE: &str = include_str!("scenario.toml");
/// A trial measures at least so long.
const LEAST: Duration = Duration::from_secs(5);
/// As many messages and polls of each client as a trial has at least, if they are not far between.
const EVENTS: u32 = 3;
/// A trial that is to be longer is for who writes it to decide.
const LONGEST: Duration = Duration::from_secs(10 * 60);

/// Something that a scenario begins with.
pub(super) struct Setting {
    /// Its key, as behind `--set`; its hole in the template is called as the last part of that.
    pub(super) key: &'static str,
    /// What it is unless something else is said.
    default: &'static str,
    /// How `--ask` asks for it.
    pub(super) asks: &'static str,
}

/// All of them, in the order in which they are asked for.
pub(super) const SETTINGS: [Setting; 5] = [
    Setting { key: "workload.clients", default: "100", asks: "How many clients are there?" },
    Setting {
        key: "workload.publish.every",
        default: "1s",
        asks: "How long is it from one message to the next, as in 500ms, 1s or 2m?",
    },
    Setting { key: "workload.payload.bytes", default: "20", asks: "How many bytes has a message?" },
    Setting {
        key: "workload.deliver",
        default: "latest",
        asks: "Must a client get every message, or only the latest? (every, latest)",
    },
    Setting {
        key: "transport.short-poll.interval",
        default: "1s",
        asks: "How long is it from one poll of a client to the next?",
    },
];

impl Setting {
    fn hole(&self) -> String {
        format!("@{}@", self.key.rsplit('.').next().unwrap_or(self.key))
    }
}

/// A value for each of [`SETTINGS`], as it is written behind `--set`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Settings(pub(super) [String; SETTINGS.len()]);

impl Default for Settings {
    fn default() -> Self {
        Self(SETTINGS.map(|setting| setting.default.to_owned()))
    }
}

impl Settings {
    /// The scenario with these settings, held against the rules for scenarios under the name of the
    /// file that it is for.
    pub(super) fn scenario(&self, path: &Path) -> Result<String, Refused> {
        // Of the values only a time has a unit of time.
        let times = self.0.iter().filter_map(|value| parse_duration(value));
        let longest = times.max().unwrap_or_default();
        let measure = longest.saturating_mul(EVENTS).min(LONGEST).max(LEAST);
        // In the question they stand as they are, elsewhere as TOML has them.
        let (question, rest) = TEMPLATE.split_once('\n').unwrap_or((TEMPLATE, ""));
        let mut head = question.to_owned();
        let mut body = rest.to_owned();
        let holes = SETTINGS.iter().map(Setting::hole).zip(self.0.iter().cloned());
        for (hole, value) in holes.chain([("@measure@".to_owned(), format_duration(measure))]) {
            head = head.replace(&hole, &value);
            body = body.replace(&hole, &literal(&value));
        }
        let text = format!("{head}\n{body}");
        accepted(path, &text, &[]).map(|()| text)
    }
}

/// Whether a setting of the scenario may be this, by the rules for scenarios; `Err` says why not.
pub(super) fn setting_may_be(key: &str, value: &str) -> Result<(), String> {
    let text = Settings::default().scenario(Path::new("new.toml"));
    let text = text.map_err(|refused| refused.to_string())?;
    let set = format!("{key}={value}");
    // How long a trial measures follows from the rest.
    let measure = format!("workload.measure={}", format_duration(LONGEST));
    accepted(Path::new("new.toml"), &text, &[set.clone(), measure]).map_err(|refused| {
        // Where it was written is known to who has just typed it.
        let (refused, place) = (refused.to_string(), format!("--set {set}: {key} "));
        refused.strip_prefix(&place).map_or_else(|| refused.clone(), |rest| format!("that {rest}"))
    })
}

fn accepted(path: &Path, text: &str, overrides: &[String]) -> Result<(), Refused> {
    let read_file = |_: &Path| Err(io::ErrorKind::NotFound.into());
    read(&Source { path, text, overrides, only: &[], read_file: &read_file }).map(|_| ())
}

/// A value as TOML: a number as it is, everything else as a text.
fn literal(value: &str) -> String {
    match value.replace('_', "").parse::<u64>() {
        Ok(_) => value.to_owned(),
        Err(_) => toml::Value::String(value.to_owned()).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "mine.toml";

    #[test]
    fn what_is_commented_out_is_right_too() {
        let text = Settings::default().scenario(Path::new(FILE)).expect("it is a scenario");
        let is_setting = |line: &str| {
            let Some(rest) = line.strip_prefix("# ") else { return false };
            let key = rest.split(" = ").next().unwrap_or_default();
            rest.starts_with('[') || (key != rest && !key.contains(' '))
        };
        let count = text.lines().filter(|line| is_setting(line)).count();
        assert!(count >= 12, "only {count} settings are commented out:\n{text}");
        let used = |line| if is_setting(line) { &line[2..] } else { line };
        let used: Vec<_> = text.lines().map(used).collect();
        accepted(Path::new(FILE), &used.join("\n"), &[]).unwrap_or_else(|no| panic!("{no}"));
    }

    #[test]
    fn settings_are_written_as_toml_and_a_trial_is_long_enough_for_them() {
        let settings = Settings(["1_000", "30s", "1kB", "latest", "1s"].map(str::to_owned));
        let text = settings.scenario(Path::new(FILE)).expect("it is a scenario");
        for line in
            ["bytes = \"1kB\"", "clients = 1_000 ", "measure = \"1m30s\"", "every = \"30s\""]
        {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(text.starts_with("question = \"What does it cost to keep 1_000 clients"), "{text}");
        assert!(!text.contains('@'), "a hole is left:\n{text}");
    }

    #[test]
    fn what_may_not_be_is_told_with_what_may() {
        for (key, value, told) in [
            ("workload.clients", "none", "that is \"none\", expected a whole number from 1 to"),
            ("workload.publish.every", "5", "write the unit too, as in \"5s\""),
            ("workload.payload.bytes", "3", "that is 3, expected 16 to"),
            ("workload.deliver", "all", "expected one of \"every\", \"latest\""),
        ] {
            let refused = setting_may_be(key, value).expect_err(value);
            assert!(refused.contains(told), "{refused}");
        }
        for (key, value) in [("workload.clients", "7"), ("transport.short-poll.interval", "3m")] {
            assert_eq!(setting_may_be(key, value), Ok(()));
        }
    }
}
