//! What a link does to the packets that pass it.

use std::time::Duration;

/// What a link does, in both directions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LinkShape {
    /// From clients to the server.
    pub up: PathShape,
    /// From the server to clients.
    pub down: PathShape,
    /// The longest IP packet in bytes, headers included.
    pub mtu: u16,
}

impl LinkShape {
    /// The MTU of Ethernet (RFC 894).
    pub const ETHERNET_MTU: u16 = 1_500;

    /// The least time that a packet and the response to it take.
    pub fn round_trip(&self) -> Duration {
        self.up.delay + self.down.delay
    }

    /// Whether it loses packets on purpose.
    pub const fn loses(&self) -> bool {
        self.up.loss_ppm > 0 || self.down.loss_ppm > 0
    }

    /// Whether a packet may take longer than its delay, or not arrive, because of the shape.
    pub const fn varies(&self) -> bool {
        self.loses()
            || self.up.rate.is_some()
            || self.down.rate.is_some()
            || !self.up.jitter.is_zero()
            || !self.down.jitter.is_zero()
    }
}

/// What a link does in one direction.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PathShape {
    /// How long each packet takes.
    pub delay: Duration,
    /// What is added to that, uniform from nothing up to this; packets stay in order.
    pub jitter: Duration,
    /// Bits per second of whole IP packets; `None` is without a limit.
    pub rate: Option<u64>,
    /// Bytes that may wait for the rate; a packet beyond them is dropped. Of no effect without one.
    pub queue: u64,
    /// How many of a million packets are lost, at random.
    pub loss_ppm: u32,
}
