//! What holes are filled with.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::derived::Derived;
use crate::filter::FilterError;
use crate::template::{Hole, PAYLOAD, Piece, Template};

/// The most bytes that a template may be filled to, and the longest that a value may get on the way.
const MOST_BYTES: usize = 64 << 20;

/// A value that an adapter names and a scenario may set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// What it is where nobody sets it; may use the settings before it.
    pub default: Template,
}

/// Values by name: those that the caller sets, those that a server sent, and settings.
#[derive(Clone, Default)]
pub struct Values {
    set: BTreeMap<String, Vec<u8>>,
    settings: Arc<[Setting]>,
    /// What was made of secrets; clones share it.
    pub(crate) derived: Derived,
}

/// Why a template could not be filled.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FillError {
    /// A value that nobody set.
    #[error("`${{{name}}}` has no value, expected one by now")]
    Unset {
        /// Its name.
        name: String,
    },
    /// A value that does not go through its filter.
    #[error("the value of `${{{name}}}` {why}")]
    Filter {
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: FilterError,
    },
    /// A counter that is no number, or has run out.
    #[error("`${{{name}++}}` is no whole number below 2^63, expected one")]
    Counter {
        /// Its name.
        name: String,
    },
    /// More than 64 MiB.
    #[error("`${{{name}}}` makes more than 64 MiB, expected less")]
    TooLong {
        /// The name of the last value.
        name: String,
    },
    /// A line break in a header, or a space in a URL: the value would become another request.
    #[error("{what} is {found:?}, expected {expected}")]
    Unfit {
        /// Of which part of a request.
        what: String,
        /// Its first 100 characters.
        found: String,
        /// What it may have.
        expected: &'static str,
    },
}

impl Values {
    /// No value but those of settings.
    pub fn new(settings: Arc<[Setting]>) -> Self {
        Self { set: BTreeMap::new(), settings, derived: Derived::default() }
    }

    /// Sets a value, in place of what it was.
    pub fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        match self.set.get_mut(name) {
            Some(place) => *place = value.into(),
            None => drop(self.set.insert(name.to_owned(), value.into())),
        }
    }

    /// Names of all values, set ones first; a setting that is set is named twice.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let settings = self.settings.iter().map(|setting| setting.name.as_str());
        self.set.keys().map(String::as_str).chain(settings)
    }

    /// What a value is now.
    pub(crate) fn value_of(&self, name: &str) -> Result<Vec<u8>, FillError> {
        self.value(name, self.settings.len())
    }

    /// What a setting is made of, unless it was set to something else.
    pub(crate) fn default_of(&self, name: &str) -> Option<&Template> {
        let is_set = self.set.contains_key(name);
        let setting = self.settings.iter().find(|setting| setting.name == name && !is_set);
        setting.map(|setting| &setting.default)
    }

    /// Fills something in which `payload` is what is published.
    pub(crate) fn publishing<T>(&mut self, payload: &[u8], fill: impl FnOnce(&mut Self) -> T) -> T {
        self.set(PAYLOAD, payload);
        let filled = fill(self);
        // A payload may be long, and there are many clients.
        self.set.remove(PAYLOAD);
        filled
    }

    /// The template with every hole filled; a counter is one more afterwards.
    ///
    /// # Errors
    ///
    /// If a value is missing or does not go through its filter.
    pub(crate) fn fill(&mut self, template: &Template) -> Result<Vec<u8>, FillError> {
        let mut filled = Vec::new();
        for piece in &template.pieces {
            match piece {
                Piece::Text(text) => filled.extend_from_slice(text.as_bytes()),
                Piece::Hole(hole) => {
                    filled.extend(self.filled(hole, self.settings.len())?);
                    if hole.counts {
                        self.count(&hole.name)?;
                    }
                }
            }
            if let (true, Piece::Hole(hole)) = (filled.len() > MOST_BYTES, piece) {
                return Err(FillError::TooLong { name: hole.name.clone() });
            }
        }
        Ok(filled)
    }

    /// A hole's value behind its filters, from what is set and the first `settings` of the settings.
    fn filled(&self, hole: &Hole, settings: usize) -> Result<Vec<u8>, FillError> {
        let name = || hole.name.clone();
        let mut value = self.value(&hole.name, settings)?;
        let secret = match hole.filters.is_empty() {
            true => None,
            false => hole.names().find(|name| self.is_secret(name)),
        };
        for filter in &hole.filters {
            let key = filter.key().map(|key| self.value(key, settings)).transpose()?;
            value = filter
                .apply(&value, key.as_deref())
                .map_err(|why| FillError::Filter { name: name(), why })?;
            if value.len() > MOST_BYTES {
                return Err(FillError::TooLong { name: name() });
            }
            if let Some(secret) = secret {
                self.derived.add(&value, secret);
            }
        }
        Ok(value)
    }

    /// A setting may use only those before it, so this ends.
    fn value(&self, name: &str, settings: usize) -> Result<Vec<u8>, FillError> {
        if let Some(value) = self.set.get(name) {
            return Ok(value.clone());
        }
        let known = &self.settings[..settings.min(self.settings.len())];
        let Some(at) = known.iter().position(|setting| setting.name == name) else {
            return Err(FillError::Unset { name: name.to_owned() });
        };
        let mut filled = Vec::new();
        for piece in &known[at].default.pieces {
            match piece {
                Piece::Text(text) => filled.extend_from_slice(text.as_bytes()),
                Piece::Hole(hole) => filled.extend(self.filled(hole, at)?),
            }
            if filled.len() > MOST_BYTES {
                return Err(FillError::TooLong { name: name.to_owned() });
            }
        }
        Ok(filled)
    }

    fn count(&mut self, name: &str) -> Result<(), FillError> {
        let number = self.set.get(name).and_then(|value| std::str::from_utf8(value).ok());
        let number: Option<i64> = number.and_then(|text| text.parse().ok());
        match number.and_then(|number| number.checked_add(1)) {
            Some(next) => {
                self.set(name, next.to_string());
                Ok(())
            }
            None => Err(FillError::Counter { name: name.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template::parse(text).expect("a template")
    }

    fn setting((name, default): (&str, &str)) -> Setting {
        Setting { name: name.to_owned(), default: template(default) }
    }

    fn filled(values: &mut Values, text: &str) -> Result<String, FillError> {
        let filled = values.fill(&template(text))?;
        Ok(String::from_utf8(filled).expect("text"))
    }

    #[test]
    fn holes_are_filled_and_counters_count() {
        let mut values = Values::default();
        values.set("channel", "a b");
        values.set("rid", "9");
        let text = "/${channel|url}?rid=${rid++}&again=${rid}";
        assert_eq!(filled(&mut values, text).as_deref(), Ok("/a%20b?rid=9&again=10"));
        let unset = FillError::Unset { name: "sid".to_owned() };
        assert_eq!(filled(&mut values, "${sid}"), Err(unset));
        values.set("rid", "x");
        assert_eq!(
            filled(&mut values, "${rid++}"),
            Err(FillError::Counter { name: "rid".to_owned() })
        );
    }

    #[test]
    fn a_setting_may_use_those_before_it_and_is_what_the_caller_says() {
        let settings = [
            ("app", "1"),
            ("claims", r#"{"app":${app|json}}"#),
            ("secret", "s"),
            ("signature", "${claims|hmac-sha256:secret|hex}"),
            ("app2", "${app}"),
        ];
        let mut values = Values::new(settings.map(setting).into());
        assert_eq!(filled(&mut values, "${claims}").as_deref(), Ok(r#"{"app":"1"}"#));
        assert_eq!(filled(&mut values, "${signature}").expect("signed").len(), 64);
        values.set("app", "2");
        assert_eq!(filled(&mut values, "${app2}${claims}").as_deref(), Ok(r#"2{"app":"2"}"#));
    }

    #[test]
    fn a_setting_that_uses_itself_has_no_value_and_does_not_run_for_ever() {
        let settings = [("a", "${b}"), ("b", "${a}")];
        let mut values = Values::new(settings.map(setting).into());
        assert_eq!(filled(&mut values, "${b}"), Err(FillError::Unset { name: "b".to_owned() }));
    }
}
