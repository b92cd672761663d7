//! Responses that do not end: `GET /topics/{topic}/events` (server-sent events) and
//! `GET /topics/{topic}/stream?after=CURSOR` (lines), both chunked.

use http::header::ALLOW;
use http::{HeaderName, Method, StatusCode, Version};
use pushbench_protocol::headers::StreamKind;
use pushbench_protocol::{ConnectionClass, Cursor, StreamCoding};

use super::fields::Fields;
use super::refusal::Refusal;
use super::request::Request;
use super::rules::Rules;
use super::subscription::Subscription;
use crate::hub::{Format, Hubs};

/// Where an event source says what it has seen (HTML, section 9.2).
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// A response that is to begin and not to end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Stream {
    pub(crate) kind: StreamKind,
    /// Whether it is told that the server lives while there is no news.
    pub(crate) has_heartbeat: bool,
    /// How it is compressed, if it is.
    pub(crate) coding: Option<StreamCoding>,
    pub(crate) subscription: Subscription,
}

impl Stream {
    /// What a connection is for that carries it.
    pub(super) fn class(&self) -> ConnectionClass {
        match self.kind {
            StreamKind::Events => ConnectionClass::Sse,
            StreamKind::Lines => ConnectionClass::Stream,
        }
    }
}

pub(super) fn stream<F: Fields + ?Sized>(
    rules: &Rules,
    request: &Request<'_, F>,
    kind: StreamKind,
    hubs: &impl Hubs,
) -> Result<Stream, Refusal> {
    if request.version < Version::HTTP_11 {
        let reason = "the request is HTTP/1.0, which has no chunked responses";
        return Err(Refusal::new(StatusCode::HTTP_VERSION_NOT_SUPPORTED, reason));
    }
    if request.method != Method::GET {
        let reason = format!("a stream takes no {}", request.method);
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, reason).with(ALLOW, "GET"));
    }
    let topic = request.topic()?;
    let seen = match kind {
        StreamKind::Events => last_event_id(request.fields)?,
        StreamKind::Lines => None,
    };
    let after = match seen {
        Some(seen) => seen,
        None => request.after()?.unwrap_or(Cursor::NOW),
    };
    // Only events have comments.
    let (format, has_heartbeat) = match kind {
        StreamKind::Events => (Format::Event, rules.has_heartbeat),
        StreamKind::Lines => (Format::Line, false),
    };
    let subscription = Subscription::begin(hubs, &topic, after, format)?;
    let coding = rules.stream_compression.filter(|offered| {
        let name = offered.coding().content_coding();
        name.is_some_and(|name| request.fields.accept_coding(name))
    });
    Ok(Stream { kind, has_heartbeat, coding, subscription })
}

/// What an event source that comes back has seen; it wins over the address, which is that of its
/// first visit.
fn last_event_id<F: Fields + ?Sized>(fields: &F) -> Result<Option<Cursor>, Refusal> {
    fields
        .first(&LAST_EVENT_ID)
        .map(|value| {
            Cursor::decode(value).ok_or_else(|| {
                let reason = "`Last-Event-ID` is no cursor of this server";
                Refusal::new(StatusCode::BAD_REQUEST, reason)
            })
        })
        .transpose()
}
