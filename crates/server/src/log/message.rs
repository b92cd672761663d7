//! A message, in every form in which it is sent.

use std::cell::{Cell, OnceCell};

use bytes::Bytes;
use pushbench_protocol::Cursor;
use pushbench_protocol::paths::NOTICE;
use pushbench_wire::chunk::encode_chunk;
use pushbench_wire::frame::{MAX_HEADER_LEN, Opcode, encode_header};

use super::deflated::{DeflatedFrames, SharedDeflate};

/// A published message, encoded once for every subscriber.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// The payload; a slice of `frame`, so that it is stored once.
    pub payload: Bytes,
    /// The payload as a server's WebSocket text frame, header included.
    pub frame: Bytes,
    /// The payload and a line feed, as the answer to a poll has it; a slice of the same bytes.
    line_of_poll: Bytes,
    /// How many messages the hub had taken before it, of all topics.
    pub(super) number: u64,
    /// As a chunk with one server-sent event, once a subscriber needs it.
    event: OnceCell<Bytes>,
    /// As a chunk with one line, once a subscriber needs it.
    line: OnceCell<Bytes>,
    /// As compressed frames, once a subscriber needs one.
    deflated: OnceCell<Box<DeflatedFrames>>,
}

/// Why a payload was refused: it would not pass unchanged through every transport.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PayloadError {
    /// A text frame carries UTF-8 only (RFC 6455, section 5.6).
    #[error("payload is not UTF-8 from byte {valid_up_to}, expected UTF-8 text")]
    NotText {
        /// Bytes that are UTF-8 before the first that is not.
        valid_up_to: usize,
    },
    /// A line break ends a message in the answer to a poll and a line of a server-sent event.
    #[error("payload has a line break at byte {at}, expected one line")]
    LineBreak {
        /// Its place.
        at: usize,
    },
    /// `!` begins a notice.
    #[error("payload begins with `!`, which is kept for the server's notices")]
    Notice,
}

impl Message {
    /// Checks a payload and encodes its frame.
    ///
    /// # Errors
    ///
    /// If the payload is not one line of UTF-8 text, or begins as a notice does.
    pub fn new(payload: &[u8]) -> Result<Self, PayloadError> {
        if let Err(error) = std::str::from_utf8(payload) {
            return Err(PayloadError::NotText { valid_up_to: error.valid_up_to() });
        }
        if payload.first() == Some(&NOTICE) {
            return Err(PayloadError::Notice);
        }
        if let Some(at) = payload.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            return Err(PayloadError::LineBreak { at });
        }
        // One piece of memory has all forms that need no other bytes between.
        let mut bytes = Vec::with_capacity(MAX_HEADER_LEN + payload.len() + 1);
        encode_header(&mut bytes, true, Opcode::Text, payload.len() as u64, None);
        let header = bytes.len();
        bytes.extend_from_slice(payload);
        bytes.push(b'\n');
        bytes.shrink_to_fit();
        let bytes = Bytes::from(bytes);
        Ok(Self {
            payload: bytes.slice(header..bytes.len() - 1),
            frame: bytes.slice(..bytes.len() - 1),
            line_of_poll: bytes.slice(header..),
            number: 0,
            event: OnceCell::new(),
            line: OnceCell::new(),
            deflated: OnceCell::new(),
        })
    }

    /// The message as a chunk with one event (HTML, section 9.2); `id` is the cursor after it, which
    /// is the same whoever asks.
    pub(super) fn event(&self, id: Cursor, held: &Cell<u64>) -> Bytes {
        let chunk = || {
            let parts = [b"id: ", &id.encode()[..], b"\ndata: ", &self.payload, b"\n\n"];
            Bytes::from(encode_chunk(&parts))
        };
        self.event.get_or_init(|| noted(chunk(), held)).clone()
    }

    /// The message as a chunk with one line.
    pub(super) fn line(&self, held: &Cell<u64>) -> Bytes {
        let chunk = || Bytes::from(encode_chunk(&[&self.line_of_poll]));
        self.line.get_or_init(|| noted(chunk(), held)).clone()
    }

    /// The message as a compressed frame for every subscriber with these settings.
    pub(super) fn deflated(&self, how: SharedDeflate, held: &Cell<u64>) -> Bytes {
        self.deflated.get_or_init(Box::default).get(&self.payload, how, |frame| noted(frame, held))
    }

    /// The message with its number among all that a hub has taken.
    pub(crate) fn numbered(self, number: u64) -> Self {
        Self { number, ..self }
    }

    /// The payload and a line feed, as the answer to a poll has it.
    pub(crate) fn line_of_poll(&self) -> &Bytes {
        &self.line_of_poll
    }

    /// Bytes that are held for it in all its forms.
    pub(super) fn bytes(&self) -> u64 {
        let forms = [&self.event, &self.line].into_iter().filter_map(OnceCell::get).map(Bytes::len);
        let deflated = self.deflated.get().map_or(0, |frames| frames.len());
        (forms.sum::<usize>() + deflated + self.frame.len() + MESSAGE_OVERHEAD) as u64
    }
}

/// What a message takes beside the bytes of its forms: its place in the log, and what the allocator
/// and the shared count of its bytes take, rounded up.
pub const MESSAGE_OVERHEAD: usize = size_of::<Message>() + 64;

/// Counts a form that was made.
fn noted(form: Bytes, held: &Cell<u64>) -> Bytes {
    held.set(held.get() + form.len() as u64);
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Cursor = Cursor { epoch: 7, position: 6 };

    #[test]
    fn a_payload_is_stored_once_and_its_frame_is_ready() {
        let message = Message::new(b"hello").expect("one line");
        assert_eq!(&message.frame[..], b"\x81\x05hello");
        assert_eq!(message.payload.as_ptr(), message.frame[2..].as_ptr());
    }

    #[test]
    fn each_form_of_a_message_is_encoded_once_and_shared() {
        let message = Message::new(b"hello").expect("one line");
        let held = Cell::new(0);
        let event = message.event(ID, &held);
        assert_eq!(&event[..], b"22\r\nid: 000o00000000000i\ndata: hello\n\n\r\n");
        assert_eq!(event.as_ptr(), message.event(ID, &held).as_ptr());
        assert_eq!(&message.line(&held)[..], b"6\r\nhello\n\r\n");
        assert_eq!(message.line(&held).as_ptr(), message.line(&held).as_ptr());
        assert_eq!(held.get(), (event.len() + message.line(&held).len()) as u64);
        assert_eq!(&message.line_of_poll()[..], b"hello\n");
        assert_eq!(message.line_of_poll().as_ptr(), message.payload.as_ptr());
    }

    #[test]
    fn a_payload_that_some_transport_would_change_is_refused() {
        assert_eq!(Message::new(b"a\xff"), Err(PayloadError::NotText { valid_up_to: 1 }));
        assert_eq!(Message::new(b"ab\n"), Err(PayloadError::LineBreak { at: 2 }));
        assert_eq!(Message::new(b"\rab"), Err(PayloadError::LineBreak { at: 0 }));
        assert_eq!(Message::new(b"!gap 1"), Err(PayloadError::Notice));
    }
}
