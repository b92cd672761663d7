//! The model: what each transport must cost and how long news must wait, from first principles.
//!
//! Pure functions of sizes and rates. [`exchange`] predicts the bytes of one poll, one push, one
//! upgrade, to the byte; [`arrivals`] how much news a poll finds; [`waiting`] how late it is;
//! [`trial`] puts them together into the figures that a trial reports, under the same names.
//! Measured and modelled values never share a variable: the report shows both.

pub mod arrivals;
pub mod exchange;
pub mod trial;
pub mod waiting;

pub use arrivals::News;
pub use exchange::{Exchange, Link};
pub use trial::{Coded, LongPollWork, NudgeWork, PollWork, PushWork, Situation};
