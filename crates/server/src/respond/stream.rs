//! Answers that do not end: `GET /topics/{topic}/events` (server-sent events) and
//! `GET /topics/{topic}/stream?after=CURSOR` (lines), both chunked.

use std::sync::Arc;

use axum::extract::{Request, State};
use bytes::Bytes;
use http::header::ALLOW;
use http::{HeaderMap, HeaderName, Method, StatusCode, Version};
use pushbench_protocol::heads::{AnswerMark, StreamKind};
use pushbench_protocol::{ConnectionClass, Cursor, StreamCoding};

use super::accept_encoding::accepts;
use super::{App, Takeover, after, connection, topic_name};
use crate::engine::axum::answer::{Answer, Refusal};
use crate::exchange::Subscription;
use crate::hub::Format;

/// Where an event source says what it has seen (HTML, section 9.2).
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// A stream that has been subscribed to and not yet begun.
#[derive(Debug)]
pub(crate) struct Stream {
    /// As HTTP/1.1 has it; empty on HTTP/2.
    pub(crate) head: Bytes,
    /// As HTTP/2 has it; empty on HTTP/1.1.
    pub(crate) fields: HeaderMap,
    /// Whether it is told that the server lives while there is no news.
    pub(crate) has_heartbeat: bool,
    /// How it is compressed, if it is.
    pub(crate) coding: Option<StreamCoding>,
    pub(crate) subscription: Subscription,
}

pub(super) async fn events(State(app): State<Arc<App>>, request: Request) -> Answer {
    take_over(&app, request, StreamKind::Events).await
}

pub(super) async fn lines(State(app): State<Arc<App>>, request: Request) -> Answer {
    take_over(&app, request, StreamKind::Lines).await
}

/// Hands the connection to a session that answers in place of the HTTP library.
async fn take_over(app: &App, request: Request, kind: StreamKind) -> Answer {
    let http = Arc::clone(connection(&request));
    let begun = begin(app, &request, kind);
    drop(request);
    match begun {
        Err(refusal) => app.refuse(refusal),
        Ok(stream) => {
            http.connection.classify(match kind {
                StreamKind::Events => ConnectionClass::Sse,
                StreamKind::Lines => ConnectionClass::Stream,
            });
            http.take_over(Takeover::Stream(stream));
            // The connection's task sees it as soon as this future has been polled, and drops it.
            std::future::pending().await
        }
    }
}

fn begin(app: &App, request: &Request, kind: StreamKind) -> Result<Stream, Refusal> {
    if request.version() < Version::HTTP_11 {
        let reason = "the request is HTTP/1.0, which has no chunked answers";
        return Err(Refusal::new(StatusCode::HTTP_VERSION_NOT_SUPPORTED, reason));
    }
    if request.method() != Method::GET {
        let reason = format!("a stream takes no {}", request.method());
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, reason).with(ALLOW, "GET"));
    }
    let topic = topic_name(request)?;
    let seen = match kind {
        StreamKind::Events => last_event_id(request)?,
        StreamKind::Lines => None,
    };
    let after = match seen {
        Some(seen) => seen,
        None => after(request)?.unwrap_or(Cursor::NOW),
    };
    // Only events have comments.
    let (format, has_heartbeat) = match kind {
        StreamKind::Events => (Format::Event, app.has_heartbeat),
        StreamKind::Lines => (Format::Line, false),
    };
    let subscription = app
        .exchange
        .subscribe(&topic, after, format)
        .map_err(|error| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error))?;
    let mark = AnswerMark { cursor: Some(subscription.cursor), tag: None, gap: subscription.gap };
    let coding = app.stream_compression.filter(|offered| {
        offered.coding().content_coding().is_some_and(|name| accepts(request.headers(), name))
    });
    let (head, fields) = match request.version() {
        Version::HTTP_2 => (Bytes::new(), app.heads.stream_fields(kind, mark, coding.is_some())),
        _ => (app.heads.stream(kind, mark, coding.is_some()), HeaderMap::new()),
    };
    Ok(Stream { head, fields, has_heartbeat, coding, subscription })
}

/// What an event source that comes back has seen; it wins over the address, which is that of its
/// first visit.
fn last_event_id(request: &Request) -> Result<Option<Cursor>, Refusal> {
    request
        .headers()
        .get(LAST_EVENT_ID)
        .map(|value| {
            Cursor::decode(value.as_bytes()).ok_or_else(|| {
                let reason = "`Last-Event-ID` is no cursor of this server";
                Refusal::new(StatusCode::BAD_REQUEST, reason)
            })
        })
        .transpose()
}
