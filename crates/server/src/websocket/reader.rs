//! Reads what a client sends, wherever reads end: bytes in, events or a protocol error out.
//!
//! Between messages it holds no buffer.

use pushbench_wire::frame::{FrameHeader, HeaderParser, Opcode, apply_mask};

use super::close::CloseReason;
use super::inflate::{Inflater, TOO_BIG};

/// Bounds on what a client may send.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ReaderLimits {
    /// Payload of one message in bytes, all fragments together.
    pub(crate) message_bytes: u64,
}

/// Something a client has sent, whole.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Event {
    /// A text message, checked, or a binary one.
    Message(Vec<u8>),
    /// To be answered by a pong with the same payload.
    Ping(Vec<u8>),
    Pong,
    /// To be answered by a close frame with this code, if there was one.
    Close(Option<u16>),
}

/// Takes a client's bytes.
#[derive(Debug)]
pub(crate) struct FrameReader {
    limits: ReaderLimits,
    /// Where compression was agreed on.
    inflater: Option<Inflater>,
    header: HeaderParser,
    /// The frame whose payload is being read.
    frame: Option<Frame>,
    /// The message whose fragments are being read.
    message: Option<Message>,
    /// Payload of the control frame that is being read.
    control: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    opcode: Opcode,
    fin: bool,
    key: [u8; 4],
    len: u64,
    taken: u64,
}

#[derive(Debug)]
struct Message {
    is_text: bool,
    is_compressed: bool,
    /// Bytes of its frames so far, as announced by their headers.
    wire_len: u64,
    payload: Vec<u8>,
    /// How much of the payload is known to be UTF-8.
    checked: usize,
}

const CONTROL_LIMIT: u64 = 125;
/// Of the three reserved bits the one of permessage-deflate (RFC 7692, section 6).
const RSV1: u8 = 0b100;

const fn protocol(text: &'static str) -> CloseReason {
    CloseReason::new(1002, text)
}

const NOT_UTF8: CloseReason = CloseReason::new(1007, "not UTF-8");

impl FrameReader {
    pub(super) fn new(limits: ReaderLimits, inflater: Option<Inflater>) -> Self {
        Self {
            limits,
            inflater,
            header: HeaderParser::default(),
            frame: None,
            message: None,
            control: Vec::new(),
        }
    }

    /// Takes bytes off the front of `input` until something is whole or `input` is used up.
    ///
    /// # Errors
    ///
    /// If the client broke the protocol; nothing may be read after that.
    pub(crate) fn read(&mut self, input: &mut &[u8]) -> Result<Option<Event>, CloseReason> {
        loop {
            let Some(frame) = &mut self.frame else {
                let Some((&byte, rest)) = input.split_first() else { return Ok(None) };
                *input = rest;
                if let Some(header) = self.header.push(byte) {
                    self.frame = Some(self.begin(header)?);
                }
                continue;
            };
            let left = usize::try_from(frame.len - frame.taken).unwrap_or(usize::MAX);
            if left > 0 && input.is_empty() {
                return Ok(None);
            }
            let (now, rest) = input.split_at(left.min(input.len()));
            *input = rest;
            let (key, offset) = (frame.key, frame.taken);
            frame.taken += now.len() as u64;
            let frame = *frame;
            let complete = frame.taken == frame.len;
            if frame.opcode.is_control() {
                unmask_into(&mut self.control, now, key, offset);
            } else {
                let message = self.message.as_mut().expect("a data frame is part of a message");
                let last = complete && frame.fin;
                match &mut self.inflater {
                    Some(inflater) if message.is_compressed => {
                        let mut piece = Vec::new();
                        unmask_into(&mut piece, now, key, offset);
                        inflater.inflate(&piece, &mut message.payload)?;
                        if last {
                            inflater.end(&mut message.payload)?;
                        }
                    }
                    _ => unmask_into(&mut message.payload, now, key, offset),
                }
                message.check(last)?;
            }
            if !complete {
                return Ok(None);
            }
            self.frame = None;
            if let Some(event) = self.end(frame)? {
                return Ok(Some(event));
            }
        }
    }

    /// Checks a header, and begins its message if it is the first of one.
    fn begin(&mut self, header: FrameHeader) -> Result<Frame, CloseReason> {
        let opcode =
            Opcode::from_bits(header.opcode).ok_or(protocol("the opcode is a reserved one"))?;
        let is_first = matches!(opcode, Opcode::Text | Opcode::Binary);
        let is_compressed = header.rsv == RSV1 && is_first && self.inflater.is_some();
        if header.rsv != 0 && !is_compressed {
            return Err(protocol("a reserved bit is set that was not agreed for this frame"));
        }
        let key = header.mask.ok_or(protocol("the frame is not masked"))?;
        let len = header.payload_len;
        if len >> 63 != 0 || header.header_len != header.shortest_len() {
            return Err(protocol("the length is not in its shortest form"));
        }
        match opcode {
            Opcode::Ping | Opcode::Pong | Opcode::Close => {
                if !header.fin {
                    return Err(protocol("a control frame is fragmented"));
                }
                if len > CONTROL_LIMIT {
                    return Err(protocol("a control frame is longer than 125 bytes"));
                }
            }
            Opcode::Text | Opcode::Binary => {
                if self.message.is_some() {
                    return Err(protocol("a message begins within another"));
                }
                let is_text = opcode == Opcode::Text;
                self.message = Some(Message {
                    is_text,
                    is_compressed,
                    wire_len: 0,
                    payload: Vec::new(),
                    checked: 0,
                });
            }
            Opcode::Continuation => {
                if self.message.is_none() {
                    return Err(protocol("a continuation has nothing to continue"));
                }
            }
        }
        if let Some(message) = self.message.as_mut().filter(|_| !opcode.is_control()) {
            let limit = match &self.inflater {
                Some(inflater) if message.is_compressed => inflater.compressed_limit(),
                _ => self.limits.message_bytes,
            };
            message.wire_len = message.wire_len.saturating_add(len);
            if message.wire_len > limit {
                return Err(TOO_BIG);
            }
        }
        Ok(Frame { opcode, fin: header.fin, key, len, taken: 0 })
    }

    /// What the end of a frame means.
    fn end(&mut self, frame: Frame) -> Result<Option<Event>, CloseReason> {
        Ok(match frame.opcode {
            Opcode::Ping => Some(Event::Ping(std::mem::take(&mut self.control))),
            Opcode::Pong => {
                self.control = Vec::new();
                Some(Event::Pong)
            }
            Opcode::Close => Some(Event::Close(close_code(&std::mem::take(&mut self.control))?)),
            Opcode::Text | Opcode::Binary | Opcode::Continuation if frame.fin => {
                self.message.take().map(|message| Event::Message(message.payload))
            }
            Opcode::Text | Opcode::Binary | Opcode::Continuation => None,
        })
    }
}

impl Message {
    /// Checks what has come since the last check; a character may end in a later frame, but not
    /// after the last.
    fn check(&mut self, last: bool) -> Result<(), CloseReason> {
        if !self.is_text {
            return Ok(());
        }
        match std::str::from_utf8(&self.payload[self.checked..]) {
            Ok(text) => self.checked += text.len(),
            Err(error) if error.error_len().is_none() && !last => {
                self.checked += error.valid_up_to();
            }
            Err(_) => return Err(NOT_UTF8),
        }
        Ok(())
    }
}

/// Appends masked bytes, which begin `offset` bytes into their frame's payload.
fn unmask_into(out: &mut Vec<u8>, masked: &[u8], key: [u8; 4], offset: u64) {
    let from = out.len();
    out.extend_from_slice(masked);
    apply_mask(&mut out[from..], key, offset);
}

/// The code in a close frame's payload (RFC 6455, sections 5.5.1 and 7.4; 1012 to 1014 are in
/// IANA's registry).
fn close_code(payload: &[u8]) -> Result<Option<u16>, CloseReason> {
    let Some((code, text)) = payload.split_first_chunk() else {
        return if payload.is_empty() {
            Ok(None)
        } else {
            Err(protocol("a close frame has half a code"))
        };
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(protocol("the close code may not be sent"));
    }
    std::str::from_utf8(text).map_err(|_| NOT_UTF8)?;
    Ok(Some(code))
}

#[cfg(test)]
mod tests;
