//! The server's settings, with what they take of files.

use std::path::Path;

use anyhow::Context;
use pushbench_protocol::ServerDocument;
use pushbench_server::ServerConfig;
use pushbench_store::wall_clock::since_epoch;
use pushbench_tls::Identity;

use crate::bounded::read_text;

/// The server's settings.
pub(super) fn config(document: &ServerDocument) -> anyhow::Result<ServerConfig> {
    ServerConfig::of(document, identity(document)?).context("response headers")
}

/// What is shown in TLS: a certificate that was given, or else one that is made now; `None` where
/// the document has no TLS.
fn identity(document: &ServerDocument) -> anyhow::Result<Option<Identity>> {
    if !document.wants_tls() {
        return Ok(None);
    }
    Ok(Some(match (&document.certificate, &document.key) {
        (Some(certificate), Some(key)) => {
            let read = |file: &str| {
                read_text(Path::new(file)).with_context(|| format!("cannot read {file}"))
            };
            Identity::from_pem(&read(certificate)?, &read(key)?)
                .with_context(|| format!("{certificate} and {key}"))?
        }
        _ => {
            let address = document.tls_listen.unwrap_or(document.listen);
            Identity::of_this_host_at(since_epoch(), Some(address.ip()))?
        }
    }))
}
