//! Links that others have published, by name. What they are is data, each with its source.

use std::sync::LazyLock;
use std::time::Duration;

use pushbench_protocol::parse_duration;
use pushbench_toml::kind::{Mismatch, one_of};
use pushbench_toml::{Value, closest};

use crate::bit_rate::parse_bit_rate;

/// A published link.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkProfile {
    /// Its name in scenarios.
    pub name: String,
    /// The round trip without any queue.
    pub round_trip: Duration,
    /// Bits per second from server to client.
    pub down: u64,
    /// Bits per second from client to server.
    pub up: u64,
    /// Who has published it.
    pub source: String,
    /// When it was looked up, as in `2026-11-30`.
    pub date: String,
}

static PROFILES: LazyLock<Vec<LinkProfile>> =
    LazyLock::new(|| read(include_str!("../profiles/links.toml")));

impl LinkProfile {
    /// All that there are, in the order of their names.
    pub fn all() -> &'static [Self] {
        &PROFILES
    }

    /// The profile of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().iter().find(|profile| profile.name == name)
    }
}

/// Reads the name of one.
pub(crate) fn profile(value: &Value) -> Result<&'static LinkProfile, Mismatch> {
    let names = || LinkProfile::all().iter().map(|profile| profile.name.as_str());
    let Value::Text(text) = value else { return Err(one_of(names())) };
    LinkProfile::named(text).ok_or_else(|| match closest(text, names()) {
        Some(name) => one_of(names()).help(format!("did you mean \"{name}\"?")),
        None => one_of(names()),
    })
}

fn read(text: &str) -> Vec<LinkProfile> {
    let table: toml::Table = text.parse().expect("the file is part of the program, and TOML");
    let profile = |(name, entry): (String, toml::Value)| {
        let text = |key: &str| {
            let value = entry.get(key).and_then(toml::Value::as_str);
            value.unwrap_or_else(|| panic!("profile {name} has no `{key}`")).to_owned()
        };
        let rate = |key: &str| parse_bit_rate(&text(key)).expect("bits per second");
        LinkProfile {
            round_trip: parse_duration(&text("round_trip")).expect("a duration"),
            down: rate("down"),
            up: rate("up"),
            source: text("source"),
            date: text("date"),
            name,
        }
    };
    table.into_iter().map(profile).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: issue D, part 4; the values of WebPageTest and Chrome DevTools.
    #[test]
    fn every_profile_says_where_it_is_from_and_when() {
        assert!(LinkProfile::all().len() >= 10);
        for profile in LinkProfile::all() {
            assert!(!profile.source.is_empty() && profile.date.len() == 10, "{}", profile.name);
        }
        let three = LinkProfile::named("3g").expect("it is there");
        assert_eq!((three.round_trip, three.down), (Duration::from_millis(300), 1_600_000));
    }
}
