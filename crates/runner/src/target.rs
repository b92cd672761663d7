//! A server that someone else runs.

use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

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
    /// The port is none.
    #[error("target is `{found}`: `{port}` is no port, expected 1 to 65535")]
    Port {
        /// The text as found.
        found: String,
        /// What stands where the port should.
        port: String,
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
    /// It is on another host, where one on this host is wanted.
    #[error("target `{host}` is {address}, which is not on this host, expected a loopback address")]
    Elsewhere {
        /// Name and port.
        host: String,
        /// One of its addresses.
        address: SocketAddr,
    },
    /// None of its addresses takes a connection.
    #[error("target `{host}` cannot be reached: {reason}")]
    Unreachable {
        /// Name and port.
        host: String,
        /// Each address and what became of it.
        reason: String,
    },
}

impl TargetError {
    /// Whether the text is wrong, whatever runs where.
    pub const fn is_wrong_usage(&self) -> bool {
        match self {
            Self::Form { .. } | Self::Port { .. } | Self::Tls { .. } => true,
            Self::Unknown { .. } | Self::Elsewhere { .. } | Self::Unreachable { .. } => false,
        }
    }
}

/// Longest wait for one address to take a connection.
const CONNECT_BOUND: Duration = Duration::from_secs(2);
/// Most addresses of a name that are tried.
const ADDRESSES: usize = 8;

impl Target {
    /// Reads `http://host:port` and finds the address that listens there: those of the name are tried
    /// in turn, as browsers do, since `localhost` is often `::1` first where only 127.0.0.1 listens.
    ///
    /// # Errors
    ///
    /// If the text has another form, or the name no address that takes a connection.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        Self::parse_where(text, |_| true)
    }

    /// The same for a server on this host: no other is asked whether it is there.
    ///
    /// # Errors
    ///
    /// If the text has another form, or the name no loopback address that takes a connection.
    pub fn parse_on_this_host(text: &str) -> Result<Self, TargetError> {
        Self::parse_where(text, |address| address.is_loopback())
    }

    fn parse_where(text: &str, admits: fn(IpAddr) -> bool) -> Result<Self, TargetError> {
        if text.starts_with("https://") {
            return Err(TargetError::Tls { found: text.to_owned() });
        }
        let (address, host) = address(text, "http", 80, admits)?;
        Ok(Self { address, host, tls: None, publish_token: None })
    }
}

impl TargetTls {
    /// Reads `https://host:port` and finds the address that listens there, as [`Target::parse`] does.
    ///
    /// # Errors
    ///
    /// If the text has another form, or the name no address that takes a connection.
    pub fn parse(text: &str, certificate: Certificate) -> Result<Self, TargetError> {
        let (address, host) = address(text, "https", 443, |_| true)?;
        Ok(Self { address, host, certificate })
    }
}

/// The address that listens, and name and port as in `Host`, of `scheme://host:port`.
fn address(
    text: &str,
    scheme: &'static str,
    port: u16,
    admits: fn(IpAddr) -> bool,
) -> Result<(SocketAddr, String), TargetError> {
    let (host, name, port) = host_and_port(text, scheme, port)?;
    let unknown = |reason: String| TargetError::Unknown { host: host.to_owned(), reason };
    let addresses = (name, port).to_socket_addrs().map_err(|error| unknown(error.to_string()))?;
    let (addresses, elsewhere): (Vec<_>, Vec<_>) =
        addresses.take(ADDRESSES).partition(|address| admits(address.ip()));
    if let ([], [address, ..]) = (addresses.as_slice(), elsewhere.as_slice()) {
        return Err(TargetError::Elsewhere { host: host.to_owned(), address: *address });
    }
    let mut refusals = Vec::new();
    for address in addresses {
        match TcpStream::connect_timeout(&address, CONNECT_BOUND) {
            Ok(_) => return Ok((address, host.to_owned())),
            Err(error) => refusals.push(format!("{address}: {error}")),
        }
    }
    if refusals.is_empty() {
        return Err(unknown("the resolver gave none".to_owned()));
    }
    Err(TargetError::Unreachable { host: host.to_owned(), reason: refusals.join("; ") })
}

/// What follows the scheme, and its name and port.
fn host_and_port<'t>(
    text: &'t str,
    scheme: &'static str,
    usual: u16,
) -> Result<(&'t str, &'t str, u16), TargetError> {
    let form = || TargetError::Form { found: text.to_owned(), scheme };
    let host = text.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
    let host = host.ok_or_else(form)?;
    let host = host.strip_suffix('/').unwrap_or(host);
    if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
        return Err(form());
    }
    // An address of version 6 stands in brackets and has colons of its own (RFC 3986, 3.2.2).
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (name, after) = rest.split_once(']').ok_or_else(form)?;
            match after.strip_prefix(':') {
                Some(port) => (name, Some(port)),
                None if after.is_empty() => (name, None),
                None => return Err(form()),
            }
        }
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    if name.is_empty() {
        return Err(form());
    }
    let port =
        match port {
            None => usual,
            Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or_else(|| {
                TargetError::Port { found: text.to_owned(), port: port.to_owned() }
            })?,
        };
    Ok((host, name, port))
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
        assert!(error.is_wrong_usage());
        assert!(TargetTls::parse("http://127.0.0.1:8443", certificate).is_err());
    }

    #[test]
    fn the_address_that_listens_is_found_and_where_none_does_each_says_why() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let target = Target::parse(&format!("http://localhost:{}/", address.port()));
        let target = target.expect("`localhost` may be ::1 first, where nobody listens");
        assert_eq!(
            (target.address, target.host),
            (address, format!("localhost:{}", address.port()))
        );
        drop(listener);
        let error = Target::parse(&format!("http://{address}")).expect_err("nobody listens");
        assert!(matches!(error, TargetError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains(&format!("{address}: ")), "{error}");
        assert!(!error.is_wrong_usage());
    }

    #[test]
    fn a_target_on_another_host_is_refused_without_being_asked() {
        // An address for documents (RFC 5737), which nobody has.
        let error = Target::parse_on_this_host("http://192.0.2.1:80").expect_err("elsewhere");
        assert!(matches!(error, TargetError::Elsewhere { .. }), "{error}");
    }

    #[test]
    fn a_target_is_a_scheme_a_host_and_a_port() {
        for (text, expected) in [
            ("http://127.0.0.1:8080/", ("127.0.0.1:8080", "127.0.0.1", 8080)),
            ("http://example.com", ("example.com", "example.com", 80)),
            ("http://[::1]:81", ("[::1]:81", "::1", 81)),
            ("http://[::1]", ("[::1]", "::1", 80)),
        ] {
            assert_eq!(host_and_port(text, "http", 80), Ok(expected), "{text}");
        }
        for text in [
            "127.0.0.1:80",
            "ftp://x",
            "http://",
            "http://a/b",
            "http://a b",
            "http://:80",
            "http://[::1",
            "http://[::1]x",
        ] {
            let error = host_and_port(text, "http", 80).expect_err(text);
            assert!(matches!(error, TargetError::Form { .. }), "{text}: {error}");
        }
        for port in ["99999", "0", "-1", "http", ""] {
            let error = host_and_port(&format!("http://a:{port}"), "http", 80).expect_err(port);
            assert!(error.to_string().contains(&format!("`{port}` is no port")), "{error}");
            assert!(error.is_wrong_usage());
        }
    }
}
