//! Which files tell some things apart: what there is one place for, and so must not spread.

use proc_macro2::{TokenStream, TokenTree};

/// Whether a file, its tests apart, names a variant of one of these enums, as `Kind::ShortPoll`.
pub(crate) fn names_a_variant(text: &str, enums: &[&str]) -> bool {
    let tokens: TokenStream = text.parse().expect("a source file");
    found_in(tokens, enums)
}

fn found_in(tokens: TokenStream, enums: &[&str]) -> bool {
    let mut before: [String; 3] = Default::default();
    let mut is_test = false;
    for token in tokens {
        match &token {
            TokenTree::Group(group) => {
                let text = group.stream().to_string().replace(' ', "");
                let is_attribute = before[2] == "#";
                if is_attribute {
                    is_test |= text == "cfg(test)";
                } else if is_test {
                    // What the attribute is of ends with its braces.
                    is_test = group.delimiter() != proc_macro2::Delimiter::Brace;
                } else if found_in(group.stream(), enums) {
                    return true;
                }
            }
            TokenTree::Ident(word) => {
                let word = word.to_string();
                let is_variant = word.starts_with(|c: char| c.is_ascii_uppercase())
                    && word.chars().any(|c| c.is_ascii_lowercase());
                let [name, first, second] = &before;
                if is_variant && enums.contains(&name.as_str()) && first == ":" && second == ":" {
                    return true;
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        before.rotate_left(1);
        before[2] = token.to_string();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_counts_and_a_list_a_method_and_a_test_do_not() {
        for (text, expected) in [
            ("fn f(k: Kind) { match k { Kind::ShortPoll => 1 } }", true),
            ("const K: Kind = Kind::Sse;", true),
            ("fn f() { Kind::ALL.len(); Kind::from_label(\"sse\"); }", false),
            ("fn f() { Other::ShortPoll; }", false),
            ("#[cfg(test)] mod tests { fn f() { Kind::Sse; } }", false),
            ("#[cfg(test)] mod tests {} fn f() { Kind::Sse; }", true),
        ] {
            assert_eq!(names_a_variant(text, &["Kind"]), expected, "{text}");
        }
    }
}
