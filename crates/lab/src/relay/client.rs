//! The browser's side of a relay.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use pushbench_protocol::{ConnectionClass, Direction};
use pushbench_wire::head::MAX_HEAD;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::books::Book;
use crate::meter::Meter;
use crate::record::RequestHead;
use crate::session::Session;

/// From a request's first byte until its head is whole.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// From the beginning until the first request's head is whole: a browser that connects asks.
pub(super) const FIRST_TIME: Duration = HEAD_TIME;
/// From a response until the next request's head is whole. A page that polls seldom is idle in
/// between; a head that dawdles is not worth so much.
pub(super) const NEXT_TIME: Duration = HEAD_TIME.saturating_add(Duration::from_secs(120));
/// For a browser that does not read.
const WRITE_TIME: Duration = Duration::from_secs(30);
/// For either side to close once the other has.
const CLOSE_TIME: Duration = Duration::from_secs(2);
/// After the last byte either way: by then it is acknowledged.
const QUIET_TIME: Duration = Duration::from_millis(250);

/// Any stream of bytes both ways.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

/// A browser's connection, metered, with what it has sent and nobody has taken yet.
pub(crate) struct Client {
    socket: Box<dyn Socket>,
    pub(crate) incoming: BytesMut,
    meter: Meter,
    entry: Entry,
    /// Whether bytes have passed since the meter was last read in quiet.
    is_moved: bool,
}

/// Where an exchange is booked.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) session: Option<Arc<Session>>,
    pub(crate) class: ConnectionClass,
}

impl Entry {
    /// The books of this entry; those of no session are thrown away.
    pub(crate) fn book<T>(&self, with: impl FnOnce(&mut Book) -> T) -> T {
        match &self.session {
            Some(session) => session.with_book(self.class, with),
            None => with(&mut Book::default()),
        }
    }
}

impl Client {
    pub(crate) fn new(socket: Box<dyn Socket>, meter: Meter) -> Self {
        let entry = Entry { session: None, class: ConnectionClass::Other };
        Self { socket, incoming: BytesMut::new(), meter, entry, is_moved: false }
    }

    /// Says what the connection is used for from now on.
    pub(crate) fn serve(&mut self, entry: Entry) {
        self.entry = entry;
    }

    /// Where to book now.
    pub(crate) fn entry(&self) -> Entry {
        self.entry.clone()
    }

    /// Whether more may be read before what came is taken.
    pub(crate) fn has_room(&self) -> bool {
        self.incoming.len() < MAX_HEAD
    }

    /// The next request's head, which is left in `incoming`; `None` if the browser closes or stays
    /// silent for longer than `deadline`.
    pub(crate) async fn next_request(
        &mut self,
        deadline: Duration,
    ) -> io::Result<Option<RequestHead>> {
        let whole = async {
            loop {
                if let Some(head) = RequestHead::read(&self.incoming)? {
                    return Ok(Some(head));
                }
                if self.read().await? == 0 {
                    return Ok(None);
                }
            }
        };
        match timeout(deadline, whole).await {
            Ok(read) => read,
            Err(_) => Ok(None),
        }
    }

    /// Reads to `incoming`; 0 is the end. May be dropped and called again.
    pub(crate) async fn read(&mut self) -> io::Result<usize> {
        let read = match timeout(QUIET_TIME, self.socket.read_buf(&mut self.incoming)).await {
            Ok(read) => read?,
            Err(_) => {
                if std::mem::take(&mut self.is_moved) {
                    self.settle();
                }
                self.socket.read_buf(&mut self.incoming).await?
            }
        };
        self.is_moved |= read > 0;
        self.meter.pass(Direction::Up, read);
        Ok(read)
    }

    /// Writes all of it, in one write where the socket takes it.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = async {
            self.socket.write_all(bytes).await?;
            self.socket.flush().await
        };
        timeout(WRITE_TIME, written).await??;
        self.meter.pass(Direction::Down, bytes.len());
        self.is_moved = true;
        self.settle();
        Ok(())
    }

    /// Closes our side, and waits a while for the browser's: closing with its bytes unread would
    /// reset the connection and lose the last response on its way.
    pub(crate) async fn close(mut self) {
        if self.socket.shutdown().await.is_ok() {
            let mut discarded = [0; 512];
            let silence =
                async { while self.socket.read(&mut discarded).await.is_ok_and(|len| len > 0) {} };
            let _ = timeout(CLOSE_TIME, silence).await;
        }
        self.settle();
    }

    fn settle(&mut self) {
        let Self { entry, meter, .. } = self;
        entry.book(|book| meter.settle(book));
    }
}

/// Closes our side towards the server and hears it out: what it had written is in its books.
pub(super) async fn drain(upstream: &mut dyn Socket, mut note: impl FnMut(&[u8])) {
    let _ = upstream.shutdown().await;
    let mut bytes = [0; 4096];
    let rest = async {
        while let Ok(len @ 1..) = upstream.read(&mut bytes).await {
            note(&bytes[..len]);
        }
    };
    let _ = timeout(CLOSE_TIME, rest).await;
}
