//! The heads of a response that ends: what they say that a poll asks for.

use pushbench_protocol::Cursor;
use pushbench_protocol::heads::AnswerMark;

use crate::Fault;
use crate::carrier::answer::Answer;
use crate::carrier::http1::response_head::{BodyEnd, MAX_HEAD, ResponseHead};
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
pub(super) struct Heads {
    /// Bytes of the interim ones.
    pub(super) interim: usize,
    pub(super) last: Option<Head>,
}

impl Heads {
    /// Reads heads at the front of `bytes` up to the final one.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        while self.last.is_none() {
            let read =
                ResponseHead::read(&bytes[self.interim..], |head| match head.is_interim() {
                    true => Ok((head.len, None)),
                    false => Head::of(head).map(|last| (head.len, Some(last))),
                })?;
            match read {
                None => break,
                Some((_, Some(last))) => self.last = Some(last),
                Some((len, None)) => self.interim += len,
            }
            if self.interim > MAX_HEAD {
                return Err(Fault::Malformed);
            }
        }
        Ok(())
    }
}

impl Head {
    fn of(head: &ResponseHead<'_>) -> Result<Self, Fault> {
        let mark = AnswerMark::read(|name| head.value(name)).ok_or(Fault::Malformed)?;
        Ok(Self {
            len: head.len,
            status: head.status,
            body: head.body_end()?,
            closes: head.closes(),
            cursor: mark.place(),
            gap: mark.gap,
            coding: match head.value("content-encoding") {
                Some(value) => ContentCoding::named(value).ok_or(Fault::Coding)?,
                None => ContentCoding::Identity,
            },
        })
    }

    pub(super) fn answer<'a>(
        &self,
        heads: &'a [u8],
        interim: usize,
        body: &'a [u8],
        framing: u64,
    ) -> Answer<'a> {
        Answer {
            status: self.status,
            head: &heads[interim..],
            interim: interim as u64,
            body,
            framing,
            cursor: self.cursor,
            gap: self.gap,
            coding: self.coding,
            closes: self.closes || self.body == BodyEnd::Close,
        }
    }
}
