//! A server that someone else runs.

use std::net::{SocketAddr, ToSocketAddrs};

use pushbench_tls::Certificate;

/// Address of a server that someone else runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// Where it listens in clear text, for the publisher and for clients without TLS.
    pub address: SocketAddr,
    /// Name and port, as in `Host`.
    pub host: String,
    /// Where it listens for clients in TLS, if it does.
    pub tls: Option<TargetTls>,
    /// Sent by the publisher as `Authorization: Bearer`.
    pub publish_token: Option<String>,
}

/// Where a server listens for TLS.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TargetTls {
    /// Where it listens.
    pub address: SocketAddr,
    /// Name and port, as in `Host`; the certificate must be for the name.
    pub host: String,
    /// The one certificate that clients trust.
    pub certificate: Certificate,
}

/// Why a text is no target.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TargetError {
    /// Not of the form that it must have.
    #[error("target is `{found}`, expected `{scheme}://host:port`")]
    Form {
        /// The text as found.
        found: String,
        /// What it must begin with.
        scheme: &'static str,
    },
    /// TLS where it cannot be.
    #[error(
        "target is `{found}`, but the publisher and control calls need the server's clear listener: \
         give that as --target, and this as --target-tls with --target-certificate"
    )]
    Tls {
        /// The text as found.
        found: String,
    },
    /// The name has no address.
    #[error("target `{host}` has no address: {reason}")]
    Unknown {
        /// Name and port.
        host: String,
        /// What the resolver said.
        reason: String,
    },
}

impl Target {
    /// Reads `http://host:port`.
    ///
    /// # Errors
    ///
    /// If the text has another form or the name no address.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        if text.starts_with("https://") {
            return Err(TargetError::Tls { found: text.to_owned() });
        }
        let (address, host) = address(text, "http", 80)?;
        Ok(Self { address, host, tls: None, publish_token: None })
    }
}

impl TargetTls {
    /// Reads `https://host:port`.
    ///
    /// # Errors
    ///
    /// If the text has another form or the name no address.
    pub fn parse(text: &str, certificate: Certificate) -> Result<Self, TargetError> {
        let (address, host) = address(text, "https", 443)?;
        Ok(Self { address, host, certificate })
    }
}

/// Address, and name and port, in `scheme://host:port`.
fn address(
    text: &str,
    scheme: &'static str,
    port: u16,
) -> Result<(SocketAddr, String), TargetError> {
    let form = || TargetError::Form { found: text.to_owned(), scheme };
    let host = text.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
    let host = host.ok_or_else(form)?;
    let host = host.strip_suffix('/').unwrap_or(host);
    if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
        return Err(form());
    }
    let with_port = if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        host.to_owned()
    } else {
        format!("{host}:{port}")
    };
    let unknown = |reason: String| TargetError::Unknown { host: host.to_owned(), reason };
    let address = with_port
        .to_socket_addrs()
        .map_err(|error| unknown(error.to_string()))?
        .next()
        .ok_or_else(|| unknown("the resolver gave none".to_owned()))?;
    Ok((address, host.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_in_tls_is_told_where_it_belongs() {
        let error = Target::parse("https://127.0.0.1:8443").expect_err("no clear listener");
        assert!(error.to_string().contains("--target-tls"), "{error}");
        let identity = pushbench_tls::Identity::of_this_host(std::time::Duration::ZERO);
        let certificate = identity.expect("there is randomness").certificate().clone();
        let tls = TargetTls::parse("https://127.0.0.1:8443", certificate.clone()).expect("one");
        assert_eq!(tls.host, "127.0.0.1:8443");
        assert!(TargetTls::parse("http://127.0.0.1:8443", certificate).is_err());
    }

    #[test]
    fn a_target_is_a_scheme_a_host_and_a_port() {
        let target = Target::parse("http://127.0.0.1:8080/").expect("a target");
        assert_eq!(target.host, "127.0.0.1:8080");
        assert_eq!(target.address, "127.0.0.1:8080".parse().expect("an address"));
        for text in ["127.0.0.1:80", "ftp://x", "http://", "http://a/b", "http://a b"] {
            assert!(matches!(Target::parse(text), Err(TargetError::Form { .. })), "{text}");
        }
    }
}
