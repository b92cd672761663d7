//! What the lab serves itself: the files of the page and the requests of its scripts.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Extension, Json, Router};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, ORIGIN,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, StatusCode};
use pushbench_protocol::authority::is_origin_of;
use pushbench_protocol::{ClassStats, ConnectionClass, clock};
use serde::{Deserialize, Serialize};

use crate::backend::{Backend, Ending};
use crate::books::{Book, Headers};
use crate::page::File;
use crate::publisher::publish;
use crate::relay::Peer;
use crate::session::{Published, Session, SessionError, Sessions, Settings};

/// Nothing but the lab's own files and connections, and no script within the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The classes that pass through a relay for a page.
const WATCHED: [ConnectionClass; 4] = [
    ConnectionClass::ShortPoll,
    ConnectionClass::LongPoll,
    ConnectionClass::Sse,
    ConnectionClass::WebSocket,
];

#[derive(Clone)]
struct App {
    backend: Arc<Backend>,
    sessions: Arc<Sessions>,
    ports: Ports,
}

/// Where the lab listens, so that the page finds its other half.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Ports {
    pub(crate) plain: u16,
    /// Over TLS; absent where there is none.
    pub(crate) secure: Option<u16>,
}

/// Every route of the page.
pub(crate) fn router(backend: Arc<Backend>, sessions: Arc<Sessions>, ports: Ports) -> Router {
    Router::new()
        .route("/", get(|| file("index.html")))
        .route("/teachers", get(|| file("teachers.html")))
        .route("/lab/{name}", get(|Path(name): Path<String>| async move { file(&name).await }))
        .route("/lab/api/clock", get(time))
        .route("/lab/api/ports", get(|State(app): State<App>| async move { Json(app.ports) }))
        .route("/lab/api/sessions/{id}", put(set).get(look))
        .route("/lab/api/sessions/{id}/headers", get(headers))
        .route("/lab/api/balance", get(balance))
        .route("/lab/api/server", post(command))
        .fallback(|request: Request| async move {
            (StatusCode::NOT_FOUND, format!("there is nothing at {}\n", request.uri().path()))
        })
        .layer(from_fn(guard))
        .with_state(App { backend, sessions, ports })
}

/// Lets pages of other hosts change nothing, and says what a browser may do with the response.
async fn guard(request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_safe && !is_own(request.headers()) {
        return (StatusCode::FORBIDDEN, "pages of another host may not do this\n").into_response();
    }
    let mut response = next.run(request).await;
    let fields = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ] {
        fields.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether a request comes from a page of this lab, or from no page at all.
fn is_own(fields: &HeaderMap) -> bool {
    let Some(origin) = fields.get(ORIGIN) else { return true };
    let host = fields.get(HOST).and_then(|host| host.to_str().ok());
    origin.to_str().ok().zip(host).is_some_and(|(origin, host)| is_origin_of(origin, host))
}

async fn file(name: &str) -> Response {
    match File::find(name) {
        Some(file) => ([(CONTENT_TYPE, file.content_type())], file.content).into_response(),
        None => (StatusCode::NOT_FOUND, format!("there is no file {name}\n")).into_response(),
    }
}

/// The clock in which due times stand. A JavaScript number holds whole nanoseconds of it for 104
/// days, and then to a few.
#[derive(Serialize)]
struct Time {
    now_ns: u64,
}

async fn time() -> Json<Time> {
    Json(Time { now_ns: clock::now().as_nanos() })
}

/// What a page sees of its session.
#[derive(Serialize)]
struct Look {
    topic: String,
    settings: Settings,
    server_runs: bool,
    published: Published,
    books: BTreeMap<ConnectionClass, Book>,
}

impl Look {
    fn at(session: &Session, backend: &Backend) -> Self {
        Self {
            topic: session.topic.to_string(),
            settings: *session.settings.borrow(),
            server_runs: backend.address().is_some(),
            published: session.published(),
            books: session.books(),
        }
    }
}

async fn set(
    State(app): State<App>,
    Path(id): Path<String>,
    Json(settings): Json<Settings>,
) -> Result<Json<Look>, (StatusCode, String)> {
    let backend = Arc::clone(&app.backend);
    let start =
        |session, settings| tokio::spawn(publish(session, settings, backend)).abort_handle();
    let session = app.sessions.set(&id, settings, clock::now(), start).map_err(|error| {
        let status = match error {
            SessionError::Id { .. } | SessionError::OutOfRange { .. } => StatusCode::BAD_REQUEST,
            SessionError::Full => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, error.to_string())
    })?;
    Ok(Json(Look::at(&session, &app.backend)))
}

async fn look(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Look>, StatusCode> {
    let session = app.sessions.visit(&id, clock::now()).ok_or(StatusCode::NOT_FOUND)?;
    Ok(Json(Look::at(&session, &app.backend)))
}

async fn headers(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<BTreeMap<ConnectionClass, Headers>>, StatusCode> {
    let session = app.sessions.find(&id).ok_or(StatusCode::NOT_FOUND)?;
    let books = session.books();
    Ok(Json(books.into_iter().map(|(class, book)| (class, book.headers)).collect()))
}

/// The relays' sums beside the server's own, since it started. They are read one after the other:
/// while bytes are on their way, they may differ.
#[derive(Serialize)]
struct Balance {
    relayed: BTreeMap<ConnectionClass, Sums>,
    server: BTreeMap<ConnectionClass, Sums>,
}

#[derive(Serialize)]
struct Sums {
    up: u64,
    down: u64,
}

async fn balance(State(app): State<App>) -> Result<Json<Balance>, (StatusCode, &'static str)> {
    let none = (StatusCode::SERVICE_UNAVAILABLE, "the server does not run");
    let (_, carried) = app.backend.life().ok_or(none)?;
    let stats = app.backend.stats().await.ok_or(none)?;
    let server = |class| {
        let ClassStats { received_bytes, sent_bytes, .. } =
            stats.connections.get(&class).copied().unwrap_or_default();
        Sums { up: received_bytes, down: sent_bytes }
    };
    let relayed = |class| {
        let counters = &carried[&class];
        Sums { up: counters.bytes_written(), down: counters.bytes_read() }
    };
    Ok(Json(Balance {
        relayed: WATCHED.iter().map(|&class| (class, relayed(class))).collect(),
        server: WATCHED.iter().map(|&class| (class, server(class))).collect(),
    }))
}

/// What is to become of the server.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Start,
    Stop,
    Kill,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Command {
    action: Action,
}

/// All pages share the server, so only those on its own machine may end it.
async fn command(
    State(app): State<App>,
    Extension(Peer(peer)): Extension<Peer>,
    Json(Command { action }): Json<Command>,
) -> Result<StatusCode, (StatusCode, String)> {
    if !peer.is_loopback() {
        let reason = "only a page on the lab's own machine may start and stop the server";
        return Err((StatusCode::FORBIDDEN, reason.to_owned()));
    }
    match action {
        Action::Stop => app.backend.end(Ending::Stop).await,
        Action::Kill => app.backend.end(Ending::Kill).await,
        Action::Start => app
            .backend
            .start()
            .await
            .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?,
    }
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_another_host_is_not_our_own() {
        for (host, origin, expected) in [
            ("127.0.0.1:8090", None, true),
            ("127.0.0.1:8090", Some("http://127.0.0.1:8090"), true),
            ("127.0.0.1:8090", Some("http://127.0.0.1:8091"), false),
            ("127.0.0.1:8090", Some("http://evil.example"), false),
            ("127.0.0.1:8090", Some("null"), false),
            ("localhost:80", Some("http://localhost"), true),
            ("localhost", Some("https://localhost:443"), true),
        ] {
            let mut fields = HeaderMap::from_iter([(HOST, host.parse().expect("a value"))]);
            if let Some(origin) = origin {
                fields.insert(ORIGIN, origin.parse().expect("a value"));
            }
            assert_eq!(is_own(&fields), expected, "{origin:?}");
        }
    }
}
