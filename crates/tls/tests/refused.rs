//! Handshakes with servers that others run: which are accepted, and what is said of the others.

use std::time::Duration;

use pushbench_protocol::HttpVersion;
use pushbench_tls::{Acceptor, Connector, Identity, Trusted};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

/// 2026-11-22.
const NOW: Duration = Duration::from_secs(1_795_305_600);

fn identity() -> Identity {
    Identity::of_this_host(NOW).expect("there is randomness")
}

fn client(trusted: Trusted<'_>, name: &str, protocol: HttpVersion) -> Connector {
    Connector::of_third_party(trusted, name, protocol).expect("a name and certificates")
}

/// What comes of a handshake with a server of ours that offers these: what is spoken, or why not.
async fn with_ours(
    identity: &Identity,
    offered: &[HttpVersion],
    client: Connector,
) -> Result<HttpVersion, String> {
    let (left, right) = duplex(1 << 20);
    let acceptor = Acceptor::new(identity, offered).expect("the key is the certificate's");
    let (accepted, connected) = tokio::join!(acceptor.accept(right), client.connect(left, None));
    assert_eq!(accepted.is_ok(), connected.is_ok(), "both or neither");
    connected.map(|stream| stream.protocol()).map_err(|error| error.to_string())
}

/// What is said of a server that responds to a client's hello with these bytes, and leaves.
async fn with_bytes(bytes: &[u8]) -> String {
    let (left, mut right) = duplex(1 << 20);
    let server = async {
        let hello = right.read(&mut [0; 4_096]).await.expect("a hello");
        assert!(hello > 0);
        right.write_all(bytes).await.expect("there is room");
        drop(right);
    };
    let client = client(Trusted::Any, "localhost", HttpVersion::Http11);
    let ((), connected) = tokio::join!(server, client.connect(left, None));
    connected.expect_err("that is no handshake").to_string()
}

/// A hello of TLS 1.2 (RFC 5246, section 7.4.1.3): it has no extension that says 1.3.
fn hello_of_version_1_2() -> Vec<u8> {
    let mut hello = vec![3, 3];
    hello.extend([7; 32]); // random
    hello.extend([0, 0xc0, 0x2f, 0]); // no session, ECDHE-RSA-AES128-GCM-SHA256, no compression
    let mut message = vec![2, 0, 0, hello.len() as u8];
    message.extend(hello);
    let mut record = vec![22, 3, 3, 0, message.len() as u8];
    record.extend(message);
    record
}

#[tokio::test]
async fn a_third_partys_certificate_is_trusted_as_it_is_told() {
    let (identity, other) = (identity(), self::identity());
    let own = identity.certificate().pem().as_bytes();
    let another = other.certificate().pem().as_bytes();
    let both = [another, own].concat();
    for (trusted, is_trusted) in [
        (Trusted::These(own), true),
        (Trusted::These(&both), true),
        (Trusted::These(another), false),
        (Trusted::System, false),
        (Trusted::Any, true),
    ] {
        let client = client(trusted, "localhost", HttpVersion::Http2);
        match with_ours(&identity, HttpVersion::ALL, client).await {
            Ok(protocol) => assert!(is_trusted && protocol == HttpVersion::Http2, "{trusted:?}"),
            Err(said) => {
                assert!(!is_trusted, "{trusted:?}: {said}");
                let expected =
                    "nobody who is trusted vouches for the server's certificate: trust a";
                // Where nobody has installed any roots, that is said instead.
                let has_none = trusted == Trusted::System && said.contains("no root certificates");
                assert!(has_none || said.starts_with(expected), "{trusted:?}: {said}");
            }
        }
    }
}

#[tokio::test]
async fn a_certificate_that_openssl_makes_for_a_server_is_refused_for_want_of_an_authority() {
    let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let pem = params.self_signed(&key).expect("a certificate").pem();
    let shown = Identity::from_pem(&pem, &key.serialize_pem()).expect("what was made");
    let another = identity();
    let trusted = Trusted::These(another.certificate().pem().as_bytes());
    let refused =
        with_ours(&shown, HttpVersion::ALL, client(trusted, "localhost", HttpVersion::Http11));
    let said = refused.await.expect_err("nobody vouches for it");
    assert!(said.starts_with("nobody who is trusted vouches for"), "{said}");
    let own = client(Trusted::These(pem.as_bytes()), "localhost", HttpVersion::Http11);
    assert_eq!(with_ours(&shown, HttpVersion::ALL, own).await, Ok(HttpVersion::Http11));
}

#[tokio::test]
async fn a_server_without_the_protocol_is_told_which_is_missing() {
    let identity = identity();
    let client = client(Trusted::Any, "localhost", HttpVersion::Http2);
    let said = with_ours(&identity, &[HttpVersion::Http11], client).await.expect_err("no HTTP/2");
    assert!(said.starts_with("the server does not offer `h2` over TLS: "), "{said}");
}

#[tokio::test]
async fn a_server_of_an_older_version_is_named_for_that() {
    // Alert, fatal, protocol_version (RFC 8446, section 6.2): what OpenSSL without 1.3 says.
    let alert = with_bytes(&[21, 3, 3, 0, 2, 2, 70]).await;
    // What servers say that do not know the extension that offers 1.3.
    let hello = with_bytes(&hello_of_version_1_2()).await;
    for said in [alert, hello] {
        let expected = "the server offers TLS 1.2 or older, expected TLS 1.3";
        assert!(said.starts_with(expected), "{said}");
    }
}

#[tokio::test]
async fn what_speaks_no_tls_at_all_is_named_for_that() {
    for bytes in ["HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.6\r\n"] {
        let said = with_bytes(bytes.as_bytes()).await;
        assert!(said.starts_with("what the server sent is no TLS, expected TLS 1.3: "), "{said}");
    }
    let said = with_bytes(&[]).await;
    assert!(said.starts_with("the server ended the connection during the handshake"), "{said}");
}

#[test]
fn what_is_to_be_trusted_is_read_when_the_client_is_made() {
    let refused = Connector::of_third_party(Trusted::These(b"x"), "localhost", HttpVersion::Http11);
    let refused = refused.expect_err("it has no certificate").to_string();
    assert!(refused.starts_with("found no certificate, expected PEM"), "{refused}");
}
