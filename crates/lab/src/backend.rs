//! The push server behind the lab: started, stopped in order, or killed.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use pushbench_protocol::paths::STATS;
use pushbench_protocol::{
    AllowedHosts, ConnectionClass, Deliver, ResponseProfile, ServerStats, SlowPolicy, Unchanged,
};
use pushbench_server::{Ended, Server, ServerConfig, ServerError};
use pushbench_wire::SocketCounters;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::session::MAX_PAYLOAD;

/// Topics over one life of the server; a page has one from when it is loaded.
const MAX_TOPICS: NonZeroU32 = NonZeroU32::new(2_000).expect("not zero");
/// Messages that each topic keeps: more than come between two polls at the widest settings.
const LOG: NonZeroU32 = NonZeroU32::new(256).expect("not zero");

/// The push server, and what the relays have carried to and from it.
#[derive(Debug)]
pub(crate) struct Backend {
    config: ServerConfig,
    life: Mutex<Option<Life>>,
    /// Held while a server starts.
    starting: tokio::sync::Mutex<()>,
}

/// From a start to the end.
#[derive(Debug)]
struct Life {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Ended>,
    carried: Carried,
}

/// What the relays' connections to one life of the server have carried, by class.
pub(crate) type Carried = Arc<BTreeMap<ConnectionClass, Arc<SocketCounters>>>;

/// How a server is to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    /// In order: WebSockets are closed with 1001, streams with their last chunk.
    Stop,
    /// As by a crash or a pulled plug: connections break off.
    Kill,
}

impl Backend {
    /// A backend whose server does not run yet. It delivers every message, and responds
    /// with 204 to a poll that finds none.
    ///
    /// `origins` are those of the lab's own pages: a page that came over HTTP may open a WebSocket
    /// over TLS, which is another origin.
    pub(crate) fn new(response: ResponseProfile, origins: Vec<String>) -> Self {
        let mut config = ServerConfig::new((Ipv4Addr::LOCALHOST, 0).into(), response);
        config.deliver = Deliver::Every;
        config.unchanged = Unchanged::Empty;
        config.allowed_origins = origins;
        // The relay has looked at the host of whatever it hands on.
        config.hosts = AllowedHosts::Any;
        config.log = LOG;
        config.queue = LOG;
        // Who lags behind all that is kept is told of a gap, which is a lesson too.
        config.slow_subscriber = SlowPolicy::DropOldest;
        config.limits.topics = MAX_TOPICS;
        // Whoever sends more than the publisher does has no lesson to learn from it.
        config.limits.body_bytes = MAX_PAYLOAD as usize;
        config.limits.frame_bytes = MAX_PAYLOAD as usize;
        Self { config, life: Mutex::new(None), starting: tokio::sync::Mutex::new(()) }
    }

    /// Starts the server, unless it runs.
    ///
    /// # Errors
    ///
    /// If it cannot listen.
    pub(crate) async fn start(&self) -> Result<(), ServerError> {
        let _one_at_a_time = self.starting.lock().await;
        if self.address().is_some() {
            return Ok(());
        }
        let server = Server::bind(self.config.clone()).await?;
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server.serve(async move {
            // A sender that is gone means the same.
            let _ = stopped.await;
        }));
        let carried = ConnectionClass::ALL.iter().map(|&class| (class, Arc::default())).collect();
        *self.lock() = Some(Life { address, stop, task, carried: Arc::new(carried) });
        Ok(())
    }

    /// Ends the server, if it runs, and waits until it has ended.
    pub(crate) async fn end(&self, ending: Ending) {
        let Some(life) = self.lock().take() else { return };
        match ending {
            Ending::Stop => drop(life.stop),
            Ending::Kill => life.task.abort(),
        }
        // An aborted task is an error here, and what was wanted.
        let _ = life.task.await;
    }

    /// Where the server listens; `None` while there is none.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.lock().as_ref().map(|life| life.address)
    }

    /// Where the server listens, and the counters of its present life.
    pub(crate) fn life(&self) -> Option<(SocketAddr, Carried)> {
        self.lock().as_ref().map(|life| (life.address, Arc::clone(&life.carried)))
    }

    /// The server's own books; `None` if it does not respond.
    pub(crate) async fn stats(&self) -> Option<ServerStats> {
        let stream = TcpStream::connect(self.address()?).await.ok()?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection);
        let request = Request::get(STATS).header("Host", "lab").body(Empty::<Bytes>::new()).ok()?;
        let response = sender.send_request(request).await.ok()?;
        let body = response.into_body().collect().await.ok()?;
        serde_json::from_slice(&body.to_bytes()).ok()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Life>> {
        self.life.lock().expect("nothing panics while it holds the backend")
    }
}
