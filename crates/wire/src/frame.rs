//! WebSocket frames (RFC 6455, section 5): their headers, and what the bytes of a stream of them are for.

mod checker;
mod counter;
mod header;

pub use checker::{FrameChecker, FrameError};
pub use counter::{FrameCounter, FrameCounts};
pub use header::{
    FrameHeader, HeaderParser, MAX_HEADER_LEN, Opcode, Sender, apply_mask, encode_header,
    frame_header_len,
};
