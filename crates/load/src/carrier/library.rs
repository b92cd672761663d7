//! Requests by the HTTP client reqwest: what an application pays that does not write its own.
//!
//! The library opens, keeps and closes its connections as it does everywhere, and lends none of them
//! out. So no stream of ours is below it, and the books are kept by others: the codec books what the
//! library says that it sent and received, of which HTTP/1.1 has one spelling but for the case and the
//! order of headers; the kernel tells what each of its sockets carried, by a second descriptor; and
//! the server counts at its own end. A byte that the library says otherwise than it was sends the
//! three apart.

pub(crate) mod client;
pub(crate) mod line;
mod opened;
