//! The one route: it asks what becomes of a request, and obeys.

use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request as Received, State};
use bytes::Bytes;
use h2::ext::Protocol;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use http::{Version, uri};
use http_body_util::BodyExt;
use hyper::body::Body as _;

use super::app::{App, HttpConnection, Takeover};
use super::content::Answer;
use super::headers::Body as Content;
use super::{answer, pieces};
use crate::books::Connection;
use crate::deadline::Order;
use crate::hub::TopicId;
use crate::respond::{
    self, Decided, Decision, LongPoll, PollResponse, Polled, Publish, Refusal, Request, Response,
    respond,
};
use crate::streaming::Begun;

/// Every path is looked at by [`respond`], so that all engines have the same.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new().fallback(route).with_state(app)
}

async fn route(State(app): State<Arc<App>>, received: Received) -> Answer {
    let (parts, body) = received.into_parts();
    let http: &Arc<HttpConnection> =
        parts.extensions.get().expect("every request carries its connection");
    let Decided { class, decision } = respond(
        &app.rules,
        &Request {
            method: &parts.method,
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            authority: parts.uri.authority().map(uri::Authority::as_str),
            version: parts.version,
            protocol: parts.extensions.get().map(Protocol::as_str),
            fields: &parts.headers,
            listener: http.listener,
        },
        &*app.exchange,
        app.clock.now(),
    );
    if let Some(class) = class {
        http.connection.classify(class);
    }
    match decision {
        // Whoever waits keeps no more of the request than it needs, and those who do not wait need
        // no room for it.
        Decision::Publish(publish) => {
            let http = Arc::clone(http);
            drop(parts);
            Box::pin(receive(&app, &http.connection, publish, body)).await
        }
        Decision::Wait { topic, then } => {
            let http = Arc::clone(http);
            drop((parts, body));
            Box::pin(hold(&app, &http.connection, topic, then)).await
        }
        Decision::Subscribe(stream) => {
            let takeover = begin(&app, parts.version, &stream);
            let http = Arc::clone(http);
            drop((parts, body));
            http.take_over(takeover);
            // The connection's task sees it as soon as this future has been polled, and drops it.
            pending().await
        }
        Decision::Upgrade(upgrade) => {
            let answer = answer::upgrade(&upgrade);
            let reader = app.exchange.reader(upgrade.subscription.place.topic());
            http.take_over(Takeover::WebSocket(upgrade, reader));
            answer
        }
        Decision::Report(report) => {
            let limit = app.rules.limits.connections;
            send(&app, report.page(&app.stats(), &app.exchange.levels(), limit))
        }
        Decision::Respond(response) => send(&app, response),
        Decision::Refuse(refusal) => refuse(&app, refusal),
    }
}

/// Counts a refusal, and puts it in an answer.
fn refuse(app: &App, refusal: Refusal) -> Answer {
    app.books.refuse(refusal.status.as_u16());
    answer::refusal(refusal)
}

fn send(app: &App, response: Response) -> Answer {
    match response {
        Response::Page { content_type, content } => answer::page(content_type, content),
        Response::Poll(PollResponse { status, content, mark }) => match content {
            respond::Content::Whole { bytes, is_coded } => {
                app.headers.answer(status, Content { bytes, is_coded }, mark)
            }
            respond::Content::Pieces(pieces) => {
                let nothing = Content { bytes: Bytes::new(), is_coded: false };
                let mut answer = app.headers.answer(status, nothing, mark);
                // In its place: the map keeps the order of first insertion.
                let len = HeaderValue::from(pieces.bytes);
                answer.headers_mut().insert(CONTENT_LENGTH, len);
                let reader = app.exchange.reader(pieces.topic);
                *answer.body_mut() = pieces::body(reader, Arc::clone(&app.books), pieces);
                answer
            }
        },
    }
}

/// What a stream begins with.
fn begin(app: &App, version: Version, stream: &respond::Stream) -> Takeover {
    let (kind, mark, is_coded) = (stream.kind, stream.subscription.mark(), stream.coding.is_some());
    let (head, fields) = match version {
        Version::HTTP_2 => (Bytes::new(), app.headers.stream_fields(kind, mark, is_coded)),
        _ => (app.headers.stream(kind, mark, is_coded), HeaderMap::new()),
    };
    let place = stream.subscription.place.clone();
    let reader = app.exchange.reader(place.topic());
    let (has_heartbeat, coding) = (stream.has_heartbeat, stream.coding);
    Takeover::Stream(Begun { head, has_heartbeat, coding, place, reader }, fields)
}

/// Holds a poll: a place in its topic's list of waiters, and one timer. When the client closes, this
/// future is dropped.
async fn hold(app: &App, connection: &Connection, topic: TopicId, then: LongPoll) -> Answer {
    let reader = app.exchange.reader(topic);
    let mut timer = pin!(tokio::time::sleep(then.until.since(app.clock.now())));
    let mut then = then;
    loop {
        let mut published = pin!(Arc::clone(&reader.published).notified_owned());
        let now = app.clock.now();
        if connection.order() >= Order::GoAway {
            then.until = now;
        }
        then = match then.again(&app.rules, &*app.exchange, topic, now) {
            Polled::Wait { then, .. } => then,
            Polled::Answer(response) => return send(app, response),
        };
        let _held = connection.wait();
        poll_fn(|cx| {
            let is_going = connection.order() >= Order::GoAway;
            let goes_on =
                published.as_mut().poll(cx).is_ready() || timer.as_mut().poll(cx).is_ready();
            if is_going || goes_on { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Reads a body and publishes it.
async fn receive(app: &App, connection: &Connection, publish: Publish, body: Body) -> Answer {
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
async fn whole(
    mut body: Body,
    publish: &Publish,
    connection: &Connection,
) -> Result<Vec<u8>, Refusal> {
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
