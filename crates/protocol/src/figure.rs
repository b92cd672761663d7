//! The catalogue of reported figures: one name, one unit, one meaning.
//!
//! Reports, `[expect]` tables and comparisons all take names from here, so a name that is no
//! figure can be refused instead of passing.

mod needs;

use crate::books::{ByteKind, Direction, Layer};

pub use needs::Needs;

/// Unit of a figure. Times are seconds, sizes bytes; a report scales them for people.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Bits a second, SI.
    BitsPerSecond,
    /// Seconds.
    Seconds,
    /// Seconds of CPU time.
    CpuSeconds,
    /// Events a second.
    PerSecond,
    /// A share, 0 to 1.
    Share,
    /// A plain number.
    Count,
    /// So many times something else.
    Times,
}

/// A figure that a trial reports.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Figure {
    /// As written in `[expect]` and in results.
    pub name: String,
    /// Its unit.
    pub unit: Unit,
    /// What it counts, for people.
    pub meaning: String,
}

/// Statistics of every distribution that is reported.
pub const STATISTICS: [&str; 7] = ["mean", "p50", "p90", "p95", "p99", "p999", "max"];

/// Those of them that are quantiles.
pub const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)];

/// Distributions, all in seconds, and what they start and end at.
pub const DISTRIBUTIONS: [(&str, &str); 12] = [
    ("latency", "from when a message was due until a subscriber had all of it"),
    ("service_time", "from when a message was sent to the server until a subscriber had all of it"),
    (
        "gap",
        "from when a client had a token until it had the next; of messages that are tokens alone, and of \
         many that come at once it is nothing, however old they are",
    ),
    ("connect_tcp", "the TCP handshake"),
    ("connect_tls", "the TLS handshake, from its first byte until the client may speak"),
    ("connect_upgrade", "the WebSocket upgrade or the start of a stream, request to response"),
    (
        "reconnect_time",
        "from when a client lost its connection until it had another and was subscribed again",
    ),
    (
        "poll_lateness",
        "from when a poll was due, or its connection free if that was later, until it was sent: how \
         late the load generator was",
    ),
    (
        "poll_kept_waiting",
        "from when a poll was due until the response before it had arrived: how long the server \
         delayed it",
    ),
    (
        "response_time",
        "from when a poll was sent until all of its response had arrived; of a closed loop alone, \
         where no schedule hides it",
    ),
    (
        "publish_lateness",
        "from when a message was due, or the socket was writable if that was later, until it was \
         sent: how late the publisher was",
    ),
    (
        "publish_kept_waiting",
        "how long a full socket delayed a message that was due: the server did not read",
    ),
];

/// For figures that are told by the hour.
pub const SECONDS_PER_HOUR: f64 = 3_600.0;

/// Heads of a poll on HTTP/2, and what they are.
const COMPRESSED_HEADERS: [(&str, &str); 5] = [
    ("first_poll", "field blocks of a connection's first poll, as HTTP/2 encodes them"),
    (
        "warm_poll",
        "field blocks of a poll that is not the connection's first, as HTTP/2 encodes them",
    ),
    (
        "uncompressed_poll",
        "headers of a poll as HTTP/1.1 would write the same fields: start line, name, `: `, \
         value and line end of each, empty line",
    ),
    (
        "indexed_first_poll",
        "field blocks of a connection's first poll by an encoder that indexes cookies and paths, \
         always modelled",
    ),
    (
        "indexed_warm_poll",
        "field blocks of a later poll by an encoder that indexes cookies and paths, always modelled",
    ),
];

/// Figures that are one number.
const SINGLE: [(&str, Unit, &str); 58] = [
    ("age_mean", Unit::Seconds, "age of the newest message held, averaged over clients and time"),
    (
        "version_age_mean",
        Unit::Count,
        "versions behind the publisher, averaged over clients and time",
    ),
    ("wire_bits_per_second", Unit::BitsPerSecond, "layer 3, both directions, all clients"),
    ("stream_bits_per_second", Unit::BitsPerSecond, "above TLS, both directions, all clients"),
    ("header_bits_per_second", Unit::BitsPerSecond, "HTTP headers, both directions, all clients"),
    ("goodput", Unit::BitsPerSecond, "payload of deliveries"),
    ("deliveries_per_second", Unit::PerSecond, "messages new to a client, all clients"),
    (
        "uncompressed_payload_bytes_per_delivery",
        Unit::Bytes,
        "payload of a delivery as published, where what carries it is compressed",
    ),
    ("compression_ratio", Unit::Count, "payload as published over payload on the wire"),
    (
        "compression_saved",
        Unit::Share,
        "share of the payload as published that compression keeps off the wire; below 0 where it adds",
    ),
    ("requests_per_second", Unit::PerSecond, "polls, all clients"),
    ("empty_polls", Unit::Share, "share of polls that found nothing new"),
    ("messages_per_response", Unit::Count, "new messages in a response that had any"),
    ("versions_seen", Unit::Share, "deliveries of the published messages, over clients"),
    ("published", Unit::Count, "messages due in the measure phase"),
    (
        "deliveries",
        Unit::Count,
        "messages due in the measure phase that reached a client, over clients",
    ),
    ("superseded", Unit::Count, "messages replaced before a client polled (latest only)"),
    ("lost", Unit::Count, "messages that never reached a client that had to have them"),
    ("duplicates", Unit::Count, "messages delivered again"),
    ("foreign", Unit::Count, "messages that no publisher of the trial sent"),
    ("out_of_order", Unit::Count, "messages delivered after a later one"),
    ("errors", Unit::Count, "failed connects, responses and frames"),
    ("lost_connections", Unit::Count, "connections lost by clients that then came back"),
    (
        "peak_reconnects_per_second",
        Unit::PerSecond,
        "clients that came back in the busiest second of the measure phase",
    ),
    ("header_bytes_per_poll", Unit::Bytes, "HTTP headers of one poll, up and down"),
    ("header_bytes_up_per_poll", Unit::Bytes, "HTTP headers of one poll's request"),
    ("header_bytes_down_per_poll", Unit::Bytes, "HTTP headers of one poll's response"),
    (
        "wire_bytes_indexed_per_delivery",
        Unit::Bytes,
        "layer 3 by an HTTP/2 encoder that indexes cookies and paths, always modelled",
    ),
    ("stream_bytes_per_poll", Unit::Bytes, "one poll above TLS, up and down"),
    ("wire_bytes_per_poll", Unit::Bytes, "one poll at layer 3, up and down"),
    (
        "connect_wire_bytes_per_poll",
        Unit::Bytes,
        "opening and closing the connection of one poll, at layer 3, up and down",
    ),
    ("connects_per_second", Unit::PerSecond, "connections opened for polls, all clients"),
    ("connect_stream_bytes_per_connection", Unit::Bytes, "connecting and upgrading, above TLS"),
    (
        "connect_tls_bytes_per_connection",
        Unit::Bytes,
        "TLS of connecting: handshake, tickets, and record overhead; absent without TLS",
    ),
    ("connect_wire_bytes_per_connection", Unit::Bytes, "connecting and upgrading, at layer 3"),
    ("resumed_handshakes", Unit::Share, "share of TLS handshakes that resumed a session"),
    ("server_cpu_per_delivery", Unit::CpuSeconds, "server CPU time per delivery"),
    ("server_cpu_per_client_second", Unit::CpuSeconds, "server CPU time per client and second"),
    (
        "server_cpu_over_floor",
        Unit::Times,
        "server CPU time as a multiple of the floor's: the least work for the same bytes, in the same run",
    ),
    (
        "idle_wire_bytes_per_client_hour",
        Unit::Bytes,
        "layer 3, both directions, one client for an hour in which nothing is published",
    ),
    (
        "idle_server_cpu_per_client_hour",
        Unit::CpuSeconds,
        "server CPU time for one client for an hour in which nothing is published",
    ),
    (
        "server_working_memory_per_connection",
        Unit::Bytes,
        "resident memory of the server under load: growth from before the connects to the \
         maximum of the measure phase",
    ),
    (
        "server_resting_memory_per_connection",
        Unit::Bytes,
        "the same with all clients connected and nothing in flight, after the last message",
    ),
    (
        "server_memory_per_connection",
        Unit::Bytes,
        "the same when all clients have connected, before the first poll or message",
    ),
    ("load_cpu_per_delivery", Unit::CpuSeconds, "load generator CPU time per delivery"),
    (
        "load_cpu_per_client_second",
        Unit::CpuSeconds,
        "load generator CPU time per client and second",
    ),
    ("load_cpu_over_floor", Unit::Times, "load generator CPU time as a multiple of the floor's"),
    (
        "load_working_memory_per_connection",
        Unit::Bytes,
        "resident memory of the load generator under load: growth from before the connects to \
         the maximum of the measure phase",
    ),
    (
        "load_resting_memory_per_connection",
        Unit::Bytes,
        "the same with all clients connected and nothing in flight, after the last message",
    ),
    (
        "load_memory_per_connection",
        Unit::Bytes,
        "the same when all clients have connected, before the first poll or message",
    ),
    ("load_busy", Unit::Share, "CPU share of the busiest load worker"),
    (
        "load_stall_max",
        Unit::Seconds,
        "the longest stall of a thread of the load generator, publisher included",
    ),
    (
        "kernel_socket_memory_per_connection",
        Unit::Bytes,
        "kernel memory of the sockets of both ends under load: their buffers, as the kernel \
         reports them, and their structures; absent where the kernel does not report their size",
    ),
    (
        "kernel_buffers_per_connection",
        Unit::Bytes,
        "of that the buffers: what the kernel has charged to the sockets of both ends",
    ),
    (
        "kernel_memory_per_connection",
        Unit::Bytes,
        "growth of the whole machine's slab over connects, only in older records",
    ),
    (
        "retransmitted_bytes",
        Unit::Bytes,
        "bytes retransmitted by TCP in the measure phase, both directions; absent where the server's \
         are not known",
    ),
    ("retransmitted_bytes_up", Unit::Bytes, "bytes retransmitted by the clients"),
    ("retransmitted_bytes_down", Unit::Bytes, "bytes retransmitted by the server"),
];

/// Every figure, in the order reports show them.
pub fn all() -> Vec<Figure> {
    let mut figures = Vec::new();
    let sums = ByteKind::ALL
        .iter()
        .map(|kind| kind.label())
        .chain(Layer::ALL.iter().map(|layer| layer.label()));
    for sum in sums {
        for (per, of) in [("delivery", "delivery"), ("client_second", "client and second")] {
            figures.push(Figure {
                name: bytes_per(sum, None, per),
                unit: Unit::Bytes,
                meaning: format!("{sum} bytes of the measure phase for each {of}, both directions"),
            });
            for &direction in Direction::ALL {
                figures.push(Figure {
                    name: bytes_per(sum, Some(direction), per),
                    unit: Unit::Bytes,
                    meaning: format!("{sum} bytes of the measure phase for each {of}, {direction}"),
                });
            }
        }
    }
    for (headers, meaning) in COMPRESSED_HEADERS {
        for (way, of) in [("", "up and down"), ("_up", "up"), ("_down", "down")] {
            figures.push(Figure {
                name: format!("header_bytes{way}_{headers}"),
                unit: Unit::Bytes,
                meaning: format!("{meaning}, {of}"),
            });
        }
    }
    for (distribution, meaning) in DISTRIBUTIONS {
        for statistic in STATISTICS {
            figures.push(Figure {
                name: format!("{distribution}.{statistic}"),
                unit: Unit::Seconds,
                meaning: format!("{statistic} of {meaning}"),
            });
        }
    }
    figures.extend(SINGLE.iter().map(|&(name, unit, meaning)| Figure {
        name: name.to_owned(),
        unit,
        meaning: meaning.to_owned(),
    }));
    figures
}

/// The figure of that name, if there is one.
pub fn find(name: &str) -> Option<Figure> {
    all().into_iter().find(|figure| figure.name == name)
}

/// Name of a byte figure: `sum` is a kind's or a layer's label, `per` is `delivery` or
/// `client_second`; without a direction it is both.
pub fn bytes_per(sum: &str, direction: Option<Direction>, per: &str) -> String {
    match direction {
        None => format!("{sum}_bytes_per_{per}"),
        Some(direction) => format!("{sum}_bytes_{direction}_per_{per}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_figures_share_a_name() {
        let mut names: Vec<_> = all().into_iter().map(|figure| figure.name).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn the_names_of_the_design_are_figures() {
        for name in ["latency.p99", "wire_bytes_per_delivery", "header_bytes_up_per_client_second"]
        {
            assert!(find(name).is_some(), "{name}");
        }
        assert!(find("wire_bytes_per_banana").is_none());
    }
}
