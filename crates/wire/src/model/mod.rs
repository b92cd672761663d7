//! The model: what each transport must cost and how long news must wait, from first principles.
//!
//! Pure functions of sizes and rates. [`exchange`] predicts the bytes of one poll, one push, one
//! upgrade, to the byte, [`handshake`] those of TLS before them; [`arrivals`] how much news a poll
//! finds; [`waiting`] how late it is; [`conflation`] what is left of it where the newest replaces
//! what came before; [`work`] is what a client does, and [`trial`] puts them together into the figures
//! that a trial reports, under the same names.
//! Measured and modelled values never share a variable: the report shows both.

pub mod arrivals;
pub mod conflation;
pub mod exchange;
mod flow;
pub mod handshake;
pub mod http2;
pub mod trial;
pub mod waiting;
pub mod work;

pub use arrivals::News;
pub use conflation::Conflation;
pub use exchange::{Exchange, Link, TlsLink};
pub use flow::Figures;
pub use handshake::{Handshake, HandshakeKind};
pub use trial::Situation;
pub use work::{Coded, LongPollWork, NudgeWork, PollWork, PushWork};
