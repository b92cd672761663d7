//! Two runs in, what changed between them out: pure functions from records to a [`Comparison`].
//!
//! Trials are paired by transport and, in a sweep, by cell. Before anything is compared,
//! [`Objection`]s say what else differs between the runs and what that spoils: another scenario
//! everything, another machine or kernel the times and not the bytes. Then each figure of each
//! pair becomes a [`Change`] that says by which method it was judged:
//!
//! - one value in every round of each side, or the same whole number of bytes apart in every round:
//!   exact, and real however small;
//! - of bytes at layer 3 those above TCP/IP exactly, where they are, and the rest by an interval;
//! - else an interval over rounds (Welch's, of the ratio where a figure is positive), and "no
//!   difference shown" where it holds none;
//! - else nothing, with the reason: from one round, or two, no verdict is given.
//!
//! [`Gate`] holds conditions such as `websocket.latency.p99 > +10%` against a comparison; [`trends`] compares
//! each run of many with the one before it.
//! Deliberately absent: files, printing, and any figure that the records do not have.
//!
//! Start with [`compare`], then `change.rs`; `exact.rs` and `estimate.rs` are its two methods.

mod change;
mod comparison;
mod condition;
mod estimate;
mod exact;
mod family;
mod finds;
mod gate;
mod inputs;
mod known;
mod objection;
mod series;
mod trend;

pub use change::{Change, Found, Untold};
pub use comparison::{Comparison, Pair, RunNote, Side, Unpaired, compare};
pub use condition::{Condition, ConditionError, Relation};
pub use estimate::{Estimate, Scale, Shown};
pub use family::{Better, Family, HEADLINES};
pub use finds::FindChange;
pub use gate::{Gate, Interval, Judged, Judgement};
pub use known::known_within;
pub use objection::{About, Objection, Spoils};
pub use trend::{Trend, TrendKey, TrendLine, trends};

/// How sure an interval is, and how rarely a whole set of verdicts may be wrong.
pub const CONFIDENCE: f64 = 0.95;
/// Rounds of each side that an interval takes at least. Of two it would hold the truth as often as
/// it says, and be so wide as to say nothing.
pub const INTERVAL_ROUNDS: usize = 3;
/// Rounds of each side that an exact verdict takes at least: one could be chance.
pub const EXACT_ROUNDS: usize = 2;
