//! Authorities: what `Host` and `:authority` name, and which of those names a server responds to.

use std::net::{IpAddr, Ipv6Addr};

/// The name that a host has for itself (RFC 6761, section 6.3).
pub const LOCALHOST: &str = "localhost";

/// A host and perhaps a port, as `Host` has them.
///
/// Source: RFC 9112, section 3.2; RFC 3986, sections 3.2.2 and 3.2.3.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Authority<'a> {
    /// A name, an IPv4 address, or an IPv6 address in brackets; never empty.
    pub host: &'a str,
    /// The port, where one is named.
    pub port: Option<u16>,
}

/// Names that a server responds to beside those that its own host has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AllowedHosts {
    /// These. Where none are given, only a server on a loopback address is particular about names:
    /// any page could have its own name resolve to that address (DNS rebinding), while a server
    /// beyond loopback cannot know by which names it is reached.
    Named(Vec<String>),
    /// Any, since somebody else has looked at it.
    Any,
}

impl<'a> Authority<'a> {
    /// Reads an authority without user information.
    ///
    /// `None` if it has an empty host, which no `http` URI may have (RFC 9110, section 4.2.1), a
    /// character that no host may have, or a port that is none.
    pub fn parse(text: &'a str) -> Option<Self> {
        let end = match text.strip_prefix('[') {
            Some(rest) => rest.find(']')? + 2,
            None => text.find(':').unwrap_or(text.len()),
        };
        let (host, rest) = text.split_at(end);
        let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => is_name(host),
        };
        let port = match rest.strip_prefix(':') {
            None => rest.is_empty().then_some(None)?,
            Some("") => None,
            Some(digits) => {
                let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
                Some(is_number.then(|| digits.parse().ok())??)
            }
        };
        is_host.then_some(Self { host, port })
    }

    /// The address that it is, if it is one and no name.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    /// Whether both are the same host at the same port, a port that is not named being
    /// `default_port` (RFC 9110, section 4.2.3).
    pub fn is_same(&self, other: &Authority<'_>, default_port: u16) -> bool {
        self.host.eq_ignore_ascii_case(other.host)
            && self.port.unwrap_or(default_port) == other.port.unwrap_or(default_port)
    }

    /// Whether it is a name or an address that a host has for itself.
    fn is_own(&self) -> bool {
        let name = self.host.strip_suffix('.').unwrap_or(self.host);
        match self.address() {
            Some(address) => address.is_loopback(),
            None => name.eq_ignore_ascii_case(LOCALHOST),
        }
    }
}

impl AllowedHosts {
    /// Whether a server that listens on `listener` responds to requests for this authority; `None`
    /// where no socket took the connection, which then comes from this host.
    ///
    /// An address beyond loopback is taken as it comes where the server listens beyond loopback: it
    /// cannot be rebound.
    pub fn allow(&self, authority: &Authority<'_>, listener: Option<IpAddr>) -> bool {
        let is_beyond = listener.is_some_and(|listener| !listener.is_loopback());
        match self {
            Self::Any => true,
            Self::Named(names) if names.is_empty() && is_beyond => true,
            Self::Named(names) => {
                authority.is_own()
                    || authority.address().is_some_and(|_| is_beyond)
                    || names.iter().any(|name| is_named(name, authority))
            }
        }
    }
}

impl Default for AllowedHosts {
    fn default() -> Self {
        Self::Named(Vec::new())
    }
}

/// Whether an origin is a page of `host`, by `http` or `https`. A port that is not named is the
/// default one of the origin's scheme, so that `http://a` and `a:80` are the same.
///
/// Source: RFC 6454, section 4; RFC 9110, section 4.2.3.
pub fn is_origin_of(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let default_port = match scheme.to_ascii_lowercase().as_str() {
        "http" => 80,
        "https" => 443,
        _ => return false,
    };
    match (Authority::parse(authority), Authority::parse(host)) {
        (Some(origin), Some(host)) => origin.is_same(&host, default_port),
        _ => false,
    }
}

/// Whether a name that was given, with a port or without, is the one that was asked for.
fn is_named(given: &str, asked: &Authority<'_>) -> bool {
    Authority::parse(given).is_some_and(|given| {
        given.host.eq_ignore_ascii_case(asked.host)
            && given.port.is_none_or(|port| asked.port == Some(port))
    })
}

/// `reg-name` of RFC 3986, section 3.2.2, and not empty.
fn is_name(host: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte);
    !host.is_empty() && host.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOOPBACK: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
    const EVERYWHERE: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

    #[test]
    fn an_authority_is_a_host_and_perhaps_a_port() {
        for (text, expected) in [
            ("example.com", Some(("example.com", None))),
            ("example.com:80", Some(("example.com", Some(80)))),
            ("example.com:", Some(("example.com", None))),
            ("127.0.0.1:1", Some(("127.0.0.1", Some(1)))),
            ("[::1]", Some(("[::1]", None))),
            ("[::1]:8080", Some(("[::1]", Some(8080)))),
            ("a_b~c%20", Some(("a_b~c%20", None))),
            ("", None),
            (":80", None),
            ("a b", None),
            ("a:b", None),
            ("a:65536", None),
            ("a:+1", None),
            ("a:1:2", None),
            ("user@a", None),
            ("a/b", None),
            ("[::1", None),
            ("[::1]x", None),
            ("[]", None),
            ("[a]", None),
            ("http://a", None),
            ("\u{e4}", None),
        ] {
            let found = Authority::parse(text).map(|found| (found.host, found.port));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_server_on_loopback_responds_to_its_own_names_and_to_those_that_it_was_given() {
        let named = |names: &[&str]| {
            AllowedHosts::Named(names.iter().map(|&name| name.to_owned()).collect())
        };
        for (names, listener, host, expected) in [
            (&[][..], LOOPBACK, "localhost:80", true),
            (&[], LOOPBACK, "LOCALHOST", true),
            (&[], LOOPBACK, "localhost.", true),
            (&[], LOOPBACK, "127.0.0.1", true),
            (&[], LOOPBACK, "127.9.9.9:1", true),
            (&[], LOOPBACK, "[::1]", true),
            (&[], LOOPBACK, "evil.example", false),
            (&[], LOOPBACK, "localhost.evil.example", false),
            (&[], LOOPBACK, "10.0.0.1", false),
            (&[], EVERYWHERE, "evil.example", true),
            (&["lab.example"], LOOPBACK, "lab.example:8080", true),
            (&["lab.example"], LOOPBACK, "LAB.example", true),
            (&["lab.example:80"], LOOPBACK, "lab.example:80", true),
            (&["lab.example:80"], LOOPBACK, "lab.example:81", false),
            (&["lab.example"], LOOPBACK, "localhost", true),
            (&["lab.example"], EVERYWHERE, "evil.example", false),
            (&["lab.example"], EVERYWHERE, "10.0.0.1", true),
        ] {
            let authority = Authority::parse(host).expect(host);
            let found = named(names).allow(&authority, Some(listener));
            assert_eq!(found, expected, "{names:?} at {listener}: {host}");
        }
        let evil = Authority::parse("evil.example").expect("an authority");
        assert!(AllowedHosts::Any.allow(&evil, Some(LOOPBACK)));
    }

    #[test]
    fn a_port_that_is_not_named_is_the_default_one() {
        for (one, other, expected) in [
            ("a:80", "a", true),
            ("A", "a:80", true),
            ("a", "a", true),
            ("a:81", "a", false),
            ("a", "b", false),
        ] {
            let parse = |text| Authority::parse(text).expect("an authority");
            assert_eq!(parse(one).is_same(&parse(other), 80), expected, "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,30}") {
            let _ = Authority::parse(&text);
        }
    }
}
