//! What all transports of a scenario have in common.

use pushbench_protocol::Deliver;

use crate::link::Link;

/// What all transports of a scenario have in common. Rates are a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Situation {
    /// Subscribers.
    pub clients: f64,
    /// Messages a second in the topic of each subscriber; 0 where none are published.
    pub rate: f64,
    /// Whether their arrivals are Poisson; otherwise evenly spaced.
    pub poisson: bool,
    /// Bytes of a payload.
    pub payload: u64,
    /// Every message, or the newest only.
    pub deliver: Deliver,
    /// The link.
    pub link: Link,
}
