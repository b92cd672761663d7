//! What TLS does before a client has a connection: the handshake, and before it, where a session is
//! to be resumed, the connection that the session is from.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use pushbench_tls::Connector;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::accounts::Accounts;
use crate::carrier::connection::Connection;
use crate::carrier::network::Network;
use crate::outcome::Handshakes;
use crate::plan::TlsTarget;
use crate::{Fault, Plan, Unexpected};

/// Longest wait for a handshake, and for a ticket after it: the server may have many to shake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);

/// TLS of one worker's clients.
pub(crate) struct Tls {
    connector: Connector,
    accounts: Rc<Accounts>,
    /// Each client's own, with the ticket of its last connection; empty where none is resumed.
    memories: Option<RefCell<HashMap<u32, Connector>>>,
    handshakes: RefCell<Handshakes>,
}

impl Tls {
    pub(crate) fn new(target: &TlsTarget, resumes: bool, accounts: Rc<Accounts>) -> Self {
        Self {
            connector: target.connector.clone(),
            accounts,
            memories: resumes.then(RefCell::default),
            handshakes: RefCell::default(),
        }
    }

    /// Handshakes so far.
    pub(crate) fn handshakes(&self) -> Handshakes {
        self.handshakes.borrow().clone()
    }

    /// What a client connects with: where sessions are resumed, it has one to resume.
    ///
    /// A client without a ticket connects for its sake, in books of its own, and says nothing, so the
    /// server cannot take it for one of a transport.
    pub(crate) async fn ready(
        &self,
        network: &Network,
        plan: &Plan,
        client: u32,
    ) -> Result<Connector, Fault> {
        let Some(memories) = &self.memories else { return Ok(self.connector.clone()) };
        let connector = memories
            .borrow_mut()
            .entry(client)
            .or_insert_with(|| self.connector.with_memory())
            .clone();
        if !connector.has_ticket() {
            let connection = Connection::open(network, plan, client).await?;
            let witness = Rc::clone(connection.witness());
            let fetched = self.fetch_ticket(connection, &connector).await;
            // However it went: what it carried, it carried.
            self.handshakes.borrow_mut().preliminary_sums += witness.sums();
            fetched?;
        }
        Ok(connector)
    }

    async fn fetch_ticket(
        &self,
        connection: Connection,
        connector: &Connector,
    ) -> Result<(), Fault> {
        let mut connection = self.shake_hands(connection, connector).await?;
        self.handshakes.borrow_mut().preliminary += 1;
        receive_ticket(&mut connection, connector).await?;
        // What a server says at once, as the settings of HTTP/2, is not for this connection.
        connection.shutdown().await.map_err(|_| Fault::Io)?;
        connection.receive_out().await;
        Ok(())
    }

    /// Shakes hands on a connection that has just opened.
    pub(crate) async fn secure(
        &self,
        connection: Connection,
        connector: &Connector,
    ) -> Result<Connection, Fault> {
        let connection = self.shake_hands(connection, connector).await?;
        let stream = connection.tls().expect("it has just become one");
        let mut handshakes = self.handshakes.borrow_mut();
        *(if stream.is_resumed() { &mut handshakes.resumed } else { &mut handshakes.full }) += 1;
        handshakes.cipher_suite = stream.cipher_suite();
        drop(handshakes);
        Ok(connection)
    }

    /// Shakes hands; why that failed is kept, the first time.
    async fn shake_hands(
        &self,
        connection: Connection,
        connector: &Connector,
    ) -> Result<Connection, Fault> {
        let secured = tokio::time::timeout(HANDSHAKE_TIMEOUT, connection.secure(connector)).await;
        let why = match secured {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it did not end within {HANDSHAKE_TIMEOUT:?}"),
        };
        self.accounts.keep_unexpected(Fault::Tls, || Unexpected::of_dialogue(&why));
        Err(Fault::Tls)
    }
}

/// Waits for a ticket.
async fn receive_ticket(connection: &mut Connection, connector: &Connector) -> Result<(), Fault> {
    let received = async {
        loop {
            poll_fn(|cx| {
                let has_more = connection.poll_rest(cx).is_ready();
                if has_more || connector.has_ticket() { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            if connector.has_ticket() {
                return Ok(());
            }
            // A server may speak before it gives a ticket.
            let read = connection.read(&mut [0; 512]).await;
            if !read.is_ok_and(|len| len > 0) {
                return Err(Fault::NoTicket);
            }
        }
    };
    tokio::time::timeout(HANDSHAKE_TIMEOUT, received).await.unwrap_or(Err(Fault::NoTicket))
}
