//! A connection, which clients may share, and the task that drives it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use h2::Reason;
use h2::client::{Builder, SendRequest};
use pushbench_protocol::{ByteKind, Phase};
use tokio::io::AsyncReadExt;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::tap::Tap;
use crate::Fault;
use crate::accounts::Accounts;
use crate::carrier::again::Again;
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
    /// Whether it has carried a response.
    has_carried: Cell<bool>,
}

/// What a connection is opened with.
pub(super) struct Opening<'a> {
    pub(super) dialer: &'a Dialer,
    /// The tasks of connections, which this one's joins.
    pub(super) drivers: &'a RefCell<JoinSet<()>>,
    /// What its field blocks are booked as.
    pub(super) headers: ByteKind,
    pub(super) phase: Phase,
    pub(super) client: u32,
}

impl Http2Connection {
    /// Opens a connection and waits until both sides' settings are exchanged.
    pub(super) async fn open(with: Opening<'_>) -> Result<Self, Fault> {
        let accounts = with.dialer.accounts();
        let connection = with.dialer.connect_in(with.phase, with.client).await?;
        let tap = Tap::new(Rc::clone(accounts), with.headers, connection);
        let mut counts = accounts.headers.get();
        counts.connections += 1;
        accounts.headers.set(counts);
        let (send, connection) =
            builder().handshake::<_, Bytes>(tap.clone()).await.map_err(|_| Fault::Io)?;
        let ended = Rc::new(Notify::new());
        reap(accounts, &mut with.drivers.borrow_mut());
        with.drivers.borrow_mut().spawn_local(drive(connection, tap.clone(), Rc::clone(&ended)));
        let settled = async {
            tokio::select! {
                () = tap.settled() => true,
                () = ended.notified() => false,
            }
        };
        match tokio::time::timeout(SETTINGS_TIMEOUT, settled).await {
            Ok(true) => {}
            Ok(false) | Err(_) if !tap.is_answered() => return Err(Fault::NotSpoken),
            Ok(false) => return Err(Fault::Closed),
            Err(_) => return Err(Fault::ConnectTimeout),
        }
        Ok(Self { send, tap, has_carried: Cell::new(false) })
    }

    pub(crate) fn witness(&self) -> &Rc<Witness> {
        self.tap.witness()
    }

    /// A client has been given so many bytes of data.
    pub(super) fn has_handed(&self, data: u64) {
        self.tap.has_handed(data);
    }

    /// Watches for what comes from now on.
    pub(crate) fn watch(&self) -> Watch {
        self.tap.watch()
    }

    /// A handle that takes one request, once the server takes one more stream; `None` if the server
    /// takes no more requests on this connection, since it has ended it, or is about to, without a
    /// complaint. Nothing of the request has been sent then.
    ///
    /// # Errors
    ///
    /// If the server has ended the connection since something on it was wrong.
    pub(super) async fn ready(&self) -> Result<Option<SendRequest<Bytes>>, Fault> {
        match self.send.clone().ready().await {
            Ok(send) => Ok(Some(send)),
            Err(error) if error.is_io() || is_graceful(&error) => Ok(None),
            Err(error) => Err(fault_of(&error)),
        }
    }

    /// Whether the server still takes requests on it, as far as is known.
    pub(super) fn is_open(&self) -> bool {
        self.send.clone().ready().now_or_never().is_none_or(|ready| ready.is_ok())
    }

    /// It has carried a response.
    pub(super) fn carried(&self) {
        self.has_carried.set(true);
    }

    /// Whether a request that failed so, with nothing of a response come, may be sent again on
    /// another connection.
    pub(super) fn again(&self, error: &h2::Error) -> Again {
        match self.has_carried.get() {
            // The stream's number is above the last that the server says it may have acted on.
            // A server that ends each connection so and never responds is not asked for ever.
            true if is_graceful(error) => Again::Unprocessed,
            false if is_graceful(error) => Again::Once,
            true if error.is_io() => Again::Once,
            true | false => Again::Never,
        }
    }
}

/// Whether an error is a GOAWAY of the server's that complains of nothing. A stream that fails so is
/// one that the server has not processed (RFC 9113, section 6.8): those that it may have processed
/// go on until they end, or the connection does.
fn is_graceful(error: &h2::Error) -> bool {
    error.is_go_away() && error.is_remote() && error.reason() == Some(Reason::NO_ERROR)
}

/// Forgets the tasks of connections that have ended, of which a long trial may have many.
fn reap(accounts: &Accounts, drivers: &mut JoinSet<()>) {
    while let Some(ended) = drivers.try_join_next() {
        if ended.is_err_and(|error| error.is_panic()) {
            accounts.fault(Fault::Panic);
        }
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

/// Drives a connection until both sides have closed it, or it has failed. Whoever waits for one of its
/// streams is told by the library.
async fn drive(connection: h2::client::Connection<Tap, Bytes>, mut tap: Tap, ended: Rc<Notify>) {
    let closed = connection.await;
    ended.notify_one();
    if closed.is_ok() {
        // Our side is closed; what the server says until it closes its own is booked.
        let mut rest = [0; 512];
        while tap.read(&mut rest).await.is_ok_and(|read| read > 0) {}
    }
    tap.close();
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
