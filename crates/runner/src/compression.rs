//! What a transport's compression comes to, and what the record says of it beside the scenario's
//! settings. Pure.

use std::collections::BTreeMap;

use pushbench_protocol::compression::{BODY_THRESHOLD, MESSAGE_THRESHOLD};
use pushbench_protocol::{Compression, StreamCoding};
use pushbench_scenario::{Deflate, Transport, TransportSettings};

/// What a transport compresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Compressed {
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
    pub(crate) const fn of(settings: TransportSettings) -> Self {
        let bodies = match settings {
            TransportSettings::ShortPoll(poll) => poll.compression,
            TransportSettings::LongPoll(poll) => poll.compression,
            TransportSettings::WebSocket(socket) => match socket.deflate {
                Some(deflate) => return Self::Messages(deflate),
                None => return Self::Nothing,
            },
            TransportSettings::Sse(_) | TransportSettings::Stream(_) => {
                return match settings.stream_compression() {
                    Some(coding) => Self::Streams(coding),
                    None => Self::Nothing,
                };
            }
            TransportSettings::Nudge(_) => return Self::Nothing,
        };
        match bodies {
            Compression::None => Self::Nothing,
            Compression::Gzip | Compression::Brotli | Compression::Deflate => Self::Bodies(bodies),
        }
    }

    fn coding(self) -> Compression {
        match self {
            Self::Nothing => Compression::None,
            Self::Bodies(coding) => coding,
            Self::Streams(coding) => coding.coding(),
            Self::Messages(_) => Compression::Deflate,
        }
    }

    /// Bodies or messages of fewer bytes are left as they are.
    pub(crate) const fn threshold(self) -> usize {
        match self {
            Self::Nothing => usize::MAX,
            Self::Bodies(_) => BODY_THRESHOLD,
            // Nothing of a stream is left as it is.
            Self::Streams(_) => 0,
            Self::Messages(_) => MESSAGE_THRESHOLD,
        }
    }
}

/// The transport's options for the record: those of the scenario, and how hard and from which size
/// on a server of ours compresses, which no scenario can change.
pub(crate) fn recorded_options(transport: &Transport, is_ours: bool) -> BTreeMap<String, String> {
    let mut options = transport.options();
    let compressed = Compressed::of(transport.settings);
    if let Some(level) = compressed.coding().level().filter(|_| is_ours) {
        options.insert("compression_level".to_owned(), level.to_string());
        let threshold = compressed.threshold().to_string();
        options.insert("compression_threshold".to_owned(), threshold);
    }
    options
}

/// What the server of a trial with a stream offers for streams, and whether this one is in it.
pub(crate) fn said_of_coding(settings: TransportSettings) -> (Compression, bool) {
    (settings.content_coding(), settings.stream_compression().is_some())
}
