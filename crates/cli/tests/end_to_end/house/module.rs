//! What one file of a crate names of the others: its imports, its re-exports and its paths.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A path within a crate, from its root: `["headers", "request", "RequestHead"]`.
pub(crate) type ItemPath = Vec<String>;

/// What a file says. Tests within it are left out: they may look wherever they like.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// Child modules that exist for tests alone.
    pub(crate) of_tests: Vec<String>,
    /// Names that it binds by `use`, whoever can see them, and what they stand for.
    pub(crate) names: BTreeMap<String, ItemPath>,
    /// What it needs of its own crate. A re-export (`pub use`) is a signpost and needs nothing.
    pub(crate) needs: Vec<ItemPath>,
}

impl Module {
    /// Reads a file whose module has this path; `children` are the names of its child modules.
    pub(crate) fn read(text: &str, path: &[String], children: &[String]) -> Self {
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let mut reader = Reader { children, module: Self::default() };
        reader.walk(tokens, path);
        reader.module
    }
}

struct Reader<'a> {
    children: &'a [String],
    module: Module,
}

impl Reader<'_> {
    fn walk(&mut self, tokens: TokenStream, here: &[String]) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        let mut is_test = false;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    if let Some(TokenTree::Group(attribute)) = tokens.get(at) {
                        let text = attribute.stream().to_string().replace(' ', "");
                        is_test |= text == "cfg(test)" || text.starts_with("cfg(all(test,");
                        at += 1;
                    }
                }
                TokenTree::Ident(word) if is_test => {
                    // The whole item that the attribute is of: up to its `;` or its braces.
                    if word == "mod"
                        && let Some(TokenTree::Ident(name)) = tokens.get(at)
                    {
                        self.module.of_tests.push(name.to_string());
                    }
                    while let Some(token) = tokens.get(at) {
                        at += 1;
                        if is(token, ';') || is_braces(token) {
                            break;
                        }
                    }
                    is_test = false;
                }
                TokenTree::Ident(word) if word == "mod" => {
                    let inner = match (tokens.get(at), tokens.get(at + 1)) {
                        (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) => {
                            Some((name.to_string(), body.stream()))
                        }
                        _ => None,
                    };
                    if let Some((name, body)) = inner {
                        self.walk(body, &[here, &[name]].concat());
                        at += 2;
                    }
                }
                TokenTree::Ident(word) if word == "pub" => {
                    if let Some(TokenTree::Group(of)) = tokens.get(at)
                        && of.delimiter() == Delimiter::Parenthesis
                    {
                        at += 1;
                    }
                    if matches!(tokens.get(at), Some(TokenTree::Ident(word)) if word == "use") {
                        at = self.import(&tokens, at + 1, here, true);
                    }
                }
                TokenTree::Ident(word) if word == "use" => {
                    at = self.import(&tokens, at, here, false);
                }
                TokenTree::Ident(word) => {
                    let (path, end) = path_from(&tokens, word.to_string(), at);
                    at = end;
                    if path.len() > 1
                        && let Some(path) = self.absolute(&path, here)
                    {
                        self.module.needs.push(path);
                    }
                }
                TokenTree::Group(group) => self.walk(group.stream(), here),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// Reads an import up to its `;` and says where it ends.
    fn import(
        &mut self,
        tokens: &[TokenTree],
        from: usize,
        here: &[String],
        is_pub: bool,
    ) -> usize {
        let length = tokens[from..].iter().take_while(|token| !is(token, ';')).count();
        let mut found = Vec::new();
        expand(&tokens[from..from + length], &[], &mut found);
        for (path, name) in found {
            let Some(path) = self.absolute(&path, here) else { continue };
            if !is_pub {
                self.module.needs.push(path.clone());
            }
            self.module.names.insert(name, path);
        }
        from + length + 1
    }

    /// The path from the crate's root; `None` for what lies in another crate.
    fn absolute(&self, path: &[String], here: &[String]) -> Option<ItemPath> {
        let (first, rest) = path.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => here.to_vec(),
            "super" => here[..here.len().checked_sub(1)?].to_vec(),
            child if self.children.iter().any(|name| name == child) => {
                [here, &[child.to_owned()]].concat()
            }
            _ => return None,
        };
        let mut rest = rest;
        while let Some((first, after)) = rest.split_first()
            && first == "super"
        {
            base.pop()?;
            rest = after;
        }
        base.extend_from_slice(rest);
        Some(base)
    }
}

fn is(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn is_braces(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// Whether `::` stands there.
fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    let joint = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ':' && p.spacing() == Spacing::Joint);
    tokens.get(at).is_some_and(joint) && tokens.get(at + 1).is_some_and(|token| is(token, ':'))
}

/// A path that begins with this word, and where it ends.
fn path_from(tokens: &[TokenTree], first: String, mut at: usize) -> (Vec<String>, usize) {
    let mut path = vec![first];
    while is_separator(tokens, at)
        && let Some(TokenTree::Ident(word)) = tokens.get(at + 2)
    {
        path.push(word.to_string());
        at += 3;
    }
    (path, at)
}

/// The paths of an import, groups opened, each with the name that it binds; `*` binds `*`.
fn expand(tokens: &[TokenTree], before: &[String], found: &mut Vec<(Vec<String>, String)>) {
    let mut path = before.to_vec();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Ident(word) if word == "as" => {
                let name = tokens.get(at + 1).map(ToString::to_string).unwrap_or_default();
                found.push((path, name));
                return;
            }
            TokenTree::Ident(word) => path.push(word.to_string()),
            TokenTree::Group(group) => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                for part in inner.split(|token| is(token, ',')).filter(|part| !part.is_empty()) {
                    expand(part, &path, found);
                }
                return;
            }
            // What it binds is found where it points to.
            TokenTree::Punct(punct) if punct.as_char() == '*' => {
                found.push((path, "*".to_owned()));
                return;
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        at += 1;
    }
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let name = path.last().cloned().unwrap_or_default();
    found.push((path, name));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(text: &str) -> Vec<String> {
        let here = ["judge".to_owned(), "books".to_owned()];
        let module = Module::read(text, &here, &["child".to_owned()]);
        module.needs.iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn every_way_of_naming_another_file_is_seen() {
        for (text, expected) in [
            ("use crate::a::B;", vec!["a::B"]),
            ("use super::{Evidence, check as held};", vec!["judge::Evidence", "judge::check"]),
            ("use super::super::a::{self, b::{C, D}};", vec!["a", "a::b::C", "a::b::D"]),
            ("use self::child::*;", vec!["judge::books::child"]),
            ("use child::X;", vec!["judge::books::child::X"]),
            ("fn f() { crate::a::b(super::c::D) }", vec!["a::b", "judge::c::D"]),
            (
                "fn f() { m!(child::g(), \"crate::no\") } // crate::no",
                vec!["judge::books::child::g"],
            ),
            ("mod inner { use super::super::x; }", vec!["judge::x"]),
        ] {
            assert_eq!(needs(text), expected, "{text}");
        }
    }

    #[test]
    fn other_crates_tests_and_signposts_are_no_need() {
        for text in [
            "use std::fmt; use serde::Serialize; fn f() { fmt::write() }",
            "#[cfg(test)] mod tests { use crate::a::B; }",
            "#[cfg(test)] #[path = \"x\"] mod testing; pub(crate) use self::child::Y;",
            "#[cfg(test)] use crate::a::B; pub(in crate::a) fn f() {}",
        ] {
            assert_eq!(needs(text), [""; 0], "{text}");
        }
    }
}
