//! One connection: a WebSocket, or the body of a response that goes on.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt, stream};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::stage::{Body, Stage};
use crate::text::{Found, Text};

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The response to an upgrade, after which the connection is played; `None` if it asks for none.
pub(crate) fn upgrade(
    stage: Arc<Stage>,
    request: &mut Request<Incoming>,
    found: Found,
) -> Option<Response<Body>> {
    let key = request.headers().get("Sec-WebSocket-Key")?;
    let accept = derive_accept_key(key.as_bytes());
    let subprotocol = request.headers().get("Sec-WebSocket-Protocol").cloned();
    let upgraded = hyper::upgrade::on(request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgraded.await else { return };
        let io = TokioIo::new(upgraded);
        let socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
        let mut client = Client { stage, found, messages: None, owes: None };
        // A client may close whenever it likes.
        let _ = client.play(socket).await;
    });
    let mut response = Response::new(Empty::new().boxed());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert("Connection", HeaderValue::from_static("Upgrade"));
    headers.insert("Upgrade", HeaderValue::from_static("websocket"));
    headers.insert("Sec-WebSocket-Accept", HeaderValue::from_str(&accept).expect("base64"));
    if let Some(subprotocol) = subprotocol {
        headers.insert("Sec-WebSocket-Protocol", subprotocol);
    }
    Some(response)
}

/// A client with a WebSocket.
struct Client {
    stage: Arc<Stage>,
    /// What varied in what it said so far.
    found: Found,
    /// What is published to it, once it has subscribed.
    messages: Option<Receiver<Found>>,
    /// The reply that it owes to a heartbeat.
    owes: Option<Text>,
}

impl Client {
    async fn play(&mut self, mut socket: Socket) -> Result<(), Error> {
        let stage = Arc::clone(&self.stage);
        for text in &stage.script.greeting {
            socket.send(message(text, &self.found)).await?;
        }
        if stage.script.opening_subscribes {
            self.subscribe();
        }
        let mut heartbeats = ticks(&stage);
        loop {
            tokio::select! {
                said = socket.next() => match said {
                    None => return Ok(()),
                    Some(Ok(Message::Text(text))) => self.take(text.as_bytes(), &mut socket).await?,
                    Some(Ok(Message::Binary(bytes))) => self.take(&bytes, &mut socket).await?,
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error),
                },
                published = next(&mut self.messages) => {
                    let text = message(&stage.script.message, &published);
                    socket.send(text).await?;
                }
                _ = heartbeats.tick() => if self.messages.is_some() {
                    self.heartbeat(&mut socket).await?;
                },
            }
        }
    }

    /// Takes what the client said.
    async fn take(&mut self, said: &[u8], socket: &mut Socket) -> Result<(), Error> {
        if self.owes.as_ref().is_some_and(|reply| reply.find(said).is_some()) {
            self.owes = None;
            self.stage.hub.note(|seen| seen.replies += 1);
            return Ok(());
        }
        let stage = Arc::clone(&self.stage);
        let found =
            stage.script.rules.iter().find_map(|rule| Some((rule, rule.client.find(said)?)));
        let Some((rule, found)) = found else {
            let said = String::from_utf8_lossy(said).into_owned();
            stage.hub.note(|seen| seen.unexpected.push(format!(">> {said}")));
            return socket.close(None).await;
        };
        if rule.publishes {
            stage.hub.publish(&found);
        } else {
            self.found.extend(found);
        }
        for reply in &rule.replies {
            socket.send(message(reply, &self.found)).await?;
        }
        if rule.subscribes && self.messages.is_none() {
            self.subscribe();
        }
        Ok(())
    }

    fn subscribe(&mut self) {
        self.messages = Some(self.stage.hub.subscribe(self.found.get("channel")));
    }

    /// Says the heartbeats; a client that owes a reply to the last one is closed, as its server would.
    async fn heartbeat(&mut self, socket: &mut Socket) -> Result<(), Error> {
        let stage = Arc::clone(&self.stage);
        for heartbeat in &stage.script.heartbeats {
            if self.owes.is_some() {
                let note = "a heartbeat without a reply".to_owned();
                stage.hub.note(|seen| seen.unexpected.push(note));
                return socket.close(None).await;
            }
            if let Some(reply) = &heartbeat.reply {
                self.owes = Some(reply.clone());
                stage.hub.note(|seen| seen.heartbeats += 1);
            }
            socket.send(message(&heartbeat.server, &self.found)).await?;
        }
        Ok(())
    }
}

/// The body of a response to a subscriber: the greeting, then messages and heartbeats.
pub(crate) fn body(stage: &Arc<Stage>, found: &Found) -> Body {
    let messages = stage.hub.subscribe(found.get("channel"));
    let greeting: Vec<_> = stage.script.greeting.iter().map(|text| text.fill(found)).collect();
    let greeting = stream::iter((!greeting.is_empty()).then(|| greeting.concat()));
    let state = (Arc::clone(stage), Some(messages), ticks(stage), found.clone());
    let rest = stream::unfold(state, |(stage, mut messages, mut heartbeats, found)| async move {
        let bytes = loop {
            tokio::select! {
                published = next(&mut messages) => break stage.script.message.fill(&published),
                _ = heartbeats.tick() => {
                    let heartbeats = stage.script.heartbeats.iter();
                    let said: Vec<_> = heartbeats.map(|one| one.server.fill(&found)).collect();
                    if !said.is_empty() {
                        break said.concat();
                    }
                }
            }
        };
        Some((bytes, (stage, messages, heartbeats, found)))
    });
    let frames = greeting.chain(rest).map(|bytes| Ok(Frame::data(Bytes::from(bytes))));
    BodyExt::boxed(StreamBody::new(frames))
}

/// What is published next; never, where nobody has subscribed.
async fn next(messages: &mut Option<Receiver<Found>>) -> Found {
    let published = match messages {
        Some(messages) => messages.recv().await,
        None => None,
    };
    match published {
        Some(published) => published,
        None => std::future::pending().await,
    }
}

/// The first tick is after a while, as of any server.
fn ticks(stage: &Stage) -> Interval {
    let mut ticks = interval(stage.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.reset();
    ticks
}

/// Transcripts of WebSocket that are played are of text.
fn message(text: &Text, found: &Found) -> Message {
    Message::text(String::from_utf8(text.fill(found)).expect("a transcript of text"))
}
