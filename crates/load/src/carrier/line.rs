//! Where a poller asks and hears: a connection of its own, or streams of one.

use std::rc::Rc;

use pushbench_protocol::{ByteKind, Direction, HttpVersion, Phase};

use crate::Fault;
use crate::accounts::Accounts;
use crate::carrier::connection::Connection;
use crate::carrier::http2;
use crate::carrier::http2::Http2Connection;
use crate::transport::context::ClientContext;
use crate::witness::Witness;

/// A poller's line to the server.
pub(crate) enum Line {
    /// HTTP/1.1: one exchange at a time.
    Http1(Connection),
    /// HTTP/2: a stream for each exchange.
    Http2(http2::line::Line),
}

impl Line {
    /// Opens a client's line, and says that the client is connected only once it can ask.
    pub(crate) async fn open(context: &ClientContext, client: u32) -> Result<Self, Fault> {
        Ok(match context.plan.carriage.http {
            HttpVersion::Http11 => Self::Http1(context.dialer.connect(client).await?),
            HttpVersion::Http2 => {
                Self::Http2(http2::line::Line::new(http2::join(&context.http2, client).await?))
            }
        })
    }

    /// Opens one in a phase that is known: for one poll, or for all of them.
    pub(crate) async fn open_in(
        context: &ClientContext,
        phase: Phase,
        client: u32,
    ) -> Result<Self, Fault> {
        match context.plan.carriage.http {
            HttpVersion::Http11 => Ok(Self::Http1(context.dialer.connect_in(phase, client).await?)),
            HttpVersion::Http2 => Self::open(context, client).await,
        }
    }

    /// Waits for something else, and takes meanwhile what TLS itself has to say; `None` if the server
    /// says more than that first, or ends the connection.
    pub(crate) async fn rest<T>(&mut self, until: impl Future<Output = T>) -> Option<T> {
        match self {
            Self::Http1(connection) => connection.rest(until).await,
            // Its connection's own task takes all that comes.
            Self::Http2(_) => Some(until.await),
        }
    }

    /// The books of its connection.
    pub(crate) fn witness(&self) -> &Rc<Witness> {
        match self {
            Self::Http1(connection) => connection.witness(),
            Self::Http2(line) => line.connection().witness(),
        }
    }

    /// Says that this client has no answer of the measure phase to come.
    pub(crate) fn is_measured(&mut self) {
        match self {
            Self::Http1(_) => {}
            Self::Http2(line) => line.is_measured(),
        }
    }

    /// Closes the books of the measure phase, once every client of the connection is so far.
    pub(crate) async fn end_measure(&mut self, context: &ClientContext) {
        match self {
            Self::Http1(connection) => context.accounts.sockets.close_measure(connection.witness()),
            Self::Http2(line) => line.end_measure(&context.accounts).await,
        }
    }

    /// Watches for the head of the next answer.
    pub(crate) fn head_watch(&self) -> HeadWatch {
        match self {
            Self::Http1(_) => HeadWatch::NOTHING,
            Self::Http2(line) => HeadWatch::on(line.connection()),
        }
    }

    /// Ends the line in order. A connection of HTTP/2 ends with its last client.
    pub(crate) async fn end(self, context: &ClientContext) -> Result<(), Fault> {
        match self {
            Self::Http1(mut connection) => {
                let unasked = connection.end().await?;
                context.accounts.refuse_unasked(connection.witness(), &unasked)
            }
            Self::Http2(_) => Ok(()),
        }
    }

    /// Ends one that has carried its one poll, in the phase of that.
    pub(crate) async fn end_in(self, context: &ClientContext, phase: Phase) -> Result<(), Fault> {
        match self {
            Self::Http1(connection) => context.dialer.disconnect(phase, connection).await,
            // Never opened for one poll: its other clients would go on with it.
            Self::Http2(_) => Ok(()),
        }
    }
}

/// Knows what has come with what was heard last and was booked as it passed: heads and what marks
/// frames off, on HTTP/2.
pub(crate) struct HeadWatch(Option<http2::HeadWatch>);

impl HeadWatch {
    /// Of a connection where nothing is booked as it passes.
    pub(crate) const NOTHING: Self = Self(None);

    /// Of what comes on this connection from now on.
    pub(crate) fn on(connection: &Http2Connection) -> Self {
        Self(Some(connection.watch_head()))
    }

    /// Bytes that were booked as they passed.
    pub(crate) fn len(&self) -> u64 {
        self.0.as_ref().map_or(0, |watch| watch.heads() + watch.framing())
    }

    /// Moves them from the measure phase to the drain, where they belong after all.
    pub(crate) fn move_out_of_measure(&self, accounts: &Accounts) {
        let Some(watch) = &self.0 else { return };
        let mut ledger = accounts.ledger.borrow_mut();
        for (kind, bytes) in
            [(ByteKind::Header, watch.heads()), (ByteKind::Framing, watch.framing())]
        {
            ledger.postpone((Phase::Measure, Phase::Drain), Direction::Down, kind, bytes);
        }
    }
}
