//! One exchange taken apart: every byte, what it is for, and which document asks for it.
//!
//! A [`Transcript`] is what went over the connections of one client, as bytes; [`Anatomy::of`] takes
//! it apart into [`Part`]s that lose none of them, and holds their sum against what the sockets and
//! the kernel counted. [`render`] shows it, as text and as a page. Pure: who fills the transcript
//! owns the sockets. Deliberately absent: anything that a part does not say of itself; the
//! explanations of fields are a table ([`fields`]).
//!
//! Run `cargo run -p pushbench-anatomy --example one_message`. Start with `part.rs` (what an anatomy is made of), then `head.rs`, `frame.rs` and `anatomy.rs`.

mod accept;
mod anatomy;
mod chunked;
mod coded;
mod extent;
pub mod fields;
mod frame;
mod head;
mod part;
mod payload;
pub mod render;
mod said;
mod segment;
mod story;
mod totals;
mod transcript;

pub use accept::{AcceptKey, accept_key};
pub use anatomy::{Anatomy, Books, Conn, Step};
pub use extent::Unit;
pub use part::{Detail, Part, Passage};
pub use segment::{HeaderField, Headers, Segments};
pub use story::Paid;
pub use totals::KindTotal;
pub use transcript::{Act, Connection, Counted, Exchange, Transcript};

use pushbench_wire::head::HeadError;

/// Why bytes could not be taken apart, or do not add up.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AnatomyError {
    /// The bytes are not what an exchange of this kind carries.
    #[error("{place}: found `{found}`, expected {expected}")]
    Malformed {
        /// Which bytes.
        place: &'static str,
        /// How they begin.
        found: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// The bytes are not the headers of a message.
    #[error("{place}: {error}")]
    Head {
        /// Which bytes.
        place: &'static str,
        /// What is wrong with them.
        error: HeadError,
    },
    /// The server accepted with a key that is not ours.
    #[error("`Sec-WebSocket-Accept` is `{found}`, expected `{expected}` for the key `{key}`")]
    Accept {
        /// The key that was sent.
        key: String,
        /// The value that came.
        found: String,
        /// The value that belongs to the key.
        expected: String,
    },
    /// The parts and a counter disagree.
    #[error(
        "books do not balance: the parts going {direction} are {}, {counter} counted {counted}",
        pushbench_protocol::counted(*.parts, "byte")
    )]
    Unbalanced {
        /// `up` or `down`.
        direction: &'static str,
        /// Bytes of all parts.
        parts: u64,
        /// Who counted otherwise.
        counter: &'static str,
        /// What it counted.
        counted: u64,
    },
}

/// The error of bytes that are not as expected; shows how they begin.
fn malformed(place: &'static str, bytes: &[u8], expected: &'static str) -> AnatomyError {
    const SHOWN: usize = 24;
    let found = bytes[..bytes.len().min(SHOWN)].escape_ascii().to_string();
    AnatomyError::Malformed { place, found, expected }
}
