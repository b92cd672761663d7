//! A server that someone else runs.

use std::net::{SocketAddr, ToSocketAddrs};

/// Address of a server that someone else runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    /// Name and port, as in `Host`.
    pub host: String,
    /// Sent by the publisher as `Authorization: Bearer`.
    pub publish_token: Option<String>,
}

/// Why a text is no target.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TargetError {
    /// Not of the form `http://host:port`.
    #[error("target is `{found}`, expected `http://host:port`")]
    Form {
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
        let form = || TargetError::Form { found: text.to_owned() };
        let host = text.strip_prefix("http://").ok_or_else(form)?;
        let host = host.strip_suffix('/').unwrap_or(host);
        if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
            return Err(form());
        }
        let with_port =
            if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
                host.to_owned()
            } else {
                format!("{host}:80")
            };
        let unknown = |reason: String| TargetError::Unknown { host: host.to_owned(), reason };
        let address = with_port
            .to_socket_addrs()
            .map_err(|error| unknown(error.to_string()))?
            .next()
            .ok_or_else(|| unknown("the resolver gave none".to_owned()))?;
        Ok(Self { address, host: host.to_owned(), publish_token: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
