//! What the server answers over HTTP: each route checks, asks the exchange, and obeys.

mod accept_encoding;
pub(crate) mod admission;
pub(crate) mod bodies;
mod control;
pub(crate) mod heads;
mod long_poll;
mod metrics;
mod poll;
mod publish;
mod stream;
mod upgrade;

use std::fmt::Display;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::{Request, State};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode};
use pushbench_protocol::paths::{ENDS, HEALTHZ, KAAZING_POLL, METRICS, STATS};
use pushbench_protocol::{AllowedHosts, Cursor, StreamCoding, TopicName};

use crate::books::{Books, Connection};
use crate::config::{DeflateLimits, Limits};
use crate::engine::axum::answer::{Answer, Refusal};
use crate::exchange::Exchange;
use crate::hub::PollSettings;
use bodies::Bodies;
use heads::Heads;
pub(crate) use stream::Stream;
pub(crate) use upgrade::Upgrade;

/// What the routes of a server share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) books: Arc<Books>,
    pub(crate) heads: Heads,
    pub(crate) poll: PollSettings,
    pub(crate) has_heartbeat: bool,
    pub(crate) bodies: Bodies,
    pub(crate) stream_compression: Option<StreamCoding>,
    pub(crate) deflate: Option<DeflateLimits>,
    pub(crate) limits: Limits,
    pub(crate) hosts: AllowedHosts,
    pub(crate) publish_token: Option<String>,
    pub(crate) allowed_origins: Vec<String>,
}

/// A connection while it speaks HTTP; each of its requests carries it as an extension.
#[derive(Debug)]
pub(crate) struct HttpConnection {
    pub(crate) connection: Arc<Connection>,
    /// Set by the request that ended HTTP on this connection.
    takeover: Mutex<Option<Takeover>>,
}

/// What a connection goes on with once HTTP is done with it.
#[derive(Debug)]
pub(crate) enum Takeover {
    /// A WebSocket, once the HTTP library has written its 101.
    WebSocket(Upgrade),
    /// A chunked answer that does not end, its head not yet written.
    Stream(Stream),
}

impl Takeover {
    /// The fields of an answer that a session gives itself, on a stream where it cannot write them.
    pub(crate) fn take_fields(&mut self) -> HeaderMap {
        match self {
            Self::WebSocket(_) => HeaderMap::new(),
            Self::Stream(stream) => std::mem::take(&mut stream.fields),
        }
    }
}

impl HttpConnection {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self { connection, takeover: Mutex::new(None) }
    }

    /// Says what becomes of the connection.
    fn take_over(&self, takeover: Takeover) {
        *self.locked() = Some(takeover);
    }

    /// Whether a session is to answer in place of the HTTP library.
    pub(crate) fn is_streaming(&self) -> bool {
        matches!(*self.locked(), Some(Takeover::Stream(_)))
    }

    /// What becomes of the connection, if it is not closed.
    pub(crate) fn taken_over(&self) -> Option<Takeover> {
        self.locked().take()
    }

    fn locked(&self) -> MutexGuard<'_, Option<Takeover>> {
        self.takeover.lock().expect("nothing panics while it holds this")
    }
}

/// Every route.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/topics/{topic}/messages", post(publish::publish))
        .route("/topics/{topic}/poll", get(poll::poll))
        .route("/topics/{topic}/long-poll", get(long_poll::long_poll))
        .route(KAAZING_POLL, get(poll::kaazing_poll))
        .route("/topics/{topic}/events", get(stream::events))
        .route("/topics/{topic}/stream", get(stream::lines))
        .route("/topics/{topic}/ws", get(upgrade::upgrade).connect(upgrade::upgrade))
        .route(STATS, get(control::stats))
        .route(ENDS, get(control::ends))
        .route(HEALTHZ, get(control::healthz))
        .route(METRICS, get(metrics::metrics))
        .route("/", get(control::index))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app)
}

impl App {
    /// Counts a refusal and puts it in an answer.
    pub(crate) fn refuse(&self, refusal: Refusal) -> Answer {
        self.books.refuse(refusal.status.as_u16());
        refusal.into_answer()
    }

    fn answer(&self, answer: Result<Answer, Refusal>) -> Answer {
        answer.unwrap_or_else(|refusal| self.refuse(refusal))
    }
}

async fn unknown_path(State(app): State<Arc<App>>, request: Request) -> Answer {
    let reason = format!("there is nothing at {}", request.uri().path());
    app.refuse(Refusal::new(StatusCode::NOT_FOUND, reason))
}

async fn wrong_method(State(app): State<Arc<App>>, request: Request) -> Answer {
    let reason = format!("{} takes no {}", request.uri().path(), request.method());
    app.refuse(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, reason))
}

/// The connection that a request came on.
fn connection(request: &Request) -> &Arc<HttpConnection> {
    request.extensions().get().expect("every request carries its connection")
}

/// The topic of `/topics/{topic}/...`.
fn topic_name(request: &Request) -> Result<TopicName, Refusal> {
    let part = request.uri().path().split('/').nth(2).expect("the route has matched");
    TopicName::new(part).map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error))
}

/// Reads the target of a request as the routes of a topic do, for the fuzz targets.
pub(crate) fn fuzz_target(uri: http::Uri) {
    if uri.path().split('/').nth(2).is_some() {
        let mut request = Request::default();
        *request.uri_mut() = uri;
        let _ = topic_name(&request);
        let _ = after(&request);
        let _ = parameter::<pushbench_protocol::Hold>(&request, "hold");
    }
}

/// The cursor of `?after=`; `None` if there is none.
fn after(request: &Request) -> Result<Option<Cursor>, Refusal> {
    parameter(request, "after")
}

/// A parameter of the query; `None` if there is none.
fn parameter<T>(request: &Request, name: &str) -> Result<Option<T>, Refusal>
where
    T: FromStr<Err: Display>,
{
    let mut pairs = request.uri().query().unwrap_or_default().split('&');
    pairs
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        .map(str::parse)
        .transpose()
        .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error))
}
