//! The line that a poller keeps between two polls, and how it comes to a new one.
//!
//! Servers close connections that are idle for some seconds (Node after 5, nginx by its
//! `keepalive_timeout`), and say in a response that they will. A poller does what a browser does
//! (RFC 9112, section 9.3): it closes its side and opens another connection for its next poll. A
//! request that was on its way when the server closed is sent again, once, if nothing of a response
//! had come and its connection had carried one before (section 9.3.1): a poll is a GET, and the
//! server may close between any two of them. All of it is booked in its phase and counted.

use std::pin::pin;
use std::rc::Rc;

use pushbench_protocol::{ConnectionUse, Phase, Timestamp};

use crate::Fault;
use crate::carrier::http1::answer::Answer;
use crate::carrier::line::{HeadWatch, Line};
use crate::transport::context::ClientContext;
use crate::transport::poll::{Heard, Poller};
use crate::witness::Witness;

/// A poller's line, if it has one.
pub(crate) struct Kept {
    client: u32,
    connection: ConnectionUse,
    line: Option<Line>,
    /// Whether the line has carried a response.
    has_carried: bool,
}

impl Kept {
    /// Without a line.
    pub(crate) fn new(client: u32, connection: ConnectionUse) -> Self {
        Self { client, connection, line: None, has_carried: false }
    }

    /// The line, if there is one.
    pub(crate) fn line(&mut self) -> Option<&mut Line> {
        self.line.as_mut()
    }

    /// Opens a line in the connect phase.
    pub(crate) async fn open(&mut self, context: &ClientContext) -> Result<(), Fault> {
        self.line = Some(Line::open(context, self.client).await?);
        Ok(())
    }

    /// Waits for something else while nothing is asked. A connection that the server closes
    /// meanwhile is closed on our side too.
    ///
    /// # Errors
    ///
    /// If the server says something that nobody asked for.
    pub(crate) async fn rest<T>(
        &mut self,
        context: &ClientContext,
        until: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        let mut until = pin!(until);
        if let Some(line) = &mut self.line {
            if let Some(done) = line.rest(until.as_mut()).await {
                return Ok(done);
            }
            self.give_back(context).await?;
        }
        Ok(until.await)
    }

    /// Sends a request, on a new line if there is none, and once more on a new one if the server
    /// has closed that which there was.
    pub(crate) async fn ask(
        &mut self,
        context: &ClientContext,
        poller: &Poller,
        phase: Phase,
    ) -> Result<(), Fault> {
        if self.line.is_none() {
            self.line = Some(Line::open_in(context, phase, self.client).await?);
            self.has_carried = false;
        }
        let line = self.line.as_mut().expect("opened above");
        match poller.ask(context, line, phase).await {
            Err(fault) if self.may_ask_again(poller, fault) => {
                self.ask_again(context, poller, phase).await
            }
            asked => asked,
        }
    }

    /// Hears the response to the last request, and ends its line unless that is used again.
    pub(crate) async fn hear(
        &mut self,
        context: &ClientContext,
        poller: &mut Poller,
        phase_of: impl Fn(&Witness, &HeadWatch, &Answer<'_>, Timestamp) -> Phase,
    ) -> Result<Heard, Fault> {
        let heard = loop {
            let line = self.line.as_mut().expect("a poll was sent on it");
            let (witness, head) = (Rc::clone(line.witness()), line.head_watch());
            let phase_of = |answer: &Answer<'_>, at| phase_of(&witness, &head, answer, at);
            match poller.hear(context, line, phase_of).await {
                Ok(heard) => break heard,
                Err(fault) if self.may_ask_again(poller, fault) => {
                    let phase = context.accounts.phase_at(context.accounts.now());
                    self.ask_again(context, poller, phase).await?;
                }
                Err(fault) => return Err(fault),
            }
        };
        self.has_carried = true;
        match self.connection {
            ConnectionUse::KeepAlive if !heard.closes => {}
            ConnectionUse::KeepAlive | ConnectionUse::PerPoll => {
                let over = self.line.take().expect("it was there above");
                over.end_in(context, heard.phase).await?;
            }
        }
        Ok(heard)
    }

    /// The line, for its end.
    pub(crate) fn into_line(self) -> Option<Line> {
        self.line
    }

    /// Whether the server has closed a connection that had been idle, under our request.
    fn may_ask_again(&self, poller: &Poller, fault: Fault) -> bool {
        let is_http1 = matches!(self.line, Some(Line::Http1(_)));
        let is_end = matches!(fault, Fault::Closed | Fault::Io);
        is_http1 && is_end && self.has_carried && poller.has_heard_nothing()
    }

    async fn ask_again(
        &mut self,
        context: &ClientContext,
        poller: &Poller,
        phase: Phase,
    ) -> Result<(), Fault> {
        self.give_back(context).await?;
        if phase == Phase::Measure {
            context.accounts.recorder.borrow_mut().counts.retries += 1;
        }
        let mut line = Line::open_in(context, phase, self.client).await?;
        self.has_carried = false;
        poller.ask(context, &mut line, phase).await?;
        self.line = Some(line);
        Ok(())
    }

    /// Closes our side of what the server has closed.
    async fn give_back(&mut self, context: &ClientContext) -> Result<(), Fault> {
        match self.line.take() {
            Some(Line::Http1(connection)) => context.dialer.discard(connection).await,
            // A stream's connection ends with its last client.
            Some(Line::Http2(_)) | None => Ok(()),
        }
    }
}
