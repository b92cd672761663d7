//! The load generator: plays the publisher and the subscribers of one trial and writes down what
//! they saw.
//!
//! A [`Plan`] says what to do; [`Load`] does it, phase by phase, on threads of its own, and hands
//! back an [`Outcome`]. Subscribers run on one single-threaded runtime for each worker: a task for
//! each client, one timer for all of them (`grid`), one recorder and one ledger for all of them
//! (`accounts`), so nothing that is measured takes a lock or allocates for each message. Each
//! transport is one file in `transport`, and what carries its requests is in `carrier`.
//!
//! What is deliberately absent: the server, the verdict on what was seen, and files.
//!
//! Start with `load` (the phases), then `worker`, then a transport.

mod accounts;
mod boundary;
mod bounds;
mod carrier;
mod coded;
mod command;
mod content_coding;
mod decoder;
mod due;
mod fault;
#[doc(hidden)]
pub mod fuzz;
mod grid;
pub mod in_memory;
mod load;
mod outcome;
mod plan;
mod publish_to;
mod publisher;
mod rest;
#[cfg(test)]
mod rfc;
mod so_far;
mod stock_client;
mod ticker;
mod timer;
mod transport;
mod unexpected;
mod witness;
mod worker;

pub use accounts::hiccup::TICK as STALL_RESOLUTION;
pub use boundary::ServerWitnesses;
pub use fault::Fault;
pub use load::preflight::Reached;
pub use load::{LEAD, Load, LoadError, Progress, Watch};
pub use outcome::{
    Boundary, Counts, Handshakes, HeadCounts, InFlight, Outcome, PublisherOutcome, Reconnects,
    SampleHeaders, ServerSums, TimeAverage, WorkerOutcome,
};
pub use plan::{Adapted, Plan, TlsTarget, Via};
pub use publish_to::{Calendar, PublishTo};
pub use so_far::SoFar;
pub use stock_client::{StockClientError, stock_client};
pub use unexpected::Unexpected;
pub use witness::counted::{Counted, Tally};
pub use witness::list::{Counter, PAIRS, Pair, Side, WITNESSES, WitnessEntry, WitnessName};
