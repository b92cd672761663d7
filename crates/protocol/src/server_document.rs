//! Everything that a server is told before it starts, as one document.
//!
//! `pushbench serve --config` reads it, the runner writes one for each trial, and the server's
//! announcement says back what came of it, so that nothing moves a measurement that neither a
//! scenario nor its record knows of. A key is the name of the command's flag with `_` for `-`.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::compression::{BODY_THRESHOLD, MAX_WINDOW_BITS, MESSAGE_THRESHOLD};
use crate::duration::{optional_text, text};
use crate::headers::ProfileError;
use crate::logs::{LOG_BYTES, TOTAL_LOG_BYTES};
use crate::{Compression, Deliver, ResponseProfile, ServerEngine, SlowPolicy, Unchanged};

/// The settings of a server. Absent keys have the defaults of [`ServerDocument::default`]; unknown
/// ones are refused.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerDocument {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// What it serves with: `axum` or `lean`.
    pub engine: ServerEngine,
    /// What a poll asks for.
    pub deliver: Deliver,
    /// What a poll is answered when nothing is new; absent, `resend` with `deliver = "latest"` and
    /// `empty` with `every`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unchanged: Option<Unchanged>,
    /// The headers of a poll's response.
    pub response_headers: ResponseHeaders,
    /// Whether it listens for TLS too.
    pub tls: bool,
    /// Where it does; given, it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_listen: Option<SocketAddr>,
    /// Path of the certificate that it shows, PEM; absent, one is made at each start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Path of the certificate's private key, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Path that the certificate is written to, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_out: Option<String>,
    /// Maximum segment size of every connection in bytes; absent leaves it to the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mss: Option<u16>,
    /// Messages that each topic keeps.
    pub log: NonZeroU32,
    /// Bytes that each topic keeps, its newest message in any case.
    pub log_bytes: u64,
    /// Bytes that all topics together keep.
    pub total_log_bytes: u64,
    /// Messages that may wait for one subscriber.
    pub queue: NonZeroU32,
    /// What happens to a subscriber for which more wait.
    pub slow_subscriber: SlowPolicy,
    /// Silence after which a stream gets a comment and a WebSocket a ping; absent sends none.
    #[serde(with = "optional_text", skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<Duration>,
    /// Least time between two messages pushed to one subscriber; absent pushes each.
    #[serde(with = "optional_text", skip_serializing_if = "Option::is_none")]
    pub conflate: Option<Duration>,
    /// How responses to polls are compressed: `none`, `gzip` or `br`.
    pub compression: Compression,
    /// Smallest body in bytes that is compressed.
    pub compression_threshold: usize,
    /// How streams of events and of lines are compressed: `none`, `gzip` or `br`.
    pub stream_compression: Compression,
    /// The window of each such stream, as a base-2 logarithm: 9 to 15 for gzip, 17 to 22 for `br`;
    /// absent, 15 and 17.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_window_bits: Option<u8>,
    /// Whether permessage-deflate is agreed on with WebSocket clients that offer it.
    pub deflate: bool,
    /// The largest window to agree on, as a base-2 logarithm, 9 to 15.
    pub deflate_window_bits: u8,
    /// Whether no message may refer to those before it.
    pub deflate_no_context_takeover: bool,
    /// Smallest WebSocket message in bytes that is compressed.
    pub deflate_threshold: usize,
    /// Connections open at once.
    pub connections: NonZeroU32,
    /// Topics.
    pub topics: NonZeroU32,
    /// Largest message in bytes.
    pub message_bytes: usize,
    /// How long a connection may carry nothing in either direction.
    #[serde(with = "text")]
    pub idle_timeout: Duration,
    /// How long a connection may stay silent before it asks for something.
    #[serde(with = "text")]
    pub first_request_timeout: Duration,
    /// How long a client may take for each of its turns in a TLS handshake.
    #[serde(with = "text")]
    pub handshake_timeout: Duration,
    /// Token that publishers must send. An announcement never has it, only [`Self::HIDDEN`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publish_token: Option<String>,
    /// Origins of other hosts whose pages may upgrade and publish.
    pub allowed_origin: Vec<String>,
    /// Names that requests may be for, beside localhost and the addresses of this machine.
    pub allow_host: Vec<String>,
    /// Whether it ends when the process that started it ends.
    pub end_with_parent: bool,
}

/// Headers of a response: a built-in profile by name, or a profile in full.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "the name of a profile, or a table with `name` and `text`")]
pub enum ResponseHeaders {
    /// A built-in profile, or on the command line the path of a file.
    Named(String),
    /// A profile in full.
    Given(GivenHeaders),
}

/// A profile in full.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenHeaders {
    /// What it is called.
    pub name: String,
    /// What its file holds.
    pub text: String,
}

const fn count(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).expect("not zero")
}

impl Default for ServerDocument {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            engine: ServerEngine::Axum,
            deliver: Deliver::Latest,
            unchanged: None,
            response_headers: ResponseHeaders::Named("typical".to_owned()),
            tls: false,
            tls_listen: None,
            certificate: None,
            key: None,
            certificate_out: None,
            mss: None,
            log: count(4_096),
            log_bytes: LOG_BYTES,
            total_log_bytes: TOTAL_LOG_BYTES,
            queue: count(1_024),
            slow_subscriber: SlowPolicy::Disconnect,
            heartbeat: None,
            conflate: None,
            compression: Compression::None,
            compression_threshold: BODY_THRESHOLD,
            stream_compression: Compression::None,
            stream_window_bits: None,
            deflate: false,
            deflate_window_bits: MAX_WINDOW_BITS,
            deflate_no_context_takeover: false,
            deflate_threshold: MESSAGE_THRESHOLD,
            connections: count(1_000_000),
            topics: count(10_000),
            message_bytes: 1 << 20,
            idle_timeout: Duration::from_secs(120),
            first_request_timeout: Duration::from_secs(10),
            handshake_timeout: Duration::from_secs(10),
            publish_token: None,
            allowed_origin: Vec::new(),
            allow_host: Vec::new(),
            end_with_parent: false,
        }
    }
}

impl ServerDocument {
    /// What stands in an announcement in place of a token.
    pub const HIDDEN: &str = "(hidden)";

    /// Whether it asks for a listener for TLS.
    pub const fn wants_tls(&self) -> bool {
        self.tls || self.tls_listen.is_some()
    }

    /// The document as it may be shown: a token is hidden.
    pub fn shown(&self) -> Self {
        let publish_token = self.publish_token.as_ref().map(|_| Self::HIDDEN.to_owned());
        Self { publish_token, ..self.clone() }
    }
}

impl ResponseHeaders {
    /// A profile by its name where it is a built-in one, else in full.
    pub fn of(profile: &ResponseProfile) -> Self {
        let name = profile.name();
        match ResponseProfile::built_in(name) {
            Ok(built_in) if built_in == *profile => Self::Named(name.to_owned()),
            _ => Self::Given(GivenHeaders { name: name.to_owned(), text: profile.text() }),
        }
    }

    /// The profile.
    ///
    /// # Errors
    ///
    /// If there is none of that name, or the text is none.
    pub fn profile(&self) -> Result<ResponseProfile, ProfileError> {
        match self {
            Self::Named(name) => ResponseProfile::built_in(name),
            Self::Given(given) => ResponseProfile::parse(&given.name, &given.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ServerDocument, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn a_document_says_what_it_changes_and_nothing_unknown() {
        let document = read(r#"{"heartbeat": "15s", "deliver": "every", "mss": 1460}"#);
        let expected = ServerDocument {
            heartbeat: Some(Duration::from_secs(15)),
            deliver: Deliver::Every,
            mss: Some(1_460),
            ..ServerDocument::default()
        };
        assert_eq!(document.expect("a document"), expected);
        for (text, part) in [
            (r#"{"hearbeat": "15s"}"#, "unknown field `hearbeat`"),
            (r#"{"heartbeat": 15}"#, "a duration with a unit"),
            (r#"{"heartbeat": "15"}"#, "a duration with a unit"),
            (r#"{"log": 0}"#, "nonzero"),
            (r#"{"response_headers": {"name": "x"}}"#, "`name` and `text`"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_document_comes_back_as_it_went() {
        let profile = "HTTP/1.1 200 OK\nContent-Length: {length}\nDate: {date}\nX-Own: 1\n";
        let profile = ResponseProfile::parse("own.head", profile).expect("a profile");
        let document = ServerDocument {
            unchanged: Some(Unchanged::NotModified),
            response_headers: ResponseHeaders::of(&profile),
            conflate: Some(Duration::from_millis(1_500)),
            allowed_origin: vec!["https://example.com".to_owned()],
            ..ServerDocument::default()
        };
        let text = serde_json::to_string(&document).expect("JSON");
        let back = read(&text).expect("a document");
        assert_eq!(back, document);
        assert_eq!(back.response_headers.profile().expect("a profile"), profile);
        for name in ResponseProfile::names() {
            let built_in = ResponseProfile::built_in(name).expect("built in");
            assert_eq!(ResponseHeaders::of(&built_in), ResponseHeaders::Named(name.to_owned()));
        }
    }

    #[test]
    fn a_token_is_not_shown() {
        let document = ServerDocument {
            publish_token: Some("secret".to_owned()),
            ..ServerDocument::default()
        };
        let shown = serde_json::to_string(&document.shown()).expect("JSON");
        assert!(!shown.contains("secret"), "{shown}");
    }
}
