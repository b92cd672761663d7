//! What a transport's compression comes to: the server's options, and what the record says beside
//! the scenario's settings. Pure.

use std::collections::BTreeMap;

use pushbench_protocol::Compression;
use pushbench_protocol::compression::{BODY_THRESHOLD, MESSAGE_THRESHOLD};
use pushbench_scenario::{Deflate, Transport, TransportSettings};

/// What a transport compresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Compressed {
    /// Nothing.
    Nothing,
    /// Bodies of answers to polls.
    Bodies(Compression),
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
            TransportSettings::Sse(_)
            | TransportSettings::Stream(_)
            | TransportSettings::Nudge(_) => return Self::Nothing,
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
            Self::Messages(_) => Compression::Deflate,
        }
    }

    /// Bodies or messages of fewer bytes are left as they are.
    pub(crate) const fn threshold(self) -> usize {
        match self {
            Self::Nothing => usize::MAX,
            Self::Bodies(_) => BODY_THRESHOLD,
            Self::Messages(_) => MESSAGE_THRESHOLD,
        }
    }
}

/// The server's options that make it compress as the transport says, thresholds spelled out.
pub(crate) fn server_options(settings: TransportSettings) -> Vec<String> {
    let compressed = Compressed::of(settings);
    let threshold = compressed.threshold();
    let options = match compressed {
        Compressed::Nothing => return Vec::new(),
        Compressed::Bodies(coding) => {
            format!("--compression={coding} --compression-threshold={threshold}")
        }
        Compressed::Messages(Deflate { window_bits, context_takeover }) => {
            let takeover = if context_takeover { "" } else { " --deflate-no-context-takeover" };
            format!(
                "--deflate --deflate-window-bits={window_bits} \
                 --deflate-threshold={threshold}{takeover}"
            )
        }
    };
    options.split_whitespace().map(str::to_owned).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use pushbench_scenario::WebSocket;

    fn websocket(deflate: Option<Deflate>) -> TransportSettings {
        TransportSettings::WebSocket(WebSocket { heartbeat: None, conflate: None, deflate })
    }

    #[test]
    fn a_server_is_told_the_terms() {
        let told = |deflate| server_options(websocket(deflate)).join(" ");
        assert_eq!(told(None), "");
        let narrow = Deflate { window_bits: 10, context_takeover: false };
        assert_eq!(
            told(Some(narrow)),
            "--deflate --deflate-window-bits=10 --deflate-threshold=0 --deflate-no-context-takeover"
        );
    }
}
