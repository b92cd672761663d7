//! What `pushbench anatomy` takes.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, ValueEnum};
use pushbench_protocol::{Envelope, TransportKind};

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench anatomy                           a short poll, then a WebSocket
  pushbench anatomy websocket                 the upgrade, then every frame
  pushbench anatomy --headers kaazing-2009    the poll of 2010: 909 bytes
  pushbench anatomy --headers minimal --cookie-bytes 2000
  pushbench anatomy websocket --key dGhlIHNhbXBsZSBub25jZQ==
                                              as in RFC 6455, section 1.3
  pushbench anatomy sse --message 'hello'     your own text as the message
  pushbench anatomy --payload 1000 --format html -o anatomy.html

How to read it: each line is a part of what really went over the socket, with its size and what it
is booked as (payload, header, framing, control, handshake); below it is the reason why it is sent.
The TCP/IP headers, counted by the kernel, and the totals follow. If the parts do not add up to what
the socket, the kernel and the server counted, that is an error and nothing is shown.")]
pub(crate) struct AnatomyOptions {
    /// short-poll, long-poll, websocket, sse, stream, nudge; short-poll and websocket if none is given.
    #[arg(value_name = "TRANSPORT", value_parser = transport)]
    pub(crate) transports: Vec<TransportKind>,
    /// Request header profile: chrome, firefox, curl, minimal, kaazing-2009, or a file with the
    /// exact headers.
    #[arg(long, value_name = "PROFILE", default_value = "chrome")]
    pub(crate) headers: String,
    /// Response header profile of the server that is started: `typical`, or the counterpart of
    /// `--headers kaazing-2009`, unless given.
    #[arg(long, value_name = "PROFILE", conflicts_with = "target")]
    pub(crate) response_headers: Option<String>,
    /// Size of the message in bytes; the first 16 are its number and due time.
    #[arg(long, value_name = "BYTES", default_value = "20", value_parser = payload)]
    pub(crate) payload: usize,
    /// Your own text as the message, without number and due time.
    #[arg(long, value_name = "TEXT", conflicts_with = "payload", value_parser = message)]
    pub(crate) message: Option<String>,
    /// Size in bytes of the cookie in every request.
    #[arg(long, value_name = "BYTES", default_value = "0")]
    pub(crate) cookie_bytes: u32,
    /// `Sec-WebSocket-Key` to send instead of a random one: 16 bytes in base64.
    #[arg(long, value_name = "BASE64", value_parser = key)]
    pub(crate) key: Option<String>,
    /// Use a Pushbench server that is already running on this host, `http://127.0.0.1:8080`, and
    /// publish one or two messages to its topic t0000; otherwise one is started.
    #[arg(long, value_name = "URL")]
    pub(crate) target: Option<String>,
    /// Token that the target requires of publishers.
    #[arg(long, value_name = "TOKEN", hide_env_values = true)]
    pub(crate) publish_token: Option<String>,
    /// Format of the anatomy.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: AnatomyFormat,
    /// Write the anatomy to this file instead of stdout; `-` is stdout.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// No colour. A non-empty NO_COLOR does the same; CLICOLOR_FORCE forces colour.
    #[arg(long)]
    pub(crate) no_color: bool,
}

/// How an anatomy is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum AnatomyFormat {
    /// For a terminal, at most 100 columns.
    Text,
    /// Every byte, for programs.
    Json,
    /// One self-contained page.
    Html,
}

/// Largest message a server takes unless it is told otherwise.
const LARGEST: usize = 1 << 20;

fn transport(text: &str) -> Result<TransportKind, String> {
    let labels: Vec<_> = TransportKind::ALL.iter().map(|kind| kind.label()).collect();
    TransportKind::from_label(text).ok_or_else(|| format!("expected one of {}", labels.join(", ")))
}

fn payload(text: &str) -> Result<usize, String> {
    let bytes = text.replace('_', "").parse().ok();
    bytes
        .filter(|bytes| (Envelope::LEN..=LARGEST).contains(bytes))
        .ok_or_else(|| format!("expected {} to {LARGEST} bytes", Envelope::LEN))
}

fn message(text: &str) -> Result<String, String> {
    match text {
        "" => Err("expected at least one character".to_owned()),
        _ if text.contains(['\r', '\n']) => Err("expected no line break".to_owned()),
        _ if text.starts_with('!') => {
            Err("expected no `!` at its beginning: that is a notice".to_owned())
        }
        _ if text.len() > LARGEST => Err(format!("expected at most {LARGEST} bytes")),
        _ => Ok(text.to_owned()),
    }
}

fn key(text: &str) -> Result<String, String> {
    match STANDARD.decode(text) {
        Ok(bytes) if bytes.len() == 16 => Ok(text.to_owned()),
        Ok(bytes) => Err(format!("expected 16 bytes in base64, found {}", bytes.len())),
        Err(error) => Err(format!("expected 16 bytes in base64: {error}")),
    }
}
