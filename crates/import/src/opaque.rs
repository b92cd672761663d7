//! Values that look like tokens, whatever they are called.

/// Shorter ones are numbers, words and times.
const LEAST: usize = 24;

/// Whether a value looks like a token: a JSON Web Token, or 24 and more letters and digits without a
/// word in them. UUIDs are names of things, and no tokens.
pub(crate) fn is_opaque(value: &str) -> bool {
    let is_web_token = value.starts_with("eyJ") && value.matches('.').count() == 2;
    is_web_token
        || (value.len() >= LEAST && is_of_a_token(value) && !is_uuid(value) && is_mixed(value))
}

fn is_of_a_token(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-+/=.~%".contains(&byte))
}

/// Digits and letters in turn: a word or a date has long stretches of one of them.
fn is_mixed(value: &str) -> bool {
    let bytes = value.as_bytes();
    let is_turn = |pair: &&[u8]| {
        (pair[0].is_ascii_digit() && pair[1].is_ascii_alphabetic())
            || (pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
    };
    bytes.windows(2).filter(is_turn).count() * 8 >= bytes.len()
}

/// 8-4-4-4-12 hexadecimal digits (RFC 9562, section 4).
fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_told_from_words_dates_and_names_of_things() {
        for (value, expected) in [
            ("eyJhbGciOiJIUzI1NiJ9.e30.Zm9v", true),
            ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", true),
            ("xoxb-2147483647-AbCdEfGhIjKlMnOp", true),
            ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", true),
            ("6f1ed002-ab5c-4c4b-9a5e-2f3d7b8a9c10", false),
            ("2026-11-30T12:15:49.123456Z", false),
            ("a-long-name-of-an-article-about-polling", false),
            ("application/x-www-form-urlencoded", false),
            ("170000000000017000000000001", false),
            ("short1", false),
        ] {
            assert_eq!(is_opaque(value), expected, "{value}");
        }
    }
}
