//! The server: HTTP/1.1 on a port of its own, on a thread of its own.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::watch;

use crate::hub::{Hub, Seen};
use crate::script::{Carrier, Script};
use crate::socket;
use crate::stage::{Body, Stage};
use crate::text::{Found, Text};
use crate::transcript;

/// A server that plays a transcript until it is dropped.
#[derive(Debug)]
pub struct Replay {
    port: u16,
    stage: Arc<Stage>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Replay {
    /// Starts a server of that name among the adapters' transcripts, see [`start`](Self::start).
    ///
    /// # Panics
    ///
    /// If there is no such transcript, it cannot be played, or there is no port to be had.
    pub fn of_transcript(name: &str, every: Duration) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../adapter/tests/exchanges");
        let text = fs::read_to_string(folder.join(format!("{name}.txt"))).expect("a transcript");
        let script = Script::parse(name, &text).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self::start(script, every).expect("a port")
    }

    /// Starts a server on a free port of the loopback interface; every `every` it sends its heartbeats.
    ///
    /// # Errors
    ///
    /// If there is no port or no thread to be had.
    pub fn start(script: Script, every: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let stage = Arc::new(Stage { script, hub: Hub::default(), every });
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let played = Arc::clone(&stage);
        let thread = std::thread::Builder::new().name("replay".to_owned()).spawn(move || {
            runtime.block_on(serve(listener, played, stopped));
        })?;
        Ok(Self { port, stage, stop, thread: Some(thread) })
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What clients did so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.stage.hub.seen()
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        // A panic of the thread is shown by the thread.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Takes connections until it is to stop; their tasks end with the runtime.
async fn serve(listener: TcpListener, stage: Arc<Stage>, mut stopped: watch::Receiver<bool>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("it is non-blocking");
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => return stage.hub.note(|seen| seen.unexpected.push(error.to_string())),
            },
            _ = stopped.wait_for(|stop| *stop) => return,
        };
        // A message is one write, and is not to wait for the acknowledgement of the last.
        let _ = stream.set_nodelay(true);
        let stage = Arc::clone(&stage);
        tokio::spawn(async move {
            let respond = service_fn(|request| respond(Arc::clone(&stage), request));
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), respond)
                .with_upgrades();
            // A client may close whenever it likes.
            let _ = connection.await;
        });
    }
}

async fn respond(
    stage: Arc<Stage>,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let body = match request.body_mut().collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return Ok(refuse(&stage, &request, &error.to_string())),
    };
    let script = &stage.script;
    for exchange in &script.exchanges {
        let Some(found) = find(&exchange.request, &request, &body) else { continue };
        if exchange.publishes {
            stage.hub.publish(&found);
        }
        return Ok(response_of(&exchange.response, &found));
    }
    let opened = script.opens.iter().find_map(|open| find(open, &request, &body));
    let Some(found) = opened else {
        let body = String::from_utf8_lossy(&body).into_owned();
        return Ok(refuse(&stage, &request, &body));
    };
    Ok(match script.carrier {
        Carrier::WebSocket => match socket::upgrade(Arc::clone(&stage), &mut request, found) {
            Some(response) => response,
            None => refuse(&stage, &request, "no upgrade to WebSocket"),
        },
        Carrier::Body(kind) => {
            let response = Response::builder().header("Content-Type", kind);
            response.body(socket::body(&stage, &found)).expect("a header that is right")
        }
    })
}

/// What varies in a request that is like the transcript's.
fn find(wanted: &transcript::Request, request: &Request<Incoming>, body: &[u8]) -> Option<Found> {
    if wanted.method != request.method().as_str() {
        return None;
    }
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let mut found = wanted.url.find(path.as_bytes())?;
    found.extend(headers(&wanted.headers, request.headers())?);
    found.extend(wanted.body.find(body)?);
    Some(found)
}

fn headers(wanted: &[(String, Text)], headers: &HeaderMap) -> Option<Found> {
    let mut all = Found::new();
    for (name, text) in wanted {
        all.extend(headers.get_all(name).iter().find_map(|value| text.find(value.as_bytes()))?);
    }
    Some(all)
}

fn response_of(response: &transcript::Response, found: &Found) -> Response<Body> {
    let mut built = Response::builder().status(response.status);
    for (name, value) in &response.headers {
        built = built.header(name, value.fill(found));
    }
    built.body(full(response.body.fill(found))).expect("a transcript's headers are right")
}

/// What the transcript does not have is told to the client and kept.
fn refuse(stage: &Stage, request: &Request<Incoming>, why: &str) -> Response<Body> {
    let name = &stage.script.name;
    let said = format!("{} {} | | {why}", request.method(), request.uri());
    let mut response = Response::new(full(format!("{name} has no line `> {said}`").into_bytes()));
    *response.status_mut() = StatusCode::NOT_FOUND;
    stage.hub.note(|seen| seen.unexpected.push(said));
    response
}

fn full(bytes: Vec<u8>) -> Body {
    Full::new(Bytes::from(bytes)).boxed()
}
