//! Who counts, what each counts, and who is held against whom: data.
//!
//! A new witness (the packets of QUIC, a link that counts) is a name and an entry in [`WITNESSES`],
//! a pair in [`PAIRS`], and the place that fills its [`Tally`]. Whoever compares walks over the list.

use pushbench_protocol::{Direction, Layer};

/// Name of one who counts what connections carry.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum WitnessName {
    /// The clients' codec, which knows what each byte was for.
    Codec,
    /// What TLS added below the codec, by the records of the ciphertext.
    TlsRecords,
    /// The counting streams below TLS, at the clients.
    ClientSockets,
    /// `TCP_INFO` of the clients' ends.
    Kernel,
    /// The counting streams at the server.
    ServerSockets,
    /// `TCP_INFO` of the server's ends, as the kernel of this host tells whoever asks.
    ServerKernel,
    /// The same of a proxy's ends, where clients connect to one in place of the server.
    ProxyKernel,
}

/// Whose witness it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// The clients': each worker has its own, and they add up.
    Client,
    /// The server's: there is one, whoever asks it.
    Server,
}

impl Side {
    /// The name used in results.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// What a witness counts. Up is from client to server, down the other way.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Counter {
    /// Bytes up, each once.
    Up,
    /// Bytes down, each once.
    Down,
    /// TCP segments up.
    SegmentsUp,
    /// TCP segments down.
    SegmentsDown,
    /// Bytes up that were sent again.
    RetransmittedUp,
    /// Bytes down that were sent again.
    RetransmittedDown,
    /// Connections with TCP timestamps.
    WithTimestamps,
    /// Connections that it has counted.
    Connections,
}

impl Counter {
    /// Every counter.
    pub const ALL: [Self; 8] = [
        Self::Up,
        Self::Down,
        Self::SegmentsUp,
        Self::SegmentsDown,
        Self::RetransmittedUp,
        Self::RetransmittedDown,
        Self::WithTimestamps,
        Self::Connections,
    ];

    /// The name used in results.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::SegmentsUp => "segments_up",
            Self::SegmentsDown => "segments_down",
            Self::RetransmittedUp => "retransmitted_up",
            Self::RetransmittedDown => "retransmitted_down",
            Self::WithTimestamps => "with_timestamps",
            Self::Connections => "connections",
        }
    }

    /// The counter of bytes in a direction.
    pub const fn bytes(direction: Direction) -> Self {
        match direction {
            Direction::Up => Self::Up,
            Direction::Down => Self::Down,
        }
    }
}

/// A witness.
#[derive(Clone, Copy, Debug)]
pub struct WitnessEntry {
    /// Which one.
    pub name: WitnessName,
    /// Its name in results and reports.
    pub label: &'static str,
    /// Whose it is.
    pub side: Side,
    /// The layer down to which its bytes are counted.
    pub layer: Layer,
    /// What it counts.
    pub counters: &'static [Counter],
}

impl WitnessEntry {
    /// Whether it says how many connections it has counted.
    pub fn counts_connections(&self) -> bool {
        self.counters.contains(&Counter::Connections)
    }
}

/// What the kernel counts at the far ends of the clients' connections.
const FAR_END: &[Counter] = &[
    Counter::Up,
    Counter::Down,
    Counter::SegmentsUp,
    Counter::SegmentsDown,
    Counter::RetransmittedDown,
    Counter::WithTimestamps,
    Counter::Connections,
];

/// Every witness, in the order of [`WitnessName`].
pub const WITNESSES: [WitnessEntry; 7] = [
    WitnessEntry {
        name: WitnessName::Codec,
        label: "codec",
        side: Side::Client,
        layer: Layer::Stream,
        counters: &[Counter::Up, Counter::Down],
    },
    WitnessEntry {
        name: WitnessName::TlsRecords,
        label: "TLS records",
        side: Side::Client,
        layer: Layer::Socket,
        counters: &[Counter::Up, Counter::Down],
    },
    WitnessEntry {
        name: WitnessName::ClientSockets,
        label: "client sockets",
        side: Side::Client,
        layer: Layer::Socket,
        counters: &[Counter::Up, Counter::Down, Counter::Connections],
    },
    WitnessEntry {
        name: WitnessName::Kernel,
        label: "kernel",
        side: Side::Client,
        layer: Layer::Socket,
        counters: &[
            Counter::Up,
            Counter::Down,
            Counter::SegmentsUp,
            Counter::SegmentsDown,
            Counter::RetransmittedUp,
            Counter::WithTimestamps,
        ],
    },
    WitnessEntry {
        name: WitnessName::ServerSockets,
        label: "server sockets",
        side: Side::Server,
        layer: Layer::Socket,
        counters: &[Counter::Up, Counter::Down],
    },
    WitnessEntry {
        name: WitnessName::ServerKernel,
        label: "server kernel",
        side: Side::Server,
        layer: Layer::Socket,
        counters: FAR_END,
    },
    WitnessEntry {
        name: WitnessName::ProxyKernel,
        label: "proxy kernel",
        side: Side::Server,
        layer: Layer::Socket,
        counters: FAR_END,
    },
];

/// Two that saw the same bytes; each side is a sum of witnesses.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// Its name in results and reports.
    pub label: &'static str,
    /// One side.
    pub left: &'static [WitnessName],
    /// The other.
    pub right: &'static [WitnessName],
    /// Whether it stands in for pairs with the clients' sockets: compared where those could not be
    /// counted on, since a library has opened them. Elsewhere it says what others say together.
    pub stands_in: bool,
}

/// Every pair that is compared, in the order reports show them.
pub const PAIRS: [Pair; 9] = [
    Pair {
        label: "codec = client sockets",
        left: &[WitnessName::Codec, WitnessName::TlsRecords],
        right: &[WitnessName::ClientSockets],
        stands_in: false,
    },
    Pair {
        label: "client sockets = kernel",
        left: &[WitnessName::ClientSockets],
        right: &[WitnessName::Kernel],
        stands_in: false,
    },
    Pair {
        label: "client sockets = server sockets",
        left: &[WitnessName::ClientSockets],
        right: &[WitnessName::ServerSockets],
        stands_in: false,
    },
    Pair {
        label: "client sockets = server kernel",
        left: &[WitnessName::ClientSockets],
        right: &[WitnessName::ServerKernel],
        stands_in: false,
    },
    Pair {
        label: "client sockets = proxy kernel",
        left: &[WitnessName::ClientSockets],
        right: &[WitnessName::ProxyKernel],
        stands_in: false,
    },
    Pair {
        label: "codec = kernel",
        left: &[WitnessName::Codec, WitnessName::TlsRecords],
        right: &[WitnessName::Kernel],
        stands_in: true,
    },
    Pair {
        label: "kernel = server sockets",
        left: &[WitnessName::Kernel],
        right: &[WitnessName::ServerSockets],
        stands_in: true,
    },
    Pair {
        label: "kernel = server kernel",
        left: &[WitnessName::Kernel],
        right: &[WitnessName::ServerKernel],
        stands_in: true,
    },
    Pair {
        label: "kernel = proxy kernel",
        left: &[WitnessName::Kernel],
        right: &[WitnessName::ProxyKernel],
        stands_in: true,
    },
];

impl WitnessName {
    /// Its entry in the list.
    pub const fn entry(self) -> &'static WitnessEntry {
        &WITNESSES[self as usize]
    }
}

impl Pair {
    /// The witnesses of both sides.
    pub fn witnesses(&self) -> impl Iterator<Item = WitnessName> {
        self.left.iter().chain(self.right).copied()
    }

    /// Whether one of them is the server's.
    pub fn asks_the_server(&self) -> bool {
        self.witnesses().any(|name| name.entry().side == Side::Server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_stands_in_the_order_of_the_names() {
        for (place, entry) in WITNESSES.iter().enumerate() {
            assert_eq!(entry.name as usize, place, "{}", entry.label);
        }
        for (place, counter) in Counter::ALL.into_iter().enumerate() {
            assert_eq!(counter as usize, place, "{}", counter.label());
        }
    }

    #[test]
    fn a_pair_is_named_for_those_whom_it_compares_and_they_count_bytes() {
        for pair in PAIRS {
            let named = [pair.left, pair.right].map(|side| side[0].entry().label).join(" = ");
            assert_eq!(pair.label, named);
            for name in pair.witnesses() {
                assert!(name.entry().counters.starts_with(&[Counter::Up, Counter::Down]));
            }
        }
    }

    #[test]
    fn every_witness_is_held_against_another() {
        for entry in WITNESSES {
            let is_paired = PAIRS.iter().any(|pair| pair.witnesses().any(|n| n == entry.name));
            assert!(is_paired, "{} counts for nobody", entry.label);
        }
    }
}
