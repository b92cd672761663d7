//! What a server is told before it starts.

mod document;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use pushbench_protocol::{
    AllowedHosts, Compression, Deliver, ResponseProfile, ServerEngine, SlowPolicy, StreamCoding,
    Unchanged,
};
use pushbench_tls::Identity;

/// Settings of a server. Everything that moves a measurement is here, also where it is a default.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// What it serves with. TLS and HTTP/2 are served by [`ServerEngine::Axum`] in any case.
    pub engine: ServerEngine,
    /// The same over TLS, on a listener of its own.
    pub tls: Option<TlsConfig>,
    /// What a poll asks for: each message, or the newest.
    pub deliver: Deliver,
    /// What a poll is answered when nothing is new.
    pub unchanged: Unchanged,
    /// The head of a poll's answer.
    pub response: ResponseProfile,
    /// `TCP_MAXSEG` of every connection in bytes; `None` leaves it to the kernel.
    pub mss: Option<u16>,
    /// Messages that each topic keeps.
    pub log: NonZeroU32,
    /// Bytes that each topic keeps, its newest message in any case. Every form in which a message is
    /// kept counts, as does what it takes beside its bytes.
    pub log_bytes: u64,
    /// Bytes that all topics together keep; the oldest messages of all go first.
    pub total_log_bytes: u64,
    /// Messages that may wait for one subscriber; at most `log`.
    pub queue: NonZeroU32,
    /// What happens to a subscriber for which more wait.
    pub slow_subscriber: SlowPolicy,
    /// Each so often a stream of events gets a comment and a WebSocket a ping, unless it was sent
    /// something since the last time, so that intermediaries and both sides see that it lives;
    /// `None` sends none. A WebSocket that leaves two pings unanswered is closed.
    pub heartbeat: Option<Duration>,
    /// Least time between two messages to one subscriber; the newest replaces those before it, which
    /// are counted as superseded. `None` sends each. Only where the newest is delivered.
    pub conflate: Option<Duration>,
    /// How answers to polls are compressed, where the request accepts it.
    pub compression: BodyCompression,
    /// How responses that do not end are compressed, where the request accepts it; each has a coder
    /// of its own. `None` leaves them as they are.
    pub stream_compression: Option<StreamCoding>,
    /// What permessage-deflate may be agreed on with WebSocket clients that offer it; `None` leaves
    /// every message as it is.
    pub deflate: Option<DeflateLimits>,
    /// Bounds on what clients may use up.
    pub limits: Limits,
    /// Names that requests may be for, beside those that this host has for itself.
    pub hosts: AllowedHosts,
    /// Who publishes must send `Authorization: Bearer` with this. Needed beyond loopback.
    pub publish_token: Option<String>,
    /// Origins of other hosts whose pages may upgrade and publish, as `https://example.com`.
    pub allowed_origins: Vec<String>,
}

/// A listener for TLS. What its connections are made with is said in [`pushbench_tls::settings`].
#[derive(Clone, Debug)]
pub struct TlsConfig {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The certificate that clients are shown, and its key.
    pub identity: Identity,
}

/// How bodies are compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BodyCompression {
    /// `gzip`, `br`, or not at all.
    pub coding: Compression,
    /// Bodies of fewer bytes are left as they are.
    pub threshold: usize,
}

/// The most that permessage-deflate is agreed on with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DeflateLimits {
    /// Base-2 logarithm of the window of either side, 9 to 15.
    pub window_bits: u8,
    /// Whether messages may refer to those before them. Without, a message is compressed once for
    /// all; with, each connection has a compressor.
    pub context_takeover: bool,
    /// Messages of fewer bytes are left as they are.
    pub threshold: usize,
}

/// Bounds on what clients may use up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Connections open at once. For one more the oldest goes that has asked for nothing yet; where
    /// all have, it gets 503.
    pub connections: NonZeroU32,
    /// A request's head in bytes; at least 8 KiB.
    pub head_bytes: usize,
    /// A published body in bytes.
    pub body_bytes: usize,
    /// A published WebSocket message in bytes, all fragments together.
    pub frame_bytes: usize,
    /// From a request's first byte until its head is whole, and again until its body is.
    pub head_timeout: Duration,
    /// For each of a client's turns in a TLS handshake: its hello, and what answers ours.
    pub handshake_timeout: Duration,
    /// From when a connection is accepted, or has shaken hands, until it has asked for something.
    pub first_request_timeout: Duration,
    /// Nothing in either direction.
    pub idle_timeout: Duration,
    /// Not one byte taken by a client for which some wait.
    pub write_timeout: Duration,
    /// Topics that hold a message, and as many that are only read.
    pub topics: NonZeroU32,
}
