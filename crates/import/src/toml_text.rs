//! Values and keys as TOML spells them.

/// A text: in single quotes where it can be, so that JSON stays readable.
pub(crate) fn text(text: &str) -> String {
    let is_literal = text.contains('"') && !text.contains('\'') && !text.contains(char::is_control);
    if is_literal {
        return format!("'{text}'");
    }
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A key: bare where it can be.
pub(crate) fn key(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    match !name.is_empty() && name.bytes().all(is_bare) {
        true => name.to_owned(),
        false => text(name),
    }
}

/// An inline table.
pub(crate) fn table(pairs: &[(String, String)]) -> String {
    let pairs: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{} = {value}", key(name))).collect();
    format!("{{ {} }}", pairs.join(", "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(name in "\\PC{0,20}|[\\x00-\\x7f]{0,10}", value in "\\PC{0,40}|[\\x00-\\x7f]{0,20}") {
            let written = format!("x = {}\n", table(&[(name.clone(), text(&value))]));
            let read: toml::Table = written.parse().expect("TOML");
            prop_assert_eq!(read["x"][&name].as_str(), Some(value.as_str()));
        }
    }
}
