//! The opening of a dialogue, step by step, and the rules that hold behind it.

use std::sync::Arc;

use crate::adapter::{Step, Transport};
use crate::dialogue::{DialogueError, Next, Outgoing, Response};
use crate::matching::{FilledMatch, Place, Within};
use crate::outgoing::status_is;
use crate::parts::Parts;
use crate::rules::{Received, Rules, Said};
use crate::split::unit::Unit;
use crate::values::Values;

/// Where a dialogue is.
#[derive(Debug)]
pub(crate) struct Opening {
    transport: Arc<Transport>,
    pub(crate) values: Values,
    steps: Vec<Step>,
    /// The first step that is not done.
    step: usize,
    /// Whether what it sends has been handed out.
    is_sent: bool,
    is_connected: bool,
    rules: Rules,
    /// What is waited for.
    expected: Option<FilledMatch>,
}

impl Opening {
    pub(crate) fn new(
        transport: Arc<Transport>,
        values: Values,
        steps: Vec<Step>,
    ) -> Result<Self, DialogueError> {
        let mut opening = Self {
            // A poll is a request of its own, so there is nothing to connect.
            is_connected: transport.is_polled,
            transport,
            values,
            steps,
            step: 0,
            is_sent: false,
            rules: Rules::default(),
            expected: None,
        };
        opening.prepare()?;
        Ok(opening)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_connected && self.step >= self.steps.len()
    }

    /// Fills the rules with what is known now, and what the step expects.
    fn prepare(&mut self) -> Result<(), DialogueError> {
        let is_open = self.is_open();
        self.rules = Rules::fill(&self.transport, &mut self.values, is_open)?;
        self.expected = match self.steps.get(self.step) {
            Some(Step::Turn { send, expect: Some(expect), .. })
                if self.is_connected && (send.is_none() || self.is_sent) =>
            {
                Some(expect.fill(&mut self.values)?)
            }
            _ => None,
        };
        Ok(())
    }

    fn advance(&mut self) -> Result<(), DialogueError> {
        self.step += 1;
        self.is_sent = false;
        self.prepare()
    }

    /// What to do next.
    pub(crate) fn next(&mut self) -> Result<Next, DialogueError> {
        match self.steps.get(self.step) {
            Some(Step::Request { request, .. }) => {
                Ok(Next::Request(request.fill(&mut self.values)?))
            }
            Some(Step::Turn { .. }) | None if !self.is_connected => {
                Ok(Next::Connect(self.transport.request.fill(&mut self.values)?))
            }
            Some(Step::Turn { send: Some(send), expect, .. }) if !self.is_sent => {
                let bytes = self.values.fill(send)?;
                let is_binary = self.transport.is_binary;
                self.is_sent = true;
                match expect {
                    Some(_) => self.prepare()?,
                    None => self.advance()?,
                }
                Ok(Next::Send(Outgoing::Message { bytes, is_binary }))
            }
            Some(Step::Turn { .. }) => Ok(Next::Receive),
            None => Ok(Next::Open),
        }
    }

    pub(crate) fn on_connected(&mut self) -> Result<(), DialogueError> {
        let is_asked = !matches!(self.steps.get(self.step), Some(Step::Request { .. }));
        if self.is_connected || !is_asked {
            let expected = "a connection only where one was asked for";
            return Err(DialogueError::OutOfTurn { found: "a connection", expected });
        }
        self.is_connected = true;
        self.prepare()
    }

    pub(crate) fn on_response(
        &mut self,
        response: &Response<'_>,
        receive: &mut dyn FnMut(Received<'_>),
    ) -> Result<(), DialogueError> {
        let Some(Step::Request { status, expect, take, .. }) = self.steps.get(self.step) else {
            let expected = "a response only to a request";
            return Err(DialogueError::OutOfTurn { found: "a response", expected });
        };
        let handshake = response.body.len() as u64;
        let parts = Parts { handshake, ..Parts::default() };
        receive(Received::of(Said::Opening, parts));
        let what = self.what();
        if let Some(expected) = status_is(status, response.status) {
            let (found, excerpt) = (response.status, self.values.excerpt(response.body));
            return Err(DialogueError::Status { what, found, expected, excerpt });
        }
        let expect = expect.as_ref().map(|expect| expect.fill(&mut self.values)).transpose()?;
        if expect.is_some_and(|expect| !expect.holds(response.body, b"")) {
            return Err(DialogueError::Unexpected {
                what,
                excerpt: self.values.excerpt(response.body),
            });
        }
        let take = take.clone();
        let (text, headers) = (response.body, response.headers);
        self.take(&take, Within { text, headers, ..Within::default() })?;
        self.advance()
    }

    /// Why the text is no JSON, where rules look for some in it.
    pub(crate) fn not_json(&self, text: &[u8]) -> Option<serde_json::Error> {
        self.rules.not_json(text)
    }

    /// Says what a unit is, and goes a step further if it is what the step waits for.
    pub(crate) fn receive(
        &mut self,
        unit: Unit<'_>,
        receive: &mut dyn FnMut(Received<'_>),
    ) -> Result<(), DialogueError> {
        if !self.is_connected {
            let expected = "bytes only over a connection";
            return Err(DialogueError::OutOfTurn { found: "bytes", expected });
        }
        if self.is_open() {
            self.rules.receive(unit, &mut |_, _| false, receive);
            return Ok(());
        }
        // Where everything is a message, what comes before the opening is done can be none.
        let is_vague = self.transport.message.takes_everything();
        let expected = self.expected.take();
        let (mut taken, mut fault) = (None, None);
        let what = self.what();
        self.rules.receive(
            unit,
            &mut |item, event| {
                let is_first = taken.is_none();
                let holds = is_first && expected.as_ref().is_some_and(|e| e.holds(item, event));
                if holds {
                    taken = Some(item.to_vec());
                }
                holds
            },
            &mut |received| {
                let what = what.clone();
                match &received.said {
                    Said::Error(text) => {
                        fault = Some(DialogueError::Refused {
                            what,
                            excerpt: self.values.excerpt(text),
                        });
                    }
                    Said::Unexplained(text) => {
                        fault = Some(DialogueError::Unexpected {
                            what,
                            excerpt: self.values.excerpt(text),
                        });
                    }
                    Said::Message(text) if is_vague => {
                        fault = Some(DialogueError::Unexpected {
                            what,
                            excerpt: self.values.excerpt(text),
                        });
                    }
                    Said::Message(_)
                    | Said::Heartbeat(_)
                    | Said::Acknowledgement
                    | Said::Ignored
                    | Said::Opening
                    | Said::Blank => {}
                }
                receive(received);
            },
        );
        if let Some(fault) = fault {
            return Err(fault);
        }
        let Some(item) = taken else {
            self.expected = expected;
            return Ok(());
        };
        if let Some(Step::Turn { take, .. }) = self.steps.get(self.step) {
            let take = take.clone();
            self.take(&take, Within { text: &item, ..Within::default() })?;
        }
        self.advance()
    }

    fn take(
        &mut self,
        take: &[(String, Place)],
        within: Within<'_, '_>,
    ) -> Result<(), DialogueError> {
        for (name, place) in take {
            let place = place.fill(&mut self.values)?;
            let Some(value) = place.find_in(within) else {
                let (what, excerpt) = (self.what(), self.values.excerpt(within.text));
                return Err(DialogueError::NoValue {
                    what,
                    name: name.clone(),
                    key: "get",
                    excerpt,
                });
            };
            self.values.set(name, value.into_owned());
        }
        Ok(())
    }

    /// The step, as messages call it.
    fn what(&self) -> String {
        match self.step < self.steps.len() {
            true => format!("step {} of {}", self.step + 1, self.steps.len()),
            false => "the connection".to_owned(),
        }
    }
}
