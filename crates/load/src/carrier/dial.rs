//! Opens connections to the server, and ends those that carry no more: each is in the accounts from
//! its first byte to its last.

use std::rc::Rc;
use std::sync::Arc;

use pushbench_protocol::Phase;
use tokio::io::AsyncWriteExt;

use crate::accounts::Accounts;
use crate::carrier::connection::Connection;
use crate::carrier::network::Network;
use crate::carrier::tls::Tls;
use crate::outcome::Handshakes;
use crate::{Fault, Plan, Unexpected, bounds};

/// A worker's way to the server.
pub(crate) struct Dialer {
    plan: Arc<Plan>,
    accounts: Rc<Accounts>,
    network: Network,
    /// Absent in clear text.
    tls: Option<Tls>,
}

impl Dialer {
    /// The way that the plan says, over this network.
    pub(crate) fn new(plan: Arc<Plan>, accounts: Rc<Accounts>, network: Network) -> Self {
        let tls = |target| Tls::new(target, plan.resumes(), Rc::clone(&accounts));
        let tls = plan.tls.as_ref().map(tls);
        Self { plan, accounts, network, tls }
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) fn accounts(&self) -> &Rc<Accounts> {
        &self.accounts
    }

    /// TLS handshakes so far; `None` in clear text.
    pub(crate) fn handshakes(&self) -> Option<Handshakes> {
        self.tls.as_ref().map(Tls::handshakes)
    }

    /// Opens a client's connection and enters it in the books.
    pub(crate) async fn connect(&self, client: u32) -> Result<Connection, Fault> {
        let accounts = &self.accounts;
        let connector = match &self.tls {
            None => None,
            Some(tls) => Some(tls.ready(&self.network, &self.plan, client).await?),
        };
        let begin = accounts.now();
        let connection = Connection::open(&self.network, &self.plan, client).await?;
        accounts.recorder.borrow_mut().connect_tcp.record(accounts.now().since(begin));
        accounts.sockets.enter(connection.witness());
        let (Some(tls), Some(connector)) = (&self.tls, connector) else { return Ok(connection) };
        let begin = accounts.now();
        let connection = tls.secure(connection, &connector).await?;
        accounts.recorder.borrow_mut().connect_tls.record(accounts.now().since(begin));
        Ok(connection)
    }

    /// The same for one poll, whose phase is known. What is opened after the measure phase has no
    /// part in it.
    pub(crate) async fn connect_in(&self, phase: Phase, client: u32) -> Result<Connection, Fault> {
        let connection = self.connect(client).await?;
        let witness = connection.witness();
        witness.is_measured.set(phase > Phase::Measure);
        if phase == Phase::Measure {
            self.accounts.recorder.borrow_mut().counts.connects += 1;
            self.accounts.sockets.connecting(witness.sums().segments());
        }
        Ok(connection)
    }

    /// Ends a connection that has carried its one poll, in order, and keeps its books among those of
    /// the connections that are no more.
    pub(crate) async fn disconnect(
        &self,
        phase: Phase,
        mut connection: Connection,
    ) -> Result<(), Fault> {
        let before = connection.witness().sums().segments();
        let ended = tokio::time::timeout(bounds::CLOSE_OF_POLL, connection.end()).await;
        let ended = ended.unwrap_or(Err(Fault::CloseTimeout));
        let ended =
            ended.and_then(|unasked| self.accounts.refuse_unasked(connection.witness(), &unasked));
        self.close(phase, connection, before);
        ended
    }

    /// Ends our side of a connection between two polls, since the server has ended its own or has
    /// said something unasked.
    ///
    /// # Errors
    ///
    /// If it has said something else than that it ends the connection, 408: nothing was asked that
    /// it could belong to, so it is no response (RFC 9112, section 9.2).
    pub(crate) async fn discard(&self, mut connection: Connection) -> Result<(), Fault> {
        let witness = Rc::clone(connection.witness());
        let phase = self.accounts.phase_on(&witness);
        let before = witness.sums().segments();
        let unasked = connection.receive_out().await;
        // A connection that was reset has nothing to shut down.
        let _ = connection.shutdown().await;
        let is_timeout = Unexpected::of(&unasked).status == Some(408);
        let refused = self.accounts.refuse_unasked(&witness, &unasked);
        self.close(phase, connection, before);
        if is_timeout { Ok(()) } else { refused }
    }

    /// Closes a connection, and keeps its books among those of the connections that are no more.
    fn close(&self, phase: Phase, connection: Connection, segments_before: u64) {
        let witness = Rc::clone(connection.witness());
        drop(connection);
        if phase == Phase::Measure {
            self.accounts.sockets.connecting(witness.sums().segments() - segments_before);
        }
        self.accounts.sockets.fold(&witness);
    }
}
