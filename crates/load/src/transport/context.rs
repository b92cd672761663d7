//! What a client works with, whatever its transport: its worker's plan, accounts, timer and ways to
//! the server.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use pushbench_protocol::heads::FieldList;
use pushbench_protocol::{ByteKind, RequestHead};
use tokio::sync::Notify;

use crate::Plan;
use crate::accounts::Accounts;
use crate::carrier::dial::Dialer;
use crate::carrier::http2::Pool;
use crate::content_coding::Offer;
use crate::grid::Grid;
use crate::transport::heads::{offer, poll_heads, poll_lists};

/// Memory that reads of one worker go through; a connection at rest holds none.
const SCRATCH_LEN: usize = 64 * 1024;

/// What the clients of one worker work with. One thread owns it, so nothing here is locked.
pub(crate) struct ClientContext {
    pub(crate) plan: Arc<Plan>,
    pub(crate) accounts: Rc<Accounts>,
    pub(crate) grid: Grid,
    pub(crate) dialer: Rc<Dialer>,
    pub(crate) http2: Pool,
    pub(crate) scratch: RefCell<Vec<u8>>,
    /// Heads of polls by topic; empty where nothing is polled.
    pub(crate) poll_heads: RefCell<Vec<RequestHead>>,
    /// The same as HTTP/2 sends them.
    pub(crate) poll_lists: RefCell<Vec<FieldList>>,
    /// What polls say that they take.
    pub(crate) offer: Rc<Offer>,
    closing: Notify,
}

impl ClientContext {
    /// What clients of this plan work with.
    pub(crate) fn new(plan: Arc<Plan>, accounts: Rc<Accounts>) -> Self {
        let dialer = Rc::new(Dialer::new(Arc::clone(&plan), Rc::clone(&accounts)));
        let opening = match plan.transport.kind().upgrades() {
            true => ByteKind::Handshake,
            false => ByteKind::Header,
        };
        Self {
            http2: Pool::new(Rc::clone(&dialer), plan.carriage.clients_per_connection, opening),
            dialer,
            grid: Grid::new(Rc::clone(&accounts)),
            scratch: RefCell::new(vec![0; SCRATCH_LEN]),
            poll_heads: RefCell::new(poll_heads(&plan)),
            poll_lists: RefCell::new(poll_lists(&plan)),
            offer: Rc::new(offer(&plan)),
            accounts,
            plan,
            closing: Notify::new(),
        }
    }

    /// Tells all clients to end their connections.
    pub(crate) fn close(&self) {
        self.accounts.begin_closing();
        self.grid.close();
        self.closing.notify_waiters();
    }

    /// Waits until connections are to be ended.
    pub(crate) async fn closed(&self) {
        // One thread: nothing can come between the look and the wait.
        if !self.accounts.is_closing() {
            self.closing.notified().await;
        }
    }
}
