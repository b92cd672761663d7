//! Whom a client of a third-party server trusts.
//!
//! Our own server is trusted by its one certificate ([`Connector::new`](crate::Connector::new)). A
//! server that others run has one that the system's roots vouch for, or one of its operator's own.

use std::sync::Arc;

use pushbench_protocol::HttpVersion;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::CertificateError;
use crate::certificate::unreadable;
use crate::protocol::id;

/// Whose certificate is trusted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trusted<'t> {
    /// One that the system's roots vouch for.
    System,
    /// One that these vouch for, or one of these itself, whatever name it is for: a PEM text.
    These(&'t [u8]),
    /// Any: the connection is encrypted, and nobody knows to whom.
    Any,
}

impl Trusted<'_> {
    /// The settings of a stock client: every version and suite of the library, and these protocols
    /// offered, the preferred first.
    ///
    /// # Errors
    ///
    /// If a text has no certificate, or one that cannot be read.
    pub fn stock_client(self, protocols: &[HttpVersion]) -> Result<ClientConfig, CertificateError> {
        let provider = Arc::new(ring::default_provider());
        let verifier = self.verifier(&provider)?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has suites of every version")
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| id(*protocol).to_vec()).collect();
        Ok(config)
    }

    pub(crate) fn verifier(
        self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>, CertificateError> {
        let (roots, these) = match self {
            Self::System => (rustls_native_certs::load_native_certs().certs, Vec::new()),
            Self::These(pem) => {
                let these = read_all(pem)?;
                (these.clone(), these)
            }
            Self::Any => (Vec::new(), Vec::new()),
        };
        let mut store = RootCertStore::empty();
        // A system has roots that are too old to be read; what is not added vouches for nobody.
        store.add_parsable_certificates(roots);
        let roots =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider));
        let takes_any = matches!(self, Self::Any);
        // Without any root there is no verifier, which is told when a certificate is to be verified.
        let roots = roots.build().ok();
        Ok(Arc::new(Verifier { provider: Arc::clone(provider), roots, these, takes_any }))
    }
}

fn read_all(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| unreadable("certificate", &error))?;
    if all.is_empty() { Err(CertificateError::NoCertificate) } else { Ok(all) }
}

/// Verifies the server's certificate by roots, or by being one that was given.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    roots: Option<Arc<WebPkiServerVerifier>>,
    these: Vec<CertificateDer<'static>>,
    takes_any: bool,
}

impl Verifier {
    /// Verifies a signature of the handshake by the rule of its version of TLS.
    fn verify_signature(
        &self,
        by_version: impl FnOnce(&WebPkiSupportedAlgorithms) -> Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.takes_any {
            return Ok(HandshakeSignatureValid::assertion());
        }
        by_version(&self.provider.signature_verification_algorithms)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // A certificate that one makes for oneself by `openssl req -x509` says that it is an
        // authority's, which roots alone would refuse it for.
        if self.takes_any || self.these.iter().any(|this| this == end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        let Some(roots) = &self.roots else {
            let why = "this system has no root certificates, expected some (Debian: install \
                       ca-certificates), or `trust` with a file";
            return Err(Error::General(why.to_owned()));
        };
        roots.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify_signature(|algorithms| verify_tls12_signature(message, cert, dss, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify_signature(|algorithms| verify_tls13_signature(message, cert, dss, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd,
    };

    use super::*;

    /// 2026-01-01.
    const NOW: Duration = Duration::from_secs(1_767_225_600);

    fn params(name: &str, is_ca: bool) -> CertificateParams {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        if is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        params.not_before = date_time_ymd(2025, 1, 1);
        params.not_after = date_time_ymd(2027, 1, 1);
        params
    }

    fn verify(trusted: Trusted<'_>, shown: &CertificateDer<'_>, name: &str) -> Result<(), Error> {
        let verifier = trusted.verifier(&Arc::new(ring::default_provider())).expect("certificates");
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let now = UnixTime::since_unix_epoch(NOW);
        verifier.verify_server_cert(shown, &[], &name, &[], now).map(|_| ())
    }

    #[test]
    fn a_certificate_is_trusted_by_its_authority_by_being_it_or_because_any_is() {
        let key = || KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(params("authority", true), key());
        let authority = authority.expect("an authority");
        let of_authority = params("server", false).signed_by(&key(), &authority);
        let of_authority = of_authority.expect("a certificate");
        let own_key = key();
        let own = params("server", true).self_signed(&own_key).expect("a certificate");
        let (authority, own_pem) = (authority.pem(), own.pem());
        let both = [authority.as_bytes(), own_pem.as_bytes()].concat();
        let by_authority = Trusted::These(authority.as_bytes());
        let by_own = Trusted::These(own_pem.as_bytes());
        for (trusted, shown, name, is_trusted) in [
            (by_authority, of_authority.der(), "server", true),
            (by_authority, of_authority.der(), "other", false),
            (by_authority, own.der(), "server", false),
            (by_own, own.der(), "server", true),
            (by_own, own.der(), "other", true),
            (by_own, of_authority.der(), "server", false),
            (Trusted::These(&both), of_authority.der(), "server", true),
            (Trusted::These(&both), own.der(), "server", true),
            (Trusted::System, own.der(), "server", false),
            (Trusted::Any, own.der(), "other", true),
        ] {
            assert_eq!(verify(trusted, shown, name).is_ok(), is_trusted, "{trusted:?} {name}");
        }
    }

    #[test]
    fn a_text_without_a_certificate_is_refused() {
        for text in ["", "-----BEGIN CERTIFICATE-----\nAA"] {
            assert!(Trusted::These(text.as_bytes()).stock_client(&[]).is_err(), "{text}");
        }
    }
}
