//! Two runs in, what changed between them out: pure functions from records to a [`Comparison`].
//!
//! Trials are paired by transport and, in a sweep, by cell. Before anything is compared,
//! [`Objection`]s say what else differs between the runs and what that spoils: another scenario
//! everything, another machine or kernel the times and not the bytes. Then each figure of each
//! pair becomes a [`Change`] that says by which method it was judged:
//!
//! - the same in every round, or the same whole number of bytes apart in every round: exact, and
//!   real however small;
//! - else an interval over rounds (Welch's, of the ratio where a figure is positive), and "no
//!   difference shown" where it holds none;
//! - else nothing, with the reason: from one round, or two, no verdict is given.
//!
//! [`Gate`] holds conditions such as `websocket.latency.p99 > +10%` against a comparison.
//! Deliberately absent: files, printing, and any figure that the records do not have.
//!
//! Start with [`compare`], then `change.rs`.

mod change;
mod comparison;
mod condition;
mod family;
mod gate;
mod objection;
mod series;

pub use change::{Change, Estimate, Found, Scale, Shown, Untold};
pub use comparison::{Comparison, Pair, RunNote, Side, Unpaired, compare};
pub use condition::{Condition, ConditionError, Relation};
pub use family::{Better, Family, HEADLINES};
pub use gate::{Gate, Judged, Judgement};
pub use objection::{About, Objection, Spoils};

/// How sure an interval is, and how rarely a whole set of verdicts may be wrong.
pub const CONFIDENCE: f64 = 0.95;
/// Rounds of each side that an interval takes at least. Of two it would hold the truth as often as
/// it says, and be so wide as to say nothing.
pub const INTERVAL_ROUNDS: usize = 3;
/// Rounds of each side that an exact verdict takes at least: one could be chance.
pub const EXACT_ROUNDS: usize = 2;
