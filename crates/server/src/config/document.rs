//! From the document to a server's settings, and back from them for the announcement. Pure.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use pushbench_protocol::headers::{HEAD_BYTES, ProfileError};
use pushbench_protocol::{
    AllowedHosts, Compression, Deliver, ResponseHeaders, ResponseProfile, ServerDocument,
    StreamCoding, Unchanged,
};
use pushbench_tls::Identity;

use super::{BodyCompression, DeflateLimits, Limits, ServerConfig, TlsConfig};

/// Where `tls` listens by itself.
const TLS_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);

impl ServerConfig {
    /// The settings that a document asks for; `identity` is what it shows in TLS, made or read by
    /// whoever may read files, and of no use where the document has none.
    ///
    /// # Errors
    ///
    /// If there is no profile of response headers as the document says.
    pub fn of(document: &ServerDocument, identity: Option<Identity>) -> Result<Self, ProfileError> {
        let response = document.response_headers.profile()?;
        let listen = document.tls_listen.unwrap_or(TLS_LISTEN);
        let identity = identity.filter(|_| document.wants_tls());
        let tls = identity.map(|identity| TlsConfig { listen, identity });
        Ok(Self { tls, ..Self::of_clear_text(document, response) })
    }

    /// A server in clear text with the settings that a document has by default.
    pub fn new(listen: SocketAddr, response: ResponseProfile) -> Self {
        Self::of_clear_text(&ServerDocument { listen, ..ServerDocument::default() }, response)
    }

    fn of_clear_text(document: &ServerDocument, response: ResponseProfile) -> Self {
        Self {
            listen: document.listen,
            engine: document.engine,
            tls: None,
            deliver: document.deliver,
            unchanged: document.unchanged.unwrap_or(match document.deliver {
                Deliver::Latest => Unchanged::Resend,
                // Where every message is asked for, there is nothing to send again.
                Deliver::Every => Unchanged::Empty,
            }),
            response,
            mss: document.mss,
            log: document.log,
            log_bytes: document.log_bytes,
            total_log_bytes: document.total_log_bytes,
            queue: document.queue,
            slow_subscriber: document.slow_subscriber,
            heartbeat: document.heartbeat,
            conflate: document.conflate,
            compression: BodyCompression::of(document),
            stream_compression: StreamCoding::new(
                document.stream_compression,
                document.stream_window_bits,
            ),
            deflate: document.deflate.then(|| DeflateLimits::of(document)),
            limits: Limits::of(document),
            publish_token: document.publish_token.clone(),
            allowed_origins: document.allowed_origin.clone(),
            hosts: AllowedHosts::Named(document.allow_host.clone()),
        }
    }

    /// What a server with these settings runs with, as a document. Paths and the parent are not the
    /// server's to know; they are the command's own.
    ///
    /// Made from the settings and not from the document, so that one that was lost between the two
    /// shows.
    pub fn document(&self, document: &ServerDocument) -> ServerDocument {
        let config = self;
        let usual = DeflateLimits::default();
        let deflate = config.deflate.unwrap_or(usual);
        ServerDocument {
            listen: config.listen,
            engine: config.engine,
            deliver: config.deliver,
            unchanged: Some(config.unchanged),
            response_headers: ResponseHeaders::of(&config.response),
            tls: config.tls.is_some(),
            tls_listen: config.tls.as_ref().map(|tls| tls.listen),
            certificate: document.certificate.clone(),
            key: document.key.clone(),
            certificate_out: document.certificate_out.clone(),
            mss: config.mss,
            log: config.log,
            log_bytes: config.log_bytes,
            total_log_bytes: config.total_log_bytes,
            queue: config.queue,
            slow_subscriber: config.slow_subscriber,
            heartbeat: config.heartbeat,
            conflate: config.conflate,
            compression: config.compression.coding,
            compression_threshold: config.compression.threshold,
            stream_compression: config
                .stream_compression
                .map_or(Compression::None, StreamCoding::coding),
            stream_window_bits: config.stream_compression.map(StreamCoding::window_bits),
            deflate: config.deflate.is_some(),
            deflate_window_bits: deflate.window_bits,
            deflate_no_context_takeover: !deflate.context_takeover,
            deflate_threshold: deflate.threshold,
            connections: config.limits.connections,
            topics: config.limits.topics,
            message_bytes: config.limits.body_bytes,
            idle_timeout: config.limits.idle_timeout,
            first_request_timeout: config.limits.first_request_timeout,
            handshake_timeout: config.limits.handshake_timeout,
            publish_token: config.publish_token.clone(),
            allowed_origin: config.allowed_origins.clone(),
            allow_host: match &config.hosts {
                AllowedHosts::Named(names) => names.clone(),
                AllowedHosts::Any => vec!["*".to_owned()],
            },
            end_with_parent: document.end_with_parent,
        }
    }
}

impl BodyCompression {
    fn of(document: &ServerDocument) -> Self {
        Self { coding: document.compression, threshold: document.compression_threshold }
    }
}

impl DeflateLimits {
    fn of(document: &ServerDocument) -> Self {
        Self {
            window_bits: document.deflate_window_bits,
            context_takeover: !document.deflate_no_context_takeover,
            threshold: document.deflate_threshold,
        }
    }
}

impl Limits {
    /// Those of a document. Nobody sets the rest: headers of 16 KiB and 10 s for them, and 30 s for
    /// a client that takes nothing.
    fn of(document: &ServerDocument) -> Self {
        Self {
            connections: document.connections,
            head_bytes: HEAD_BYTES,
            body_bytes: document.message_bytes,
            frame_bytes: document.message_bytes,
            head_timeout: Duration::from_secs(10),
            handshake_timeout: document.handshake_timeout,
            first_request_timeout: document.first_request_timeout,
            idle_timeout: document.idle_timeout,
            write_timeout: Duration::from_secs(30),
            topics: document.topics,
        }
    }
}

impl Default for BodyCompression {
    fn default() -> Self {
        Self::of(&ServerDocument::default())
    }
}

impl Default for DeflateLimits {
    fn default() -> Self {
        Self::of(&ServerDocument::default())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::of(&ServerDocument::default())
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use pushbench_protocol::{ServerEngine, SlowPolicy};

    use super::*;

    #[test]
    fn no_setting_is_lost_between_the_document_and_the_server() {
        let n = |n| NonZeroU32::new(n).expect("not zero");
        // Each differs from its default.
        let document = ServerDocument {
            listen: SocketAddr::from(([127, 0, 0, 1], 1)),
            engine: ServerEngine::Lean,
            deliver: Deliver::Every,
            unchanged: Some(Unchanged::NotModified),
            response_headers: ResponseHeaders::Named("minimal".to_owned()),
            tls: true,
            tls_listen: Some(SocketAddr::from(([127, 0, 0, 1], 2))),
            certificate: None,
            key: None,
            certificate_out: Some("out.pem".to_owned()),
            mss: Some(3),
            log: n(4),
            log_bytes: 17,
            total_log_bytes: 18,
            queue: n(5),
            slow_subscriber: SlowPolicy::Conflate,
            heartbeat: Some(Duration::from_secs(6)),
            conflate: Some(Duration::from_secs(7)),
            compression: Compression::Gzip,
            compression_threshold: 8,
            stream_compression: Compression::Gzip,
            stream_window_bits: Some(14),
            deflate: true,
            deflate_window_bits: 9,
            deflate_no_context_takeover: true,
            deflate_threshold: 10,
            connections: n(11),
            topics: n(12),
            message_bytes: 13,
            idle_timeout: Duration::from_secs(14),
            first_request_timeout: Duration::from_secs(19),
            handshake_timeout: Duration::from_secs(15),
            publish_token: Some("16".to_owned()),
            allowed_origin: vec!["https://example.com".to_owned()],
            allow_host: vec!["example.com".to_owned()],
            end_with_parent: true,
        };
        let identity = Identity::of_this_host(Duration::from_secs(1_800_000_000));
        let config = ServerConfig::of(&document, identity.ok()).expect("settings");
        assert_eq!(config.document(&document), document);
        assert_eq!(config.limits.frame_bytes, 13);
    }
}
