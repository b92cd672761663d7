//! A WebSocket that the library opens: its own upgrade, with its own settings, over a counted stream.

use std::rc::Rc;

use pushbench_protocol::{ByteKind, Direction, Phase};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::accounts::Accounts;
use crate::transport::context::ClientContext;
use crate::transport::tapped::Tapped;
use crate::transport::websocket::{self, Listener, Subscriber};
use crate::witness::Witness;
use crate::{Fault, Plan, Unexpected};

/// Lets the library connect, takes every message, and closes the WebSocket when told to.
pub(super) async fn play(
    context: &ClientContext,
    client: u32,
    subscriber_id: usize,
) -> Result<(), Fault> {
    let path = context.plan.websocket_path(client, None);
    let mut socket = open(context, client, &path).await?;
    context.accounts.is_connected(subscriber_id);
    let mut subscriber = Subscriber::new(subscriber_id, socket.get_ref());
    let ended = loop {
        let message = tokio::select! {
            biased;
            message = websocket::next(context, &mut socket, &mut subscriber) => message,
            () = context.closed() => break Ok(()),
        };
        let received_at = context.accounts.now();
        match message {
            Some(Ok(message)) => {
                subscriber.take(context, &message, received_at, socket.get_ref());
                if let Message::Close(close) = &message {
                    break Err(websocket::closed(context, close.as_ref()));
                }
            }
            Some(Err(error)) => break Err(websocket::fault_of(&error)),
            None => break Err(Fault::Closed),
        }
    };
    match ended {
        Ok(()) => websocket::close(context, &mut socket, &mut subscriber).await,
        Err(fault) => {
            subscriber.give_up(context, socket.get_ref());
            Err(fault)
        }
    }
}

/// Connects, and lets the library upgrade.
async fn open(
    context: &ClientContext,
    client: u32,
    path: &str,
) -> Result<WebSocketStream<Tapped>, Fault> {
    let accounts = &context.accounts;
    let tunnel = context.carriers.untaken(client).await?;
    let opening = Opening { accounts, witness: Rc::clone(tunnel.witness()), is_over: false };
    let request = request(&context.plan, path);
    let begin = accounts.now();
    match client_async(request, Tapped::before_upgrade(tunnel)).await {
        Ok((socket, _)) => {
            accounts.recorder.borrow_mut().connect_upgrade.record(accounts.now().since(begin));
            opening.passed(socket.get_ref());
            Ok(socket)
        }
        Err(error) => {
            let fault = fault_of(&error);
            accounts.keep_unexpected(fault, || unexpected(&error));
            Err(fault)
        }
    }
}

/// The request as an application makes it, with the scenario's cookie if it has one.
fn request(plan: &Plan, path: &str) -> Request {
    let scheme = if plan.tls.is_some() { "wss" } else { "ws" };
    let host = plan.head_target(path).host;
    let url = format!("{scheme}://{host}{path}");
    let mut request = url.into_client_request().expect("host and path of a plan make a URL");
    if let Some(cookie) = plan.head_target(path).cookie() {
        let cookie = cookie.parse().expect("a cookie is ASCII");
        request.headers_mut().insert("cookie", cookie);
    }
    request
}

/// An upgrade that is not over. It may be given up at any moment, and the sockets have counted what
/// has passed.
struct Opening<'a> {
    accounts: &'a Accounts,
    witness: Rc<Witness>,
    is_over: bool,
}

impl Opening<'_> {
    /// It has passed whole: what comes behind it are frames.
    fn passed(mut self, tapped: &Tapped) {
        self.is_over = true;
        self.book(tapped.upgrade());
    }

    fn book(&self, [down, up]: [u64; 2]) {
        self.accounts.book(Phase::Connect, Direction::Down, ByteKind::Handshake, down);
        self.accounts.book(Phase::Connect, Direction::Up, ByteKind::Handshake, up);
    }
}

impl Drop for Opening<'_> {
    /// All that its connection has carried was of it.
    fn drop(&mut self) {
        if !self.is_over {
            self.book(self.witness.above_tls());
        }
    }
}

fn fault_of(error: &Error) -> Fault {
    match error {
        Error::Io(_) => Fault::Io,
        Error::ConnectionClosed | Error::AlreadyClosed => Fault::Closed,
        _ => Fault::Upgrade,
    }
}

/// What came in place of a response that switches.
fn unexpected(error: &Error) -> Unexpected {
    match error {
        Error::Http(response) => {
            let body = response.body().as_deref().unwrap_or_default();
            Unexpected::of_parts(response.status().as_u16(), &[], body)
        }
        error => Unexpected::of_dialogue(error),
    }
}
