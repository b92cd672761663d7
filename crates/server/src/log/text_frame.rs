//! Text as a frame of its own.

use bytes::Bytes;
use pushbench_wire::frame::{MAX_HEADER_LEN, Opcode, encode_header};

/// One server text frame around `text`.
pub(crate) fn text_frame(text: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(MAX_HEADER_LEN + text.len());
    encode_header(&mut frame, true, Opcode::Text, text.len() as u64, None);
    frame.extend_from_slice(text);
    // A message may be kept for long by the log: it takes no more than it needs.
    frame.shrink_to_fit();
    Bytes::from(frame)
}
