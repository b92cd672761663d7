//! The connections of a worker's clients: one for each group of clients that share one, and another
//! after it where the server ends it.
//!
//! Servers end connections that are idle for some seconds, or that have carried so many requests:
//! with a GOAWAY, or without a word. Whoever of the group is the first to need a connection then opens
//! it, and the others join it. The one before goes on for those who still wait for a response on it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::rc::{Rc, Weak};

use pushbench_protocol::{ByteKind, Phase};
use tokio::sync::{Notify, OnceCell};
use tokio::task::JoinSet;

use super::connection::{Http2Connection, Opening};
use crate::Fault;
use crate::accounts::Accounts;
use crate::carrier::dial::Dialer;

/// A connection of a group, once it is known how its opening went.
type Opened = OnceCell<Result<Weak<Http2Connection>, Fault>>;

/// The connections of a worker.
pub(crate) struct Pool {
    dialer: Rc<Dialer>,
    clients_per_connection: NonZeroU32,
    /// What field blocks are booked as.
    headers: ByteKind,
    groups: RefCell<HashMap<u32, Rc<Group>>>,
    /// The tasks that drive them.
    drivers: RefCell<JoinSet<()>>,
}

/// Clients that share a connection.
#[derive(Default)]
struct Group {
    /// The newest of their connections.
    newest: RefCell<Rc<Opened>>,
    /// Clients that may still poll in the measure phase, or wait for an answer of it.
    measuring: Cell<u32>,
    measured: Notify,
}

impl Pool {
    /// Without a connection; field blocks of those to come are booked as `headers`.
    pub(crate) fn new(
        dialer: Rc<Dialer>,
        clients_per_connection: NonZeroU32,
        headers: ByteKind,
    ) -> Self {
        let (groups, drivers) = (RefCell::default(), RefCell::default());
        Self { dialer, clients_per_connection, headers, groups, drivers }
    }

    pub(super) fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// The tasks of the connections, which end after the last client of each.
    pub(crate) fn take_drivers(&self) -> JoinSet<()> {
        self.drivers.take()
    }

    fn group_of(&self, client: u32) -> Rc<Group> {
        let number = client / self.clients_per_connection;
        Rc::clone(self.groups.borrow_mut().entry(number).or_default())
    }

    /// The connection of a client, opened in this phase by the first of its group that needs it.
    pub(super) async fn join(
        &self,
        phase: Phase,
        client: u32,
    ) -> Result<Rc<Http2Connection>, Fault> {
        let group = self.group_of(client);
        loop {
            let newest = Rc::clone(&group.newest.borrow());
            let mut ours = None;
            let opened = newest.get_or_init(|| async {
                let connection = Rc::new(Http2Connection::open(self.opening(phase, client)).await?);
                let weak = Rc::downgrade(&connection);
                ours = Some(connection);
                Ok(weak)
            });
            let opened = opened.await;
            if let Some(connection) = ours {
                return Ok(connection);
            }
            let open = match opened {
                Ok(connection) => connection.upgrade().filter(|connection| connection.is_open()),
                Err(fault) => {
                    // Whoever comes later tries again.
                    group.forget(&newest);
                    return Err(*fault);
                }
            };
            match open {
                Some(connection) => return Ok(connection),
                None => group.forget(&newest),
            }
        }
    }

    fn opening(&self, phase: Phase, client: u32) -> Opening<'_> {
        let Self { dialer, drivers, headers, .. } = self;
        // Its address is that of the group.
        let client = client / self.clients_per_connection;
        Opening { dialer, drivers, headers: *headers, phase, client }
    }
}

impl Group {
    /// Forgets a connection, unless there is another after it already.
    fn forget(&self, over: &Rc<Opened>) {
        let mut newest = self.newest.borrow_mut();
        if Rc::ptr_eq(&newest, over) {
            *newest = Rc::default();
        }
    }

    /// Its newest connection, if that is open or was not long ago.
    fn connection(&self) -> Option<Rc<Http2Connection>> {
        let newest = Rc::clone(&self.newest.borrow());
        newest.get().and_then(|opened| opened.as_ref().ok()?.upgrade())
    }
}

/// A poller's place in its group, whichever connection that has.
pub(super) struct Place {
    pool: Rc<Pool>,
    client: u32,
    group: Rc<Group>,
    is_measuring: bool,
}

impl Place {
    /// A client's, which counts it among those that may poll in the measure phase.
    pub(super) fn take(pool: Rc<Pool>, client: u32) -> Self {
        let group = pool.group_of(client);
        group.measuring.set(group.measuring.get() + 1);
        Self { pool, client, group, is_measuring: true }
    }

    /// The group's connection, opened in this phase if there is none that takes requests.
    pub(super) async fn join(&self, phase: Phase) -> Result<Rc<Http2Connection>, Fault> {
        self.pool.join(phase, self.client).await
    }

    /// The client has all answers of its polls of the measure phase, and sends no more of them.
    pub(super) fn is_measured(&mut self) {
        if std::mem::replace(&mut self.is_measuring, false) {
            self.group.measuring.set(self.group.measuring.get() - 1);
            if self.group.measuring.get() == 0 {
                self.group.measured.notify_waiters();
            }
        }
    }

    /// Closes the books of the measure phase of the group's connection, once every client of the group
    /// has all its answers.
    pub(super) async fn end_measure(&mut self, accounts: &Accounts) {
        self.is_measured();
        while self.group.measuring.get() > 0 {
            self.group.measured.notified().await;
        }
        if let Some(connection) = self.group.connection() {
            accounts.sockets.close_measure(connection.witness());
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.is_measured();
    }
}
