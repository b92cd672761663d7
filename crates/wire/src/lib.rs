//! Bytes: what each was for, how many a socket carried, and how many it should have.
//!
//! Three hands count independently and must agree: the codecs book into a [`Ledger`] what each
//! byte was for, a [`CountingStream`] counts what the socket carried, and [`tcp_info`] asks the
//! kernel, [`sock_diag`] of the other ends too. Everything but the
//! counting stream, `tcp_info`, `sock_diag` and `descriptor` is pure. What is deliberately absent: sockets of our own, clocks, and any knowledge of scenarios.
//!
//! Start with [`ledger`], or run `cargo run -p pushbench-wire --example frame_lengths`.

pub mod chunk;
pub mod coding;
pub mod counting;
pub mod deflate;
pub mod descriptor;
pub mod frame;
pub mod head;
pub mod hpack;
pub mod http2;
pub mod ledger;
pub mod record;
pub mod segments;
pub mod sock_diag;
pub mod stream_coder;
pub mod tcp_info;

pub use counting::{CountingStream, SocketCounters};
pub use ledger::{Kinds, Ledger};
pub use record::{RecordCounter, RecordCounts};
