//! What a client works with, whatever its transport: its worker's plan, accounts, timer and carriers.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::Notify;

use crate::Plan;
use crate::accounts::Accounts;
use crate::carrier::Carriers;
use crate::carrier::network::Network;
use crate::carrier::request::Request;
use crate::content_coding::Offer;
use crate::grid::Grid;
use crate::publisher::subscribers::ToPublish;
use crate::transport::headers::poll_headers;

/// What the clients of one worker work with. One thread owns it, so nothing here is locked.
pub(crate) struct ClientContext {
    pub(crate) plan: Arc<Plan>,
    pub(crate) accounts: Rc<Accounts>,
    pub(crate) grid: Grid,
    pub(crate) carriers: Carriers,
    /// Polls by topic; empty where nothing is polled.
    pub(crate) polls: Vec<RefCell<Request>>,
    /// What clients are to publish over their own connections.
    pub(crate) to_publish: Arc<ToPublish>,
    /// What polls say in `Accept-Encoding`, which is the same for every topic.
    pub(crate) offer: Rc<Offer>,
    closing: Notify,
}

impl ClientContext {
    /// What clients of this plan work with.
    pub(crate) fn new(
        plan: Arc<Plan>,
        to_publish: Arc<ToPublish>,
        accounts: Rc<Accounts>,
        network: Network,
    ) -> Self {
        let carriers = Carriers::new(&plan, &accounts, network);
        let headers = poll_headers(&plan);
        let offer =
            headers.first().map_or_else(Offer::default, |head| Offer::of_head(head.bytes()));
        let polls = headers.into_iter().map(|head| RefCell::new(carriers.request(head))).collect();
        Self {
            grid: Grid::new(Rc::clone(&accounts)),
            carriers,
            polls,
            to_publish,
            offer: Rc::new(offer),
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

    /// Waits until connections are to be ended, in the task that asks first.
    pub(crate) async fn closed(&self) {
        let mut notified = pin!(self.closing.notified());
        let mut is_registered = false;
        poll_fn(|cx| {
            if self.accounts.is_closing() {
                return Poll::Ready(());
            }
            // One thread: nothing can come between the look and the wait. Who has said once that it
            // waits need not take the lock again for each message.
            if !std::mem::replace(&mut is_registered, true) {
                let _ = notified.as_mut().poll(cx);
            }
            Poll::Pending
        })
        .await;
    }
}
