//! `[find]`: the largest amount of work under which something holds.

mod search;

pub use search::{Ending, Next, Search, SearchRange};

use crate::expect::Expectation;

/// What is searched for.
#[derive(Clone, Debug)]
pub struct Find {
    /// What is varied.
    pub quantity: Quantity,
    /// What must hold of each transport, in their order.
    pub conditions: Vec<Expectation>,
    /// The figure and the condition as written, without a transport.
    pub written: String,
    /// The values to search among.
    pub range: SearchRange,
}

/// A quantity of the workload whose largest value is searched for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Quantity {
    /// Subscribers.
    Clients,
    /// Messages per second in each topic.
    Rate,
}

impl Quantity {
    /// Both, in the order messages show them.
    pub const ALL: &'static [Self] = &[Self::Clients, Self::Rate];

    /// The name used in scenario files.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::Rate => "rate",
        }
    }

    /// The setting that it is, by its dotted name.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Clients => "workload.clients",
            Self::Rate => "workload.publish.rate",
        }
    }

    /// A value of it as a scenario file writes it.
    pub fn written(self, value: u32) -> String {
        match self {
            Self::Clients => value.to_string(),
            Self::Rate => format!("{value}/s"),
        }
    }
}
