//! The rows of the comparison: which figures, under which headings, in which form.

use pushbench_protocol::figure::Unit;

use crate::times::Times;
use crate::units::{digits, number, scaled, share};

/// How the numbers of a row are written.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// Plain: the unit stands in the heading or the label.
    Number,
    /// In 10^6: the unit stands in the label.
    Millions,
    /// Per cent.
    Percent,
    /// With the unit that fits it.
    Scaled(Unit),
}

/// Rows under one heading.
pub(super) struct Group {
    pub(super) heading: &'static str,
    pub(super) rows: &'static [RowOf],
}

/// One figure of every transport.
pub(super) struct RowOf {
    pub(super) label: &'static str,
    pub(super) figure: &'static str,
    pub(super) form: Form,
}

impl Form {
    pub(super) fn shown(self, value: f64, times: &Times) -> String {
        match self {
            Self::Scaled(Unit::Seconds | Unit::CpuSeconds) => times.shown(value),
            Self::Number => number(value),
            Self::Millions => digits(value / 1e6, 3),
            Self::Percent => share(value),
            Self::Scaled(unit) => scaled(unit, value),
        }
    }
}

const fn plain(label: &'static str, figure: &'static str) -> RowOf {
    RowOf { label, figure, form: Form::Number }
}

const fn millions(label: &'static str, figure: &'static str) -> RowOf {
    RowOf { label, figure, form: Form::Millions }
}

const fn percent(label: &'static str, figure: &'static str) -> RowOf {
    RowOf { label, figure, form: Form::Percent }
}

const fn time(label: &'static str, figure: &'static str) -> RowOf {
    RowOf { label, figure, form: Form::Scaled(Unit::Seconds) }
}

const fn multiple(label: &'static str, figure: &'static str) -> RowOf {
    RowOf { label, figure, form: Form::Scaled(Unit::Times) }
}

const fn size(label: &'static str, figure: &'static str) -> RowOf {
    RowOf { label, figure, form: Form::Scaled(Unit::Bytes) }
}

/// Above the latencies; of servers that publish by themselves nobody knows when a message was due.
pub(super) const SINCE_DUE: &str =
    "Latency, from when a message was due until a client had all of it";
pub(super) const SINCE_SENT: &str =
    "Latency, from when a message says that it was sent until a client had all of it";

/// The rows of the comparison.
pub(super) const GROUPS: &[Group] = &[
    Group {
        heading: "Bytes per delivered message, both directions",
        rows: &[
            plain("  payload", "payload_bytes_per_delivery"),
            plain("    as published", "uncompressed_payload_bytes_per_delivery"),
            percent("    saved", "compression_saved"),
            plain("  repeat", "repeat_bytes_per_delivery"),
            plain("  header", "header_bytes_per_delivery"),
            plain("  framing", "framing_bytes_per_delivery"),
            plain("  wrapping", "wrapping_bytes_per_delivery"),
            plain("  control", "control_bytes_per_delivery"),
            plain("  handshake", "handshake_bytes_per_delivery"),
            plain("  unexplained", "unexplained_bytes_per_delivery"),
            plain("= stream", "stream_bytes_per_delivery"),
            plain("  tls", "tls_bytes_per_delivery"),
            plain("  tcp_ip", "tcp_ip_bytes_per_delivery"),
            plain("= wire", "wire_bytes_per_delivery"),
        ],
    },
    Group {
        heading: "Bytes per client and second, both directions",
        rows: &[
            plain("  header", "header_bytes_per_client_second"),
            plain("  tcp_ip", "tcp_ip_bytes_per_client_second"),
            plain("= wire", "wire_bytes_per_client_second"),
            plain("    of that up", "wire_bytes_up_per_client_second"),
            plain("    of that down", "wire_bytes_down_per_client_second"),
            size("  wire, idle, per hour", "idle_wire_bytes_per_client_hour"),
        ],
    },
    Group {
        heading: "All clients together",
        rows: &[
            millions("  wire, Mb/s", "wire_bits_per_second"),
            millions("  header, Mb/s", "header_bits_per_second"),
            millions("  payload, Mb/s", "goodput"),
            plain("  deliveries per second", "deliveries_per_second"),
            plain("  polls per second", "requests_per_second"),
            percent("  empty polls", "empty_polls"),
            plain("  messages per response", "messages_per_response"),
        ],
    },
    Group {
        heading: SINCE_DUE,
        rows: &[
            time("  latency p50", "latency.p50"),
            time("  latency p90", "latency.p90"),
            time("  latency p99", "latency.p99"),
            time("  latency max", "latency.max"),
            time("  latency mean", "latency.mean"),
            time("  service time mean", "service_time.mean"),
            time("  age, mean", "age_mean"),
            plain("  versions behind, mean", "version_age_mean"),
        ],
    },
    Group {
        heading: "Server resources",
        rows: &[
            time("  CPU per delivery", "server_cpu_per_delivery"),
            time("  CPU per client-second", "server_cpu_per_client_second"),
            multiple("    as x floor", "server_cpu_over_floor"),
            time("  CPU idle, per hour", "idle_server_cpu_per_client_hour"),
            size("  memory per connection", "server_working_memory_per_connection"),
            size("    at rest after use", "server_resting_memory_per_connection"),
            size("    before use", "server_memory_per_connection"),
        ],
    },
    Group {
        heading: "Resources of the load generator, which plays the clients",
        rows: &[
            time("  CPU per delivery", "load_cpu_per_delivery"),
            time("  CPU per client-second", "load_cpu_per_client_second"),
            multiple("    as x floor", "load_cpu_over_floor"),
            size("  memory per connection", "load_working_memory_per_connection"),
            size("    at rest after use", "load_resting_memory_per_connection"),
            size("    before use", "load_memory_per_connection"),
        ],
    },
    Group {
        heading: "Kernel memory per connection, both ends, and the cost of connecting",
        rows: &[
            size("  kernel memory", "kernel_socket_memory_per_connection"),
            size("    of that buffers", "kernel_buffers_per_connection"),
            size("  slab, whole machine", "kernel_memory_per_connection"),
            size("  connecting, per poll", "connect_wire_bytes_per_poll"),
            plain("  connects per second", "connects_per_second"),
            size("  connecting, stream", "connect_stream_bytes_per_connection"),
            size("  connecting, tls", "connect_tls_bytes_per_connection"),
            size("  connecting, wire", "connect_wire_bytes_per_connection"),
            time("  TCP handshake, p50", "connect_tcp.p50"),
            time("  TLS handshake, p50", "connect_tls.p50"),
            percent("  resumed handshakes", "resumed_handshakes"),
            time("  upgrade, p50", "connect_upgrade.p50"),
        ],
    },
    Group {
        heading: "Loss, order and lateness",
        rows: &[
            plain("  lost messages", "lost"),
            plain("  duplicates", "duplicates"),
            plain("  out of order", "out_of_order"),
            plain("  superseded before a poll", "superseded"),
            plain("  connections lost", "lost_connections"),
            time("    50 % restored after", "reconnect_time.p50"),
            time("    99 % restored after", "reconnect_time.p99"),
            time("    all restored after", "reconnect_time.max"),
            plain("    peak, restored per second", "peak_reconnects_per_second"),
            time("  polls late, p99", "poll_lateness.p99"),
            time("  publishes late, p99", "publish_lateness.p99"),
        ],
    },
];

/// Figures that only some runs have: of compression, of third-party servers, of idle clients, of
/// connections for each poll, of TLS, of a floor. Where no transport has one it has no row.
pub(super) const OCCASIONAL: [&str; 23] = [
    "server_cpu_over_floor",
    "load_cpu_over_floor",
    "uncompressed_payload_bytes_per_delivery",
    "compression_saved",
    "wrapping_bytes_per_delivery",
    "unexplained_bytes_per_delivery",
    "server_resting_memory_per_connection",
    "load_resting_memory_per_connection",
    "kernel_socket_memory_per_connection",
    "kernel_buffers_per_connection",
    "kernel_memory_per_connection",
    "idle_wire_bytes_per_client_hour",
    "idle_server_cpu_per_client_hour",
    "connect_wire_bytes_per_poll",
    "connects_per_second",
    "connect_tls_bytes_per_connection",
    "connect_tls.p50",
    "resumed_handshakes",
    "lost_connections",
    "reconnect_time.p50",
    "reconnect_time.p99",
    "reconnect_time.max",
    "peak_reconnects_per_second",
];
