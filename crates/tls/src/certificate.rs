//! The one certificate of a server, and the key that belongs to it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// How long a certificate of our own is good for: a test is over by then, and a key that was left
/// lying about is worth nothing.
const VALID: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// It is good from this long before it is made, since clocks differ.
const EARLIER: Duration = Duration::from_secs(24 * 60 * 60);

/// Why a certificate or a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The text has no certificate.
    #[error("found no certificate, expected PEM with `-----BEGIN CERTIFICATE-----`")]
    NoCertificate,
    /// The text is not what it seemed to be.
    #[error("the {what} cannot be read: {reason}")]
    Unreadable {
        /// Certificate or key.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// None could be made.
    #[error("cannot make a certificate: {0}")]
    NotMade(String),
}

/// A certificate to trust, as PEM and as DER.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    pem: String,
    der: CertificateDer<'static>,
}

impl Certificate {
    /// The first certificate of a PEM text.
    ///
    /// # Errors
    ///
    /// If there is none, or it is damaged.
    pub fn from_pem(pem: &str) -> Result<Self, CertificateError> {
        let der = CertificateDer::pem_slice_iter(pem.as_bytes())
            .next()
            .ok_or(CertificateError::NoCertificate)?
            .map_err(|error| unreadable("certificate", &error))?;
        Ok(Self { pem: pem.to_owned(), der })
    }

    /// The text.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Bytes of the certificate as a handshake carries it.
    pub fn der_len(&self) -> usize {
        self.der.len()
    }

    pub(crate) fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }
}

/// A server's certificate with what leads to it, and its private key.
pub struct Identity {
    certificate: Certificate,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// A new key and a certificate for this host's own names: `localhost`, 127.0.0.1 and ::1.
    /// `now` is the time since the epoch.
    ///
    /// ECDSA on P-256, which every browser takes; good for 90 days. It vouches for itself and for
    /// no other, so trusting it lets nobody pretend to be another site.
    ///
    /// # Errors
    ///
    /// If the system has no randomness.
    pub fn of_this_host(now: Duration) -> Result<Self, CertificateError> {
        Self::of_this_host_at(now, None)
    }

    /// The same for one more address of this host, unless it is of loopback or of no interface.
    ///
    /// # Errors
    ///
    /// If the system has no randomness.
    pub fn of_this_host_at(now: Duration, at: Option<IpAddr>) -> Result<Self, CertificateError> {
        let failed = |error: rcgen::Error| CertificateError::NotMade(error.to_string());
        let at = at.filter(|address| !address.is_loopback() && !address.is_unspecified());
        let mut names = vec![
            "localhost".to_owned(),
            Ipv4Addr::LOCALHOST.to_string(),
            Ipv6Addr::LOCALHOST.to_string(),
        ];
        names.extend(at.map(|address| address.to_string()));
        let mut params = CertificateParams::new(names).map_err(failed)?;
        params.distinguished_name.push(DnType::CommonName, "Pushbench test certificate");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let epoch = date_time_ymd(1970, 1, 1);
        params.not_before = epoch + now.saturating_sub(EARLIER);
        params.not_after = epoch + now + VALID;
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
        let pem = params.self_signed(&pair).map_err(failed)?.pem();
        Self::from_pem(&pem, &pair.serialize_pem())
    }

    /// A certificate, with those that lead to it behind it, and its key, both PEM.
    ///
    /// # Errors
    ///
    /// If a text is not what it must be. Whether the key is the certificate's is found out by
    /// [`crate::Acceptor::new`].
    pub fn from_pem(chain: &str, key: &str) -> Result<Self, CertificateError> {
        let certificate = Certificate::from_pem(chain)?;
        let chain = CertificateDer::pem_slice_iter(chain.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| unreadable("certificate", &error))?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|error| unreadable("key", &error))?;
        Ok(Self { certificate, chain, key })
    }

    /// What a client has to trust: the server's own certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    pub(crate) fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    pub(crate) fn key(&self) -> &PrivateKeyDer<'static> {
        &self.key
    }
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self {
            certificate: self.certificate.clone(),
            chain: self.chain.clone(),
            key: self.key.clone_key(),
        }
    }
}

impl fmt::Debug for Identity {
    /// Says nothing of the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

pub(crate) fn unreadable(what: &'static str, error: &dyn fmt::Display) -> CertificateError {
    CertificateError::Unreadable { what, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-01.
    const NOW: Duration = Duration::from_secs(1_767_225_600);

    #[test]
    fn a_certificate_that_was_made_can_be_read_again_and_its_key_is_not_shown() {
        let identity = Identity::of_this_host(NOW).expect("there is randomness");
        let pem = identity.certificate().pem();
        assert_eq!(Certificate::from_pem(pem).expect("readable"), *identity.certificate());
        assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n"), "{pem}");
        assert!(!format!("{identity:?}").contains("PRIVATE"), "{identity:?}");
        let other = Identity::of_this_host(NOW).expect("there is randomness");
        assert_ne!(other.certificate(), identity.certificate());
    }

    #[test]
    fn an_address_of_its_own_is_in_the_certificate_and_one_that_is_there_anyway_is_not_twice() {
        let length = |at: Option<[u8; 4]>| {
            let made = Identity::of_this_host_at(NOW, at.map(IpAddr::from));
            made.expect("there is randomness").certificate().der_len()
        };
        // A name of an address of IPv4 is 4 bytes behind a tag and a length (RFC 5280, section 4.2.1.6).
        // The signature is up to two bytes longer or shorter (RFC 3279, section 2.2.3).
        let usual = length(None);
        assert!((usual + 3..=usual + 9).contains(&length(Some([198, 18, 0, 1]))));
        for at in [[127, 0, 0, 1], [0, 0, 0, 0]] {
            assert!((usual - 3..=usual + 3).contains(&length(Some(at))));
        }
    }

    #[test]
    fn a_text_that_is_no_certificate_or_no_key_is_refused_by_name() {
        let identity = Identity::of_this_host(NOW).expect("there is randomness");
        let pem = identity.certificate().pem();
        let refused = |chain, key| Identity::from_pem(chain, key).expect_err("no PEM").to_string();
        assert!(refused("hello", "hello").starts_with("found no certificate"));
        assert!(refused(pem, "hello").starts_with("the key cannot be read: "));
        let damaged = pem.replace("MII", "M%I");
        assert!(refused(&damaged, "").starts_with("the certificate cannot be read: "));
    }
}
