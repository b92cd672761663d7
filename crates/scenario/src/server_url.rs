//! Where a third-party server listens, as it is written and as it is asked.

use std::fmt;

use pushbench_toml::Value;
use pushbench_toml::kind::Mismatch;
use url::{Host, Url};

use crate::named_server::ServerUrl;

const HOLE: &str = ":${port}";
/// What stands for the hole while the rest is read; the scheme's own port would be dropped.
const STAND_IN: &str = ":1";
const EXPECTED: &str = "a URL as in \"http://127.0.0.1:8081\", \"https://example.org/api\" or \"http://127.0.0.1:${port}\"";

/// A URL whose port may be `${port}`.
pub(crate) fn server_url(value: &Value) -> Result<ServerUrl, Mismatch> {
    let expected = || Mismatch::new(EXPECTED);
    let Value::Text(text) = value else { return Err(expected()) };
    let is_found = text.contains(HOLE);
    let plain = text.replacen(HOLE, STAND_IN, 1);
    if let Some((_, name)) = plain.split_once("${") {
        let name = name.split('}').next().unwrap_or_default();
        let only =
            format!("`${{port}}` is the only hole of a URL, and stands for its port, not `{name}`");
        return Err(expected().help(only));
    }
    let url = Url::parse(&plain).map_err(|error| expected().help(error.to_string()))?;
    let tls = match url.scheme() {
        "http" | "ws" => false,
        "https" | "wss" => true,
        other => return Err(expected().help(format!("`{other}:` is none of http, https, ws, wss"))),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(expected().help(
            "names and passwords are sent as headers of the adapter, as in \
             `{ Authorization = \"Bearer ${env:TOKEN}\" }`",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(expected().help("a query belongs in the URLs of the adapter"));
    }
    let host = match url.host().ok_or_else(expected)? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    let port = url.port_or_known_default().filter(|&port| port > 0);
    let port = port.ok_or_else(|| expected().help("nobody listens on port 0"))?;
    let path = url.path().trim_end_matches('/').to_owned();
    Ok(ServerUrl { tls, host, port: (!is_found).then_some(port), path })
}

impl ServerUrl {
    /// What a request names as its host: the port too, unless it is the scheme's own.
    ///
    /// Source: RFC 9110, sections 4.2 (the ports) and 7.2 (`Host`).
    pub fn authority(&self, port: u16) -> String {
        let host = self.bracketed();
        match port {
            port if port == self.usual_port() => host,
            port => format!("{host}:{port}"),
        }
    }

    /// The origin of what is below it, as `https://example.org:8443`.
    ///
    /// Source: RFC 6454, section 6.2.
    pub fn origin(&self, port: u16) -> String {
        format!("{}://{}", self.scheme(), self.authority(port))
    }

    const fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }

    const fn usual_port(&self) -> u16 {
        if self.tls { 443 } else { 80 }
    }

    fn bracketed(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = match self.port {
            Some(port) => self.authority(port),
            None => self.bracketed() + HOLE,
        };
        write!(f, "{}://{authority}{}", self.scheme(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_as_it_is_written() {
        for (text, shown, port) in [
            ("http://127.0.0.1:8081", "http://127.0.0.1:8081", Some(8_081)),
            ("http://127.0.0.1:${port}/", "http://127.0.0.1:${port}", None),
            ("wss://example.org/api/v1/", "https://example.org/api/v1", Some(443)),
            ("https://example.org:443", "https://example.org", Some(443)),
            ("https://example.org:80", "https://example.org:80", Some(80)),
            ("ws://[::1]:${port}/x", "http://[::1]:${port}/x", None),
            ("http://[::1]:80", "http://[::1]", Some(80)),
        ] {
            let url = server_url(&text.into()).expect(text);
            assert_eq!((url.to_string().as_str(), url.port), (shown, port), "{text}");
        }
        assert_eq!(server_url(&"ws://[::1]:9/x".into()).map(|url| url.host), Ok("::1".to_owned()));
    }

    #[test]
    fn what_is_no_url_of_a_server_is_refused() {
        for text in [
            "",
            "127.0.0.1:8081",
            "localhost:8081",
            "ftp://example.org",
            "http://",
            "http://a:0",
            "http://a:70000",
            "http://me:secret@a",
            "http://a/?x=1",
            "http://a/#x",
            "http://a:${prot}",
            "http://${host}:${port}",
            "http://a:${port}/${port}",
        ] {
            assert!(server_url(&text.into()).is_err(), "{text}");
        }
        assert!(server_url(&8_081.into()).is_err());
    }
}
