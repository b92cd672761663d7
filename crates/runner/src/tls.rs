//! What a trial in TLS needs, and what it leaves on record.

use pushbench_load::{Counter, TlsTarget, WitnessName};
use pushbench_model::{Handshake, HandshakeKind, TlsLink};
use pushbench_protocol::{Direction, TlsUse};
use pushbench_scenario::{Transport, Trust};
use pushbench_store::{Sums, TlsV1};
use pushbench_tls::{Certificate, Connector, settings};

use crate::target::TargetTls;
use crate::{RunError, Target};

/// Where a transport's clients connect by TLS, if they do.
pub(crate) fn tls_target(
    transport: &Transport,
    target: &Target,
) -> Result<Option<TlsTarget>, RunError> {
    match transport.carriage.tls {
        TlsUse::None => return Ok(None),
        TlsUse::Full | TlsUse::Resumed => {}
    }
    let refused = |reason: &dyn std::fmt::Display| {
        let reason = format!("{} is to be played in TLS, and {reason}", transport.label);
        RunError::Target { url: format!("http://{}", target.host), reason }
    };
    let TargetTls { address, host, certificate } = target.tls.as_ref().ok_or_else(|| {
        refused(&"the target has none: give --target-tls and --target-certificate")
    })?;
    let connector = Connector::new(certificate, name(host), transport.carriage.http)
        .map_err(|e| refused(&e))?;
    Ok(Some(TlsTarget { address: *address, host: host.clone(), connector }))
}

/// What the model has to know of it. The handshake of another's server is not ours to predict: its
/// chain, its tickets and its suites are its own.
pub(crate) fn tls_link(transport: &Transport, target: &Target, is_ours: bool) -> Option<TlsLink> {
    let TargetTls { host, certificate, .. } = target.tls.as_ref()?;
    tls_link_to(transport, host, certificate.der_len() as u64, is_ours)
}

/// The same of a server of this name, whose certificate has so many bytes.
pub(crate) fn tls_link_to(
    transport: &Transport,
    host: &str,
    certificate: u64,
    is_ours: bool,
) -> Option<TlsLink> {
    let kind = match transport.carriage.tls {
        TlsUse::None => return None,
        TlsUse::Full => HandshakeKind::Full { certificate },
        TlsUse::Resumed => HandshakeKind::Resumed,
    };
    let name = name(host);
    let handshake = Handshake {
        kind,
        server_name: name.parse::<std::net::IpAddr>().is_err().then_some(name.len() as u64),
        protocol: transport.carriage.http.properties().alpn.len() as u64,
        tickets: settings::TICKETS as u64,
    };
    Some(TlsLink { handshake: is_ours.then_some(handshake) })
}

/// The name in a name and port, without the brackets of an IPv6 address.
fn name(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name)
}

/// The certificate in a server's announcement.
pub(crate) fn announced(pem: &str) -> Result<Certificate, RunError> {
    Certificate::from_pem(pem).map_err(|error| RunError::Server(error.to_string()))
}

/// Whose certificate the clients of a third-party server accept; `None` of others, and in clear text.
pub(crate) fn trust(transport: &Transport) -> Option<&Trust> {
    let is_secured = transport.carriage.tls != TlsUse::None;
    transport.server.as_ref().filter(|_| is_secured).map(|server| &server.trust)
}

/// What goes on record; `None` in clear text.
pub(crate) fn record(sums: &Sums, transport: &Transport, is_ours: bool) -> Option<TlsV1> {
    let handshakes = sums.handshakes.as_ref()?;
    let preliminary = |way| {
        let sockets = sums.tickets.get(WitnessName::ClientSockets.entry().label);
        let bytes = sockets.and_then(|tally| tally.counts.get(Counter::bytes(way).label()));
        Some(bytes.copied().unwrap_or(0))
    };
    Some(TlsV1 {
        version: "1.3".to_owned(),
        library: settings::LIBRARY.to_owned(),
        cipher_suite: handshakes.cipher_suite.clone(),
        record_bytes: settings::RECORD_CAPACITY as u64,
        tickets: is_ours.then_some(settings::TICKETS as u64),
        trust: trust(transport).map(|trust| trust.label().to_owned()),
        full_handshakes: handshakes.full,
        resumed_handshakes: handshakes.resumed,
        preliminary_handshakes: handshakes.preliminary,
        server_handshakes: sums.server_handshakes,
        preliminary_bytes_up: preliminary(Direction::Up),
        preliminary_bytes_down: preliminary(Direction::Down),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_stands_before_the_port() {
        for (host, expected) in [
            ("127.0.0.1:8443", "127.0.0.1"),
            ("[::1]:8443", "::1"),
            ("localhost:8443", "localhost"),
            ("example.com", "example.com"),
        ] {
            assert_eq!(name(host), expected);
        }
    }
}
