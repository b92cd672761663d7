//! A response that ends, whatever carried it.

use http::HeaderMap;
use pushbench_protocol::{Cursor, Phase};
use pushbench_wire::head::{HeadError, ResponseHead};

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
}
