//! Servers that others wrote, as data: how each is spoken to, and what its bytes are for.
//!
//! An [`Adapter`] is a TOML file, checked: for each transport its opening, how what arrives is split
//! into units, which of them are messages and where the payload is in those, heartbeats and their
//! replies, how a poll carries its place on, and how to publish. It cannot be wrong in a way that can
//! be known beforehand; [`read()`] refuses one that is, with everything that is wrong with it.
//!
//! The crate is pure: it is handed bytes, and says what they are and what to send. It has no clock,
//! no socket and no random numbers; what a template needs of those the caller sets in [`Values`].
//!
//! Start with [`Adapter`], then [`read()`], then [`Dialogue`], which is what a carrier talks to. A
//! carrier has it of [`Transport::dialogue`], and a publisher its way of [`Transport::publishing`]: a
//! [`Session`] by the rules of an adapter, or code where those rules cannot be data.

mod adapter;
mod code;
mod dialogue;
mod publishing;
mod session;
mod shipped;
mod skeleton;

mod decode;
mod derived;
mod filter;
mod identity;
mod matching;
mod opening;
mod outgoing;
mod parts;
mod pattern;
mod pointer;
mod read;
mod request;
mod rules;
mod schema;
mod secrets;
mod split;
mod template;
mod values;

pub use pushbench_toml::{Location, Problem, Refused, closest, line_of};

pub use adapter::{Adapter, Transport};
pub use dialogue::{Dialogue, DialogueError, Next, Outgoing, Polled, Response};
pub use filter::FilterError;
pub use parts::Parts;
pub use publishing::Publishing;
pub use read::{read, read_within};
pub use request::Request;
pub use rules::{Received, Said};
pub use schema::{schema, schema_definitions, schema_within};
pub use session::{Publisher, Session};
pub use shipped::{SHIPPED, Shipped};
pub use skeleton::skeleton;
pub use split::unit::{Edge, SplitError};
pub use template::Template;
pub use values::{FillError, Setting, Values};
