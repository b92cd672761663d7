//! What `pushbench serve` takes.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use pushbench_protocol::{Compression, Deliver, ServerEngine, SlowPolicy, Unchanged};
use pushbench_scenario::parse_duration;

use super::choice::expected;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench serve --listen 127.0.0.1:8080
  curl -d 'hello, world, 16+' http://127.0.0.1:8080/topics/prices/messages
  curl 'http://127.0.0.1:8080/topics/prices/poll?after=0000000000000000'
  curl -N http://127.0.0.1:8080/topics/prices/events
  pushbench serve --config server.toml --listen 127.0.0.1:0
  pushbench serve --tls --certificate-out server.pem
  curl --cacert server.pem \\
      'https://127.0.0.1:8443/topics/prices/poll?after=0000000000000000'

When ready it prints one JSON line on stdout: its address and every setting that it runs with.
SIGTERM or Ctrl-C ends it: WebSockets are closed with 1001, streams with their last chunk, held polls
with 204. SIGUSR1 ends the connections of all subscribers likewise, and serves on.")]
pub(crate) struct ServeOptions {
    /// Read the settings from this file, TOML or JSON; `-` is stdin. A key is the name of a flag with
    /// `_` for `-`, as in `slow_subscriber = "conflate"`. A flag wins over the file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where to listen; port 0 lets the system choose. Beyond loopback a publish token is needed.
    #[arg(long)]
    pub(crate) listen: Option<SocketAddr>,
    /// What it serves with: `axum`, or `lean`, which does no more than is needed. Both send the same
    /// bytes. TLS and HTTP/2 are served with `axum` in either case.
    #[arg(long, value_parser = engine)]
    pub(crate) engine: Option<ServerEngine>,
    /// What a poll asks for: `every` message, or only the `latest`.
    #[arg(long, value_parser = deliver)]
    pub(crate) deliver: Option<Deliver>,
    /// The response to a poll when there is no new message: `resend`, `empty` (204) or
    /// `not-modified` (304).
    #[arg(long, value_parser = unchanged)]
    pub(crate) unchanged: Option<Unchanged>,
    /// Response header profile: a name, or a file with the exact headers.
    #[arg(long)]
    pub(crate) response_headers: Option<String>,
    /// Also listen for TLS 1.3, on 127.0.0.1:8443 unless --tls-listen says otherwise.
    #[arg(long)]
    pub(crate) tls: bool,
    /// Where to listen for TLS; port 0 lets the system choose. Implies --tls.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) tls_listen: Option<SocketAddr>,
    /// Certificate chain, PEM, the server's own certificate first. Without one, a certificate for
    /// localhost, 127.0.0.1 and ::1 is made at every start; its key never leaves memory.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<String>,
    /// The certificate's private key, PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<String>,
    /// Write the certificate to this file, PEM, so that a client can be set to trust it.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate_out: Option<String>,
    /// Maximum segment size of every connection in bytes, from 88 to 32767; without it, the kernel chooses.
    #[arg(long)]
    pub(crate) mss: Option<u16>,
    /// Messages that each topic keeps.
    #[arg(long)]
    pub(crate) log: Option<NonZeroU32>,
    /// Bytes that each topic keeps; its newest message always stays. Every form in which a message is
    /// stored counts, plus a few hundred bytes per message.
    #[arg(long, value_name = "BYTES")]
    pub(crate) log_bytes: Option<u64>,
    /// Bytes that all topics together keep; the oldest messages are dropped first.
    #[arg(long, value_name = "BYTES")]
    pub(crate) total_log_bytes: Option<u64>,
    /// Messages that may be queued for one subscriber.
    #[arg(long)]
    pub(crate) queue: Option<NonZeroU32>,
    /// What happens when a subscriber's queue is full: `drop-oldest`, `conflate`, `disconnect`.
    #[arg(
        long,
        value_parser = slow_subscriber
    )]
    pub(crate) slow_subscriber: Option<SlowPolicy>,
    /// Interval of heartbeats, as in `15s`: a comment to an event stream, a ping to a WebSocket,
    /// unless something else was sent meanwhile. Without it, none are sent.
    #[arg(long, value_parser = duration)]
    pub(crate) heartbeat: Option<Duration>,
    /// Least time between two messages pushed to one subscriber, as in `1s`; the newest replaces
    /// those before it. Only with `--deliver latest`. Without it, every message is sent.
    #[arg(long, value_parser = duration)]
    pub(crate) conflate: Option<Duration>,
    #[command(flatten)]
    pub(crate) compression: CompressionOptions,
    /// Most connections open at once.
    #[arg(long)]
    pub(crate) connections: Option<NonZeroU32>,
    /// Most topics.
    #[arg(long)]
    pub(crate) topics: Option<NonZeroU32>,
    /// Largest message in bytes.
    #[arg(long)]
    pub(crate) message_bytes: Option<usize>,
    /// How long a connection may carry nothing in either direction before it is closed.
    #[arg(long, value_parser = duration)]
    pub(crate) idle_timeout: Option<Duration>,
    /// How long a connection may stay silent before its first request.
    #[arg(long, value_parser = duration)]
    pub(crate) first_request_timeout: Option<Duration>,
    /// How long a client may take for each of its flights in a TLS handshake.
    #[arg(long, value_parser = duration)]
    pub(crate) handshake_timeout: Option<Duration>,
    /// Token that publishers must send as `Authorization: Bearer`.
    #[arg(long, hide_env_values = true)]
    pub(crate) publish_token: Option<String>,
    /// Origin whose pages may upgrade although it is another host, as `https://example.com`.
    /// Repeatable.
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',')]
    pub(crate) allowed_origin: Vec<String>,
    /// Host name that requests may carry in `Host`, besides localhost and the addresses of this
    /// machine, optionally with a port: for example the name of a proxy in front of the server.
    /// Repeatable. Without one, a server on a loopback address refuses every other name, and a server
    /// beyond loopback refuses none.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) allow_host: Vec<String>,
    /// End when the process that started this one ends, however it ends.
    #[arg(long, hide = true)]
    pub(crate) end_with_parent: bool,
}

/// What a server compresses. The levels are fixed: 6 for gzip and deflate, 5 for br.
#[derive(Args, Debug)]
pub(crate) struct CompressionOptions {
    /// How responses to polls are compressed where the request accepts it: `gzip`, `br` or `none`.
    #[arg(long, value_parser = body_compression)]
    pub(crate) compression: Option<Compression>,
    /// Size in bytes from which a body is compressed.
    #[arg(long, value_name = "BYTES")]
    pub(crate) compression_threshold: Option<usize>,
    /// How event streams and line streams are compressed where the request accepts it: `gzip`, `br`
    /// or `none`. Each stream holds a compressor in memory from its first message on.
    #[arg(long, value_parser = body_compression)]
    pub(crate) stream_compression: Option<Compression>,
    /// The window of each such stream, as a base-2 logarithm: 9 to 15 for gzip (default 15), 17 to 22
    /// for br (default 17). A gzip stream takes 325 kB of memory with 15 and 198 kB with 9, a br
    /// stream 1.4 MB with 17.
    #[arg(long, value_name = "BITS")]
    pub(crate) stream_window_bits: Option<u8>,
    /// Accept permessage-deflate from WebSocket clients that offer it.
    #[arg(long)]
    pub(crate) deflate: bool,
    /// The largest window to negotiate in either direction, as a base-2 logarithm.
    #[arg(
        long,
        value_name = "BITS",
        value_parser = clap::value_parser!(u8).range(9..=15)
    )]
    pub(crate) deflate_window_bits: Option<u8>,
    /// Negotiate no context takeover: each message is compressed once for all subscribers, and no
    /// connection has a compressor of its own.
    #[arg(long)]
    pub(crate) deflate_no_context_takeover: bool,
    /// Size in bytes from which a WebSocket message is compressed. Many servers leave small messages
    /// uncompressed; this one compresses all of them unless told otherwise.
    #[arg(long, value_name = "BYTES")]
    pub(crate) deflate_threshold: Option<usize>,
}

fn body_compression(text: &str) -> Result<Compression, String> {
    const BODIES: [Compression; 3] = [Compression::None, Compression::Gzip, Compression::Brotli];
    let found = Compression::from_label(text).filter(|found| BODIES.contains(found));
    found.ok_or_else(|| expected(&BODIES))
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text)
        .ok_or_else(|| "expected a number with a unit, as 500ms, 10s, 3m".to_owned())
}

fn engine(text: &str) -> Result<ServerEngine, String> {
    ServerEngine::from_label(text).ok_or_else(|| expected(ServerEngine::ALL))
}

fn deliver(text: &str) -> Result<Deliver, String> {
    Deliver::from_label(text).ok_or_else(|| expected(Deliver::ALL))
}

fn unchanged(text: &str) -> Result<Unchanged, String> {
    Unchanged::from_label(text).ok_or_else(|| expected(Unchanged::ALL))
}

fn slow_subscriber(text: &str) -> Result<SlowPolicy, String> {
    SlowPolicy::from_label(text).ok_or_else(|| expected(SlowPolicy::ALL))
}
