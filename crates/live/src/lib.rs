//! A run while it plays, for whoever watches from outside: events as JSON, a page on loopback that is fed by
//! server-sent events of its own, and metrics in Prometheus' text format.
//!
//! [`Events`] makes an [`Event`] of what the runner tells its observer; a [`Board`] is what all events so far
//! come to; [`metrics`] and the page show it. Nothing here asks the load generator for anything: what it says
//! of itself ten times a second is passed on twice a second.
//!
//! What is deliberately absent: the terminal, and what becomes of a run that has ended (the report).

mod board;
mod event;
mod events;
mod metrics;
mod pace;
mod server;

pub use board::Board;
pub use event::{Event, TrialName};
pub use events::Events;
pub use metrics::metrics;
pub use pace::Pace;
pub use server::{LiveError, LiveServer};
