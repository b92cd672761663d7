//! What kind of number a figure is: what spoils it, how fine it is, and which way is better.

use pushbench_protocol::figure::{Figure, Unit};
use serde::Serialize;

/// What kind of number a figure is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Bytes for each delivery, poll, connection or client-second, or bits a second: decided by the
    /// programs, but for what chance and the kernel add.
    Bytes,
    /// Waiting.
    Time,
    /// CPU time.
    Work,
    /// Memory.
    Memory,
    /// How many, how often, which share.
    Count,
}

/// Which way a figure is better.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
    /// Neither: it describes the work or the measurement.
    Neither,
}

/// The figures that a report shows of every transport, and among which its verdicts stand.
pub const HEADLINES: [&str; 22] = [
    "wire_bytes_per_delivery",
    "stream_bytes_per_delivery",
    "header_bytes_per_delivery",
    "framing_bytes_per_delivery",
    "tcp_ip_bytes_per_delivery",
    "wire_bytes_per_client_second",
    "header_bytes_per_poll",
    "wire_bytes_per_poll",
    "connect_stream_bytes_per_connection",
    "connect_wire_bytes_per_connection",
    "latency.mean",
    "latency.p50",
    "latency.p99",
    "service_time.mean",
    "age_mean",
    "server_cpu_per_delivery",
    "server_cpu_per_client_second",
    "server_working_memory_per_connection",
    "errors",
    "lost",
    "duplicates",
    "foreign",
];

impl Family {
    /// That of a figure of the catalogue.
    pub fn of(figure: &Figure) -> Self {
        let name = figure.name.as_str();
        match figure.unit {
            Unit::Bytes if name.contains("memory") => Self::Memory,
            Unit::Bytes if name == "retransmitted_bytes" => Self::Count,
            Unit::Bytes | Unit::BitsPerSecond => Self::Bytes,
            Unit::Seconds => Self::Time,
            Unit::CpuSeconds | Unit::Times => Self::Work,
            // Versions behind are time in units of the publisher's.
            Unit::Count if name == "version_age_mean" => Self::Time,
            // The load generator's CPU.
            Unit::Share if name == "load_busy" => Self::Work,
            Unit::PerSecond | Unit::Share | Unit::Count => Self::Count,
        }
    }
}

impl Better {
    /// That of a figure of the catalogue.
    pub fn of(figure: &Figure) -> Self {
        match figure.name.as_str() {
            "goodput" | "deliveries_per_second" | "deliveries" | "versions_seen" => Self::Higher,
            "lost"
            | "duplicates"
            | "foreign"
            | "out_of_order"
            | "superseded"
            | "errors"
            | "retransmitted_bytes" => Self::Lower,
            name if name.contains("lateness")
                || name.starts_with("load_")
                || name.starts_with("payload_") =>
            {
                Self::Neither
            }
            _ => match Family::of(figure) {
                Family::Bytes | Family::Time | Family::Work | Family::Memory => Self::Lower,
                Family::Count => Self::Neither,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use pushbench_protocol::figure;

    use super::*;

    #[test]
    fn a_figures_family_and_better_side_follow_from_its_name_and_unit() {
        for (name, family, better) in [
            ("wire_bytes_per_delivery", Family::Bytes, Better::Lower),
            ("payload_bytes_per_delivery", Family::Bytes, Better::Neither),
            ("wire_bits_per_second", Family::Bytes, Better::Lower),
            ("goodput", Family::Bytes, Better::Higher),
            ("latency.p99", Family::Time, Better::Lower),
            ("poll_lateness.p99", Family::Time, Better::Neither),
            ("version_age_mean", Family::Time, Better::Lower),
            ("server_cpu_per_delivery", Family::Work, Better::Lower),
            ("load_cpu_per_delivery", Family::Work, Better::Neither),
            ("server_cpu_over_floor", Family::Work, Better::Lower),
            ("server_memory_per_connection", Family::Memory, Better::Lower),
            ("lost", Family::Count, Better::Lower),
            ("requests_per_second", Family::Count, Better::Neither),
            ("empty_polls", Family::Count, Better::Neither),
        ] {
            let figure = figure::find(name).unwrap();
            assert_eq!((Family::of(&figure), Better::of(&figure)), (family, better), "{name}");
        }
    }

    #[test]
    fn every_headline_is_a_figure_of_the_catalogue() {
        for name in HEADLINES {
            assert!(figure::find(name).is_some(), "{name}");
        }
    }
}
