//! An HTTP client as applications use it: reqwest, which does nothing that it was not told to.

use std::time::Duration;

use pushbench_protocol::HttpVersion;
use pushbench_scenario::Trust;
use pushbench_tls::{CertificateError, Trusted};
use reqwest::redirect::Policy;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum StockClientError {
    /// What is to be trusted cannot be read.
    #[error("`trust`: {0}")]
    Trust(#[from] CertificateError),
    /// reqwest refuses its settings.
    #[error("could not make an HTTP client: {0}")]
    Settings(#[from] reqwest::Error),
}

/// A client that trusts a server so, and offers these protocols where a connection is encrypted, the
/// preferred first; in clear text it speaks HTTP/1.1.
///
/// It follows no redirect, repeats no request and asks no proxy: what was not asked for would be
/// measured as if it had been.
///
/// # Errors
///
/// If what is to be trusted cannot be read.
pub fn stock_client(
    trust: &Trust,
    protocols: &[HttpVersion],
    connect_within: Duration,
) -> Result<reqwest::Client, StockClientError> {
    Ok(builder(trust, protocols, connect_within)?.build()?)
}

/// The same, for more settings.
pub(crate) fn builder(
    trust: &Trust,
    protocols: &[HttpVersion],
    connect_within: Duration,
) -> Result<reqwest::ClientBuilder, StockClientError> {
    let trusted = match trust {
        Trust::System => Trusted::System,
        Trust::Certificate(pem) => Trusted::These(pem),
        Trust::Insecure => Trusted::Any,
    };
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(trusted.stock_client(protocols)?)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .tcp_nodelay(true)
        .connect_timeout(connect_within))
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::net::SocketAddr;

    use pushbench_tls::{Acceptor, Identity};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Serves one response over TLS; `None` in place of the request's first line for a handshake
    /// that failed.
    async fn serve(listener: TcpListener, identity: Identity) -> Option<String> {
        let acceptor = Acceptor::new(&identity, &[HttpVersion::Http11]).expect("a server");
        let (socket, _) = listener.accept().await.expect("a connection");
        let mut stream = acceptor.accept(socket).await.ok()?;
        let mut request = vec![0; 4_096];
        let len = stream.read(&mut request).await.expect("a request");
        let response = b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(response).await.expect("it is open");
        stream.flush().await.expect("it is open");
        String::from_utf8_lossy(&request[..len]).lines().next().map(str::to_owned)
    }

    /// What a client that trusts so gets, and what the server saw.
    async fn get(trust: impl Fn(&Identity) -> Trust) -> (Result<u16, String>, Option<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address: SocketAddr = listener.local_addr().expect("it is bound");
        let identity = Identity::of_this_host(since_1970()).expect("a certificate");
        let client = stock_client(
            &trust(&identity),
            &[HttpVersion::Http2, HttpVersion::Http11],
            Duration::from_secs(5),
        );
        let served = tokio::spawn(serve(listener, identity));
        let response = client.expect("a client").get(format!("https://{address}/a")).send().await;
        let response = match response {
            Ok(response) => Ok(response.status().as_u16()),
            Err(error) => {
                let mut last: &dyn Error = &error;
                while let Some(source) = last.source() {
                    last = source;
                }
                Err(last.to_string())
            }
        };
        (response, served.await.expect("it serves"))
    }

    fn since_1970() -> Duration {
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
        since.expect("it is later than 1970")
    }

    #[tokio::test]
    async fn a_server_is_trusted_as_told_and_a_redirect_is_a_response() {
        let asked = Some("GET /a HTTP/1.1".to_owned());
        let certificate = |id: &Identity| Trust::Certificate(id.certificate().pem().into());
        assert_eq!(get(certificate).await, (Ok(302), asked.clone()));
        assert_eq!(get(|_| Trust::Insecure).await, (Ok(302), asked));
        let (refused, seen) = get(|_| Trust::System).await;
        let refused = refused.expect_err("nobody vouches for it");
        assert!(refused.contains("invalid peer certificate: UnknownIssuer"), "{refused}");
        assert_eq!(seen, None);
    }

    #[test]
    fn a_file_without_a_certificate_is_told() {
        let refused = stock_client(&Trust::Certificate(b"x".to_vec()), &[], Duration::ZERO);
        let refused = refused.expect_err("there is none").to_string();
        let expected = "`trust`: found no certificate, expected PEM with \
                        `-----BEGIN CERTIFICATE-----`";
        assert_eq!(refused, expected);
    }
}
