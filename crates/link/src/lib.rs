//! A link made of real packets: two network namespaces, a TUN device in each, and a thread that
//! forwards what one device takes to the other, later.
//!
//! On loopback nothing is far away. Over this link the kernel's own TCP meets a round trip, a rate, a
//! queue, losses and the MTU of Ethernet, and each packet is counted by a hand that neither end has.
//! Neither namespace has a name: both are gone with the last process and descriptor that holds them,
//! so whatever ends this process leaves nothing behind.
//!
//! Deciding and doing stand apart. [`Path`] says what one direction does to a packet, [`Relay`] holds
//! the packets that are on their way and counts them; both take the time as an argument and know no
//! device. [`Link`] makes the devices and runs the thread. Deliberately absent: reordering (packets of
//! one direction leave in the order in which they came), fair queues, and any packet but IPv4.
//!
//! Start with `shape.rs`, then `relay.rs`, then `forwarder.rs`.

mod counts;
mod flows;
mod forwarder;
mod link;
mod namespace;
mod packet;
mod probe;
mod relay;
mod shape;
mod system;
mod waiting;

pub use counts::{Passed, PathCounts};
pub use forwarder::Scheduling;
pub use link::{DeviceDrops, FAR, Link, LinkCounts, NEAR};
pub use namespace::{Inside, Missing, Namespace};
pub use packet::Packet;
pub use probe::Echoes;
pub use relay::{Refusal, Relay};
pub use shape::{Fate, Path};
