//! Headers of HTTP/1.1 messages as they come in: where they end, what they say, and where the body
//! ends (RFC 9112). Pure: bytes in, what is at their front out.
//!
//! Whoever reads responses reads them here: the load generator's clients and its publisher, the
//! lab's relay, and what takes an exchange apart. Each has the same strictness, and the same words
//! for what it found.

mod body_end;
mod bound;
mod error;
mod fields;
mod limits;
mod places;
mod request;
mod response;

pub use body_end::BodyEnd;
pub use bound::MAX_HEAD;
pub use error::HeadError;
pub use fields::{Field, Fields};
pub use places::Places;
pub use request::RequestHead;
pub use response::ResponseHead;
