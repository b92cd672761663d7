//! Why a handshake with a server failed, in words that say what to do.

use std::io;

use pushbench_protocol::HttpVersion;
use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

/// A handshake that failed.
#[derive(Debug, thiserror::Error)]
#[error("{said}")]
struct HandshakeError {
    said: String,
    source: io::Error,
}

/// The same error, told by what was found, what was expected, and what to do.
pub(crate) fn explained(error: io::Error, protocol: HttpVersion) -> io::Error {
    let kind = error.kind();
    let said = match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(of_tls) => said(of_tls, protocol),
        None => match kind {
            io::ErrorKind::InvalidData => no_tls(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
                format!("the server ended the connection during the handshake ({error})")
            }
            _ => error.to_string(),
        },
    };
    io::Error::new(kind, HandshakeError { said, source: error })
}

/// Why TLS failed, where an error of another library, or what an IO error was made of, is one of TLS:
/// told by what was found, what was expected, and what to do.
pub fn reason_of_tls(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    match (error.downcast_ref::<Error>(), inside) {
        (Some(of_tls), _) => Some(said(of_tls, HttpVersion::Http11)),
        (None, Some(inside)) => reason_of_tls(inside),
        (None, None) => None,
    }
}

fn said(error: &Error, protocol: HttpVersion) -> String {
    match error {
        Error::AlertReceived(AlertDescription::ProtocolVersion)
        | Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => "the server offers TLS 1.2 or older, expected TLS 1.3, which is the one version whose \
              records are counted: turn 1.3 on at the server, or at what ends TLS for it"
            .to_owned(),
        Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "the server accepts none of the offered cipher suites and groups, expected one of TLS 1.3 \
             with AES-128-GCM, AES-256-GCM or ChaCha20-Poly1305 and with X25519 or P-256"
                .to_owned()
        }
        Error::AlertReceived(AlertDescription::NoApplicationProtocol)
        | Error::NoApplicationProtocol => format!(
            "the server does not offer `{}` over TLS: set another `http`, or have it offer that (ALPN)",
            protocol.properties().alpn
        ),
        Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            "the server has no certificate for the name in its URL: use a name that it knows"
                .to_owned()
        }
        Error::InvalidCertificate(error) if is_of_nobody(error) => {
            "nobody who is trusted vouches for the server's certificate: trust a PEM file with its \
             own or its authority's certificate, or trust any if you know who responds"
                .to_owned()
        }
        Error::InvalidMessage(_) => no_tls(),
        error => error.to_string(),
    }
}

/// Whether a certificate is refused for want of anybody who vouches for it. One that is made by
/// `openssl req -x509` says that it is an authority's, which is told in its place, by a type that the
/// library does not show; and a signature is bad where an authority of the same name has another key.
fn is_of_nobody(error: &CertificateError) -> bool {
    match error {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => true,
        CertificateError::Other(other) => other.to_string().contains("CaUsedAsEndEntity"),
        _ => false,
    }
}

fn no_tls() -> String {
    "what the server sent is no TLS, expected TLS 1.3: check whether it speaks clear text on this \
     port"
        .to_owned()
}
