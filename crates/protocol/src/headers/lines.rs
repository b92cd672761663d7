//! The text of a head file: its heads, and the lines of each.

use std::ops::Range;

use super::ProfileError;

/// One head of a file.
#[derive(Debug)]
pub(super) struct HeadLines<'t> {
    /// Its first line, without the line end.
    pub(super) start: Line<'t>,
    /// Its fields, in their order.
    pub(super) fields: Vec<FieldLine<'t>>,
}

/// A line of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'t> {
    /// From 1.
    pub(super) number: usize,
    /// Without its line end.
    pub(super) text: &'t str,
}

/// A field as it stands in a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldLine<'t> {
    pub(super) line: Line<'t>,
    pub(super) name: &'t str,
    /// Without the white space around it.
    pub(super) value: &'t str,
}

impl Line<'_> {
    /// The complaint that something else was expected here.
    pub(super) fn refused(self, expected: &'static str) -> ProfileError {
        ProfileError::Line { line: self.number, found: self.text.to_owned(), expected }
    }
}

/// Splits a file into its heads: blocks of lines separated by an empty line, `# ` comments and a
/// byte order mark left out.
///
/// # Errors
///
/// If a line is not ASCII, has a control character, or is no field.
pub(super) fn headers(text: &str) -> Result<Vec<HeadLines<'_>>, ProfileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut headers: Vec<HeadLines<'_>> = Vec::new();
    let mut is_inside = false;
    for (index, text) in text.lines().enumerate() {
        let text = text.trim_end_matches('\r');
        if text.starts_with("# ") || text == "#" {
            continue;
        }
        if text.is_empty() {
            is_inside = false;
            continue;
        }
        let line = Line { number: index + 1, text };
        if !text.is_ascii() {
            return Err(line.refused("ASCII characters only"));
        }
        if text.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return Err(line.refused("no control characters"));
        }
        if !is_inside {
            is_inside = true;
            headers.push(HeadLines { start: line, fields: Vec::new() });
            continue;
        }
        let (name, value) = text
            .split_once(':')
            .filter(|(name, _)| is_token(name))
            .ok_or_else(|| line.refused("a field `Name: value`"))?;
        let field = FieldLine { line, name, value: value.trim_matches(SPACE) };
        headers.last_mut().expect("a head was begun").fields.push(field);
    }
    Ok(headers)
}

impl<'t> HeadLines<'t> {
    /// The fields of this name, whatever its case.
    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = &FieldLine<'t>> {
        self.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name))
    }
}

/// Optional white space around a value (RFC 9110, section 5.6.3).
const SPACE: [char; 2] = [' ', '\t'];

/// Where the values of all fields of this name stand in a head with CRLF line ends, without the
/// white space around them.
pub(super) fn values<'h>(head: &'h str, name: &'h str) -> impl Iterator<Item = Range<usize>> + 'h {
    let mut at = 0;
    let lines = head.split("\r\n").map(move |line| {
        let from = at;
        at += line.len() + "\r\n".len();
        (from, line)
    });
    lines.skip(1).filter_map(move |(from, line)| {
        let (found, value) = line.split_once(':')?;
        let trimmed = value.trim_start_matches(SPACE);
        let start = from + line.len() - trimmed.len();
        let len = trimmed.trim_end_matches(SPACE).len();
        found.eq_ignore_ascii_case(name).then_some(start..start + len)
    })
}

/// Whether a comma-separated value has this element, whatever its case.
pub(super) fn has_element(value: &str, element: &str) -> bool {
    value.split(',').any(|found| found.trim_matches(SPACE).eq_ignore_ascii_case(element))
}

/// Whether `name` is a field name (RFC 9110, section 5.6.2).
fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// `content-type` as `Content-Type`.
pub fn title_case(name: &str) -> String {
    let mut upper = true;
    name.chars()
        .map(|letter| {
            let cased =
                if upper { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
            upper = letter == '-';
            cased
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_whatever_white_space_and_case_it_stands_in() {
        let head = "GET / HTTP/1.1\r\na:1\r\nA: 2\r\nB:\t 3 \r\nC:\r\nd: a: b\r\n\r\n";
        let found = |name| -> Vec<&str> { values(head, name).map(|range| &head[range]).collect() };
        assert_eq!(found("a"), ["1", "2"]);
        assert_eq!(found("b"), ["3"]);
        assert_eq!(found("c"), [""]);
        assert_eq!(found("d"), ["a: b"]);
        assert!(found("get / http/1.1").is_empty());
    }

    #[test]
    fn a_byte_order_mark_and_comments_belong_to_no_head() {
        let text = "\u{feff}# why\r\nGET / HTTP/1.1\r\nA:b\r\n\r\n#\nGET /2 HTTP/1.1\n";
        let headers = headers(text).expect("two sets of headers");
        assert_eq!(headers.len(), 2);
        assert_eq!((headers[0].start.number, headers[0].start.text), (2, "GET / HTTP/1.1"));
        let [field] = headers[0].fields[..] else { panic!("{headers:?}") };
        assert_eq!((field.line.number, field.name, field.value), (3, "A", "b"));
        assert!(headers[1].fields.is_empty());
    }

    #[test]
    fn a_line_that_is_not_ascii_is_told_so() {
        for (text, expected) in [
            ("GET / HTTP/1.1\nA: Jos\u{e9}\n", "ASCII characters only"),
            ("GET /\u{e9} HTTP/1.1\n", "ASCII characters only"),
            ("GET / HTTP/1.1\nA: \u{1b}[2J\n", "no control characters"),
            ("GET / HTTP/1.1\nA: b\n c\n", "a field `Name: value`"),
            ("GET / HTTP/1.1\nA : b\n", "a field `Name: value`"),
        ] {
            match headers(text) {
                Err(ProfileError::Line { expected: found, .. }) => assert_eq!(found, expected),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
