//! What a scenario would cost at a size that nobody can run at home, from the model.
//!
//! Pure: a checked [`Scenario`], a model ([`Predict`]) and the records of earlier runs go in, a
//! [`Plan`] comes out: traffic, requests, waiting, servers and money of each transport, where the
//! answer flips, and how far the same model was from what was measured. [`document`] says it in
//! words. Deliberately absent: any law of its own (the model has them), and any figure that does
//! not say that it is modelled.
//!
//! Start with `plan.rs`, then `flip.rs` (break-even) and `accuracy.rs` (model against records).
//! `borrowed.rs` is what no model knows.

mod accuracy;
mod borrowed;
mod document;
mod flip;
mod needs;
mod plan;
pub mod prices;
pub mod radio;

use std::collections::BTreeMap;

use pushbench_scenario::{Scenario, Transport};

pub use accuracy::{
    Accuracy, Compared, Deviation, LeftOut, PredictTrial, accuracy, compare, newest_valid,
};
pub use borrowed::{Borrower, Cpu, Event, Memory, Origin, Record};
pub use document::{document, prices_section};
pub use flip::{Flip, Variable, flips};
pub use needs::Needs;
pub use plan::{Money, Phone, Plan, Planned, Prices};

/// A model: the figures of a transport of a scenario at the rate at which it publishes, by the names
/// of the catalogue. A plan has no window and no seed: it takes nothing else from the workload.
pub type Predict<'a> = &'a dyn Fn(&Scenario, &Transport) -> BTreeMap<String, f64>;
