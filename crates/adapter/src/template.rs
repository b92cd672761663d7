//! Texts with holes: `/sub/${channel}`.
//!
//! A hole is `${name}`, `${name|filter|filter}` or `${counter++}`; `$${` stands for `${` itself. The
//! delimiter is not `{name}`, since JSON and GraphQL are full of braces.

use pushbench_toml::kind::Mismatch;

use crate::filter::Filter;

/// The longest text of a template in bytes.
pub(crate) const MOST_TEXT: usize = 16 << 10;
/// The most filters of one hole.
const MOST_FILTERS: usize = 4;

/// The name of a hole that stands for any bytes.
pub(crate) const ANY: &str = "any";
/// The name of what is published, and of a message's hole for it.
pub(crate) const PAYLOAD: &str = "payload";
/// The name of the hole of any other value.
pub(crate) const VALUE: &str = "value";

/// A text with holes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Template {
    pub(crate) pieces: Vec<Piece>,
}

/// A part of a template.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    Hole(Hole),
}

/// What a hole is filled with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Hole {
    /// The name of a value.
    pub(crate) name: String,
    /// Whether the value is one more afterwards.
    pub(crate) counts: bool,
    pub(crate) filters: Vec<Filter>,
}

impl Template {
    /// Reads a template.
    pub(crate) fn parse(text: &str) -> Result<Self, Mismatch> {
        if text.len() > MOST_TEXT {
            return Err(Mismatch::new("a text of at most 16 KiB"));
        }
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if let Some(before) = rest[..at].strip_suffix('$') {
                plain.push_str(before);
                plain.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            plain.push_str(&rest[..at]);
            let inside = &rest[at + 2..];
            let end = inside.find('}').ok_or_else(|| {
                Mismatch::new("`}` after each `${`").help("`$${` stands for the characters `${`")
            })?;
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Hole(Hole::parse(&inside[..end])?));
            rest = &inside[end + 1..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self { pieces })
    }

    pub(crate) fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Hole(hole) => Some(hole),
        })
    }

    /// The text before the first hole.
    pub(crate) fn beginning(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Text(text)) => text,
            Some(Piece::Hole(_)) | None => "",
        }
    }

    /// Whether some text of it has a character that `is` one.
    pub(crate) fn has(&self, is: impl Fn(char) -> bool) -> bool {
        self.pieces.iter().any(|piece| match piece {
            Piece::Text(text) => text.contains(&is),
            Piece::Hole(_) => false,
        })
    }
}

impl Hole {
    /// The values that it needs: its own, and the keys of its filters.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let keys = self.filters.iter().filter_map(Filter::key);
        std::iter::once(self.name.as_str()).chain(keys)
    }

    fn parse(text: &str) -> Result<Self, Mismatch> {
        let mut parts = text.split('|');
        let written = parts.next().unwrap_or_default();
        let name = written.strip_suffix("++").unwrap_or(written);
        if !is_name(name) {
            let hole = Mismatch::new("a hole as `${name}`, `${name|filter}` or `${counter++}`");
            return Err(hole.help(
                "a name is a lower-case letter, then lower-case letters, digits and `_`, or \
                 `env:NAME`; `$${` stands for the characters `${`",
            ));
        }
        let filters = parts.map(Filter::parse).collect::<Result<Vec<_>, _>>()?;
        if filters.len() > MOST_FILTERS {
            return Err(Mismatch::new(format!("at most {MOST_FILTERS} filters for a hole")));
        }
        let counts = written.len() > name.len();
        Ok(Self { name: name.to_owned(), counts, filters })
    }
}

/// What begins the name of a value from the environment.
pub(crate) const ENVIRONMENT: &str = "env:";

/// The holes that a scenario's server is started with: its folder, its port, and further ports, whose
/// names begin so.
pub(crate) const PLACES: [&str; 2] = ["dir", "port"];
const FURTHER_PORT: &str = "port_";

/// Whether the value of that name is known only where the scenario has its server: a port, a folder.
pub(crate) fn is_place(name: &str) -> bool {
    PLACES.contains(&name) || name.starts_with(FURTHER_PORT)
}

/// Whether a value can have this name.
pub(crate) fn is_name(text: &str) -> bool {
    if let Some(variable) = text.strip_prefix(ENVIRONMENT) {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        return (1..=64).contains(&variable.len()) && variable.bytes().all(allowed);
    }
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_template_is_text_and_holes() {
        let template = Template::parse("/a/${channel|url}?n=${n++}$${x}").expect("a template");
        let hole = |name: &str, counts, filters: &[Filter]| {
            Piece::Hole(Hole { name: name.to_owned(), counts, filters: filters.to_vec() })
        };
        let text = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(
            template.pieces,
            [
                text("/a/"),
                hole("channel", false, &[Filter::Url]),
                text("?n="),
                hole("n", true, &[]),
                text("${x}"),
            ]
        );
        assert_eq!(Template::parse("subscription{prices} $ {").map(|t| t.pieces.len()), Ok(1));
    }

    #[test]
    fn what_is_no_hole_is_refused() {
        for text in ["${", "${}", "${a", "${A}", "${1}", "${a b}", "${a|}", "${a|b}", "${env:}"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
        let many = "${a|hex|hex|hex|hex|hex}";
        assert!(Template::parse(many).is_err(), "each filter may make the value longer");
        assert!(Template::parse(&"x".repeat(MOST_TEXT + 1)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "(\\$|\\{|\\}|\\||\\+|é|[a-z:]){0,40}") {
            let _ = Template::parse(&text);
        }
    }
}
