//! A response that ends, whatever carried it.

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue};
use pushbench_protocol::headers::AnswerMark;
use pushbench_protocol::number::digits;
use pushbench_protocol::{Cursor, Phase, Timestamp};
use pushbench_wire::head::{HeadError, ResponseHead};

use crate::Fault;
use crate::content_coding::ContentCoding;

/// A response to a poll.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Answer<'a> {
    /// Status code.
    pub(crate) status: u16,
    /// The head as received, empty line included; nothing where heads are booked as they pass.
    pub(crate) head: &'a [u8],
    /// Bytes of the interim responses before it.
    pub(crate) interim: u64,
    /// The body, without what marks its chunks off.
    pub(crate) body: &'a [u8],
    /// Bytes that mark its chunks off, trailer fields included.
    pub(crate) framing: u64,
    /// Its headers where they came as a list.
    pub(crate) list: Option<&'a HeaderMap>,
    /// From the `Cursor` or the `Etag` field.
    pub(crate) cursor: Option<Cursor>,
    /// From the `Gap` field: messages that the server no longer held.
    pub(crate) gap: u64,
    /// From the `Content-Encoding` field: what the body is compressed with.
    pub(crate) coding: ContentCoding,
    /// Whether the server closes the connection after it.
    pub(crate) closes: bool,
}

impl Answer<'_> {
    /// Its headers, each with its value, in their order as far as that is known.
    pub(crate) fn headers(&self) -> Vec<(String, Vec<u8>)> {
        if let Some(list) = self.list {
            let fields = list.iter();
            return fields
                .map(|(name, value)| (name.to_string(), value.as_bytes().into()))
                .collect();
        }
        let read = ResponseHead::read(self.head, |head| {
            let fields = head.fields.lines();
            Ok::<_, HeadError>(
                fields.map(|field| (field.name.into(), field.value.into())).collect(),
            )
        });
        // It was read before, or there would be no response.
        read.ok().flatten().unwrap_or_default()
    }

    /// Bytes of all of it.
    pub(crate) fn len(&self) -> u64 {
        self.interim + self.head.len() as u64 + self.body.len() as u64 + self.framing
    }
}

/// A response that was received whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Received {
    /// The phase under which it was booked.
    pub(crate) phase: Phase,
    /// Whether the server closes the connection after it.
    pub(crate) closes: bool,
    /// When all of it had come, and its connection was ended where that ends with it.
    pub(crate) at: Timestamp,
}

/// What a response with so many bytes of data says, but for the data.
pub(crate) fn read_list(
    status: u16,
    fields: &HeaderMap,
    len: usize,
) -> Result<Answer<'static>, Fault> {
    if !is_length_of(status, fields, len) {
        return Err(Fault::Malformed);
    }
    let coding = fields.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
    let coding = ContentCoding::of_response(coding);
    let mark = mark_in(fields)?;
    // The head's bytes are booked as they pass, or are the caller's to give.
    Ok(Answer {
        status,
        head: &[],
        interim: 0,
        body: &[],
        framing: 0,
        list: None,
        cursor: mark.place(),
        gap: mark.gap,
        coding,
        closes: false,
    })
}

/// Whether what a response says of its length is so (RFC 9113, section 8.1.1). A 204 and a 304 have no
/// body whatever they say: a 304 may tell what a 200 would have had (RFC 9110, section 8.6).
fn is_length_of(status: u16, fields: &HeaderMap, len: usize) -> bool {
    let is_of_none = matches!(status, 204 | 304) && len == 0;
    let mut said = fields.get_all(CONTENT_LENGTH).iter();
    is_of_none || said.all(|said| digits(said.as_bytes()) == Some(len as u64))
}

/// What a response says of the client's place in the log.
pub(crate) fn mark_in(fields: &HeaderMap) -> Result<AnswerMark, Fault> {
    let value = |name: &str| fields.get(name).map(HeaderValue::as_bytes);
    AnswerMark::read(value).ok_or(Fault::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_that_of_the_data_as_rfc_9113_section_8_1_1_obliges_it_to_be() {
        for (status, lengths, body, expected) in [
            (200, &[][..], "hello", true),
            (200, &["5"], "hello", true),
            (200, &["5", "5"], "hello", true),
            (200, &["5", "6"], "hello", false),
            (200, &["5"], "", false),
            (200, &["0"], "", true),
            (200, &["4"], "hello", false),
            (200, &["6"], "hello", false),
            (200, &["five"], "hello", false),
            (404, &["5"], "", false),
            (204, &["5"], "", true),
            (304, &["5"], "", true),
            (304, &["5"], "hell", false),
        ] {
            let mut fields = HeaderMap::new();
            for length in lengths {
                fields.append(CONTENT_LENGTH, HeaderValue::from_static(length));
            }
            let found = read_list(status, &fields, body.len()).map(|_| ());
            let expected = if expected { Ok(()) } else { Err(Fault::Malformed) };
            assert_eq!(found, expected, "{status} {lengths:?} {body:?}");
        }
    }
}
