//! The server: takes connections, sweeps, and ends within a bound.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use pushbench_protocol::clock::Clock;
use pushbench_protocol::compression::{MAX_WINDOW_BITS, MIN_WINDOW_BITS};
use pushbench_protocol::{Compression, Cursor, Deliver, HttpVersion, ServerStats, StreamCoding};
use pushbench_tls::{Acceptor, AcceptorError, Certificate};
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior};

use crate::books::Books;
use crate::config::ServerConfig;
use crate::deadline::Timeouts;
use crate::deliveries::deliver;
use crate::engine::Engine;
use crate::engine::axum::app::App;
use crate::engine::axum::connection::Beginning;
use crate::engine::axum::headers::Headers;
use crate::exchange::Exchange;
use crate::hub::{HubSettings, PollSettings};
use crate::incoming::{Arrival, Incoming};
use crate::listener::{Bound, Listeners};
use crate::respond::Rules;
use crate::respond::bodies::Bodies;

/// Longest time from the shutdown signal to the end.
pub const SHUTDOWN_TIME: Duration = Duration::from_secs(5);
/// Longest wait for a client to close once everything is said.
const CLOSE_TIME: Duration = Duration::from_secs(2);
/// Shortest time between heartbeats.
const LEAST_HEARTBEAT: Duration = Duration::from_millis(10);
/// Shortest time between two messages that are conflated: the timer's grid is a millisecond.
const LEAST_CONFLATION: Duration = Duration::from_millis(10);
/// Smallest bound on heads: the HTTP library reads so much at once.
const LEAST_HEAD_BYTES: usize = 8 * 1024;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Anyone who can reach the address could publish.
    #[error(
        "{address} is not a loopback address and no publish token is set, so anyone who reaches it \
         could publish; set a token or listen on loopback"
    )]
    TokenNeeded {
        /// Where it was to listen.
        address: SocketAddr,
    },
    /// A setting is out of its range.
    #[error("`{setting}` is {found}, expected {expected}")]
    OutOfRange {
        /// The setting's name in [`ServerConfig`].
        setting: &'static str,
        /// Its value.
        found: String,
        /// What would do.
        expected: String,
    },
    /// The certificate or its key is of no use.
    #[error(transparent)]
    Tls(#[from] AcceptorError),
    /// The system refused the socket.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
}

/// A server. Connections wait until [`Server::serve`] takes them.
#[derive(Debug)]
pub struct Server<I = Listeners> {
    incoming: I,
    tls: Option<Tls>,
    app: Arc<App>,
    engine: Engine,
    timeouts: Timeouts,
    heartbeat: Option<Duration>,
}

/// What handshakes are made with.
#[derive(Debug)]
struct Tls {
    acceptor: Acceptor,
    certificate: Certificate,
}

/// The books of a server, to be read while it serves.
#[derive(Clone, Debug)]
pub struct OpenBooks(Arc<App>);

impl OpenBooks {
    /// Ends the connections of all subscribers and serves on, as a server does that hands its clients to
    /// another process: WebSockets are closed with 1001, streams end with their last chunk, held polls
    /// are responded to with 204 and connections that polls are kept on are closed. Logs stay, so whoever
    /// comes back with its cursor misses nothing that they hold.
    pub fn let_subscribers_go(&self) {
        self.0.books.tell_subscribers_to_go();
    }

    /// As they stand, what `GET /stats` says.
    pub fn stats(&self) -> ServerStats {
        self.0.stats()
    }
}

/// How a server ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ended {
    /// The books at the end, every connection closed.
    pub stats: ServerStats,
    /// Connections that had not ended by themselves within [`SHUTDOWN_TIME`].
    pub cut_off: usize,
}

impl Server {
    /// Checks the settings and opens the listening sockets. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// If a setting is refused, or the system refuses a socket.
    pub async fn bind(config: ServerConfig) -> Result<Self, ServerError> {
        check_addresses(&config)?;
        check(&config)?;
        let bound = |address| {
            let refused = |cause| ServerError::Listen { address, cause };
            Bound::new(address, config.mss).map_err(refused)
        };
        let clear = bound(config.listen)?;
        let tls = config.tls.as_ref().map(|tls| bound(tls.listen)).transpose()?;
        Self::over(Listeners { clear, tls }, config, Clock::HOST)
    }

    /// Where it listens, with the port that the system chose if 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.incoming.clear.address
    }

    /// Where it listens for TLS, and the certificate that it shows there.
    pub fn tls(&self) -> Option<(SocketAddr, &Certificate)> {
        Some((self.incoming.tls.as_ref()?.address, &self.tls.as_ref()?.certificate))
    }
}

impl<I: Incoming> Server<I> {
    /// A server of the connections that come in there, on this clock: the settings are checked, and
    /// their addresses and segment size are of no matter. Where they have no TLS, a connection that
    /// begins with it is dropped.
    ///
    /// # Errors
    ///
    /// If a setting is refused.
    pub fn over(incoming: I, config: ServerConfig, clock: Clock) -> Result<Self, ServerError> {
        check(&config)?;
        let of_streams = config.stream_compression.map_or(Compression::None, StreamCoding::coding);
        let polls = (config.response.clone(), config.compression.coding);
        let headers = Headers::new(config.response, config.compression.coding, of_streams);
        let tls = match &config.tls {
            None => None,
            Some(tls) => {
                let acceptor = Acceptor::new(&tls.identity, &HttpVersion::newest_first())?;
                Some(Tls { acceptor, certificate: tls.identity.certificate().clone() })
            }
        };
        let settings = HubSettings {
            epoch: random_epoch(),
            topics: config.limits.topics,
            log: config.log,
            log_bytes: config.log_bytes,
            total_log_bytes: config.total_log_bytes,
            queue: config.queue,
            slow_subscriber: config.slow_subscriber,
            conflate: config.conflate,
        };
        let rules = Rules {
            poll: PollSettings { deliver: config.deliver, unchanged: config.unchanged },
            has_heartbeat: config.heartbeat.is_some(),
            bodies: Bodies::new(config.compression),
            stream_compression: config.stream_compression,
            deflate: config.deflate,
            limits: config.limits,
            hosts: config.hosts,
            publish_token: config.publish_token,
            allowed_origins: config.allowed_origins,
        };
        let exchange = Arc::new(Exchange::new(settings, clock));
        let app = App { rules, exchange, books: Arc::new(Books::default()), headers, clock };
        let app = Arc::new(app);
        let engine = Engine::new(config.engine, &app, polls);
        let timeouts = Timeouts {
            head: config.limits.head_timeout,
            handshake: config.limits.handshake_timeout,
            first_request: config.limits.first_request_timeout,
            idle: config.limits.idle_timeout,
            write: config.limits.write_timeout,
            close: CLOSE_TIME,
        };
        let heartbeat = config.heartbeat;
        Ok(Self { incoming, tls, app, engine, timeouts, heartbeat })
    }

    /// Its books, for whoever asks without a request.
    pub fn books(&self) -> OpenBooks {
        OpenBooks(Arc::clone(&self.app))
    }

    /// Serves until `shutdown` completes; then takes no more connections, lets requests finish,
    /// closes WebSockets with 1001, and ends within [`SHUTDOWN_TIME`].
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Ended {
        let Self { mut incoming, tls, app, engine, timeouts, heartbeat } = self;
        let (books, clock) = (Arc::clone(&app.books), app.clock);
        let limit = app.rules.limits.connections;
        let mut tasks = JoinSet::new();
        // It is wanted until the last connection is closed, and ended then.
        let mut delivering = JoinSet::new();
        delivering.spawn(deliver(Arc::clone(&app.exchange)));
        let mut sweep = tokio::time::interval(timeouts.sweep_interval());
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heart = heartbeat.map(heart);
        let mut wake_ups = pin!(app.exchange.wake_on_time());
        let mut shutdown = pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                arrival = incoming.next() => {
                    let Arrival { stream, listener, is_tls } = arrival;
                    let acceptor = match (is_tls, &tls) {
                        (false, _) => None,
                        (true, Some(tls)) => Some(tls.acceptor.clone()),
                        (true, None) => continue,
                    };
                    let now = clock.now();
                    let opened = if !is_full(&books, limit) || books.make_room() {
                        books.open(now)
                    } else {
                        books.refuse(503);
                        match books.open_to_refuse(now) {
                            Some(opened) => opened,
                            // So many are being told already; this one is reset.
                            None => continue,
                        }
                    };
                    let beginning = Beginning { listener, acceptor };
                    engine.spawn(&mut tasks, stream, beginning, opened);
                }
                // A task that panicked has closed its own connection and harms no other.
                Some(_) = tasks.join_next() => {}
                _ = sweep.tick() => books.sweep(clock.now(), &timeouts),
                () = next_tick(&mut heart) => app.exchange.tick(),
                () = &mut wake_ups => {}
            }
        }
        drop(incoming);
        books.tell_all_to_go();
        let ended = async {
            loop {
                tokio::select! {
                    ended = tasks.join_next() => if ended.is_none() { break },
                    _ = sweep.tick() => books.sweep(clock.now(), &timeouts),
                }
            }
        };
        // What is left after that is cut off below.
        let _ = tokio::time::timeout(SHUTDOWN_TIME, ended).await;
        let cut_off = tasks.len();
        tasks.shutdown().await;
        delivering.shutdown().await;
        Ended { stats: app.stats(), cut_off }
    }
}

/// The clock of heartbeats. A beat that comes too late moves no other.
fn heart(every: Duration) -> Interval {
    let mut heart = tokio::time::interval(every);
    // The first beat comes after a while, too.
    heart.reset();
    heart.set_missed_tick_behavior(MissedTickBehavior::Skip);
    heart
}

/// Waits for the next beat; for ever if there is no heart.
async fn next_tick(heart: &mut Option<Interval>) {
    match heart {
        Some(heart) => {
            heart.tick().await;
        }
        None => std::future::pending().await,
    }
}

fn is_full(books: &Books, limit: NonZeroU32) -> bool {
    books.connections() >= limit.get() as usize
}

fn check_addresses(config: &ServerConfig) -> Result<(), ServerError> {
    for address in [Some(config.listen), config.tls.as_ref().map(|tls| tls.listen)] {
        if let Some(address) = address.filter(|address| !address.ip().is_loopback())
            && config.publish_token.is_none()
        {
            return Err(ServerError::TokenNeeded { address });
        }
    }
    Ok(())
}

fn check(config: &ServerConfig) -> Result<(), ServerError> {
    let refuse = |setting, found: &dyn ToString, expected: String| {
        Err(ServerError::OutOfRange { setting, found: found.to_string(), expected })
    };
    if config.queue > config.log {
        return refuse("queue", &config.queue, format!("at most the log's {}", config.log));
    }
    if config.total_log_bytes < config.log_bytes {
        let expected = format!("at least `log_bytes`, {}", config.log_bytes);
        return refuse("total_log_bytes", &config.total_log_bytes, expected);
    }
    if config.limits.head_bytes < LEAST_HEAD_BYTES {
        let expected = format!("at least {LEAST_HEAD_BYTES}");
        return refuse("limits.head_bytes", &config.limits.head_bytes, expected);
    }
    if config.heartbeat.is_some_and(|every| every < LEAST_HEARTBEAT) {
        return refuse("heartbeat", &"shorter", format!("at least {LEAST_HEARTBEAT:?}"));
    }
    if let Some(deflate) = config.deflate {
        let expected = MIN_WINDOW_BITS..=MAX_WINDOW_BITS;
        if !expected.contains(&deflate.window_bits) {
            let expected = format!("{} to {}", expected.start(), expected.end());
            return refuse("deflate.window_bits", &deflate.window_bits, expected);
        }
    }
    if config.compression.coding == Compression::Deflate {
        let expected = "one of none, gzip, br".to_owned();
        return refuse("compression.coding", &config.compression.coding, expected);
    }
    if config.conflate.is_some() && config.deliver == Deliver::Every {
        return refuse("conflate", &"set", "none where every message is delivered".to_owned());
    }
    if config.conflate.is_some_and(|every| every < LEAST_CONFLATION) {
        return refuse("conflate", &"shorter", format!("at least {LEAST_CONFLATION:?}"));
    }
    if config.publish_token.as_ref().is_some_and(String::is_empty) {
        return refuse("publish_token", &"empty", "one that cannot be guessed".to_owned());
    }
    Ok(())
}

/// Names this life of the logs: neither 0 nor the highest, and not the last one's except by chance.
fn random_epoch() -> u16 {
    // The standard library seeds its hashers from the system's randomness; a cursor needs no more.
    let random = RandomState::new().hash_one(());
    1 + (random % u64::from(Cursor::MAX_EPOCH - 1)) as u16
}
