//! Reads what a server sends on a WebSocket without extensions, wherever reads end: bytes in, whole
//! messages and control frames out.
//!
//! What is whole in a read is given as it stands there, and nothing of it is copied. Between messages
//! no memory is held.

use std::ops::ControlFlow;

use super::error::FrameError;
use super::header::{FrameHeader, HeaderParser, Opcode};
use super::rules::FrameRules;

/// Something a server has sent, whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Received<'a> {
    /// A message: text, which is UTF-8, or bytes.
    Message(&'a [u8]),
    /// To be answered by a pong with the same payload.
    Ping(&'a [u8]),
    /// A pong.
    Pong,
    /// The server ends the connection: its code and its reason, if it says any.
    Close(Option<(u16, &'a [u8])>),
}

/// Why a client must fail the connection. Sections are those of RFC 6455.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MessageError {
    /// A header that may not be.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Text that is none (section 8.1).
    #[error("a text is not UTF-8, expected it to be")]
    NotUtf8,
    /// A close frame with one byte (section 5.5.1).
    #[error("a close frame has 1 byte of payload, expected none, or two of a code and a reason")]
    HalfACode,
    /// More than the client takes.
    #[error("a message has {found} bytes, expected at most {limit}")]
    TooLong {
        /// Bytes of its frames, as far as their headers have come.
        found: u64,
        /// As many as are taken.
        limit: u64,
    },
}

/// Takes a server's bytes.
#[derive(Debug)]
pub struct MessageReader {
    /// Most bytes of a message.
    limit: u64,
    rules: FrameRules,
    /// What has come in part.
    begun: Option<Box<Begun>>,
}

/// What has come of a frame, and of the message that it is of.
#[derive(Debug, Default)]
struct Begun {
    header: HeaderParser,
    frame: Option<Frame>,
    /// Of the frame.
    payload: Vec<u8>,
    message: Option<Fragments>,
}

/// A frame whose header has come.
#[derive(Clone, Copy, Debug)]
struct Frame {
    opcode: Opcode,
    fin: bool,
    len: usize,
}

/// Frames of a message of which more are to come.
#[derive(Debug)]
struct Fragments {
    is_text: bool,
    payload: Vec<u8>,
}

impl MessageReader {
    /// At the beginning of a stream whose messages have at most so many bytes.
    pub fn new(limit: u64) -> Self {
        Self { limit, rules: FrameRules::new(false), begun: None }
    }

    /// Takes the next bytes, and gives `on` whatever is whole by then, until it breaks off: the rest of
    /// the bytes is then of no use any more.
    ///
    /// # Errors
    ///
    /// If the server broke a rule; nothing may be read after that.
    pub fn read<T>(
        &mut self,
        mut bytes: &[u8],
        mut on: impl FnMut(Received<'_>) -> ControlFlow<T>,
    ) -> Result<ControlFlow<T>, MessageError> {
        loop {
            let begun = self.begun.as_mut().and_then(|begun| begun.frame.take());
            let frame = match begun {
                Some(frame) => frame,
                None => match self.header(&mut bytes) {
                    Some(header) => self.begin(header)?,
                    None => return Ok(ControlFlow::Continue(())),
                },
            };
            let is_begun = self.begun.as_ref().is_some_and(|begun| !begun.payload.is_empty());
            let done = match bytes.split_at_checked(frame.len) {
                Some((payload, rest)) if !is_begun => {
                    bytes = rest;
                    self.end(frame, payload, &mut on)?
                }
                _ => {
                    let begun = self.begun.get_or_insert_default();
                    let left = frame.len - begun.payload.len();
                    let (more, rest) = bytes.split_at(left.min(bytes.len()));
                    begun.payload.extend_from_slice(more);
                    bytes = rest;
                    if begun.payload.len() < frame.len {
                        begun.frame = Some(frame);
                        return Ok(ControlFlow::Continue(()));
                    }
                    let payload = std::mem::take(&mut begun.payload);
                    self.end(frame, &payload, &mut on)?
                }
            };
            if self.begun.as_ref().is_some_and(|begun| begun.message.is_none()) {
                self.begun = None;
            }
            if done.is_break() {
                return Ok(done);
            }
        }
    }

    /// The next header, taken off `bytes`, once it is whole.
    fn header(&mut self, bytes: &mut &[u8]) -> Option<FrameHeader> {
        let is_begun = self.begun.as_ref().is_some_and(|begun| begun.header.taken() > 0);
        if !is_begun {
            // Nearly every header comes whole, and then nothing is kept.
            let mut parser = HeaderParser::default();
            if let Some(header) = bytes.iter().find_map(|&byte| parser.push(byte)) {
                *bytes = &bytes[header.header_len as usize..];
                return Some(header);
            }
        }
        while let Some((&byte, rest)) = bytes.split_first() {
            *bytes = rest;
            if let Some(header) = self.begun.get_or_insert_default().header.push(byte) {
                return Some(header);
            }
        }
        None
    }

    /// Checks a header, each before anything of its payload is kept.
    fn begin(&mut self, header: FrameHeader) -> Result<Frame, MessageError> {
        let opcode = self.rules.take(header)?;
        let message = self.begun.as_ref().and_then(|begun| begun.message.as_ref());
        let before = match opcode.is_control() {
            true => 0,
            false => message.map_or(0, |message| message.payload.len() as u64),
        };
        let found = before.saturating_add(header.payload_len);
        match usize::try_from(header.payload_len) {
            Ok(len) if found <= self.limit => Ok(Frame { opcode, fin: header.fin, len }),
            _ => Err(MessageError::TooLong { found, limit: self.limit }),
        }
    }

    /// What the end of a frame means.
    fn end<T>(
        &mut self,
        frame: Frame,
        payload: &[u8],
        on: &mut impl FnMut(Received<'_>) -> ControlFlow<T>,
    ) -> Result<ControlFlow<T>, MessageError> {
        let is_text = match frame.opcode {
            Opcode::Ping => return Ok(on(Received::Ping(payload))),
            Opcode::Pong => return Ok(on(Received::Pong)),
            Opcode::Close => return Ok(on(Received::Close(code_and_reason(payload)?))),
            Opcode::Text => true,
            Opcode::Binary => false,
            Opcode::Continuation => {
                let begun = self.begun.get_or_insert_default();
                // The rules have it that there is one.
                let Some(mut message) = begun.message.take() else {
                    return Ok(ControlFlow::Continue(()));
                };
                message.payload.extend_from_slice(payload);
                if !frame.fin {
                    begun.message = Some(message);
                    return Ok(ControlFlow::Continue(()));
                }
                return whole(message.is_text, &message.payload, on);
            }
        };
        if frame.fin {
            return whole(is_text, payload, on);
        }
        let message = Fragments { is_text, payload: payload.to_vec() };
        self.begun.get_or_insert_default().message = Some(message);
        Ok(ControlFlow::Continue(()))
    }
}

/// Gives a message that is whole.
fn whole<T>(
    is_text: bool,
    payload: &[u8],
    on: &mut impl FnMut(Received<'_>) -> ControlFlow<T>,
) -> Result<ControlFlow<T>, MessageError> {
    if is_text && std::str::from_utf8(payload).is_err() {
        return Err(MessageError::NotUtf8);
    }
    Ok(on(Received::Message(payload)))
}

/// What a close frame of this payload says (RFC 6455, section 5.5.1).
fn code_and_reason(payload: &[u8]) -> Result<Option<(u16, &[u8])>, MessageError> {
    match payload.split_first_chunk() {
        None if payload.is_empty() => Ok(None),
        None => Err(MessageError::HalfACode),
        Some((_, reason)) if std::str::from_utf8(reason).is_err() => Err(MessageError::NotUtf8),
        Some((code, reason)) => Ok(Some((u16::from_be_bytes(*code), reason))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::frame::encode_header;

    /// What came, each as text, and why it ended.
    fn read(bytes: &[u8], step: usize) -> (Vec<String>, Option<MessageError>) {
        let mut reader = MessageReader::new(1_000);
        let mut seen = Vec::new();
        for piece in bytes.chunks(step) {
            let read = reader.read(piece, |received| {
                seen.push(match received {
                    Received::Message(payload) => format!("message {payload:x?}"),
                    Received::Ping(payload) => format!("ping {payload:x?}"),
                    Received::Pong => "pong".to_owned(),
                    Received::Close(close) => format!("close {close:x?}"),
                });
                ControlFlow::<()>::Continue(())
            });
            if let Err(error) = read {
                return (seen, Some(error));
            }
        }
        (seen, None)
    }

    fn check(bytes: &[u8], expected: &[&str], error: Option<MessageError>) {
        for step in 1..=bytes.len() {
            let (seen, found) = read(bytes, step);
            assert_eq!(
                (seen, found),
                (expected.iter().map(|text| (*text).to_owned()).collect(), error.clone(),),
                "{bytes:x?} in steps of {step}"
            );
        }
    }

    #[test]
    fn whatever_is_legal_is_read_wherever_reads_end() {
        check(
            b"\x81\x02ab\x82\x01\xff\x81\x00",
            &["message [61, 62]", "message [ff]", "message []"],
            None,
        );
        // Fragments, one of them empty and a character in two, and control frames between them.
        check(
            b"\x01\x02a\xc3\x89\x01x\x00\x00\x8a\x00\x80\x01\xa4\x81\x01z",
            &["ping [78]", "pong", "message [61, c3, a4]", "message [7a]"],
            None,
        );
        check(b"\x88\x00", &["close None"], None);
        check(b"\x88\x04\x03\xe8ab", &["close Some((3e8, [61, 62]))"], None);
        let mut long = Vec::new();
        encode_header(&mut long, true, Opcode::Binary, 300, None);
        long.extend([7; 300]);
        let expected = format!("message {:x?}", [7; 300]);
        check(&long, &[&expected], None);
    }

    #[test]
    fn what_breaks_a_rule_ends_it_after_what_came_before() {
        let before = b"\x81\x01a";
        let too_long = MessageError::TooLong { found: 1_001, limit: 1_000 };
        for (bytes, error) in [
            (&b"\x81\x01\xff"[..], MessageError::NotUtf8),
            (b"\x01\x01\xc3\x80\x00", MessageError::NotUtf8),
            (b"\x88\x01\x03", MessageError::HalfACode),
            (b"\x88\x03\x03\xe8\xff", MessageError::NotUtf8),
            (b"\x81\x81abcdx", FrameError::Masked.into()),
            (b"\xc1\x01a", FrameError::ReservedBits { found: 0b100 }.into()),
            (b"\x80\x01a", FrameError::NothingToContinue.into()),
            (b"\x09\x00", FrameError::FragmentedControl.into()),
            // Refused by its header alone.
            (b"\x82\x7e\x03\xe9", too_long.clone()),
            (b"\x02\x01a\x80\x7e\x03\xe8", too_long),
        ] {
            check(&[&before[..], bytes].concat(), &["message [61]"], Some(error));
        }
    }

    #[test]
    fn whoever_breaks_off_is_given_no_more() {
        let mut reader = MessageReader::new(1_000);
        let mut count = 0;
        let read = reader.read(b"\x81\x01a\x88\x00\x81\x01b", |received| {
            count += 1;
            match received {
                Received::Close(_) => ControlFlow::Break("closed"),
                _ => ControlFlow::Continue(()),
            }
        });
        assert_eq!((read, count), (Ok(ControlFlow::Break("closed")), 2));
    }

    #[test]
    fn no_memory_is_held_between_messages() {
        let mut reader = MessageReader::new(1_000);
        for bytes in [&b"\x81\x05he"[..], b"llo", b"\x01\x01a", b"\x80", b"\x01b"] {
            let read = reader.read(bytes, |_| ControlFlow::<()>::Continue(()));
            assert!(read.is_ok());
        }
        assert!(reader.begun.is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_depend_on_where_reads_end(
            bytes in prop::collection::vec(any::<u8>(), 0..80),
            step in 1_usize..80,
        ) {
            prop_assert_eq!(read(&bytes, step), read(&bytes, 80));
        }
    }
}
