//! Which files tell some things apart: what there is one place for, and so must not spread.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Whether a file, its tests apart, names a variant of one of these enums, as `Kind::ShortPoll`, or imports
/// them so that it could: all of them, a list, or the enum by another name.
pub(crate) fn names_a_variant(text: &str, enums: &[&str]) -> bool {
    found_in(tokens(text), &|before, word| {
        let is_variant = word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.chars().any(|c| c.is_ascii_lowercase());
        let [name, first, second] = before;
        let is_of_one = enums.contains(&name.as_str()) && first == ":" && second == ":";
        let is_renamed = enums.contains(&second.as_str()) && word == "as";
        is_of_one && (is_variant || ["*", "{"].contains(&word)) || is_renamed
    })
}

/// Whether a file, its tests, its comments and its texts apart, has a name with HTTP/2 in it, or that of the
/// library for it.
pub(crate) fn names_http2(text: &str) -> bool {
    found_in(tokens(text), &|_, word| {
        word == "h2" || word.to_ascii_lowercase().replace('_', "").contains("http2")
    })
}

fn tokens(text: &str) -> TokenStream {
    text.parse().expect("a source file")
}

/// Whether there is such a word, sign or opening brace outside of tests; it is told the three tokens before it
/// too.
fn found_in(tokens: TokenStream, is_it: &dyn Fn(&[String; 3], &str) -> bool) -> bool {
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
                    is_test = group.delimiter() != Delimiter::Brace;
                } else {
                    let is_in_braces = group.delimiter() == Delimiter::Brace;
                    if is_in_braces && is_it(&before, "{") || found_in(group.stream(), is_it) {
                        return true;
                    }
                }
            }
            TokenTree::Punct(end) if end.as_char() == ';' => is_test = false,
            TokenTree::Ident(_) | TokenTree::Punct(_)
                if !is_test && is_it(&before, &token.to_string()) =>
            {
                return true;
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
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
            ("use crate::Kind::*;", true),
            ("use crate::{Other, Kind::{self, Sse}};", true),
            ("use crate::Kind as K;", true),
            ("use crate::{Kind, Other as O}; fn f(k: Kind) {}", false),
            ("fn f() { Kind::ALL.len(); Kind::from_label(\"sse\"); }", false),
            ("fn f() { Other::ShortPoll; }", false),
            ("#[cfg(test)] mod tests { fn f() { Kind::Sse; } }", false),
            ("#[cfg(test)] mod tests {} fn f() { Kind::Sse; }", true),
        ] {
            assert_eq!(names_a_variant(text, &["Kind"]), expected, "{text}");
        }
    }

    #[test]
    fn a_version_is_named_by_a_name_and_not_by_a_text_a_comment_or_a_test() {
        for (text, expected) in [
            ("use h2::Reason;", true),
            ("fn speaks_http2() {}", true),
            ("struct A(Http2Stream);", true),
            ("const HTTP_2: u8 = 0;", true),
            ("/// Of HTTP/2.\n// http2\nfn f() { g(\"http2\"); }", false),
            ("#[cfg(test)] mod http2;", false),
            ("#[cfg(test)] use h2::Reason; mod http2;", true),
            ("fn f() { Http::Http11; h20(); }", false),
        ] {
            assert_eq!(names_http2(text), expected, "{text}");
        }
    }
}
