//! What a transport's compression comes to.

use pushbench_protocol::compression::{BODY_THRESHOLD, MESSAGE_THRESHOLD};
use pushbench_protocol::{Compression, StreamCoding};
use pushbench_scenario::{Deflate, TransportSettings};

/// What a transport compresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Compressed {
    /// Nothing.
    Nothing,
    /// Bodies of answers to polls.
    Bodies(Compression),
    /// Responses that do not end.
    Streams(StreamCoding),
    /// WebSocket messages.
    Messages(Deflate),
}

impl Compressed {
    /// What these settings come to.
    pub const fn of(settings: TransportSettings) -> Self {
        if let Some(deflate) = settings.deflate() {
            return Self::Messages(deflate);
        }
        if let Some(coding) = settings.stream_compression() {
            return Self::Streams(coding);
        }
        let bodies = settings.content_coding();
        match bodies {
            Compression::None => Self::Nothing,
            Compression::Gzip | Compression::Brotli | Compression::Deflate => Self::Bodies(bodies),
        }
    }

    /// The coding of it.
    pub fn coding(self) -> Compression {
        match self {
            Self::Nothing => Compression::None,
            Self::Bodies(coding) => coding,
            Self::Streams(coding) => coding.coding(),
            Self::Messages(_) => Compression::Deflate,
        }
    }

    /// Bodies or messages of fewer bytes are left as they are.
    pub const fn threshold(self) -> usize {
        match self {
            Self::Nothing => usize::MAX,
            Self::Bodies(_) => BODY_THRESHOLD,
            // Nothing of a stream is left as it is.
            Self::Streams(_) => 0,
            Self::Messages(_) => MESSAGE_THRESHOLD,
        }
    }
}
