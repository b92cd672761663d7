//! A connection that clients share, and the task that drives it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::rc::{Rc, Weak};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use pushbench_protocol::ByteKind;
use tokio::io::AsyncReadExt;
use tokio::sync::{Notify, OnceCell};
use tokio::task::JoinSet;

use super::tap::{HeadWatch, Tap};
use crate::Fault;
use crate::accounts::Accounts;
use crate::carrier::dial::Dialer;
use crate::carrier::watch::Watch;
use crate::witness::Witness;

/// Windows as Chromium sets them, 6 MiB for a stream and 15 MiB for a connection, so that nothing
/// ever waits for an update.
const STREAM_WINDOW: u32 = 6 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 15 * 1024 * 1024;
/// Largest frame taken: the least that every peer must take.
const MAX_FRAME: u32 = 16_384;
/// Fields of an answer: 64 KiB, as the reader of HTTP/1.1 has it.
const MAX_HEADER_LIST: u32 = 64 * 1024;
/// The table that the server's encoder may use: the protocol's default.
const HEADER_TABLE: u32 = 4_096;
/// Longest wait for the server's settings.
const SETTINGS_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection, for as long as one of its clients holds it.
pub(crate) struct Http2Connection {
    send: SendRequest<Bytes>,
    tap: Tap,
    /// Clients that may still poll in the measure phase, or wait for an answer of it.
    measuring: Cell<u32>,
    measured: Notify,
}

/// The connection of a group of clients, once it is known how its opening went.
type Opening = OnceCell<Result<Weak<Http2Connection>, Fault>>;

/// The connections of a worker.
pub(crate) struct Pool {
    dialer: Rc<Dialer>,
    clients_per_connection: NonZeroU32,
    /// What field blocks are booked as.
    heads: ByteKind,
    groups: RefCell<HashMap<u32, Rc<Opening>>>,
    /// The tasks that drive them.
    drivers: RefCell<JoinSet<()>>,
}

impl Pool {
    /// Without a connection; field blocks of those to come are booked as `heads`.
    pub(crate) fn new(
        dialer: Rc<Dialer>,
        clients_per_connection: NonZeroU32,
        heads: ByteKind,
    ) -> Self {
        let (groups, drivers) = (RefCell::default(), RefCell::default());
        Self { dialer, clients_per_connection, heads, groups, drivers }
    }

    pub(super) fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// The tasks of the connections, which end after the last client of each.
    pub(crate) fn take_drivers(&self) -> JoinSet<()> {
        self.drivers.take()
    }
}

/// The connection of a client, opened by the first that needs it.
pub(crate) async fn join(pool: &Pool, client: u32) -> Result<Rc<Http2Connection>, Fault> {
    let group = client / pool.clients_per_connection;
    let cell = Rc::clone(pool.groups.borrow_mut().entry(group).or_default());
    let mut opened = None;
    let joined = cell
        .get_or_init(|| async {
            let connection = Rc::new(Http2Connection::open(pool, group).await?);
            let weak = Rc::downgrade(&connection);
            opened = Some(connection);
            Ok(weak)
        })
        .await;
    let connection = match (opened, joined) {
        (Some(connection), _) => connection,
        (None, Ok(connection)) => connection.upgrade().ok_or(Fault::Closed)?,
        (None, Err(fault)) => return Err(*fault),
    };
    connection.measuring.set(connection.measuring.get() + 1);
    Ok(connection)
}

impl Http2Connection {
    async fn open(pool: &Pool, group: u32) -> Result<Self, Fault> {
        let accounts = pool.dialer.accounts();
        let connection = pool.dialer.connect(group).await?;
        let tap = Tap::new(Rc::clone(accounts), pool.heads, connection);
        let mut counts = accounts.heads.get();
        counts.connections += 1;
        accounts.heads.set(counts);
        let (send, connection) =
            builder().handshake::<_, Bytes>(tap.clone()).await.map_err(|_| Fault::Io)?;
        let ended = Rc::new(Notify::new());
        let drive = drive(connection, tap.clone(), Rc::clone(&ended));
        pool.drivers.borrow_mut().spawn_local(drive);
        let settled = async {
            tokio::select! {
                () = tap.settled() => true,
                () = ended.notified() => false,
            }
        };
        match tokio::time::timeout(SETTINGS_TIMEOUT, settled).await {
            Ok(true) => {}
            Ok(false) | Err(_) if !tap.is_answered() => return Err(Fault::NoHttp2),
            Ok(false) => return Err(Fault::Closed),
            Err(_) => return Err(Fault::ConnectTimeout),
        }
        Ok(Self { send, tap, measuring: Cell::new(0), measured: Notify::new() })
    }

    pub(crate) fn witness(&self) -> &Rc<Witness> {
        self.tap.witness()
    }

    /// Watches for what comes from now on that is no data.
    pub(crate) fn watch(&self) -> Watch {
        Watch::on(HeadWatch::new(&self.tap))
    }

    /// A handle that takes one request, once the server takes one more stream.
    pub(super) async fn ready(&self) -> Result<SendRequest<Bytes>, Fault> {
        self.send.clone().ready().await.map_err(|error| fault_of(&error))
    }

    /// A client has all answers of its polls of the measure phase, and sends no more of them.
    pub(super) fn is_measured(&self) {
        self.measuring.set(self.measuring.get() - 1);
        if self.measuring.get() == 0 {
            self.measured.notify_waiters();
        }
    }

    /// Closes the books of the measure phase once every client has all its answers.
    pub(super) async fn end_measure(&self, accounts: &Accounts) {
        while self.measuring.get() > 0 {
            self.measured.notified().await;
        }
        accounts.sockets.close_measure(self.witness());
    }
}

fn builder() -> Builder {
    let mut http = Builder::new();
    // Settings that move the bytes are all set, also where they are the library's own. There are
    // no keep-alive pings, and windows do not adapt: the library has neither by itself.
    http.enable_push(false)
        .header_table_size(HEADER_TABLE)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(MAX_FRAME)
        .max_header_list_size(MAX_HEADER_LIST);
    http
}

/// Drives a connection until both sides have closed it. Whoever waits for one of its streams is told
/// by the library.
async fn drive(connection: h2::client::Connection<Tap, Bytes>, mut tap: Tap, ended: Rc<Notify>) {
    let closed = connection.await;
    ended.notify_one();
    if closed.is_ok() {
        // Our side is closed; what the server says until it closes its own is booked.
        let mut rest = [0; 512];
        while tap.read(&mut rest).await.is_ok_and(|read| read > 0) {}
    }
}

/// What a failure of a stream or of its connection is.
pub(super) fn fault_of(error: &h2::Error) -> Fault {
    if error.is_io() {
        Fault::Io
    } else if error.is_reset() || error.is_go_away() || error.is_remote() {
        Fault::Closed
    } else {
        Fault::Protocol
    }
}
