//! The layer at which a run's bytes are compared.

use pushbench_stats::Rounds;
use pushbench_store::{RunV2, TransportV1};

use crate::figures::measured;

/// The lowest layer at which this run's bytes were counted.
#[derive(Clone, Copy)]
pub(crate) enum Layer {
    Wire,
    Stream,
}

impl Layer {
    /// The lower one if two transports have it, so that there is something to compare.
    pub(crate) fn counted(run: &RunV2) -> Option<Self> {
        let counted = |layer: &Self| {
            run.transports.iter().filter(|transport| layer.bytes(run, transport).is_some()).count()
        };
        let layers = || [Self::Wire, Self::Stream].into_iter();
        layers()
            .find(|layer| counted(layer) >= 2)
            .or_else(|| layers().find(|layer| counted(layer) > 0))
    }

    pub(crate) fn bytes(self, run: &RunV2, transport: &TransportV1) -> Option<Rounds> {
        let figure = match self {
            Self::Wire => "wire_bytes_per_delivery",
            Self::Stream => "stream_bytes_per_delivery",
        };
        measured(run, transport, figure)
    }

    pub(crate) fn place(self) -> &'static str {
        match self {
            Self::Wire => "on the wire",
            Self::Stream => "above TLS",
        }
    }

    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::Wire => "layer 3, TCP/IP headers included",
            Self::Stream => "TCP/IP headers could not be counted",
        }
    }
}
