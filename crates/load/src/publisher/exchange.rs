//! One request to a third-party server and its response, by the HTTP client that applications use.

use pushbench_adapter::{Request, Response};
use reqwest::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use reqwest::{Client, Method, StatusCode, Upgraded, Url};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::plan::Adapted;
use crate::publisher::failure::Failure;
use crate::{Fault, StockClientError, bounds, stock_client};
use pushbench_protocol::HttpVersion;

/// The longest body of a response that is looked at.
const MOST_OF_A_BODY: usize = 1 << 20;

/// A third-party server.
#[derive(Clone, Debug)]
pub(super) struct Server {
    client: Client,
    /// Speaks HTTP/1.1 alone, for upgrades.
    upgrading: Client,
    /// What paths are below.
    base: String,
}

/// A response.
#[derive(Debug)]
pub(super) struct Came {
    pub(super) status: u16,
    headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Server {
    /// Connects to nothing yet.
    pub(super) fn new(adapted: &Adapted) -> Result<Self, StockClientError> {
        let to = &adapted.publish_to;
        let client =
            |protocols: &[HttpVersion]| stock_client(&to.trust, protocols, bounds::PUBLISHER_OPEN);
        Ok(Self {
            client: client(&HttpVersion::newest_first())?,
            upgrading: client(&[HttpVersion::Http11])?,
            base: format!("{}{}", to.origin, adapted.base),
        })
    }

    /// Sends a request and waits for all of its response.
    pub(super) async fn ask(&self, request: &Request) -> Result<Came, Failure> {
        let mut sends = self
            .client
            .request(method(request)?, self.url(request)?)
            .headers(headers(request)?)
            .timeout(bounds::PUBLISH_RESPONSE);
        if let Some(body) = &request.body {
            sends = sends.body(body.clone());
        }
        let mut response = sends.send().await?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MOST_OF_A_BODY {
                return Err(Failure::of_response(Fault::TooLarge, status, body));
            }
        }
        Ok(Came { status, headers, body })
    }

    /// Opens a WebSocket (RFC 6455, section 4.1).
    pub(super) async fn upgrade(
        &self,
        request: &Request,
        subprotocol: Option<&str>,
    ) -> Result<Upgraded, Failure> {
        let key = generate_key();
        let mut sends = self
            .upgrading
            .request(method(request)?, self.url(request)?)
            .headers(headers(request)?)
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, &key);
        if let Some(subprotocol) = subprotocol {
            sends = sends.header(SEC_WEBSOCKET_PROTOCOL, subprotocol);
        }
        let response = sends.send().await?;
        let status = response.status();
        let accepted = response.headers().get(SEC_WEBSOCKET_ACCEPT);
        let is_for_us = accepted.is_some_and(|accepted| {
            accepted.as_bytes() == derive_accept_key(key.as_bytes()).as_bytes()
        });
        if status != StatusCode::SWITCHING_PROTOCOLS || !is_for_us {
            let body = beginning(response).await;
            return Err(Failure::of_response(Fault::Upgrade, status.as_u16(), body));
        }
        Ok(response.upgrade().await?)
    }

    fn url(&self, request: &Request) -> Result<Url, Failure> {
        let url = request.url.as_str();
        let whole = match url.split_once("://") {
            Some(("ws", rest)) => format!("http://{rest}"),
            Some(("wss", rest)) => format!("https://{rest}"),
            Some(_) => url.to_owned(),
            None if url.starts_with('/') => format!("{}{url}", self.base),
            None => format!("{}/{url}", self.base),
        };
        Url::parse(&whole)
            .map_err(|error| Failure::of_ours(format!("a URL cannot be read: {error}")))
    }
}

impl Came {
    /// As a dialogue takes it.
    pub(super) fn with<T>(&self, take: impl FnOnce(&Response<'_>) -> T) -> T {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        take(&Response { status: self.status, headers: &headers, body: &self.body })
    }
}

/// The first bytes of a response that is not the one that was asked for.
async fn beginning(mut response: reqwest::Response) -> Vec<u8> {
    let chunk = tokio::time::timeout(bounds::PUBLISHER_END, response.chunk()).await;
    chunk.ok().and_then(Result::ok).flatten().map_or_else(Vec::new, |chunk| chunk.to_vec())
}

fn method(request: &Request) -> Result<Method, Failure> {
    Method::from_bytes(request.method.as_bytes())
        .map_err(|_| Failure::of_ours("the method of a request is none"))
}

fn headers(request: &Request) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let refused =
            |_| Failure::of_ours(format!("the header {name} of a request cannot be sent"));
        let key = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Failure::of_ours(format!("the header {name} of a request is none")))?;
        headers.append(key, HeaderValue::from_bytes(value.as_bytes()).map_err(refused)?);
    }
    Ok(headers)
}
