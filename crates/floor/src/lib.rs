//! The floor: single-threaded epoll programs that move the bytes of polls and of pushes with the least
//! work that this machine lets a program do.
//!
//! What a server or a load generator costs is the kernel's share, which nobody can save, and its own.
//! The floor is the kernel's share, measured: a server that sends prepared bytes and a client that
//! counts what arrives, each a process of its own, as [`play`] runs it. [`conduct`] starts both, has
//! them measured between two moments, and holds what the one sent against what the other received.
//!
//! There is a floor for two kinds of work ([`Work`]): a request and its response on a connection that
//! stays open, and a message that is sent to many subscribers. Deliberately absent: parsing beyond
//! counting bytes, a clock for each message, books, TLS, HTTP/2, requests that are held, and looking
//! at CPU times, which whoever conducts does in the same way as for a trial.
//!
//! Start with `plan.rs` (what is played), then `sides/` (who plays it) and `conduct.rs`.

mod blocks;
mod conduct;
mod error;
mod line;
mod place;
mod plan;
mod play;
mod poller;
mod schedule;
mod sides;
mod sockets;

pub use conduct::{Boundary, Lengths, Link, Played, conduct};
pub use error::FloorError;
pub use line::{Assignment, Counts, Role, Said, Told};
pub use plan::{LEAST_MSS, MOST_AT_ONCE, MOST_BYTES, MOST_CONNECTIONS, MOST_MSS, Plan, Work};
pub use play::play;
