//! What comes from a scenario file or a machine must not become markup.

/// Text between tags.
pub(crate) fn text(text: &str) -> String {
    replaced(text, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    })
}

/// Text between double quotes, which an attribute's value always has here.
pub(crate) fn attribute(text: &str) -> String {
    replaced(text, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        _ => None,
    })
}

/// Without control characters, which neither HTML nor XML may hold: each becomes the replacement
/// character.
pub(crate) fn printable(text: &str) -> String {
    replaced(text, |_| None)
}

/// Control characters and what turns the reading order around.
fn is_obeyed(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn replaced(text: &str, entity: impl Fn(char) -> Option<&'static str>) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match entity(c) {
            Some(entity) => out.push_str(entity),
            None if is_obeyed(c) => out.push('\u{fffd}'),
            None => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_quotes_are_written_out() {
        assert_eq!(text("a<b> & \"c\""), "a&lt;b&gt; &amp; \"c\"");
        assert_eq!(attribute("\" onload='x'"), "&quot; onload=&#39;x&#39;");
    }

    #[test]
    fn control_characters_never_reach_a_file() {
        assert_eq!(text("a\u{0}b\u{1b}[1m\tc\u{202e}"), "a\u{fffd}b\u{fffd}[1m\tc\u{fffd}");
    }
}
