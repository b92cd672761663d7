//! The headers of a response that ends: what they say that a poll asks for.

use pushbench_protocol::Cursor;
use pushbench_protocol::headers::AnswerMark;
use pushbench_protocol::number::MAX_BODY;
use pushbench_wire::head::{BodyEnd, ResponseHead};

use crate::Fault;
use crate::carrier::answer::Answer;
use crate::content_coding::ContentCoding;

/// What a head says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) len: usize,
    pub(super) status: u16,
    pub(super) body: BodyEnd,
    pub(super) closes: bool,
    pub(super) cursor: Option<Cursor>,
    pub(super) gap: u64,
    pub(super) coding: ContentCoding,
}

/// The heads of a response, as far as they have come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Headers {
    /// Bytes of the interim ones.
    pub(super) interim: usize,
    pub(super) last: Option<Head>,
}

impl Headers {
    /// Reads heads at the front of `bytes` up to the final one.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if self.last.is_none() {
            self.last = ResponseHead::read_final(bytes, &mut self.interim, Head::of)?;
        }
        Ok(())
    }
}

impl Head {
    fn of(head: &ResponseHead<'_>) -> Result<Self, Fault> {
        let mark = AnswerMark::read(|name| head.fields.value(name)).ok_or(Fault::Malformed)?;
        Ok(Self {
            len: head.len,
            status: head.status,
            body: body_end(head)?,
            closes: head.closes(),
            cursor: mark.place(),
            gap: mark.gap,
            coding: ContentCoding::of_response(head.fields.value("content-encoding")),
        })
    }

    pub(super) fn answer<'a>(
        &self,
        headers: &'a [u8],
        interim: usize,
        body: &'a [u8],
        framing: u64,
    ) -> Answer<'a> {
        Answer {
            status: self.status,
            head: &headers[interim..],
            interim: interim as u64,
            body,
            framing,
            list: None,
            cursor: self.cursor,
            gap: self.gap,
            coding: self.coding,
            closes: self.closes || self.body == BodyEnd::Close,
        }
    }
}

/// How the body of a response to a GET or a POST ends.
///
/// # Errors
///
/// [`Fault::TooLarge`] for a length beyond [`MAX_BODY`], and what the headers get wrong.
pub(super) fn body_end(head: &ResponseHead<'_>) -> Result<BodyEnd, Fault> {
    match head.body_end()? {
        BodyEnd::Length(len) if len > MAX_BODY => Err(Fault::TooLarge),
        end => Ok(end),
    }
}
