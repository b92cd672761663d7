//! WebSocket frames (RFC 6455, section 5): their headers, and what the bytes of a stream of them are for.

mod checker;
mod counter;
mod error;
mod header;
mod messages;
mod rules;

pub use checker::FrameChecker;
pub use counter::{FrameCounter, FrameCounts};
pub use error::FrameError;
pub use header::{
    FrameHeader, HeaderParser, MAX_HEADER_LEN, Opcode, Sender, apply_mask, encode_header,
    frame_header_len,
};
pub use messages::{MessageError, MessageReader, Received};
