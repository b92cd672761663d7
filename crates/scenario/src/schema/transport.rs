//! `[[transport]]`, for each kind.

use std::time::Duration;

use pushbench_protocol::{
    Arrival, ClientProgram, Compression, ConnectionUse, Hold, HttpVersion, Pace, PollTiming,
    TlsUse, TransportKind, Unchanged,
};
use pushbench_toml::schema::{
    Key, Schema, choice, count, duration, either, optional, or, pattern, required, table, truth,
    whole,
};

use crate::quantity::minutes;
use crate::reconnect_file::{AFTER_PATTERN, JITTER_PATTERN};
use crate::transport_file::{comes_back, has_deflate};

/// A table for each kind, which has the options of that kind.
pub(super) fn transport() -> Schema {
    either(TransportKind::ALL.iter().map(|kind| table(keys(*kind))))
}

fn keys(kind: TransportKind) -> Vec<Key> {
    let label = || pattern("^[a-z][a-z0-9-]*$");
    let mut keys = vec![
        required(
            "kind",
            "How a message reaches a subscriber.",
            choice(&[kind], TransportKind::label),
        ),
        optional(
            "name",
            "What the report calls it: a letter, then lower-case letters, digits and hyphens. \
            The kind without it, with the server's name before it if there is one.",
            label(),
        ),
        optional(
            "server",
            "The server of others that it is played against: the NAME of a table \
            `[server.NAME]`. Pushbench's own without it.",
            label(),
        ),
        optional(
            "proxy",
            "The proxy that its clients connect to in place of the server: the NAME of a table \
            `[proxy.NAME]`; over HTTP/1.1 in clear text.",
            label(),
        ),
        or(
            "http",
            "1.1",
            "The version of HTTP: in clear by prior knowledge, in TLS by ALPN.",
            choice(HttpVersion::ALL, HttpVersion::label),
        ),
        or(
            "tls",
            "none",
            "TLS 1.3: not at all, with a whole handshake for each connection, or resumed. Of \
            a server of others its URL says so.",
            choice(TlsUse::ALL, TlsUse::label),
        ),
        or(
            "clients_per_connection",
            1,
            "Streams that share a connection, with `http = \"2\"`.",
            count(1_000),
        ),
        or(
            "client",
            "exact",
            "The program that each client is: the load generator's own, which sends the header \
            profile byte for byte, or a library as applications use it.",
            choice(kind.properties().clients, ClientProgram::label),
        ),
    ];
    keys.extend(options(kind));
    keys
}

/// The options that the kind has.
fn options(kind: TransportKind) -> Vec<Key> {
    let row = kind.properties();
    let mut keys = Vec::new();
    if kind.has_timer() {
        let interval = duration(Duration::from_millis(10)..=minutes(3));
        let timing = "When a client polls: on a schedule with a random phase (`setInterval`), an interval \
                      after each response (`setTimeout`), or all at once.";
        let pace = "What makes a client poll: a timer, or the response to its last poll. In a closed \
                    loop, `interval` and `timing` say nothing and are refused.";
        keys.extend([
            or("pace", "open", pace, choice(Pace::ALL, Pace::label)),
            or("interval", "1s", "The time between two polls.", interval),
            or("timing", "schedule", timing, choice(PollTiming::ALL, PollTiming::label)),
            optional(
                "unchanged",
                "What a poll gets that finds nothing new: the same again, 204 or 304.",
                choice(Unchanged::ALL, Unchanged::label),
            ),
        ]);
    }
    if row.arrival == Arrival::Held {
        let held = duration(Duration::from_millis(100)..=Hold::LONGEST.duration());
        keys.push(or(
            "hold",
            "25s",
            "How long the server keeps a poll open until there is a message.",
            held,
        ));
    }
    if row.closes_between_polls {
        keys.push(or(
            "connection",
            "keep-alive",
            "Whether a client keeps its connection.",
            choice(ConnectionUse::ALL, ConnectionUse::label),
        ));
    }
    if row.has_heartbeats {
        keys.push(optional(
            "heartbeat",
            "How often the server says something to a client that received \
            nothing else; never without it.",
            duration(Duration::from_millis(500)..=minutes(10)),
        ));
    }
    if row.conflates {
        keys.push(optional(
            "conflate",
            "The least time between two messages to a client; the newest \
            replaces those before it.",
            duration(Duration::from_millis(10)..=minutes(3)),
        ));
    }
    if comes_back(kind) {
        keys.push(reconnect());
    }
    if row.codings.len() > 1 {
        keys.push(or(
            "compression",
            "none",
            "How the server compresses.",
            choice(row.codings, Compression::label),
        ));
    }
    if let Some((least, most)) = row.window_bits {
        keys.push(optional(
            "window_bits",
            "The window of the compressor, as a base-2 logarithm.",
            whole(u64::from(least)..=u64::from(most)),
        ));
    }
    if has_deflate(kind) {
        keys.push(optional(
            "context_takeover",
            "Whether the compressor remembers earlier messages; it does \
            without this key.",
            truth(),
        ));
    }
    keys
}

fn reconnect() -> Key {
    let reconnect = table([
        required(
            "after",
            "How long a client waits: `\"1s\"`, or a range as in `\"0s..5s\"`.",
            pattern(AFTER_PATTERN),
        ),
        or(
            "jitter",
            "none",
            "How far waits lie apart: all alike, by a share up and down, or from nothing to `after`.",
            pattern(JITTER_PATTERN),
        ),
    ]);
    optional(
        "reconnect",
        "When a client comes back whose connection was lost, and resumes where it was; without it that \
        ends the client. Over HTTP/1.1, and not with `conflate`.",
        reconnect,
    )
}
