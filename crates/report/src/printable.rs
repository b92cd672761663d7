//! Text of others, made safe to show: a record, a server's response or a file name says what it
//! likes, and a terminal obeys what it is told.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with each character that a terminal would obey, or that would turn the reading order
/// around, written out (`\u{1b}`). Line breaks stay; a tab becomes a space.
pub fn printable(text: &str) -> Cow<'_, str> {
    written_out(text, |c| c.escape_unicode().to_string())
}

/// The same for a JSON document, which stays the same document: such a character stands in one of
/// its strings, and is written as JSON writes it.
pub fn printable_json(json: &str) -> Cow<'_, str> {
    written_out(json, |c| {
        let mut units = [0; 2];
        c.encode_utf16(&mut units).iter().fold(String::new(), |mut out, unit| {
            write!(out, "\\u{unit:04x}").expect("a string takes every write");
            out
        })
    })
}

/// The same for a text that has colours of ours, and none of anybody else's.
pub fn printable_styled(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(&printable(&rest[..at]));
        rest = &rest[at..];
        let style = STYLES.into_iter().find(|style| rest.starts_with(style));
        let taken = style.unwrap_or("\u{1b}");
        match style {
            Some(style) => out.push_str(style),
            None => out.push_str(&printable(taken)),
        }
        rest = &rest[taken.len()..];
    }
    out.push_str(&printable(rest));
    Cow::Owned(out)
}

/// The styles that reports and anatomies are written in: colours of the fixed part of a terminal's 256,
/// since the first sixteen are whatever its theme has, and of those only ones that can be read on black
/// and on white.
const STYLES: [&str; 12] = [
    "\u{1b}[0m",
    "\u{1b}[1m",
    "\u{1b}[2m",
    "\u{1b}[38;5;28m",
    "\u{1b}[38;5;130m",
    "\u{1b}[38;5;26m",
    "\u{1b}[38;5;127m",
    "\u{1b}[38;5;30m",
    "\u{1b}[38;5;160m",
    "\u{1b}[1;38;5;160m",
    "\u{1b}[1;38;5;28m",
    "\u{1b}[1;38;5;30m",
];

/// Control characters (C0, DEL and C1), line and paragraph separators, and the characters that set
/// the direction of what follows (Unicode Standard Annex 9, sections 2.1 to 2.5).
fn is_obeyed(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn written_out(text: &str, write: impl Fn(char) -> String) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push(' '),
            c if is_obeyed(c) => out.push_str(&write(c)),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UGLY: &str = "a\u{1b}[31mred\u{7}\u{9b}2J\u{202e}gnp\u{2067}\r\tz\nb";

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        let shown = "a\\u{1b}[31mred\\u{7}\\u{9b}2J\\u{202e}gnp\\u{2067}\\u{d} z\nb";
        assert_eq!(printable(UGLY), shown);
        assert_eq!(printable("Was kostet das? 多少？ \u{5d0}"), "Was kostet das? 多少？ \u{5d0}");
    }

    #[test]
    fn only_styles_of_ours_pass() {
        let red = "\u{1b}[1;38;5;160mx\u{1b}[0m";
        assert_eq!(printable_styled(red), red);
        assert_eq!(printable_styled("\u{1b}[31mx\u{1b}]0;t"), "\\u{1b}[31mx\\u{1b}]0;t");
    }

    /// Contrast by WCAG 2.2, section 1.4.11: at least 3 for what is to be told apart.
    #[test]
    fn every_colour_can_be_read_on_black_and_on_white() {
        let colours = STYLES.into_iter().filter_map(|style| style.split_once("38;5;"));
        let mut seen = 0;
        for (_, number) in colours {
            let number: u32 = number.trim_end_matches('m').parse().expect("a number");
            assert!((16..232).contains(&number), "{number} is what a theme makes of it");
            let cube = number - 16;
            let light = |level: u32| {
                let value = if level == 0 { 0.0 } else { f64::from(55 + 40 * level) / 255.0 };
                if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            let [red, green, blue] = [cube / 36, cube / 6 % 6, cube % 6].map(light);
            let luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
            let (on_white, on_black) = (1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05);
            assert!(on_white >= 3.0 && on_black >= 3.0, "{number}: {on_white}, {on_black}");
            seen += 1;
        }
        assert_eq!(seen, 9);
    }

    #[test]
    fn json_stays_the_same_document() {
        let json = serde_json::to_string(UGLY).expect("a string");
        assert!(json.contains('\u{202e}'));
        let shown = printable_json(&json);
        assert!(!shown.contains(is_obeyed), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).expect("JSON"), UGLY);
    }

    proptest! {
        #[test]
        fn nothing_that_is_obeyed_is_left(text in any::<String>()) {
            prop_assert!(!printable(&text).contains(is_obeyed));
            let json = serde_json::to_string(&text).expect("a string");
            let shown = printable_json(&json);
            prop_assert!(!shown.contains(is_obeyed));
            prop_assert_eq!(serde_json::from_str::<String>(&shown).expect("JSON"), text);
        }
    }
}
