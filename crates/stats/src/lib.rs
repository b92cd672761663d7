//! Distributions and what a handful of rounds says.
//!
//! [`Histogram`] is one trial's samples, [`Rounds`] is one figure over a run's trials, and
//! [`mode_near`] looks for the bumps that TCP's timers leave. All of it is arithmetic: no clock,
//! no files. There is deliberately no test of significance here: with three rounds, saying
//! whether the ranges touch is all that can honestly be said.
//!
//! Start with [`Histogram`].

pub mod histogram;
pub mod mode;
pub mod rounds;

pub use histogram::{DecodeError, Histogram};
pub use mode::{ModeShare, mode_near};
pub use rounds::Rounds;
