//! A connection of the publisher's own, opened as the adapter says: a WebSocket.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use pushbench_adapter::{Dialogue, Edge, Next, Outgoing, Received, Said, Values};
use pushbench_protocol::clock;
use reqwest::Upgraded;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message, Utf8Bytes};

use crate::publisher::exchange::{Came, Server};
use crate::publisher::failure::Failure;
use crate::publisher::handed::{Handed, HandedBooks};
use crate::{Fault, bounds};

/// A connection that is open for messages.
pub(super) struct Connection {
    dialogue: Box<dyn Dialogue>,
    socket: WebSocketStream<Upgraded>,
    server: Rc<Server>,
    /// While it is being opened.
    said: Option<Rc<LastSaid>>,
}

/// What was said last.
#[derive(Default)]
struct LastSaid {
    sent: RefCell<Vec<u8>>,
    came: RefCell<Vec<u8>>,
}

impl Connection {
    /// Goes through the opening.
    pub(super) async fn open(
        dialogue: Box<dyn Dialogue>,
        server: Rc<Server>,
        subprotocol: Option<&str>,
    ) -> Result<Self, Failure> {
        let said = Rc::<LastSaid>::default();
        let opening = Self::go_through(dialogue, server, subprotocol, Rc::clone(&said));
        let late = |_| Err(Failure::told(Fault::OpenTimeout, said.as_far_as_it_came()));
        timeout(bounds::PUBLISHER_OPEN, opening).await.unwrap_or_else(late)
    }

    async fn go_through(
        mut dialogue: Box<dyn Dialogue>,
        server: Rc<Server>,
        subprotocol: Option<&str>,
        said: Rc<LastSaid>,
    ) -> Result<Self, Failure> {
        let socket = loop {
            match dialogue.next()? {
                Next::Request(request) => {
                    said.sends(request.url.as_bytes());
                    let came = server.ask(&request).await?;
                    came.with(|response| dialogue.on_response(response, &mut |_| {}))?;
                }
                Next::Connect(request) => {
                    said.sends(request.url.as_bytes());
                    let upgraded = server.upgrade(&request, subprotocol).await?;
                    dialogue.on_connected()?;
                    break WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await;
                }
                Next::Send(_) | Next::Receive | Next::Open => {
                    return Err(Failure::of_ours("nothing says that a connection is opened"));
                }
            }
        };
        let mut connection = Self { dialogue, socket, server, said: Some(said) };
        loop {
            match connection.dialogue.next()? {
                Next::Send(outgoing) => connection.send(outgoing).await?,
                Next::Receive => {
                    let message = connection.socket.next().await;
                    connection.take(message, &mut |_| {}).await?;
                }
                Next::Open => {
                    connection.said = None;
                    return Ok(connection);
                }
                Next::Request(_) | Next::Connect(_) => {
                    return Err(Failure::of_ours(
                        "the opening has a request behind its connection",
                    ));
                }
            }
        }
    }

    /// Publishes each message as it comes, and ends when nothing more does, or the connection.
    pub(super) async fn publish(
        mut self,
        values: Values,
        mut messages: UnboundedReceiver<Handed>,
        books: Arc<HandedBooks>,
    ) {
        let fail = |failure: Failure| {
            let (fault, unexpected) = failure.kept(&values);
            books.fail(fault, Some(unexpected));
        };
        if let Err(failure) = self.play(&mut messages, &fail).await {
            // A write may fail before the reason is read that the server closed with.
            let reason = match failure.fault {
                Fault::Closed => timeout(bounds::UNBLOCKED, self.reason()).await.ok().flatten(),
                _ => None,
            };
            fail(reason.unwrap_or(failure));
        }
        // Those that were to go over it are dropped with the channel, and counted.
    }

    async fn play(
        &mut self,
        messages: &mut UnboundedReceiver<Handed>,
        fail: &impl Fn(Failure),
    ) -> Result<(), Failure> {
        let mut keep_alive =
            self.dialogue.keep_alive()?.map(|(every, first)| (ticks(every), first));
        loop {
            tokio::select! {
                handed = messages.recv() => match handed {
                    Some(handed) => self.publish_one(handed).await?,
                    None => return self.close(fail).await,
                },
                message = self.socket.next() => {
                    self.take(message, &mut |received| errors(&received, fail)).await?;
                }
                () = tick(&mut keep_alive) => {
                    if let Some((_, next)) = &mut keep_alive
                        && let Some((_, after)) = self.dialogue.keep_alive()?
                    {
                        self.send(std::mem::replace(next, after)).await?;
                    }
                }
            }
        }
    }

    async fn publish_one(&mut self, mut handed: Handed) -> Result<(), Failure> {
        handed.begins(clock::now());
        match self.dialogue.publish(handed.payload())? {
            Some(outgoing) => self.send(outgoing).await?,
            None => return Err(Failure::of_ours("nothing says how a message is published")),
        }
        handed.sent();
        Ok(())
    }

    /// Takes what came, and sends what is due in reply.
    async fn take(
        &mut self,
        message: Option<Result<Message, SocketError>>,
        receive: &mut dyn FnMut(Received<'_>),
    ) -> Result<(), Failure> {
        match message {
            Some(Ok(Message::Text(text))) => {
                self.comes(text.as_bytes());
                self.dialogue.on_bytes(text.as_bytes(), Edge::Message, receive)?;
            }
            Some(Ok(Message::Binary(bytes))) => {
                self.comes(&bytes);
                self.dialogue.on_bytes(&bytes, Edge::Message, receive)?;
            }
            Some(Ok(Message::Close(frame))) => return Err(Failure::of_close(frame)),
            // tungstenite answers a ping with the next write or flush.
            Some(Ok(Message::Ping(_))) => self.socket.flush().await?,
            Some(Ok(Message::Pong(_) | Message::Frame(_))) => {}
            Some(Err(error)) => return Err(error.into()),
            None => return Err(SocketError::ConnectionClosed.into()),
        }
        while let Some(outgoing) = self.dialogue.reply()? {
            self.send(outgoing).await?;
        }
        Ok(())
    }

    async fn send(&mut self, outgoing: Outgoing) -> Result<(), Failure> {
        if let (Some(said), Outgoing::Message { bytes, .. }) = (&self.said, &outgoing) {
            said.sends(bytes);
        }
        match outgoing {
            Outgoing::Message { bytes, is_binary: true } => {
                self.socket.send(Message::Binary(bytes.into())).await?;
            }
            Outgoing::Message { bytes, is_binary: false } => {
                let text = Utf8Bytes::try_from(bytes).map_err(|_| {
                    Failure::of_ours(
                        "a text message is no UTF-8, expected text, or `binary = true`",
                    )
                })?;
                self.socket.send(Message::Text(text)).await?;
            }
            Outgoing::Request(request) => {
                let Came { status, body, .. } = self.server.ask(&request).await?;
                if !(200..300).contains(&status) {
                    return Err(Failure::of_response(Fault::Status(status), status, body));
                }
            }
        }
        Ok(())
    }

    fn comes(&self, bytes: &[u8]) {
        if let Some(said) = &self.said {
            said.came.replace(bytes.to_vec());
        }
    }

    /// The close frame that is still to be read, if there is one.
    async fn reason(&mut self) -> Option<Failure> {
        while let Some(Ok(message)) = self.socket.next().await {
            if let Message::Close(frame) = message {
                return Some(Failure::of_close(frame));
            }
        }
        None
    }

    /// Ends the connection as the adapter says. Until the server has closed it too, it may say what it
    /// makes of the last messages.
    async fn close(&mut self, fail: &impl Fn(Failure)) -> Result<(), Failure> {
        if let Some(outgoing) = self.dialogue.close()? {
            self.send(outgoing).await?;
        }
        self.socket.close(None).await?;
        while let Some(Ok(message)) = self.socket.next().await {
            let bytes = match &message {
                Message::Text(text) => text.as_bytes(),
                Message::Binary(bytes) => bytes,
                Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => {
                    continue;
                }
            };
            // Nothing can be replied any more.
            self.dialogue
                .on_bytes(bytes, Edge::Message, &mut |received| errors(&received, fail))?;
        }
        Ok(())
    }
}

/// Counts what the adapter says is an error of the server's.
fn errors(received: &Received<'_>, fail: &impl Fn(Failure)) {
    if let Said::Error(text) = received.said {
        fail(Failure::of_error(text));
    }
}

impl LastSaid {
    fn sends(&self, bytes: &[u8]) {
        self.sent.replace(bytes.to_vec());
        self.came.replace(Vec::new());
    }

    fn as_far_as_it_came(&self) -> String {
        let (sent, came) = (self.sent.borrow(), self.came.borrow());
        let came = match came.is_empty() {
            true => "nothing came".to_owned(),
            false => format!("\"{}\" came", String::from_utf8_lossy(&came)),
        };
        format!(
            "the opening was not over within {} s: {came} in response to \"{}\", expected what \
             `steps` says",
            bounds::PUBLISHER_OPEN.as_secs(),
            String::from_utf8_lossy(&sent)
        )
    }
}

fn ticks(every: Duration) -> Interval {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first is at once.
    ticks.reset();
    ticks
}

async fn tick<T>(keep_alive: &mut Option<(Interval, T)>) {
    match keep_alive {
        Some((ticks, _)) => drop(ticks.tick().await),
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_that_does_not_end_is_told_by_what_was_said_last() {
        let said = LastSaid::default();
        said.sends(b"LOGIN");
        let told = said.as_far_as_it_came();
        assert!(told.contains("nothing came in response to \"LOGIN\", expected"), "{told}");
        said.came.replace(b"WAIT".to_vec());
        let told = said.as_far_as_it_came();
        assert!(told.contains("\"WAIT\" came in response to \"LOGIN\", expected"), "{told}");
    }
}
