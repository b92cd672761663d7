//! What a transport must have for a figure to be measured of it.

use super::Figure;

/// What a figure is measured at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Needs {
    /// Anything: every transport has it, where there is something to divide by.
    Nothing,
    /// Requests for messages.
    Polls,
    /// Polls on a timer.
    Timer,
    /// Polls that follow the response to the one before.
    ClosedLoop,
    /// A connection for each poll.
    ConnectionPerPoll,
    /// Polls whose headers are compressed.
    CompressedHeaders,
    /// A connection that a request opens for pushes.
    Opening,
    /// TLS.
    Tls,
    /// Compression.
    Compression,
    /// A floor that is played in the same run.
    Floor,
    /// Clients that come back where their connection was lost; it is not modelled.
    Reconnect,
    /// Messages that are tokens of a language model's reply; it is not modelled.
    Tokens,
    /// Nothing: it is modelled alone.
    Model,
}

impl Needs {
    /// What a figure is said to need, for people.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Nothing => "needs nothing",
            Self::Polls => "needs polls",
            Self::Timer => "needs polls on a timer",
            Self::ClosedLoop => "needs pace = \"closed\"",
            Self::ConnectionPerPoll => "needs a connection for each poll",
            Self::CompressedHeaders => "needs polls by HTTP/2",
            Self::Opening => "needs an upgrade or a stream",
            Self::Tls => "needs TLS",
            Self::Compression => "needs compression",
            Self::Floor => {
                "needs a floor: short polls or pushes by HTTP/1.1 in clear on connections that stay open"
            }
            Self::Reconnect => "needs `reconnect`, and has no model",
            Self::Tokens => "needs payload.content = \"tokens\", and has no model",
            Self::Model => "is modelled and never measured, for polls by HTTP/2",
        }
    }
}

impl Figure {
    /// What it is measured at.
    pub fn needs(&self) -> Needs {
        let name = self.name.as_str();
        let (distribution, _) = name.split_once('.').unwrap_or((name, ""));
        match distribution {
            "poll_lateness" | "poll_kept_waiting" => Needs::Timer,
            "response_time" => Needs::ClosedLoop,
            "reconnect_time" | "lost_connections" | "peak_reconnects_per_second" => {
                Needs::Reconnect
            }
            "gap" => Needs::Tokens,
            "connect_upgrade" => Needs::Opening,
            "connect_tls" | "connect_tls_bytes_per_connection" | "resumed_handshakes" => Needs::Tls,
            "connect_wire_bytes_per_poll" => Needs::ConnectionPerPoll,
            "empty_polls"
            | "messages_per_response"
            | "requests_per_second"
            | "connects_per_second" => Needs::Polls,
            "compression_ratio"
            | "compression_saved"
            | "uncompressed_payload_bytes_per_delivery" => Needs::Compression,
            "wire_bytes_indexed_per_delivery" => Needs::Model,
            "server_cpu_over_floor" | "load_cpu_over_floor" => Needs::Floor,
            _ if name.contains("_indexed_") => Needs::Model,
            _ if name.ends_with("_bytes_per_poll")
                || name.ends_with("up_per_poll")
                || name.ends_with("down_per_poll") =>
            {
                Needs::Polls
            }
            _ if name.ends_with("_poll") => Needs::CompressedHeaders,
            _ => Needs::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure;

    #[test]
    fn what_a_figure_needs_follows_from_its_name() {
        for (name, needs) in [
            ("latency.p99", Needs::Nothing),
            ("wire_bytes_per_delivery", Needs::Nothing),
            ("empty_polls", Needs::Polls),
            ("header_bytes_up_per_poll", Needs::Polls),
            ("wire_bytes_per_poll", Needs::Polls),
            ("connect_wire_bytes_per_poll", Needs::ConnectionPerPoll),
            ("poll_lateness.max", Needs::Timer),
            ("poll_kept_waiting.max", Needs::Timer),
            ("header_bytes_up_warm_poll", Needs::CompressedHeaders),
            ("header_bytes_indexed_first_poll", Needs::Model),
            ("wire_bytes_indexed_per_delivery", Needs::Model),
            ("connect_upgrade.mean", Needs::Opening),
            ("gap.p50", Needs::Tokens),
            ("reconnect_time.max", Needs::Reconnect),
            ("lost_connections", Needs::Reconnect),
            ("connect_tls.mean", Needs::Tls),
            ("connect_tls_bytes_per_connection", Needs::Tls),
            ("compression_ratio", Needs::Compression),
            ("server_cpu_over_floor", Needs::Floor),
        ] {
            assert_eq!(figure::find(name).expect(name).needs(), needs, "{name}");
        }
    }
}
