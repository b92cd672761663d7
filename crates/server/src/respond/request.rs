//! A request as an engine hands it over, without its body.

use std::fmt::Display;
use std::net::IpAddr;
use std::str::FromStr;

use http::header::HOST;
use http::{Method, StatusCode, Version};
use pushbench_protocol::{Cursor, TopicName};

use super::fields::Fields;
use super::refusal::Refusal;

/// The head of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'r, F: ?Sized> {
    pub(crate) method: &'r Method,
    /// The path of its target, as sent.
    pub(crate) path: &'r str,
    /// The query of its target, without the question mark; empty if there is none.
    pub(crate) query: &'r str,
    /// The authority of its target: of the request line, or `:authority`.
    pub(crate) authority: Option<&'r str>,
    pub(crate) version: Version,
    /// `:protocol` of an extended CONNECT (RFC 8441, section 4).
    pub(crate) protocol: Option<&'r str>,
    pub(crate) fields: &'r F,
    /// Where the connection was accepted, if on a socket.
    pub(crate) listener: Option<IpAddr>,
}

impl<F: Fields + ?Sized> Request<'_, F> {
    /// The host that it is for, as `Host` or else `:authority` says.
    pub(super) fn host(&self) -> Option<&str> {
        let is_by_fields = self.version > Version::HTTP_11 && !self.fields.has(&HOST);
        match self.authority {
            Some(authority) if is_by_fields => Some(authority),
            _ => self.fields.only(&HOST),
        }
    }

    /// The topic of `/topics/{topic}/...`.
    pub(super) fn topic(&self) -> Result<TopicName, Refusal> {
        TopicName::new(self.topic_part())
            .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error))
    }

    /// The name of the same, where it is not kept.
    pub(super) fn topic_name(&self) -> Result<&str, Refusal> {
        TopicName::check(self.topic_part())
            .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error))
    }

    fn topic_part(&self) -> &str {
        self.path.split('/').nth(2).unwrap_or_default()
    }

    /// The cursor of `?after=`; `None` if there is none.
    pub(super) fn after(&self) -> Result<Option<Cursor>, Refusal> {
        self.parameter("after")
    }

    /// A parameter of the query; `None` if there is none.
    pub(super) fn parameter<T>(&self, name: &str) -> Result<Option<T>, Refusal>
    where
        T: FromStr<Err: Display>,
    {
        let mut pairs = self.query.split('&');
        pairs
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
            .map(str::parse)
            .transpose()
            .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error))
    }
}
