//! A client's line to the server, whatever carries it: where versions of HTTP are told apart for requests
//! whose responses end.

use std::rc::Rc;

use pushbench_protocol::{Phase, Timestamp};

use crate::Fault;
use crate::accounts::Accounts;
use crate::carrier::again::Again;
use crate::carrier::answer::{Answer, Received};
use crate::carrier::request::Asked;
use crate::carrier::watch::Watch;
use crate::carrier::{By, Carriers, http1, http2, library};
use crate::witness::Witness;

/// A client's line to the server: for requests whose responses end.
pub(crate) enum Line {
    Http1(http1::line::Line),
    Http2(http2::line::Line),
    Library(library::line::Line),
}

impl Line {
    /// Opens a client's line in a phase that is known; it is there once the client can ask.
    pub(crate) async fn open(
        carriers: &Carriers,
        phase: Phase,
        client: u32,
    ) -> Result<Self, Fault> {
        let dialer = &carriers.dialer;
        Ok(match &carriers.by {
            By::Http1 => {
                let connection = dialer.connect_in(phase, client).await?;
                Self::Http1(http1::line::Line::new(dialer.accounts(), connection))
            }
            By::Http2(pool) => Self::Http2(http2::line::Line::open(pool, phase, client).await?),
            By::Library => Self::Library(library::line::Line::new(dialer, client)?),
        })
    }

    /// Sends a request that says up to where the client has come, and books it.
    pub(crate) async fn ask(
        &mut self,
        carriers: &Carriers,
        asked: Asked<'_>,
        phase: Phase,
    ) -> Result<(), Fault> {
        match self {
            Self::Http1(line) => line.ask(carriers.accounts(), asked, phase).await?,
            // Boxed, so that a client of HTTP/1.1 does not pay for the room of the others.
            Self::Http2(line) => Box::pin(line.ask(carriers.accounts(), asked, phase)).await?,
            Self::Library(line) => Box::pin(line.ask(carriers.accounts(), asked, phase)).await?,
        }
        self.witness().has_taken();
        Ok(())
    }

    /// Hears one response whole, finds its phase, and hands it to `take`.
    pub(crate) async fn receive(
        &mut self,
        carriers: &Carriers,
        phase_of: impl Fn(&Answer<'_>, Timestamp) -> Phase,
        take: impl FnMut(Phase, &Answer<'_>, Timestamp) -> Result<(), Fault>,
    ) -> Result<Received, Fault> {
        let Carriers { dialer, scratch, .. } = carriers;
        match self {
            Self::Http1(line) => line.receive(dialer.accounts(), scratch, phase_of, take).await,
            Self::Http2(line) => Box::pin(line.receive(dialer.accounts(), phase_of, take)).await,
            Self::Library(line) => Box::pin(line.receive(dialer.accounts(), phase_of, take)).await,
        }
    }

    /// Waits for something else, and takes meanwhile what TLS itself has to say; `None` if the server
    /// says more than that first, or ends the connection.
    pub(crate) async fn rest<T>(&mut self, until: impl Future<Output = T>) -> Option<T> {
        match self {
            Self::Http1(line) => line.connection.rest(until).await,
            // Its connection's own task takes all that comes.
            Self::Http2(_) | Self::Library(_) => Some(until.await),
        }
    }

    /// Whether a request that failed so may be sent again, on another connection.
    pub(crate) fn again(&self, fault: Fault) -> Again {
        match self {
            Self::Http1(line) => line.again(fault),
            Self::Http2(line) => line.again(),
            // It sends again by itself what may be.
            Self::Library(_) => Again::Never,
        }
    }

    /// The client's line in place of this one, whose connection the server has ended.
    pub(crate) async fn renew(
        self,
        carriers: &Carriers,
        phase: Phase,
        client: u32,
    ) -> Result<Self, Fault> {
        match self {
            Self::Http1(line) => {
                carriers.dialer.discard(line.connection).await?;
                Self::open(carriers, phase, client).await
            }
            // It finds by itself another connection to ask on.
            Self::Http2(_) | Self::Library(_) => Ok(self),
        }
    }

    /// Who counted what its connection carried.
    pub(crate) fn witness(&self) -> &Rc<Witness> {
        match self {
            Self::Http1(line) => line.connection.witness(),
            Self::Http2(line) => line.connection().witness(),
            Self::Library(line) => line.witness(),
        }
    }

    /// Watches for what is booked as it passes.
    pub(crate) fn watch(&self) -> Watch {
        match self {
            Self::Http1(_) | Self::Library(_) => Watch::NOTHING,
            Self::Http2(line) => line.connection().watch(),
        }
    }

    /// Says that this client has no answer of the measure phase to come.
    pub(crate) fn is_measured(&mut self) {
        match self {
            Self::Http1(_) | Self::Library(_) => {}
            Self::Http2(line) => line.is_measured(),
        }
    }

    /// Closes the books of the measure phase, once every client of the connection is so far.
    pub(crate) async fn end_measure(&mut self, accounts: &Accounts) {
        match self {
            Self::Http1(line) => accounts.sockets.close_measure(line.connection.witness()),
            Self::Http2(line) => line.end_measure(accounts).await,
            Self::Library(line) => line.end_measure(accounts),
        }
    }

    /// Gives up on a response that has been begun and did not become whole in time.
    pub(crate) fn give_up(&mut self, fault: Fault) {
        match self {
            Self::Http1(line) => line.give_up(fault),
            // What has come of it was booked as it passed.
            Self::Http2(_) => {}
            Self::Library(line) => line.give_up(),
        }
    }

    /// Ends the line in order. A connection that clients share ends with its last client.
    pub(crate) async fn end(self, carriers: &Carriers) -> Result<(), Fault> {
        match self {
            Self::Http1(mut line) => {
                let unasked = line.connection.end().await?;
                carriers.accounts().refuse_unasked(line.connection.witness(), &unasked)
            }
            Self::Http2(_) => Ok(()),
            Self::Library(line) => line.end(carriers.accounts()).await,
        }
    }

    /// Ends our side of the line while a response may still come; `false` if none will, since the
    /// request ends with the line.
    pub(crate) async fn cut(&mut self) -> Result<bool, Fault> {
        match self {
            Self::Http1(line) => {
                line.cut().await?;
                Ok(true)
            }
            Self::Http2(_) | Self::Library(_) => Ok(false),
        }
    }

    /// Ends one that has carried its one poll, in the phase of that.
    pub(crate) async fn end_in(self, carriers: &Carriers, phase: Phase) -> Result<(), Fault> {
        match self {
            Self::Http1(line) => carriers.dialer.disconnect(phase, line.connection).await,
            // Never opened for one poll: its other clients would go on with it.
            Self::Http2(_) => Ok(()),
            Self::Library(line) => line.replace(carriers.accounts()).await,
        }
    }

    /// Ends our side of what the server has ended.
    pub(crate) async fn discard(self, carriers: &Carriers) -> Result<(), Fault> {
        match self {
            Self::Http1(line) => carriers.dialer.discard(line.connection).await,
            // A stream's connection ends with its last client.
            Self::Http2(_) => Ok(()),
            Self::Library(line) => line.replace(carriers.accounts()).await,
        }
    }
}
