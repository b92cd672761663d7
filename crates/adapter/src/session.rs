//! A dialogue by the rules of an adapter.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::adapter::{Publish, Step, Transport};
use crate::dialogue::{Dialogue, DialogueError, Next, Outgoing, Polled, Response};
use crate::matching::Within;
use crate::opening::Opening;
use crate::outgoing::{outgoing, status_is};
use crate::parts::Parts;
use crate::request::Request;
use crate::rules::{Received, Said};
use crate::split::Splitter;
use crate::split::unit::Edge;
use crate::values::Values;

/// The longest unit in bytes: twice the largest payload, for what is around it.
pub(crate) const MOST_OF_A_UNIT: usize = 32 << 20;

/// A client of a server that others wrote.
#[derive(Debug)]
pub struct Session {
    transport: Arc<Transport>,
    /// Whether it is the connection of a publisher.
    publishes: bool,
    opening: Opening,
    splitter: Splitter,
    /// Heartbeats without a reply yet, by their place in the adapter's list.
    unreplied: VecDeque<usize>,
}

impl Session {
    /// A client of a transport, with the values that its templates use.
    ///
    /// # Errors
    ///
    /// If what a poll begins with, or a rule, cannot be filled with them.
    pub fn new(transport: Arc<Transport>, values: Values) -> Result<Self, DialogueError> {
        let steps = transport.steps.clone();
        Self::with(transport, values, steps, false)
    }

    /// A publisher with a connection of its own, which these steps open.
    pub(crate) fn of_publisher(
        transport: Arc<Transport>,
        values: Values,
        steps: Vec<Step>,
    ) -> Result<Self, DialogueError> {
        Self::with(transport, values, steps, true)
    }

    fn with(
        transport: Arc<Transport>,
        mut values: Values,
        steps: Vec<Step>,
        publishes: bool,
    ) -> Result<Self, DialogueError> {
        for (name, first) in &transport.counters {
            values.set(name, first.to_string());
        }
        for carried in &transport.carried {
            let first = values.fill(&carried.first)?;
            values.set(&carried.name, first);
        }
        let splitter = Splitter::new(transport.split.clone(), MOST_OF_A_UNIT);
        let opening = Opening::new(Arc::clone(&transport), values, steps)?;
        Ok(Self { transport, publishes, opening, splitter, unreplied: VecDeque::new() })
    }

    fn feed(
        &mut self,
        bytes: &[u8],
        edge: Edge,
        receive: &mut dyn FnMut(Received<'_>),
    ) -> Result<(), DialogueError> {
        let (opening, unreplied) = (&mut self.opening, &mut self.unreplied);
        let heartbeats = &self.transport.heartbeats;
        let mut result = Ok(());
        let split = self.splitter.feed(bytes, edge, &mut |unit| {
            // What comes behind a fault in the same read is of a dialogue that has ended.
            if result.is_ok() {
                result = opening.receive(unit, &mut |received| {
                    if let Said::Heartbeat(place) = received.said
                        && heartbeats.get(place).is_some_and(|(_, reply)| reply.is_some())
                    {
                        unreplied.push_back(place);
                    }
                    receive(received);
                });
            }
        });
        result.and(split.map_err(DialogueError::from))
    }

    fn on_poll(
        &mut self,
        response: &Response<'_>,
        receive: &mut dyn FnMut(Received<'_>),
    ) -> Result<Polled, DialogueError> {
        let len = response.body.len() as u64;
        let is_empty = self.is_empty(response)?;
        let mut messages = 0;
        let mut unexplained = None;
        if is_empty {
            if len > 0 {
                let parts = Parts { control: len, ..Parts::default() };
                receive(Received::of(Said::Ignored, parts));
            }
        } else if let Some(expected) = status_is(&[], response.status) {
            let parts = Parts { unexplained: len, ..Parts::default() };
            receive(Received::of(Said::Unexplained(response.body), parts));
            return Err(DialogueError::Status {
                what: "a poll".to_owned(),
                found: response.status,
                expected,
                excerpt: self.opening.values.excerpt(response.body),
            });
        } else {
            self.feed(response.body, Edge::Stream, &mut |received| {
                messages += u64::from(matches!(received.said, Said::Message(_)));
                if let Said::Unexplained(text) = received.said {
                    unexplained.get_or_insert_with(|| text.to_vec());
                }
                receive(received);
            })?;
        }
        if let Some(text) = &unexplained
            && let Some(error) = self.opening.not_json(text)
            && (messages == 0 || error.is_eof())
        {
            return Err(DialogueError::NotJson {
                what: "a poll".to_owned(),
                len: text.len() as u64,
                why: error.to_string(),
                excerpt: self.opening.values.excerpt(text),
            });
        }
        self.carry(response, messages > 0)?;
        Ok(match messages {
            0 if unexplained.is_none() => Polled::Nothing,
            0 => Polled::Unexplained,
            messages => Polled::Messages(messages),
        })
    }

    /// Whether the response says that there is nothing new.
    fn is_empty(&mut self, response: &Response<'_>) -> Result<bool, DialogueError> {
        let transport = Arc::clone(&self.transport);
        if transport.empty.status.contains(&response.status) {
            return Ok(true);
        }
        // What a response of another status says is for whoever reads the error.
        if status_is(&[], response.status).is_some() {
            return Ok(false);
        }
        for like in &transport.empty.body {
            if like.fill(&mut self.opening.values)?.holds(response.body, b"") {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Keeps what the next poll sends. A response without messages may leave the client where it is.
    fn carry(&mut self, response: &Response<'_>, has_messages: bool) -> Result<(), DialogueError> {
        let last_event_id = self.splitter.take_last_event_id();
        let within = Within {
            text: response.body,
            headers: response.headers,
            last_event_id: last_event_id.as_deref(),
        };
        for carried in &self.transport.carried {
            let place = carried.place.fill(&mut self.opening.values)?;
            match place.find_in(within) {
                Some(value) => {
                    let value = value.into_owned();
                    self.opening.values.set(&carried.name, value);
                }
                None if has_messages => {
                    return Err(DialogueError::NoValue {
                        what: "a poll".to_owned(),
                        name: carried.name.clone(),
                        key: "carry",
                        excerpt: self.opening.values.excerpt(response.body),
                    });
                }
                None => {}
            }
        }
        Ok(())
    }
}

impl Dialogue for Session {
    fn next(&mut self) -> Result<Next, DialogueError> {
        self.opening.next()
    }

    fn on_connected(&mut self) -> Result<(), DialogueError> {
        self.opening.on_connected()
    }

    fn on_response(
        &mut self,
        response: &Response<'_>,
        receive: &mut dyn FnMut(Received<'_>),
    ) -> Result<Polled, DialogueError> {
        match self.opening.is_open() && self.transport.is_polled {
            true => self.on_poll(response, receive),
            false => self.opening.on_response(response, receive).map(|()| Polled::Nothing),
        }
    }

    fn on_bytes(
        &mut self,
        bytes: &[u8],
        edge: Edge,
        receive: &mut dyn FnMut(Received<'_>),
    ) -> Result<(), DialogueError> {
        self.feed(bytes, edge, receive)
    }

    fn pending(&self) -> u64 {
        self.splitter.pending()
    }

    fn poll(&mut self) -> Result<Request, DialogueError> {
        match self.opening.is_open() && self.transport.is_polled {
            true => Ok(self.transport.request.fill(&mut self.opening.values)?),
            false => {
                let expected = "a poll only of a polled transport whose opening is done";
                Err(DialogueError::OutOfTurn { found: "a poll", expected })
            }
        }
    }

    fn reply(&mut self) -> Result<Option<Outgoing>, DialogueError> {
        let Some(place) = self.unreplied.pop_front() else { return Ok(None) };
        let (_, reply) = &self.transport.heartbeats[place];
        outgoing(reply.as_ref(), &self.transport, &mut self.opening.values)
    }

    fn keep_alive(&mut self) -> Result<Option<(Duration, Outgoing)>, DialogueError> {
        let Some((every, sends)) = &self.transport.keep_alive else { return Ok(None) };
        let sends = outgoing(Some(sends), &self.transport, &mut self.opening.values)?;
        Ok(sends.map(|sends| (*every, sends)))
    }

    fn publish(&mut self, payload: &[u8]) -> Result<Option<Outgoing>, DialogueError> {
        let send = match &self.transport.publish {
            Publish::Subscriber(send) if !self.publishes => send,
            Publish::Connection { send, .. } if self.publishes => send,
            Publish::Subscriber(_)
            | Publish::Connection { .. }
            | Publish::Request { .. }
            | Publish::Code(_)
            | Publish::Theirs => return Ok(None),
        };
        let bytes = self.opening.values.publishing(payload, |values| values.fill(send))?;
        Ok(Some(Outgoing::Message { bytes, is_binary: self.transport.is_binary }))
    }

    fn close(&mut self) -> Result<Option<Outgoing>, DialogueError> {
        outgoing(self.transport.close.as_ref(), &self.transport, &mut self.opening.values)
    }
}

/// A publisher that sends a request for each message.
#[derive(Debug)]
pub struct Publisher {
    transport: Arc<Transport>,
    values: Values,
}

impl Publisher {
    /// A publisher to a transport that is published to by requests.
    pub(crate) fn new(transport: Arc<Transport>, values: Values) -> Self {
        Self { transport, values }
    }

    /// Sets a value that is another for each message.
    pub fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.values.set(name, value);
    }

    /// The request that publishes the payload.
    ///
    /// # Errors
    ///
    /// If it cannot be put together.
    pub fn publish(&mut self, payload: &[u8]) -> Result<Request, DialogueError> {
        let Publish::Request { request, .. } = &self.transport.publish else {
            unreachable!("checked by `Transport::publishing`");
        };
        Ok(self.values.publishing(payload, |values| request.fill(values))?)
    }

    /// Whether the response says that the message was taken.
    ///
    /// # Errors
    ///
    /// If it does not.
    pub fn on_response(&mut self, response: &Response<'_>) -> Result<(), DialogueError> {
        let Publish::Request { status, expect, .. } = &self.transport.publish else {
            unreachable!("checked by `Transport::publishing`");
        };
        let what = || "publishing".to_owned();
        if let Some(expected) = status_is(status, response.status) {
            let (found, excerpt) = (response.status, self.values.excerpt(response.body));
            return Err(DialogueError::Status { what: what(), found, expected, excerpt });
        }
        let expect = expect.as_ref().map(|expect| expect.fill(&mut self.values)).transpose()?;
        match expect.is_none_or(|expect| expect.holds(response.body, b"")) {
            true => Ok(()),
            false => {
                let excerpt = self.values.excerpt(response.body);
                Err(DialogueError::Unexpected { what: what(), excerpt })
            }
        }
    }
}
