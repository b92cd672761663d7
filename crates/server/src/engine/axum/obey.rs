//! What becomes of a request: it asks [`respond`], and obeys.
//!
//! Every path is looked at by [`respond`], so that all engines have the same, and a router before it
//! would have one route and no choice. What is at hand is answered on the spot, without a future of
//! its own in memory; what takes time is boxed.

use std::fmt::Display;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use http::{Method, StatusCode, Version, uri};
use http_body_util::BodyExt;
use hyper::body::Body as HttpBody;

use super::app::App;
use super::content::Answer;
use super::headers::Body as Content;
use super::{answer, pieces};
use crate::books::Connection;
use crate::exchange::Reader;
use crate::holding::hold;
use crate::pieces::PieceSource;
use crate::respond::{
    self, Decided, Decision, PollResponse, Publish, Refusal, Request, Response, Upgrade, respond,
};
use crate::streaming::Begun;

/// The protocol that a CONNECT asks for (RFC 8441), among the extensions of a request whose carrier has such.
#[derive(Clone, Debug)]
pub(super) struct AskedProtocol(pub(super) Box<str>);

/// What is to be done about a request.
pub(super) enum Obeyed {
    /// Send this.
    Made(Made),
    /// Send what this comes to. Whoever waits keeps no more of the request than it needs.
    Later(Pin<Box<dyn Future<Output = Made> + Send>>),
    /// Send this, and go on with a session.
    Upgrade(Answer, Box<(Upgrade, Reader)>),
    /// Go on with a session: where HTTP/1.1 carries it, it writes the head itself, and else the
    /// head is these fields.
    Stream(Box<Begun>, HeaderMap),
}

/// A response.
pub(super) struct Made {
    pub(super) answer: Answer,
    /// Whether its content is at hand, all of it.
    pub(super) is_whole: bool,
}

/// Obeys what is decided about a request that came on this connection, which was accepted at
/// `listener`, if on a socket.
pub(super) fn obey<B>(
    app: &Arc<App>,
    connection: &Arc<Connection>,
    listener: Option<IpAddr>,
    received: http::Request<B>,
) -> Obeyed
where
    B: HttpBody<Data = Bytes, Error: Display> + Send + Unpin + 'static,
{
    let (parts, body) = received.into_parts();
    let Decided { class, decision } = respond(
        &app.rules,
        &Request {
            method: &parts.method,
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            authority: parts.uri.authority().map(uri::Authority::as_str),
            version: parts.version,
            protocol: parts.extensions.get().map(|AskedProtocol(name)| &**name),
            fields: &parts.headers,
            listener,
        },
        &*app.exchange,
        app.clock.now(),
    );
    if let Some(class) = class {
        connection.classify(class);
    }
    let is_head = parts.method == Method::HEAD;
    let made = match decision {
        Decision::Publish(publish) => {
            let (app, connection) = (Arc::clone(app), Arc::clone(connection));
            return Obeyed::Later(Box::pin(async move {
                receive(&app, &connection, publish, body).await.for_request(is_head)
            }));
        }
        Decision::Wait { topic, then } => {
            // Made here: the future may be dropped before it is polled.
            let waiting = (app.exchange.reader(topic), then);
            let (app, connection) = (Arc::clone(app), Arc::clone(connection));
            return Obeyed::Later(Box::pin(async move {
                let held = hold(&app.rules, app.clock, &connection, waiting);
                send(&app, held.await).for_request(is_head)
            }));
        }
        Decision::Subscribe(stream) => {
            let (begun, fields) = begin(app, parts.version, &stream);
            return Obeyed::Stream(Box::new(begun), fields);
        }
        Decision::Upgrade(upgrade) => {
            let answer = answer::upgrade(&upgrade);
            let reader = app.exchange.reader(upgrade.subscription.place.topic());
            return Obeyed::Upgrade(answer, Box::new((upgrade, reader)));
        }
        Decision::Report(report) => {
            let limit = app.rules.limits.connections;
            send(app, report.page(&app.stats(), &app.exchange.levels(), limit))
        }
        Decision::Respond(response) => send(app, response),
        Decision::Refuse(refusal) => refuse(app, refusal),
    };
    Obeyed::Made(made.for_request(is_head))
}

impl Made {
    fn whole(answer: Answer) -> Self {
        Self { answer, is_whole: true }
    }

    /// Says how long the content is, where nothing has said so yet, and leaves it out of the response
    /// to a HEAD.
    fn for_request(mut self, is_head: bool) -> Self {
        // No content has no length, not even to a HEAD, of which the library would write it (RFC
        // 9110, section 8.6).
        let never = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED];
        if !never.contains(&self.answer.status())
            && !self.answer.headers().contains_key(CONTENT_LENGTH)
            && let Some(len) = self.answer.body().size_hint().exact()
        {
            self.answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(len));
        }
        if is_head {
            *self.answer.body_mut() = Body::empty();
            self.is_whole = true;
        }
        self
    }
}

/// Counts a refusal, and puts it in an answer.
fn refuse(app: &App, refusal: Refusal) -> Made {
    app.books.refuse(refusal.status.as_u16());
    Made::whole(answer::refusal(refusal))
}

fn send(app: &App, response: Response) -> Made {
    match response {
        Response::Page { content_type, content } => {
            Made::whole(answer::page(content_type, content))
        }
        Response::Poll(PollResponse { status, content, mark }) => match content {
            respond::Content::Whole { bytes, is_coded } => {
                Made::whole(app.headers.answer(status, Content { bytes, is_coded }, mark))
            }
            respond::Content::Pieces(pieces) => {
                let len = pieces.bytes;
                let reader = app.exchange.reader(pieces.topic);
                let body = pieces::body(PieceSource::new(reader, Arc::clone(&app.books), pieces));
                let answer = app.headers.answer_of(status, (body, len), false, mark);
                Made { answer, is_whole: false }
            }
        },
    }
}

/// What a stream begins with.
fn begin(app: &App, version: Version, stream: &respond::Stream) -> (Begun, HeaderMap) {
    let (kind, mark, is_coded) = (stream.kind, stream.subscription.mark(), stream.coding.is_some());
    // What came later than HTTP/1.1 sends fields, and not a head that is text.
    let (head, fields) = match version > Version::HTTP_11 {
        true => (Bytes::new(), app.headers.stream_fields(kind, mark, is_coded)),
        false => (app.headers.stream(kind, mark, is_coded), HeaderMap::new()),
    };
    let place = stream.subscription.place.clone();
    let reader = app.exchange.reader(place.topic());
    let (has_heartbeat, coding) = (stream.has_heartbeat, stream.coding);
    (Begun { head, has_heartbeat, coding, place, reader }, fields)
}

/// Reads a body and publishes it.
async fn receive<B>(app: &App, connection: &Connection, publish: Publish, body: B) -> Made
where
    B: HttpBody<Data = Bytes, Error: Display> + Unpin,
{
    let read = tokio::time::timeout(publish.within, whole(body, &publish, connection)).await;
    let taken = read
        .unwrap_or_else(|_| Err(Publish::too_slow()))
        .and_then(|payload| Publish::outcome(app.exchange.publish_to(&publish.topic, &payload)));
    match taken {
        Ok(response) => send(app, response),
        Err(refusal) => refuse(app, refusal),
    }
}

/// Room for a body before any of it has come.
const FIRST_ROOM: usize = 64 * 1024;

/// Reads a body up to its limit.
async fn whole<B>(
    mut body: B,
    publish: &Publish,
    connection: &Connection,
) -> Result<Vec<u8>, Refusal>
where
    B: HttpBody<Data = Bytes, Error: Display> + Unpin,
{
    let limit = publish.most_bytes;
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(publish.too_large());
    }
    // What is announced and does not come takes no memory.
    let mut payload = Vec::with_capacity(announced.min(FIRST_ROOM));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(Publish::broken_off)?;
        // What has come is no head that dawdles.
        connection.understood();
        if let Ok(data) = frame.into_data() {
            if payload.len() + data.len() > limit {
                return Err(publish.too_large());
            }
            payload.extend_from_slice(&data);
        }
    }
    connection.understood();
    Ok(payload)
}
