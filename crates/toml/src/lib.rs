//! Files that people write in TOML, read so that one refusal says everything that is wrong.
//!
//! serde stops at the first thing that is wrong. Here a text becomes a tree whose every node knows
//! where it was written ([`parse`]), a [`Reader`] asks for its keys one by one and notes what is
//! wrong with each, and [`Origin::accept`] hands back what was read, or [`Refused`] with line,
//! column, what was found, what was expected, and the key that was probably meant.
//!
//! Pure: it opens no file. Start with [`Reader`].

pub mod kind;
pub mod schema;

mod complaint;
mod origin;
mod problem;
mod reader;
mod size;
mod tree;

pub use complaint::{Complaint, Problems, closest};
pub use origin::{Origin, line_of, parse, read_whole};
pub use problem::{Location, Problem, Refused};
pub use reader::{At, Line, Read, Reader, as_in};
pub use size::{SIZE, parse_size};
pub use tree::{Entry, Node, Place, Table, Value};
