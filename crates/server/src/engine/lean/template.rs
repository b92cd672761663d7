//! The headers of one kind of response as bytes, with places for what differs from one to the next.
//! Pure.
//!
//! They are those of the other engine, byte for byte, so the rules here are those of its library: in
//! which order it adds what, and what it says of the connection.

use http::StatusCode;
use pushbench_protocol::Cursor;
use pushbench_protocol::headers::AnswerMark;

use crate::engine::date::Date;

/// What a response says of its connection, and which parts it has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Form {
    /// Whether it is for a request of HTTP/1.0.
    pub(super) is_http10: bool,
    /// Whether it is for a HEAD, so that its content is not sent.
    pub(super) is_head: bool,
    /// Whether the connection ends with it.
    pub(super) is_last: bool,
}

/// A field's value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Value {
    /// As it stands, but for `{date}`.
    Text(String),
    /// The content's length.
    Length,
    /// The mark's cursor.
    Cursor,
    /// The mark's cursor as an entity tag.
    Tag,
    /// The mark's gap.
    Gap,
}

/// A field: its name as it is spelled, and its value.
pub(super) type Field = (String, Value);

/// The headers of a response, from the status line to the empty line.
#[derive(Debug)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug)]
enum Part {
    Text(Box<[u8]>),
    Date,
    Length,
    Cursor,
    Tag,
    Gap,
}

/// What the places of a template are filled with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filling {
    pub(super) date: Date,
    pub(super) length: u64,
    pub(super) mark: AnswerMark,
    /// Whether a tag stands for content in more than one coding.
    pub(super) is_weak: bool,
}

impl Template {
    /// The headers with these fields. Length and date are added where they are missing.
    pub(super) fn new(status: StatusCode, form: Form, mut fields: Vec<Field>) -> Self {
        if may_have_content(status) && !is_there(&fields, "content-length") {
            fields.push(("Content-Length".to_owned(), Value::Length));
        }
        say_connection(&mut fields, status, form);
        let mut parts = Parts::default();
        let version = if form.is_http10 { "HTTP/1.0" } else { "HTTP/1.1" };
        let reason = status.canonical_reason().unwrap_or("<none>");
        parts.text(&format!("{version} {} {reason}\r\n", status.as_str()));
        let has_content = !form.is_head && may_have_content(status);
        let is_same = |a: &Field, b: &Field| a.0.eq_ignore_ascii_case(&b.0);
        for same in fields.chunk_by(is_same) {
            let name = &same[0].0;
            if is(name, "trailer") && (form.is_http10 || !has_content) {
                continue;
            }
            if is(name, "connection") || is(name, "trailer") {
                // These are one line, however often they stand.
                parts.text(&format!("{name}: "));
                for (place, (_, value)) in same.iter().enumerate() {
                    parts.text(if place > 0 { ", " } else { "" });
                    parts.value(value);
                }
                parts.text("\r\n");
                continue;
            }
            for (name, value) in same {
                parts.field(name, value);
            }
        }
        if !is_there(&fields, "date") {
            parts.field("Date", &Value::Text("{date}".to_owned()));
        }
        parts.text("\r\n");
        parts.end()
    }

    /// Writes the headers.
    pub(super) fn write(&self, out: &mut Vec<u8>, filling: &Filling) {
        let Filling { date, length, mark, is_weak } = filling;
        for part in &self.0 {
            match part {
                Part::Text(text) => out.extend_from_slice(text),
                Part::Date => out.extend_from_slice(date),
                Part::Length => write_number(out, *length),
                Part::Cursor => {
                    out.extend_from_slice(&mark.cursor.unwrap_or(Cursor::OLDEST).encode());
                }
                Part::Tag => {
                    out.extend_from_slice(if *is_weak { b"W/\"" } else { b"\"" });
                    out.extend_from_slice(&mark.tag.unwrap_or(Cursor::OLDEST).encode());
                    out.push(b'"');
                }
                Part::Gap => write_number(out, mark.gap),
            }
        }
    }
}

/// Says how the connection goes on, in place of what the fields say of it or behind them.
fn say_connection(fields: &mut Vec<Field>, status: StatusCode, form: Form) {
    const NAME: &str = "connection";
    let text = |value: &str| Value::Text(value.to_owned());
    let first = fields.iter().position(|(name, _)| is(name, NAME));
    let last = fields.iter().rposition(|(name, _)| is(name, NAME));
    let field = |value| ("Connection".to_owned(), text(value));
    match (form.is_last, first, last) {
        // Whoever is upgraded is told both.
        (true, _, Some(last)) if status == StatusCode::SWITCHING_PROTOCOLS => {
            fields.insert(last + 1, field("close"));
        }
        (true, Some(first), Some(last)) => {
            fields.drain(first + 1..=last);
            fields[first].1 = text("close");
        }
        (true, ..) => fields.push(field("close")),
        (false, ..) if form.is_http10 => {
            let keeps = fields.iter().any(|(name, value)| is(name, NAME) && keeps_alive(value));
            if !keeps {
                fields.insert(last.map_or(fields.len(), |last| last + 1), field("keep-alive"));
            }
        }
        (false, ..) => {}
    }
}

fn keeps_alive(value: &Value) -> bool {
    let Value::Text(value) = value else { return false };
    value.split(',').any(|token| is(token.trim(), "keep-alive"))
}

fn is_there(fields: &[Field], lower: &str) -> bool {
    fields.iter().any(|(name, _)| is(name, lower))
}

fn is(name: &str, lower: &str) -> bool {
    name.eq_ignore_ascii_case(lower)
}

/// Whether a response with this status may have content (RFC 9110, section 6.4.1).
fn may_have_content(status: StatusCode) -> bool {
    let never = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED];
    !status.is_informational() && !never.contains(&status)
}

/// Parts as they are put together: text that lies side by side is one.
#[derive(Default)]
struct Parts {
    parts: Vec<Part>,
    text: Vec<u8>,
}

impl Parts {
    fn text(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    fn place(&mut self, part: Part) {
        let text = std::mem::take(&mut self.text);
        self.parts.extend((!text.is_empty()).then(|| Part::Text(text.into())));
        self.parts.push(part);
    }

    fn field(&mut self, name: &str, value: &Value) {
        self.text(name);
        self.text(": ");
        self.value(value);
        self.text("\r\n");
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Text(value) => {
                for (n, text) in value.split("{date}").enumerate() {
                    if n > 0 {
                        self.place(Part::Date);
                    }
                    self.text(text);
                }
            }
            Value::Length => self.place(Part::Length),
            Value::Cursor => self.place(Part::Cursor),
            Value::Tag => self.place(Part::Tag),
            Value::Gap => self.place(Part::Gap),
        }
    }

    fn end(mut self) -> Template {
        let text = std::mem::take(&mut self.text);
        self.parts.push(Part::Text(text.into()));
        Template(self.parts)
    }
}

/// Writes a number in decimal digits.
fn write_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: Form = Form { is_http10: false, is_head: false, is_last: false };
    const LAST: Form = Form { is_last: true, ..KEPT };
    const OLD: Form = Form { is_http10: true, ..KEPT };

    fn headers(status: u16, form: Form, fields: &[(&str, &str)]) -> String {
        let status = StatusCode::from_u16(status).expect("a status");
        let fields = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::Text((*value).to_owned())));
        let template = Template::new(status, form, fields.collect());
        let mark = AnswerMark { cursor: Some(Cursor::OLDEST), tag: None, gap: 0 };
        let filling = Filling { date: [b'D'; 29], length: 1_234, mark, is_weak: false };
        let mut out = Vec::new();
        template.write(&mut out, &filling);
        String::from_utf8(out).expect("text").replace(&"D".repeat(29), "DATE").replace("\r\n", "|")
    }

    #[test]
    fn length_and_date_stand_behind_the_fields_unless_they_are_among_them() {
        let own = [("Date", "{date}"), ("A", "b, {date}")];
        assert_eq!(
            headers(200, KEPT, &own),
            "HTTP/1.1 200 OK|Date: DATE|A: b, DATE|Content-Length: 1234||"
        );
        assert_eq!(
            headers(404, KEPT, &[]),
            "HTTP/1.1 404 Not Found|Content-Length: 1234|Date: DATE||"
        );
        for status in [101, 204, 304] {
            assert!(!headers(status, KEPT, &[]).contains("Length"), "{status}");
        }
    }

    #[test]
    fn a_connection_that_ends_says_so_in_place_of_all_else() {
        let alive = [("Connection", "keep-alive"), ("connection", "x"), ("A", "b")];
        for (form, fields, expected) in [
            (KEPT, &alive[..], "HTTP/1.1 304 Not Modified|Connection: keep-alive, x|A: b|"),
            (LAST, &alive, "HTTP/1.1 304 Not Modified|Connection: close|A: b|"),
            (LAST, &alive[2..], "HTTP/1.1 304 Not Modified|A: b|Connection: close|"),
            (OLD, &alive[2..], "HTTP/1.0 304 Not Modified|A: b|Connection: keep-alive|"),
            (OLD, &alive[1..], "HTTP/1.0 304 Not Modified|connection: x, keep-alive|A: b|"),
            (OLD, &alive, "HTTP/1.0 304 Not Modified|Connection: keep-alive, x|A: b|"),
        ] {
            assert_eq!(headers(304, form, fields), format!("{expected}Date: DATE||"));
        }
        assert_eq!(
            headers(200, LAST, &[]),
            "HTTP/1.1 200 OK|Content-Length: 1234|Connection: close|Date: DATE||"
        );
        let upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade")];
        assert_eq!(
            headers(101, LAST, &upgrade),
            "HTTP/1.1 101 Switching Protocols|Upgrade: websocket|Connection: Upgrade, close|Date: DATE||"
        );
    }

    #[test]
    fn trailers_are_named_only_where_there_may_be_some() {
        let fields = [("Trailer", "a"), ("Trailer", "b")];
        assert!(headers(200, KEPT, &fields).contains("|Trailer: a, b|"));
        let head = Form { is_head: true, ..KEPT };
        for (status, form) in [(200, OLD), (200, head), (304, KEPT)] {
            assert!(!headers(status, form, &fields).contains("Trailer"), "{status} {form:?}");
        }
    }

    #[test]
    fn numbers_are_written_as_the_standard_library_writes_them() {
        for number in [0, 1, 9, 10, 99, 100, 12_345, u64::MAX] {
            let mut out = Vec::new();
            write_number(&mut out, number);
            assert_eq!(out, number.to_string().as_bytes());
        }
    }
}
