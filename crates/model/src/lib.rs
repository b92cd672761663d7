//! The model: what every transport must cost in bytes, and how long messages must wait, from the RFCs
//! and the laws.
//!
//! Pure functions of sizes and rates, in three layers. Measured and modelled values never share a
//! variable: the report shows both.
//!
//! 1. **One exchange, to the byte.** [`exchange`] has a poll, a push, an upgrade and what a connection
//!    begins with, over HTTP/1.1 (RFC 9112) and WebSocket (RFC 6455); [`handshake`] the bytes of TLS 1.3
//!    before them (RFC 8446); [`http2`] plays a connection whose encoders remember (RFC 9113, RFC 7541).
//!    Below all of them a burst of writes becomes records, segments and acknowledgements (RFC 9293, and
//!    Linux where the RFC leaves the choice): [`Pause`].
//! 2. **How often, and how late.** [`arrivals`] is how many messages a poll finds (Poisson:
//!    e^(-LT) find nothing), [`finds`] how often that happens, [`waiting`] how late they are (short
//!    poll U(0, T), push 0) and how old what a client holds is (age of information, Kaul, Yates and
//!    Gruteser 2012); [`conflation`] what is left where the newest replaces what came before.
//! 3. **A trial, or a plan.** [`Situation`] puts both together into the figures that a trial reports,
//!    under the same names, for the works of [`work`]. [`predict_trial`] counts on a trial's
//!    [`Schedule`], [`predict_rates`] takes rates and has no window, and [`predict_seen`] what was seen.
//!
//! The headers of every message are put together in `headers`, by another hand than that of the server
//! and the load generator.
//!
//! What a compressor makes of a message no rule says: messages like the scenario's are compressed.
//! Deliberately absent: sockets, clocks, the load generator, the runner and the server.
//!
//! Start with [`Exchange::poll`], or run `cargo run -p pushbench-model --example poll_against_push`:
//!
//! ```
//! use pushbench_model::{Exchange, Link};
//! use pushbench_protocol::Layer;
//! use pushbench_wire::segments::SegmentHeaders;
//!
//! // The article's poll (Lubbers and Greco 2010): 716 bytes up, 193 and 21 of payload down.
//! let headers = SegmentHeaders { ipv6: false, timestamps: true };
//! let link = Link { headers, mss: 1460, tls: None };
//! let poll = Exchange::poll(716, 193, 21, 0, 0, link);
//! let both = |layer| poll.up.layer(layer) + poll.down.layer(layer);
//! assert_eq!(both(Layer::Stream), 930);
//! assert_eq!(both(Layer::Wire), 930 + 3 * 52); // request, response, acknowledgement
//! ```

pub mod arrivals;
mod burst;
mod compressed;
pub mod conflation;
pub mod exchange;
pub mod finds;
mod flow;
pub mod handshake;
mod headers;
pub mod http2;
mod link;
mod over_http1;
mod over_http2;
mod over_link;
mod predict;
mod remembered;
mod schedule;
mod situation;
mod sizes;
mod streamed;
mod subject;
mod trial;
pub mod waiting;
pub mod work;

pub use arrivals::MessageCounts;
pub use burst::Pause;
pub use compressed::Compressed;
pub use conflation::Conflation;
pub use exchange::Exchange;
pub use finds::Finds;
pub use flow::Figures;
pub use handshake::{Handshake, HandshakeKind};
pub use headers::FieldBlock;
pub use link::{Link, TlsLink};
pub use predict::{predict_rates, predict_rates_of_trial, predict_seen, predict_trial};
pub use schedule::Schedule;
pub use situation::Situation;
pub use subject::{Seen, Subject};
pub use work::{Coded, Conflated, LongPollWork, NudgeWork, PollWork, PushWork};
