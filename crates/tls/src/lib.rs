//! TLS 1.3 over any stream, with every setting spelled out and every record counted.
//!
//! rustls does the cryptography, by its interface without buffers: a connection at rest holds its
//! keys and no memory for bytes, so that ten thousand of them show what TLS costs and not what
//! buffers do. A [`TlsStream`] is the stream above; an [`Acceptor`] makes it for a server and its
//! [`Identity`], a [`Connector`] for a client, which trusts the one [`Certificate`] it was given
//! and nothing else, or, of a third-party server, whom [`Trusted`] says. Which version, suites and
//! groups there are is said in [`settings`].
//!
//! What is deliberately absent: version 1.2, client certificates, early data (RFC 8446, section 8,
//! says why), sockets, files, and the wall clock.
//!
//! Start with [`settings`], then `stream`.

mod certificate;
mod client;
mod engine;
mod failure;
mod protocol;
mod server;
pub mod settings;
mod stream;
mod trust;

pub use certificate::{Certificate, CertificateError, Identity};
pub use client::{Connector, ConnectorError};
pub use failure::reason_of_tls;
pub use server::{Acceptor, AcceptorError};
pub use stream::{RecordTotals, TlsStream};
pub use trust::Trusted;
