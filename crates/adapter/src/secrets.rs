//! Values that nobody may read: those of the environment, and settings that are made of them.
//!
//! What a server says may repeat what it was sent, so whatever is shown of it is looked through first.

use std::fmt;

use crate::filter::Filter;
use crate::template::{ENVIRONMENT, Hole};
use crate::values::Values;

/// How much of what came a message shows.
const EXCERPT: usize = 200;
/// How much is looked through for it: a secret that begins in what is shown may go on behind it.
const MOST_LOOKED_THROUGH: usize = 64 << 10;
/// Fewest bytes that the beginning of a secret is known by where a text ends in it. Fewer tell nobody
/// anything, and many a text ends in them.
const LEAST_OF_A_SECRET: usize = 4;

impl Values {
    /// The text with the names of secret values in their place, as `${env:TOKEN}`, also where they were
    /// encoded in base64, hexadecimal, for a URL or for JSON, and where the text was cut off in one. For
    /// people: not for a path that is measured.
    pub fn hide(&self, text: &[u8]) -> String {
        let secrets = self.secrets();
        if secrets.is_empty() {
            return String::from_utf8_lossy(text).into_owned();
        }
        let mut shown = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((first, behind)) = rest.split_first() {
            let is_cut =
                |secret: &[u8]| rest.len() >= LEAST_OF_A_SECRET && secret.starts_with(rest);
            let here = |secret: &[u8]| rest.starts_with(secret) || is_cut(secret);
            match secrets.iter().find(|(secret, _)| here(secret)) {
                Some((secret, name)) => {
                    shown.extend_from_slice(format!("${{{name}}}").as_bytes());
                    rest = rest.get(secret.len()..).unwrap_or_default();
                }
                None => {
                    shown.push(*first);
                    rest = behind;
                }
            }
        }
        String::from_utf8_lossy(&shown).into_owned()
    }

    /// The first 200 bytes, without secrets, whatever goes on behind them.
    pub fn excerpt(&self, bytes: &[u8]) -> String {
        let mut shown = self.hide(&bytes[..bytes.len().min(MOST_LOOKED_THROUGH)]);
        shown.truncate(shown.floor_char_boundary(EXCERPT));
        shown
    }

    /// Every form of every secret with its name, the longest first; none is empty.
    fn secrets(&self) -> Vec<(Vec<u8>, &str)> {
        let mut secrets = Vec::new();
        for name in self.names().filter(|name| self.is_secret(name)) {
            // One that cannot be filled was sent nowhere.
            let Ok(value) = self.value_of(name) else { continue };
            let forms =
                [Filter::Base64, Filter::Base64Url, Filter::Hex, Filter::Url, Filter::Escape];
            let forms = forms.iter().filter_map(|form| form.apply(&value, None).ok());
            secrets.extend(forms.map(|form| (form, name)));
            secrets.push((value, name));
        }
        secrets.retain(|(secret, _)| !secret.is_empty());
        secrets.sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
        secrets
    }

    /// Whether a value is of the environment, or is made of one that is.
    fn is_secret(&self, name: &str) -> bool {
        if name.starts_with(ENVIRONMENT) {
            return true;
        }
        let default = self.default_of(name);
        default.is_some_and(|default| {
            let mut names = default.holes().flat_map(Hole::names);
            // A setting uses only those before it, so this ends.
            names.any(|used| used != name && self.is_secret(used))
        })
    }
}

/// Names only: among the values are secrets.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use crate::template::Template;
    use crate::values::Setting;

    use super::*;

    fn values() -> Values {
        let setting = |(name, default): (&str, &str)| Setting {
            name: name.to_owned(),
            default: Template::parse(default).expect("a template"),
        };
        let settings = [
            ("user", "anna"),
            ("login", "${user}:${env:PASSWORD}"),
            ("basic", "${login|base64}"),
            ("plain", "${user|base64}"),
        ];
        let mut values = Values::new(settings.map(setting).into());
        values.set("env:PASSWORD", "pä ss\"");
        values.set("channel", "c1");
        values
    }

    #[test]
    fn what_comes_of_the_environment_is_shown_nowhere() {
        let values = values();
        for (text, shown) in [
            ("no pä ss\" here", "no ${env:PASSWORD} here"),
            ("p%C3%A4%20ss%22!", "${env:PASSWORD}!"),
            (r#"{"p":"pä ss\""}"#, r#"{"p":"${env:PASSWORD}"}"#),
            ("Basic YW5uYTpww6Qgc3Mi", "Basic ${login}"),
            ("anna:pä ss\"", "${login}"),
            ("anna c1 YW5uYQ==", "anna c1 YW5uYQ=="),
            ("cut off: pä s", "cut off: ${env:PASSWORD}"),
            ("cut off: YW5uYTpw", "cut off: ${login}"),
            ("it ends in a pä", "it ends in a pä"),
        ] {
            assert_eq!(values.hide(text.as_bytes()), shown);
        }
        assert!(!format!("{values:?}").contains("pä"), "{values:?}");
    }

    #[test]
    fn an_excerpt_ends_before_a_secret_and_not_in_it() {
        let values = values();
        let long = format!("{}pä ss\"", "x".repeat(EXCERPT - 2));
        assert!(!values.excerpt(long.as_bytes()).contains('p'), "{long}");
        assert_eq!(values.excerpt(&[b'x'; 500]).len(), EXCERPT);
        assert_eq!(Values::default().excerpt("é".repeat(150).as_bytes()).len(), EXCERPT);
    }
}
