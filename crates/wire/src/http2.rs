//! HTTP/2 on the wire (RFC 9113): what its frames are for, and one of its streams as bytes.

mod counter;
mod stream;

pub use counter::{FrameCounter, FrameCounts};
pub use stream::ByteStream;

/// What a client sends first (RFC 9113, section 3.4).
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes in front of every frame (RFC 9113, section 4.1).
pub const FRAME_HEADER_LEN: u64 = 9;
/// Most bytes in a frame unless the receiver allows more (RFC 9113, section 6.5.2).
pub const MAX_FRAME_SIZE: u64 = 16_384;
