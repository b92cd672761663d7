//! A request as it was saved.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

/// A request that a browser sent, as its developer tools saved it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Captured {
    /// The method.
    pub method: String,
    /// The URL: `http`, `https`, `ws` or `wss`, with a host.
    pub url: Url,
    /// Header fields in the order in which they were saved, without those of HTTP/2 that begin with a
    /// colon.
    pub headers: Vec<(String, String)>,
    /// The body as text, if there was one.
    pub body: Option<String>,
    /// What saved it.
    pub saved_as: SavedAs,
}

/// What saved a request, which decides which of its headers are there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SavedAs {
    /// A HAR file.
    Har,
    /// The text of "copy as cURL": `Host`, `Connection` and `Accept-Encoding` are left out of it.
    Curl,
}

/// What kind of exchange a request began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exchange {
    /// A request and its response.
    Poll,
    /// A response that does not end, of server-sent events.
    Events,
    /// The upgrade to a WebSocket.
    WebSocket,
}

impl Captured {
    /// The value of the first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// What it began, as far as the request says.
    pub fn exchange(&self) -> Exchange {
        let has = |name, element: &str| {
            self.header(name).is_some_and(|value| value.to_ascii_lowercase().contains(element))
        };
        if matches!(self.url.scheme(), "ws" | "wss") || has("upgrade", "websocket") {
            Exchange::WebSocket
        } else if has("accept", "text/event-stream") {
            Exchange::Events
        } else {
            Exchange::Poll
        }
    }

    /// Whether TLS carried it.
    pub fn is_secure(&self) -> bool {
        matches!(self.url.scheme(), "https" | "wss")
    }
}

/// A URL that can be measured, without its fragment, and the authorization that stood in it; or what
/// is wrong with it.
pub(crate) fn parse_url(text: &str) -> Result<(Url, Option<String>), String> {
    let mut url = Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") {
        return Err(format!("its scheme is `{}`, expected http, https, ws or wss", url.scheme()));
    }
    url.set_fragment(None);
    let user = (url.username().to_owned(), url.password().unwrap_or_default().to_owned());
    let authorization =
        (user != Default::default()).then(|| basic(&format!("{}:{}", user.0, user.1)));
    let with_host = "a URL of these schemes has a host, so it may have a user";
    url.set_username("").and_then(|()| url.set_password(None)).expect(with_host);
    Ok((url, authorization))
}

/// The value of `Authorization` for a user and a password (RFC 7617).
pub(crate) fn basic(user: &str) -> String {
    format!("Basic {}", STANDARD.encode(user))
}
