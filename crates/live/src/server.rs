//! Serves what happens in a run over HTTP, on a thread of its own: a page, its events, metrics.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{self, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use futures_util::stream::{self, Stream};
use pushbench_protocol::{AllowedHosts, Authority};
use tokio::sync::{broadcast, oneshot};

use crate::board::Board;
use crate::event::Event;
use crate::metrics::metrics;

/// Events that a slow page may be behind before it gets the whole state again.
const BEHIND: usize = 64;

/// Why a run cannot be watched.
#[derive(Debug)]
pub enum LiveError {
    /// Others could reach the address.
    BeyondLoopback(SocketAddr),
    /// It cannot be listened on.
    Listen(SocketAddr, io::Error),
}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeyondLoopback(address) => write!(
                f,
                "{address} is not a loopback address, and whoever reaches it could watch the run: listen on \
                 127.0.0.1, and let others in through a proxy or a tunnel"
            ),
            Self::Listen(address, cause) => {
                write!(
                    f,
                    "cannot listen on {address}: {cause}; another port may be free, and port 0 takes one"
                )
            }
        }
    }
}

impl std::error::Error for LiveError {}

struct Shared {
    board: Mutex<Board>,
    told: broadcast::Sender<String>,
    listener: IpAddr,
}

impl Shared {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, and what is told after it. In one step: nothing between the two is lost or told twice.
    fn state_and_feed(&self) -> (String, broadcast::Receiver<String>) {
        let board = self.board();
        let told = self.told.subscribe();
        (json(&*board), told)
    }
}

/// A server that shows a run. Ends when it is dropped.
pub struct LiveServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl LiveServer {
    /// Listens; port 0 lets the system choose.
    ///
    /// # Errors
    ///
    /// If the address is beyond loopback, or cannot be listened on.
    pub fn start(address: SocketAddr) -> Result<Self, LiveError> {
        if !address.ip().is_loopback() {
            return Err(LiveError::BeyondLoopback(address));
        }
        let listen = || -> io::Result<(TcpListener, SocketAddr, tokio::runtime::Runtime)> {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            let local = listener.local_addr()?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            Ok((listener, local, runtime))
        };
        let (listener, local, runtime) =
            listen().map_err(|cause| LiveError::Listen(address, cause))?;
        let (told, _) = broadcast::channel(BEHIND);
        let shared = Arc::new(Shared { board: Mutex::default(), told, listener: local.ip() });
        let (end, ended) = oneshot::channel();
        let routes = routes(Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("live".to_owned())
            .spawn(move || {
                runtime.block_on(async move {
                    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                    // A page that stays open must not keep the program: what is open is dropped.
                    tokio::select! {
                        _ = axum::serve(listener, routes) => {}
                        _ = ended => {}
                    }
                });
            })
            .map_err(|cause| LiveError::Listen(address, cause))?;
        Ok(Self { address: local, shared, end: Some(end), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Shows one more event. Never waits for whoever watches.
    pub fn take(&self, event: &Event) {
        let mut board = self.shared.board();
        board.take(event);
        // Nobody may be watching.
        let _ = self.shared.told.send(json(event));
    }
}

impl Drop for LiveServer {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            let _ = end.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("plain values with names for keys")
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(async || Html(include_str!("page.html"))))
        .route("/events", get(events))
        .route("/state", get(state))
        .route("/metrics", get(scrape))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), admit))
        .with_state(shared)
}

/// Refuses a page of another name that resolves to this address (DNS rebinding).
async fn admit(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_ours = host
        .and_then(Authority::parse)
        .is_some_and(|authority| AllowedHosts::default().allow(&authority, Some(shared.listener)));
    if is_ours {
        return next.run(request).await;
    }
    let reason = "this page is reached as localhost or by a loopback address\n";
    (StatusCode::MISDIRECTED_REQUEST, reason).into_response()
}

async fn state(State(shared): State<Arc<Shared>>) -> Response {
    let (state, _) = shared.state_and_feed();
    ([(header::CONTENT_TYPE, "application/json")], state).into_response()
}

async fn scrape(State(shared): State<Arc<Shared>>) -> Response {
    let text = metrics(&shared.board());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

/// The state, then each event; the state again for whoever was too slow.
async fn events(
    State(shared): State<Arc<Shared>>,
) -> Sse<impl Stream<Item = Result<sse::Event, Infallible>>> {
    let first = shared.state_and_feed();
    let stream =
        stream::unfold((shared, Some(first.0), first.1), async |(shared, state, mut told)| {
            if let Some(state) = state {
                return Some((
                    Ok(sse::Event::default().event("state").data(state)),
                    (shared, None, told),
                ));
            }
            match told.recv().await {
                Ok(event) => Some((Ok(sse::Event::default().data(event)), (shared, None, told))),
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    let (state, told) = shared.state_and_feed();
                    Some((
                        Ok(sse::Event::default().event("state").data(state)),
                        (shared, None, told),
                    ))
                }
                Err(broadcast::error::RecvError::Closed) => None,
            }
        });
    Sse::new(stream)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;
    use crate::board::tests::{ends, progress};

    fn server() -> LiveServer {
        LiveServer::start("127.0.0.1:0".parse().expect("an address")).expect("a free port")
    }

    /// What comes until `until` does or the server closes.
    fn read(server: &LiveServer, target: &str, host: &str, until: &str) -> String {
        let mut stream = TcpStream::connect(server.address()).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("it can be");
        write!(stream, "GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
            .expect("sent");
        let (mut text, mut part) = (String::new(), [0; 4096]);
        while text.is_empty() || until.is_empty() || !text.contains(until) {
            match stream.read(&mut part).expect("within the bound") {
                0 => break,
                length => text.push_str(&String::from_utf8_lossy(&part[..length])),
            }
        }
        text
    }

    #[test]
    fn whoever_comes_late_gets_the_state_and_then_each_event() {
        let server = server();
        server.take(&ends(1));
        std::thread::scope(|scope| {
            let page = scope.spawn(|| read(&server, "/events", "localhost", "\"trial\":2"));
            while server.shared.told.receiver_count() == 0 && !page.is_finished() {
                std::thread::yield_now();
            }
            server.take(&progress(2));
            let text = page.join().expect("it read");
            let state = text.find("event: state").expect("the state is first");
            let event = text.find("\"event\":\"progress\"").expect("then the event");
            assert!(state < event && text[state..event].contains("trial-ends"), "{text}");
        });
    }

    #[test]
    fn a_page_of_another_name_is_refused_and_an_address_beyond_loopback_too() {
        let server = server();
        assert!(read(&server, "/metrics", "evil.example", "").starts_with("HTTP/1.1 421 "));
        assert!(read(&server, "/metrics", "127.0.0.1:1", "").starts_with("HTTP/1.1 200 "));
        let beyond = LiveServer::start("0.0.0.0:0".parse().expect("an address"));
        assert!(matches!(beyond, Err(LiveError::BeyondLoopback(_))));
        let taken = LiveServer::start(server.address());
        let Err(error @ LiveError::Listen(..)) = taken else { panic!("the port is taken") };
        assert!(error.to_string().contains("port 0 takes one"), "{error}");
    }

    #[test]
    fn a_page_that_stays_open_does_not_keep_the_program() {
        let server = server();
        let mut page = TcpStream::connect(server.address()).expect("it listens");
        page.set_read_timeout(Some(Duration::from_secs(20))).expect("it can be");
        write!(page, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
        let mut first = [0; 1];
        page.read_exact(&mut first).expect("the response has begun");
        drop(server);
        let mut rest = Vec::new();
        // Closed or reset, within the bound: it is over.
        let _ = page.read_to_end(&mut rest);
    }
}
