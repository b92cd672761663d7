//! `${port}`, `${dir}` and `${port_NAME}`: what is known of a server only when a trial starts it.

use std::collections::{BTreeMap, BTreeSet};

/// What the holes of a server are filled with, anew for each trial.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Holes {
    /// `${dir}`: a folder that is empty but for the server's files, without a slash at its end.
    pub dir: String,
    /// `${port}`: the port of the server's URL.
    pub port: u16,
    /// Further ports by the names of their holes, as `port_control`.
    pub further: BTreeMap<String, u16>,
}

impl Holes {
    /// What a hole of that name is filled with.
    fn value(&self, name: &str) -> Option<String> {
        match name {
            "dir" => Some(self.dir.clone()),
            "port" => Some(self.port.to_string()),
            name => self.further.get(name).map(u16::to_string),
        }
    }

    /// The text with its holes filled. Whatever else begins with `${` stays as it is: files of servers
    /// have variables of their own.
    pub fn fill(&self, text: &[u8]) -> Vec<u8> {
        fill(text, &|name| self.value(name))
    }

    /// The same of a text.
    pub fn fill_text(&self, text: &str) -> String {
        self.fill_text_and(text, &|_| None)
    }

    /// The same of a text that has other holes too.
    pub(crate) fn fill_text_and(
        &self,
        text: &str,
        others: &dyn Fn(&str) -> Option<String>,
    ) -> String {
        let filled = fill(text.as_bytes(), &|name| self.value(name).or_else(|| others(name)));
        String::from_utf8(filled).expect("a text with texts in place of parts of it")
    }

    /// All of them by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, String)> {
        let further = self.further.iter().map(|(name, port)| (name.as_str(), port.to_string()));
        [("dir", self.dir.clone()), ("port", self.port.to_string())].into_iter().chain(further)
    }
}

fn fill(text: &[u8], value: &dyn Fn(&str) -> Option<String>) -> Vec<u8> {
    let mut filled = Vec::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => filled.extend_from_slice(text),
            Piece::Hole(name) => match value(name) {
                Some(value) => filled.extend_from_slice(value.as_bytes()),
                None => filled.extend_from_slice(format!("${{{name}}}").as_bytes()),
            },
        }
    }
    filled
}

/// The name of the hole for the scenario's folder, which a server's command and environment may have.
pub(crate) const HERE: &str = "here";

/// The variable of the environment that a hole names.
pub(crate) fn variable(hole: &str) -> Option<&str> {
    hole.strip_prefix("env:").filter(|name| is_variable(name))
}

/// Whether a variable of the environment can have this name.
pub(crate) fn is_variable(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=64).contains(&name.len())
        && name.bytes().all(allowed)
        && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// Whether a hole of that name is one of a server.
pub(crate) fn is_hole(name: &str) -> bool {
    let is_further = |name: &str| {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        (1..=32).contains(&name.len()) && name.bytes().all(allowed)
    };
    matches!(name, "dir" | "port") || name.strip_prefix("port_").is_some_and(is_further)
}

/// The names of the holes of a text, those of a server and others, in their order.
pub(crate) fn names(text: &[u8]) -> impl Iterator<Item = &str> {
    pieces(text).filter_map(|piece| match piece {
        Piece::Text(_) => None,
        Piece::Hole(name) => Some(name),
    })
}

/// The further ports that a text has holes for.
pub(crate) fn further_ports(text: &[u8]) -> BTreeSet<String> {
    let ports = names(text).filter(|name| is_hole(name) && name.starts_with("port_"));
    ports.map(str::to_owned).collect()
}

enum Piece<'t> {
    Text(&'t [u8]),
    /// What stands between `${` and `}`: no name of a hole has other than visible ASCII.
    Hole(&'t str),
}

fn pieces(text: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(name) = hole(rest) {
            rest = &rest[name.len() + 3..];
            return Some(Piece::Hole(name));
        }
        let next = rest[1..].windows(2).position(|two| two == b"${").map(|at| at + 1);
        let (piece, behind) = rest.split_at(next.unwrap_or(rest.len()));
        rest = behind;
        Some(Piece::Text(piece))
    })
}

/// The name of the hole that the text begins with.
fn hole(text: &[u8]) -> Option<&str> {
    let inside = text.strip_prefix(b"${")?;
    let end = inside.iter().take(64).position(|&byte| byte == b'}')?;
    std::str::from_utf8(&inside[..end])
        .ok()
        .filter(|name| name.bytes().all(|b| b.is_ascii_graphic()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holes() -> Holes {
        let further = [("port_control".to_owned(), 5_561)].into();
        Holes { dir: "/tmp/a".to_owned(), port: 8_081, further }
    }

    #[test]
    fn holes_of_a_server_are_filled_and_variables_of_its_files_are_not() {
        for (text, filled) in [
            ("listen ${port};", "listen 8081;"),
            ("${dir}/${port_control}${port}", "/tmp/a/55618081"),
            ("proxy ${request_uri} $port ${port", "proxy ${request_uri} $port ${port"),
            ("${port_other}${}${ port}", "${port_other}${}${ port}"),
            ("$${port}", "$8081"),
            ("${a${port}", "${a${port}"),
            ("", ""),
        ] {
            assert_eq!(holes().fill_text(text), filled, "{text}");
        }
        let ports = further_ports(b"${port_b} ${port_a} ${port_b} ${port} ${port_} ${port_A}");
        assert_eq!(ports.into_iter().collect::<Vec<_>>(), ["port_a", "port_b"]);
    }

    proptest! {
        #[test]
        fn a_text_without_holes_of_a_server_stays_as_it_is(
            text in prop::collection::vec(prop::sample::select(b"${}ab\xff".to_vec()), 0..40),
        ) {
            prop_assert_eq!(holes().fill(&text), text);
        }
    }
}
