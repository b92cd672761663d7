//! The link that a trial was played over, and what it saw.

use std::collections::BTreeMap;

use pushbench_protocol::Phase;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::record::waiting::HistogramV1;

/// A link between two network namespaces, and what it saw of a trial from the first packet to the last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LinkV2 {
    /// The longest IP packet that passes, in bytes.
    pub mtu: u16,
    /// Where its random draws begin.
    pub seed: u64,
    /// From clients to the server.
    pub up: LinkPathV2,
    /// From the server to clients.
    pub down: LinkPathV2,
    /// Connections that have passed, each pair of ports once.
    pub connections: u64,
    /// Packets that were still on their way when it was taken down.
    pub under_way: u64,
    /// Packets that the devices at its ends have dropped; 0 unless it was overrun.
    pub device_drops: u64,
    /// How its thread was scheduled: `SCHED_FIFO`, or why not.
    pub scheduling: String,
    /// CPU time of its thread, in nanoseconds.
    pub cpu_ns: u64,
    /// The congestion control of connections that choose none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub congestion_control: Option<String>,
    /// Small datagrams that were sent over it in the measure phase and back, to see what a round trip
    /// takes.
    pub echoes_sent: u64,
    /// Their round trips.
    pub echo: HistogramV1,
    /// Why it ended before the trial did, if it did; then the rest is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// One direction of a link.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LinkPathV2 {
    /// How long each packet is to take, in nanoseconds.
    pub delay_ns: u64,
    /// What is added to that, from nothing up to this.
    pub jitter_ns: u64,
    /// Bits of IP packets per second; absent without a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u64>,
    /// Bytes that may wait for the rate; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_bytes: Option<u64>,
    /// How many of a million packets are to be lost.
    pub loss_ppm: u32,
    /// TCP packets that came into it.
    pub entered: PacketsV2,
    /// Those of them that have left it.
    pub left: PacketsV2,
    /// Those that were lost at random.
    pub lost: PacketsV2,
    /// Those that found the queue full.
    pub queue_full: PacketsV2,
    /// Of those that left, such as came after both ends of their connection had sent their last byte.
    pub after_end: PacketsV2,
    /// The same of those that entered, lost ones among them; absent from older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_end_entered: Option<PacketsV2>,
    /// Packets that are not TCP: the echo.
    pub other: PacketsV2,
    /// Bytes of TCP options beyond the timestamps, in packets that entered, but for the first SYN of a
    /// connection: blocks of selective acknowledgements, and the options of a SYN that was sent again.
    pub extra_option_bytes: u64,
    /// Bytes of data in packets that entered, what was sent again included.
    pub data_bytes: u64,
    /// Packets longer than the MTU.
    pub over_mtu: u64,
    /// Packets that the device at its end did not take.
    pub refused: u64,
    /// TCP packets that entered in each phase, at this end.
    pub phases: BTreeMap<Phase, PacketsV2>,
    /// How long after it was due each packet left, in the measure phase.
    pub lateness: HistogramV1,
    /// The same over the whole trial.
    pub lateness_of_all: HistogramV1,
}

impl LinkV2 {
    /// Packets that it dropped in both directions, as its shape says.
    pub const fn dropped(&self) -> u64 {
        self.up.dropped() + self.down.dropped()
    }
}

impl LinkPathV2 {
    /// Packets that it dropped, as its shape says.
    pub const fn dropped(&self) -> u64 {
        self.lost.packets + self.queue_full.packets
    }
}

/// Packets, and their bytes with headers of IP and TCP.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PacketsV2 {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}
