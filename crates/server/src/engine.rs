//! Engines: each reads requests off sockets, asks [`crate::respond`] what becomes of them, and obeys.
//!
//! An engine is a folder; a second one would stand beside the first.

pub(crate) mod axum;
