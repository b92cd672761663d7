//! MQTT 3.1.1 over WebSocket, as code: a length takes one to four bytes, and identifiers are binary.
//!
//! A subscriber says CONNECT and SUBSCRIBE, a publisher CONNECT; each has a connection of its own.
//! Messages are taken with quality of service 0, or with 1 and each of them acknowledged. Sections
//! are those of MQTT Version 3.1.1, OASIS Standard, 29 October 2014.

mod packet;
mod packets;
pub(crate) mod settings;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::adapter::Transport;
use crate::code::mqtt::packet::Packet;
use crate::code::mqtt::packets::{Cut, Packets};
use crate::code::mqtt::settings::Settings;
use crate::code::name::Role;
use crate::dialogue::{Dialogue, DialogueError, Next, Outgoing, Polled, Response};
use crate::identity::FilledIdentity;
use crate::parts::Parts;
use crate::request::Request;
use crate::rules::{Received, Said};
use crate::session::MOST_OF_A_UNIT;
use crate::split::unit::Edge;
use crate::values::{FillError, Values};

/// The identifier of the only SUBSCRIBE.
const SUBSCRIPTION: u16 = 1;

/// A client of a server of MQTT.
pub(crate) struct Mqtt {
    transport: Arc<Transport>,
    values: Values,
    role: Role,
    settings: Settings,
    state: State,
    packets: Packets,
    identity: FilledIdentity,
    /// Identifiers of messages that are to be acknowledged.
    due: VecDeque<u16>,
    /// The identifier of the last message that was published.
    published: u16,
}

/// What has been done of the opening.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Unconnected,
    Connected,
    SentConnect,
    Accepted,
    SentSubscribe,
    Open,
}

impl Mqtt {
    pub(crate) fn new(
        transport: Arc<Transport>,
        mut values: Values,
        role: Role,
    ) -> Result<Self, DialogueError> {
        let identity = transport.identity.fill(&mut values)?;
        let settings = Settings::read(&values, role)?;
        Ok(Self {
            transport,
            role,
            settings,
            state: State::Unconnected,
            packets: Packets::new(MOST_OF_A_UNIT),
            identity,
            due: VecDeque::new(),
            published: 0,
            values,
        })
    }

    /// Says what a packet is, and goes a step further if it is what the opening waits for.
    fn receive(
        &mut self,
        cut: Cut<'_>,
        receive: &mut dyn FnMut(Received<'_>),
    ) -> Result<(), DialogueError> {
        let len = cut.bytes.len() as u64;
        let control = Parts { control: len, ..Parts::default() };
        let Some(packet) = Packet::parse(cut.bytes[0], &cut.bytes[cut.header..]) else {
            return self.unexplained(cut.bytes, receive);
        };
        let mut say = |said, parts| receive(Received::of(said, parts));
        match (packet, self.state) {
            (Packet::Publish { is_retained: true, id, .. }, _) => {
                self.due.extend(id);
                say(Said::Ignored, control);
            }
            (Packet::Publish { id, payload, .. }, State::SentSubscribe | State::Open) => {
                self.due.extend(id);
                let (framing, published) = (cut.header as u64, payload.len() as u64);
                let wrapping = len - framing - published;
                let parts = Parts { payload: published, wrapping, framing, ..Parts::default() };
                let (id, sent_at) = self.identity.of(payload);
                let said = Said::Message(Cow::Borrowed(payload));
                receive(Received { said, parts, id, sent_at });
            }
            (Packet::PingResp, _) => say(Said::Heartbeat(0), control),
            (Packet::PubAck(_), State::Open) => say(Said::Acknowledgement, control),
            (Packet::ConnAck(code), State::SentConnect) => {
                say(Said::Opening, Parts { handshake: len, ..Parts::default() });
                if code != 0 {
                    let reason = packet::refusal(code);
                    return Err(self.refused(format!("return code {code}: {reason}")));
                }
                self.state = match self.role {
                    Role::Subscriber => State::Accepted,
                    Role::Publisher => State::Open,
                };
            }
            (Packet::SubAck { id: SUBSCRIPTION, code }, State::SentSubscribe) => {
                say(Said::Opening, Parts { handshake: len, ..Parts::default() });
                if code == 0x80 {
                    let topic = self.values.excerpt(&self.settings.topic);
                    return Err(self.refused(format!("no subscription to {topic}")));
                }
                self.state = State::Open;
            }
            (Packet::ConnAck(_) | Packet::SubAck { .. }, _)
            | (Packet::Publish { .. } | Packet::PubAck(_), _) => {
                return self.unexplained(cut.bytes, receive);
            }
        }
        Ok(())
    }

    /// Bytes that are none that such a server sends now; in the opening, an error.
    fn unexplained(
        &self,
        bytes: &[u8],
        receive: &mut dyn FnMut(Received<'_>),
    ) -> Result<(), DialogueError> {
        let parts = Parts { unexplained: bytes.len() as u64, ..Parts::default() };
        receive(Received::of(Said::Unexplained(bytes), parts));
        match self.state {
            State::Open => Ok(()),
            _ => Err(self.unexpected(bytes[0])),
        }
    }

    fn unexpected(&self, first: u8) -> DialogueError {
        let expected = match self.state {
            State::Unconnected | State::Connected => "nothing before CONNECT was sent",
            State::SentConnect => "CONNACK, which begins with 0x20: is it a server of MQTT 3.1.1?",
            State::Accepted | State::SentSubscribe => "SUBACK, which begins with 0x90",
            State::Open => "a packet that a server sends",
        };
        DialogueError::Packet { what: self.what(), first, expected }
    }

    fn refused(&self, excerpt: String) -> DialogueError {
        DialogueError::Refused { what: self.what(), excerpt }
    }

    /// The step, as messages call it.
    fn what(&self) -> String {
        let step = match self.state {
            State::Unconnected | State::Connected | State::SentConnect => "CONNECT",
            State::Accepted | State::SentSubscribe => "SUBSCRIBE",
            State::Open => "the connection",
        };
        step.to_owned()
    }
}

/// Without its values: there may be secrets among them.
impl fmt::Debug for Mqtt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, state, .. } = self;
        f.debug_struct("Mqtt").field("role", role).field("state", state).finish_non_exhaustive()
    }
}

fn message(bytes: Vec<u8>) -> Outgoing {
    Outgoing::Message { bytes, is_binary: true }
}

impl Dialogue for Mqtt {
    fn next(&mut self) -> Result<Next, DialogueError> {
        Ok(match self.state {
            State::Unconnected => Next::Connect(self.transport.request.fill(&mut self.values)?),
            State::Connected => {
                self.state = State::SentConnect;
                Next::Send(message(packet::connect(&self.settings.login)))
            }
            State::Accepted => {
                self.state = State::SentSubscribe;
                let quality = u8::from(self.settings.is_acknowledged);
                Next::Send(message(packet::subscribe(SUBSCRIPTION, &self.settings.topic, quality)))
            }
            State::SentConnect | State::SentSubscribe => Next::Receive,
            State::Open => Next::Open,
        })
    }

    fn on_connected(&mut self) -> Result<(), DialogueError> {
        if self.state != State::Unconnected {
            let expected = "a connection only where one was asked for";
            return Err(DialogueError::OutOfTurn { found: "a connection", expected });
        }
        self.state = State::Connected;
        Ok(())
    }

    fn on_response(
        &mut self,
        _: &Response<'_>,
        _: &mut dyn FnMut(Received<'_>),
    ) -> Result<Polled, DialogueError> {
        let expected = "bytes of a connection: MQTT has no requests";
        Err(DialogueError::OutOfTurn { found: "a response", expected })
    }

    fn on_bytes(
        &mut self,
        bytes: &[u8],
        edge: Edge,
        receive: &mut dyn FnMut(Received<'_>),
    ) -> Result<(), DialogueError> {
        if self.state == State::Unconnected {
            let expected = "bytes only over a connection";
            return Err(DialogueError::OutOfTurn { found: "bytes", expected });
        }
        // Its first byte tells, and a packet of some other protocol may never be complete.
        let begins = self.packets.kept().first().or(bytes.first());
        if let (Some(&first), State::SentConnect) = (begins, self.state)
            && first != packet::CONN_ACK
        {
            return Err(self.unexpected(first));
        }
        // Taken out, so that a packet can change what else is known of the client.
        let mut packets = std::mem::replace(&mut self.packets, Packets::new(0));
        let mut result = Ok(());
        let split = packets.feed(bytes, &mut |cut| {
            // What comes behind a fault in the same read is of a dialogue that has ended.
            if result.is_ok() {
                result = self.receive(cut, receive);
            }
        });
        self.packets = packets;
        result?;
        split?;
        let torn = if edge == Edge::Stream { self.packets.end() } else { Vec::new() };
        match torn.is_empty() {
            true => Ok(()),
            false => self.unexplained(&torn, receive),
        }
    }

    fn pending(&self) -> u64 {
        self.packets.kept().len() as u64
    }

    fn poll(&mut self) -> Result<Request, DialogueError> {
        let expected = "a poll only of a polled transport";
        Err(DialogueError::OutOfTurn { found: "a poll", expected })
    }

    fn reply(&mut self) -> Result<Option<Outgoing>, DialogueError> {
        Ok(self.due.pop_front().map(|id| message(packet::pub_ack(id))))
    }

    fn keep_alive(&mut self) -> Result<Option<(Duration, Outgoing)>, DialogueError> {
        // The server closes a client that was silent for half as long again (3.1.2.10).
        let every = Duration::from_secs(self.settings.login.keep_alive.into());
        Ok((!every.is_zero()).then(|| (every, message(packet::ping()))))
    }

    fn publish(&mut self, payload: &[u8]) -> Result<Option<Outgoing>, DialogueError> {
        if self.role == Role::Subscriber {
            return Ok(None);
        }
        if payload.len() > MOST_OF_A_UNIT {
            return Err(FillError::TooLong { name: "payload".to_owned() }.into());
        }
        let id = self.settings.is_acknowledged.then(|| {
            // No identifier is 0 (2.3.1).
            self.published = self.published.checked_add(1).unwrap_or(1);
            self.published
        });
        Ok(Some(message(packet::publish(&self.settings.topic, id, payload))))
    }

    fn close(&mut self) -> Result<Option<Outgoing>, DialogueError> {
        Ok(Some(message(packet::disconnect())))
    }
}
