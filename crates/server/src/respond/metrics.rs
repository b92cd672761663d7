//! `/metrics`: the server's own books in the text format of Prometheus.

use std::fmt::{Display, Write};
use std::num::NonZeroU32;

use pushbench_protocol::ServerStats;

use crate::hub::HubLevels;

/// How Prometheus takes a figure.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Counter,
    Gauge,
}

/// A text of metrics, each with its help and its type before its samples.
#[derive(Default)]
struct Exposition(String);

impl Exposition {
    fn metric<L: Display>(
        &mut self,
        (name, kind, help): (&str, Kind, &str),
        samples: impl IntoIterator<Item = (L, u64)>,
    ) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        let text = &mut self.0;
        let mut put = |line: std::fmt::Arguments<'_>| {
            text.write_fmt(line).expect("a string takes all");
        };
        put(format_args!("# HELP pushbench_{name} {help}\n# TYPE pushbench_{name} {kind}\n"));
        for (labels, value) in samples {
            put(format_args!("pushbench_{name}{labels} {value}\n"));
        }
    }

    fn single(&mut self, metric: (&str, Kind, &str), value: u64) {
        self.metric(metric, [("", value)]);
    }
}

/// One label and its value. Ours are names and numbers, of which none needs escaping.
fn label(name: &str, value: impl Display) -> String {
    format!("{{{name}=\"{value}\"}}")
}

/// Every figure of the books, with its help and its type.
pub(super) fn exposition(
    stats: &ServerStats,
    levels: &HubLevels,
    connections: NonZeroU32,
) -> String {
    use Kind::{Counter, Gauge};
    let mut text = Exposition::default();
    let classes = || stats.connections.iter();
    text.metric(
        ("connections_open", Gauge, "Connections open now, by what they were first used for."),
        classes().map(|(class, stats)| (label("class", class), stats.open)),
    );
    text.metric(
        ("connections_total", Counter, "Connections accepted, by what they were first used for."),
        classes().map(|(class, stats)| (label("class", class), stats.accepted)),
    );
    text.metric(
        (
            "socket_bytes_total",
            Counter,
            "Bytes read from sockets (up) and written to them (down), below TLS.",
        ),
        classes().flat_map(|(class, stats)| {
            [("up", stats.received_bytes), ("down", stats.sent_bytes)].map(|(direction, bytes)| {
                (format!("{{class=\"{class}\",direction=\"{direction}\"}}"), bytes)
            })
        }),
    );
    text.single(
        ("messages_published_total", Counter, "Messages taken from publishers."),
        stats.published,
    );
    text.single(
        (
            "messages_sent_total",
            Counter,
            "Messages handed to subscribers or put in responses, repeats included.",
        ),
        stats.sent_messages,
    );
    text.single(
        (
            "messages_superseded_total",
            Counter,
            "Messages replaced by newer ones before they were pushed, where they are conflated.",
        ),
        stats.superseded,
    );
    text.metric(
        ("messages_dropped_total", Counter, "Messages dropped for slow subscribers, by policy."),
        stats.dropped.iter().map(|(policy, count)| (label("policy", policy), *count)),
    );
    text.single(
        (
            "subscribers_disconnected_total",
            Counter,
            "Subscribers closed because they lagged too far.",
        ),
        stats.disconnected,
    );
    text.metric(
        (
            "refusals_total",
            Counter,
            "Requests and connections refused or failed, by HTTP status or WebSocket close code.",
        ),
        stats.refused.iter().map(|(code, count)| (label("code", code), *count)),
    );
    text.metric(
        ("tls_handshakes_total", Counter, "TLS handshakes, by how they ended."),
        [
            ("full", stats.handshakes.full),
            ("resumed", stats.handshakes.resumed),
            ("failed", stats.handshakes.failed),
        ]
        .map(|(result, count)| (label("result", result), count)),
    );
    text.single(("topics", Gauge, "Topics that hold a message or have a reader."), levels.topics);
    text.single(("log_messages", Gauge, "Messages that the logs hold."), levels.log_messages);
    text.single(("log_bytes", Gauge, "Bytes that the logs hold."), levels.log_bytes);
    text.single(
        ("connections_limit", Gauge, "Connections that may be open at once."),
        u64::from(connections.get()),
    );
    text.0
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use pushbench_protocol::{ClassStats, ConnectionClass, SlowPolicy};

    use super::*;

    /// The grammar of the text format, as far as it is used: comments, then samples of the metric
    /// that they are about, no metric twice, no sample twice.
    #[test]
    fn the_text_is_what_prometheus_reads() {
        let stats = ServerStats {
            connections: ConnectionClass::ALL
                .iter()
                .map(|&class| (class, ClassStats { open: 1, accepted: 2, ..Default::default() }))
                .collect(),
            refused: BTreeMap::from([(404, 3), (1013, 4)]),
            dropped: SlowPolicy::ALL.iter().map(|&policy| (policy, 5)).collect(),
            ..ServerStats::default()
        };
        let text = exposition(
            &stats,
            &HubLevels { log_bytes: 6, ..HubLevels::default() },
            NonZeroU32::MIN,
        );
        assert!(text.ends_with('\n'));
        let (mut metrics, mut samples) = (BTreeSet::new(), BTreeSet::new());
        let (mut helped, mut current) = (None, None);
        let is_name = |name: &str| {
            name.starts_with("pushbench_")
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect("a help");
                assert!(is_name(name) && help.ends_with('.'), "{line}");
                assert!(metrics.insert(name), "{name} twice");
                helped = Some(name);
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a type");
                assert_eq!(helped, Some(name), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                assert!(matches!(kind, "counter" | "gauge"), "{line}");
                current = Some(name);
            } else {
                let (sample, value) = line.rsplit_once(' ').expect("a value");
                value.parse::<u64>().expect("a number");
                let name = sample.split('{').next().expect("a name");
                assert_eq!(current, Some(name), "{line}");
                assert!(samples.insert(sample), "{sample} twice");
                assert_eq!(sample.contains('{'), sample.ends_with("\"}"), "{line}");
            }
        }
        for sample in [
            "pushbench_connections_open{class=\"websocket\"} 1",
            "pushbench_socket_bytes_total{class=\"long-poll\",direction=\"down\"} 0",
            "pushbench_refusals_total{code=\"404\"} 3",
            "pushbench_messages_dropped_total{policy=\"drop-oldest\"} 5",
            "pushbench_log_bytes 6",
        ] {
            assert!(text.lines().any(|line| line == sample), "{sample}:\n{text}");
        }
    }
}
