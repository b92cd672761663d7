//! What carries a client's requests and what comes back: HTTP/1.1 over a connection of its own, or
//! HTTP/2 over streams of one.

pub(crate) mod agreed;
pub(crate) mod connection;
pub(crate) mod dial;
pub(crate) mod http1;
pub(crate) mod http2;
pub(crate) mod kept;
pub(crate) mod line;
pub(crate) mod tls;
