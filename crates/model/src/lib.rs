//! The model: what each transport must cost and how long news must wait, from first principles.
//!
//! Pure functions of sizes and rates. [`exchange`] predicts the bytes of one poll, one push, one
//! upgrade, to the byte, [`handshake`] those of TLS before them; [`arrivals`] how many
//! messages a poll finds, and [`finds`] how often; [`waiting`] how late they are; [`conflation`] what
//! is left of them where the newest replaces what came before; [`work`] is what a client does, and
//! [`trial`] puts them together into the figures that a trial reports, under the same names.
//! How often things happen is an input: a plan has rates, a trial has a schedule and counts on it.
//! Measured and modelled values never share a variable: the report shows both.

pub mod arrivals;
mod burst;
mod compressed;
pub mod conflation;
pub mod exchange;
pub mod finds;
mod flow;
pub mod handshake;
pub mod http2;
mod link;
mod over_http1;
mod over_http2;
mod predict;
mod schedule;
mod situation;
mod sizes;
mod streamed;
mod subject;
mod trial;
pub mod waiting;
pub mod work;

pub use arrivals::News;
pub use burst::Pause;
pub use compressed::Compressed;
pub use conflation::Conflation;
pub use exchange::Exchange;
pub use finds::Finds;
pub use flow::Figures;
pub use handshake::{Handshake, HandshakeKind};
pub use link::{Link, TlsLink};
pub use predict::{predict_rates, predict_rates_of_trial, predict_seen, predict_trial};
pub use schedule::Schedule;
pub use situation::Situation;
pub use subject::{Seen, Subject};
pub use work::{Coded, Conflated, LongPollWork, NudgeWork, PollWork, PushWork};
