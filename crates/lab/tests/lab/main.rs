//! The lab over real sockets, with a client that counts its own bytes.
//!
//! The test is the browser: what it has sent and received, what the recorder has booked, and what
//! the push server says at `/stats` are three hands that must agree to the byte.

mod books;
mod life;
mod support;
