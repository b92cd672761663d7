//! What every connection is made with. Both sides read it here, and it goes on record.

use std::sync::Arc;

use rustls::SupportedProtocolVersion;
use rustls::crypto::ring::cipher_suite::{
    TLS13_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384, TLS13_CHACHA20_POLY1305_SHA256,
};
use rustls::crypto::ring::kx_group::{SECP256R1, X25519};
use rustls::crypto::{CryptoProvider, ring};

/// Bytes of the stream in one record at most: the library's default, and the most there may be.
pub const RECORD_CAPACITY: usize = pushbench_wire::record::RECORD_CAPACITY as usize;
/// Tickets that a server sends behind each handshake: the library's default, as OpenSSL's.
pub const TICKETS: usize = 2;
/// The library, for the record.
pub const LIBRARY: &str = "rustls 0.23, ring";

/// The one version there is.
pub(crate) const VERSIONS: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];

/// Suites and groups, the preferred first.
///
/// AES-128-GCM and X25519 are what browsers and servers agree on; each suite's tag is 16 bytes, so
/// another would change the handshake's length by a few bytes and no record's.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        cipher_suites: vec![
            TLS13_AES_128_GCM_SHA256,
            TLS13_AES_256_GCM_SHA384,
            TLS13_CHACHA20_POLY1305_SHA256,
        ],
        kx_groups: vec![X25519, SECP256R1],
        ..ring::default_provider()
    })
}
