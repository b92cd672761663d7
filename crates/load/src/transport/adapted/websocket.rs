//! A client of a third-party server that subscribes by WebSocket.
//!
//! Frames are decoded and booked as those of our own server; a whole message is handed to the
//! dialogue, which says what its bytes are. What the client sends is booked as what it is sent for:
//! the opening as `handshake`, replies, keep-alives and the last words as `control`.

use std::pin::pin;
use std::time::Duration;

use futures_util::SinkExt;
use pushbench_adapter::{Next, Outgoing};
use pushbench_protocol::{ByteKind, Direction, Phase};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::Fault;
use crate::plan::Adapted;
use crate::publisher::handed::Handed;
use crate::transport::adapted::ear::Ear;
use crate::transport::adapted::exchange::Aside;
use crate::transport::adapted::head;
use crate::transport::adapted::opening::Begun;
use crate::transport::context::ClientContext;
use crate::transport::tapped::Tapped;
use crate::transport::websocket::{self, Listener, closed, fault_of};

/// Opens a WebSocket, takes every message, replies to what has to be replied to, and closes it when
/// told to.
pub(crate) async fn play(
    context: &ClientContext,
    number: u32,
    subscriber_id: usize,
    adapted: &Adapted,
) -> Result<(), Fault> {
    let begun = Begun::new(context, (number, subscriber_id), adapted, "a WebSocket").await?;
    let request = head::upgrade(&context.plan, adapted, &begun.request);
    let request = request.map_err(|error| begun.client.cannot(&error))?;
    let (client, socket) = begun.open(websocket::open_by(context, number, &request)).await?;
    let ear = Ear::new(client, socket.get_ref());
    let mut talk = Talk { ear, socket, aside: Aside::new(number), to_publish: None };
    match talk.play(context, context.plan.topic_of(number)).await {
        Ok(()) => talk.close(context).await,
        Err(fault) => {
            talk.ear.give_up(context, talk.socket.get_ref());
            Err(fault)
        }
    }
}

/// A WebSocket, and who listens to it.
struct Talk<'c> {
    ear: Ear<'c>,
    socket: WebSocketStream<Tapped>,
    /// For what is said by requests.
    aside: Aside,
    /// What this client publishes; of the subscribers of a topic it is at most one.
    to_publish: Option<UnboundedReceiver<Handed>>,
}

impl Talk<'_> {
    /// Says what the opening says, and takes messages until connections are to be ended.
    async fn play(&mut self, context: &ClientContext, topic: u32) -> Result<(), Fault> {
        self.open(context).await?;
        self.to_publish = context.to_publish.take(topic);
        self.ear.client.is_open();
        loop {
            let keep_alive = self.ear.client.keep_alive()?;
            if !self.listen(context, keep_alive.as_ref().map(|(every, _)| *every)).await? {
                return Ok(());
            }
            if let Some((_, outgoing)) = keep_alive {
                let phase = context.accounts.phase_on(self.socket.get_ref().witness());
                self.send(context, outgoing, (phase, ByteKind::Control)).await?;
            }
        }
    }

    /// Plays the steps of the opening that come after the upgrade.
    async fn open(&mut self, context: &ClientContext) -> Result<(), Fault> {
        loop {
            match self.ear.client.next()? {
                Next::Open => return Ok(()),
                Next::Send(outgoing) => {
                    self.send(context, outgoing, (Phase::Connect, ByteKind::Handshake)).await?;
                }
                Next::Receive => {
                    let waiting = self.ear.client.waits();
                    let next = websocket::next(context, &mut self.socket, &mut self.ear);
                    let message = waiting.until(next).await?;
                    self.take(context, message)?;
                    self.reply(context).await?;
                }
                Next::Request(_) | Next::Connect(_) => {
                    let told = "the opening has a request behind its connection";
                    return Err(self.ear.client.cannot(&told));
                }
            }
        }
    }

    /// Takes messages and replies to them for so long; `false` once connections are to be ended.
    async fn listen(
        &mut self,
        context: &ClientContext,
        bound: Option<Duration>,
    ) -> Result<bool, Fault> {
        let mut over = pin!(async {
            match bound {
                Some(bound) => tokio::time::sleep(bound).await,
                None => std::future::pending().await,
            }
        });
        loop {
            tokio::select! {
                biased;
                message = websocket::next(context, &mut self.socket, &mut self.ear) => {
                    self.take(context, message)?;
                    self.reply(context).await?;
                }
                handed = next_of(&mut self.to_publish) => self.publish(context, handed).await?,
                () = &mut over => return Ok(true),
                () = context.closed() => return Ok(false),
            }
        }
    }

    /// Takes a message; an error if the server has ended the connection, or has said what it may not.
    fn take(
        &mut self,
        context: &ClientContext,
        message: Option<Result<Message, tungstenite::Error>>,
    ) -> Result<(), Fault> {
        let ended = || self.ear.client.ended("closed the connection without a close frame");
        let message = message.ok_or_else(ended)?.map_err(|error| match fault_of(&error) {
            Fault::Closed => ended(),
            fault => fault,
        })?;
        self.ear.take(context, &message, context.accounts.now(), self.socket.get_ref());
        match &message {
            Message::Close(close) => Err(closed(context, close.as_ref())),
            _ => self.ear.received(),
        }
    }

    /// Sends what is due in reply to what came, in the phase of that.
    async fn reply(&mut self, context: &ClientContext) -> Result<(), Fault> {
        while let Some(reply) = self.ear.client.reply()? {
            let (phase, kind) = match self.ear.client.receiver.is_open {
                true => (self.ear.received_in(), ByteKind::Control),
                false => (Phase::Connect, ByteKind::Handshake),
            };
            self.send(context, reply, (phase, kind)).await?;
        }
        Ok(())
    }

    /// Publishes a message over this connection.
    async fn publish(&mut self, context: &ClientContext, mut handed: Handed) -> Result<(), Fault> {
        handed.begins(context.accounts.now());
        let Some(outgoing) = self.ear.client.publish(handed.payload())? else {
            let told = "the adapter does not say how a subscriber publishes";
            return Err(self.ear.client.cannot(&told));
        };
        let phase = context.accounts.phase_on(self.socket.get_ref().witness());
        let all = self.send_data(context, outgoing, phase).await?;
        let payload = all.min(handed.payload().len() as u64);
        context.accounts.book(phase, Direction::Up, ByteKind::Payload, payload);
        context.accounts.book(phase, Direction::Up, ByteKind::Wrapping, all - payload);
        handed.sent();
        Ok(())
    }

    /// Sends something, and books its data as this.
    async fn send(
        &mut self,
        context: &ClientContext,
        outgoing: Outgoing,
        (phase, kind): (Phase, ByteKind),
    ) -> Result<(), Fault> {
        let data = self.send_data(context, outgoing, phase).await?;
        context.accounts.book(phase, Direction::Up, kind, data);
        Ok(())
    }

    /// Sends something; gives the bytes of its data, which are on no books yet.
    async fn send_data(
        &mut self,
        context: &ClientContext,
        outgoing: Outgoing,
        phase: Phase,
    ) -> Result<u64, Fault> {
        let message = match outgoing {
            Outgoing::Message { bytes, is_binary } => {
                self.ear.client.sends(&bytes);
                match is_binary {
                    true => Message::binary(bytes),
                    false => Message::text(self.text(bytes)?),
                }
            }
            Outgoing::Request(request) => {
                // Its books are those of a request, whatever the data of a message would have been.
                self.aside.send(&self.ear.client, request, phase).await?;
                return Ok(0);
            }
        };
        // What the library has to say by itself is booked before.
        self.ear.book_sent(context, self.socket.get_ref());
        let sent = self.socket.send(message).await;
        let data = self.ear.sent(context, self.socket.get_ref(), phase);
        if let Err(error) = sent {
            // As far as it has left.
            context.accounts.book(phase, Direction::Up, ByteKind::Control, data);
            return Err(fault_of(&error));
        }
        Ok(data)
    }

    fn text(&self, bytes: Vec<u8>) -> Result<String, Fault> {
        let told = "a text that is not UTF-8 is to be sent, expected `binary = true` for such data";
        String::from_utf8(bytes).map_err(|_| self.ear.client.cannot(&told))
    }

    /// Says the last words, and ends the WebSocket.
    async fn close(mut self, context: &ClientContext) -> Result<(), Fault> {
        if let Some(last) = self.ear.client.last_words()? {
            self.send(context, last, (Phase::Close, ByteKind::Control)).await?;
        }
        let ended = websocket::close(context, &mut self.socket, &mut self.ear).await;
        self.ear.end(context);
        let aside = self.aside.end(&self.ear.client, Phase::Close).await;
        ended.and(aside)
    }
}

/// The next message to publish; for ever where there is none to come.
async fn next_of(to_publish: &mut Option<UnboundedReceiver<Handed>>) -> Handed {
    if let Some(messages) = to_publish
        && let Some(handed) = messages.recv().await
    {
        return handed;
    }
    *to_publish = None;
    std::future::pending().await
}
