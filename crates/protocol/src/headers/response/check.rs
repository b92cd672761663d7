//! What a response profile must not have: what the server says itself, and more than it could send.

use crate::headers::ProfileError;
use crate::headers::limits::{HEAD_BYTES, HEAD_FIELDS};
use crate::headers::lines::{FieldLine, HeadLines, has_element};
use crate::paths::{CURSOR_FIELD, GAP_FIELD};

/// Whether the server can send this field as it stands, and means what it says.
pub(super) fn check_field(field: &FieldLine<'_>) -> Result<(), ProfileError> {
    let FieldLine { line, name, value } = *field;
    let expected = match name.to_ascii_lowercase().as_str() {
        "content-length" if value != "{length}" => {
            "`Content-Length: {length}`, since the length is that of each message"
        }
        "transfer-encoding" => {
            "no `Transfer-Encoding`: a response to a poll has a `Content-Length`, and a stream gets \
             the field from the server"
        }
        "content-encoding" => {
            "no `Content-Encoding`: the server adds it where a transport has `compression`"
        }
        "connection" if has_element(value, "close") => {
            "no `Connection: close`: a transport with connection = \"per-poll\" closes it"
        }
        CURSOR_FIELD | GAP_FIELD => {
            "a field that is not the server's own: the server sends the client's position in it"
        }
        _ if format!("{name}: {value}") != line.text => {
            "`Name: value` with one space before the value and none behind it, as the server writes it"
        }
        _ => return Ok(()),
    };
    Err(line.refused(expected))
}

/// Fields of one name may stand twice where HTTP lets them, beside each other: that is how the
/// server's HTTP library writes them.
pub(super) fn check_repetition(head: &HeadLines<'_>) -> Result<(), ProfileError> {
    for (place, field) in head.fields.iter().enumerate() {
        let is_same = |other: &FieldLine<'_>| other.name.eq_ignore_ascii_case(field.name);
        let Some(earlier) = head.fields[..place].iter().rposition(is_same) else { continue };
        let single = ["content-length", "content-type", "date", "etag"];
        if single.iter().any(|name| field.name.eq_ignore_ascii_case(name)) {
            let (line, name) = (field.line.number, field.name.to_owned());
            return Err(ProfileError::Twice { line, name });
        }
        if earlier + 1 != place {
            let expected = "fields of the same name beside each other, as the server writes them";
            return Err(field.line.refused(expected));
        }
    }
    Ok(())
}

/// Room for what the server adds: its own fields, and larger numbers in the place of `{length}`.
pub(super) fn check_size(head: &HeadLines<'_>) -> Result<(), ProfileError> {
    const ADDED_FIELDS: usize = 8;
    const ADDED_BYTES: usize = 1_024;
    let bytes: usize = head.fields.iter().map(|field| field.line.text.len() + "\r\n".len()).sum();
    let last = head.fields.last().map_or(head.start, |field| field.line);
    if head.fields.len() + ADDED_FIELDS > HEAD_FIELDS {
        return Err(last.refused("at most 92 header fields in all"));
    }
    if bytes + ADDED_BYTES > HEAD_BYTES {
        return Err(ProfileError::Line {
            line: last.number,
            found: format!("{bytes} bytes of headers up to here"),
            expected: "at most 15,360",
        });
    }
    Ok(())
}
