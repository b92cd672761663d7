//! The line that a poller keeps between two polls, and how it comes to a new one.
//!
//! Servers close connections that are idle for some seconds (Node after 5, nginx by its
//! `keepalive_timeout`), and say in a response, or in a GOAWAY, that they will. A poller does what a
//! browser does (RFC 9112, section 9.3, and RFC 9113, section 9.1): it closes its side and opens
//! another connection for its next poll. A request that was on its way when the server closed is sent
//! again, once, if nothing of a response had come and its connection had carried one before (RFC 9112,
//! section 9.3.1): a poll is a GET, and the server may close between any two of them. All of it is
//! booked in its phase and counted.
//!
//! What is done once, or seldom, is boxed while it lasts: a client at rest must not carry the room that
//! it needs to open a connection.

use std::pin::pin;
use std::rc::Rc;

use pushbench_protocol::{ConnectionUse, Phase, Timestamp};

use crate::Fault;
use crate::carrier::Carriers;
use crate::carrier::again::Again;
use crate::carrier::answer::{Answer, Received};
use crate::carrier::line::Line;
use crate::carrier::request::Asked;
use crate::carrier::watch::Watch;
use crate::witness::Witness;

/// A poller's line, if it has one.
pub(crate) struct Kept {
    client: u32,
    connection: ConnectionUse,
    /// Boxed, since what a client is moved into on its way to its first poll has room for it each time.
    line: Option<Box<Line>>,
    /// Whether the last request has been sent again.
    is_again: bool,
}

impl Kept {
    /// Without a line.
    pub(crate) fn new(client: u32, connection: ConnectionUse) -> Self {
        Self { client, connection, line: None, is_again: false }
    }

    /// The line, if there is one.
    pub(crate) fn line(&mut self) -> Option<&mut Line> {
        self.line.as_deref_mut()
    }

    /// Opens a line in the connect phase.
    pub(crate) async fn open(&mut self, carriers: &Carriers) -> Result<(), Fault> {
        let line = Box::pin(Line::open(carriers, Phase::Connect, self.client)).await?;
        self.line = Some(Box::new(line));
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
        carriers: &Carriers,
        until: impl Future<Output = T>,
    ) -> Result<T, Fault> {
        let mut until = pin!(until);
        if let Some(line) = &mut self.line {
            if let Some(done) = line.rest(until.as_mut()).await {
                return Ok(done);
            }
            Box::pin(self.give_back(carriers)).await?;
        }
        Ok(until.await)
    }

    /// Sends a request, on a new line if there is none, and once more on a new one if the server
    /// has closed that which there was.
    pub(crate) async fn ask(
        &mut self,
        carriers: &Carriers,
        asked: Asked<'_>,
        phase: Phase,
    ) -> Result<(), Fault> {
        if self.line.is_none() {
            let line = Box::pin(Line::open(carriers, phase, self.client)).await?;
            self.line = Some(Box::new(line));
        }
        self.is_again = false;
        let line = self.line.as_mut().expect("opened above");
        match line.ask(carriers, asked, phase).await {
            Err(fault) if self.may_ask_again(fault) => {
                Box::pin(self.ask_again(carriers, asked, phase)).await
            }
            sent => sent,
        }
    }

    /// Hears the response to the last request, which was this, and ends its line unless that is
    /// used again. A request that has to be sent again then is sent in the phase that `again_in` says.
    pub(crate) async fn receive(
        &mut self,
        carriers: &Carriers,
        asked: Asked<'_>,
        again_in: impl Fn() -> Phase,
        phase_of: impl Fn(&Witness, &Watch, &Answer<'_>, Timestamp) -> Phase,
        mut take: impl FnMut(Phase, &Answer<'_>, Timestamp) -> Result<(), Fault>,
    ) -> Result<Received, Fault> {
        let mut received = loop {
            let line = self.line.as_mut().expect("a poll was sent on it");
            let (witness, watch) = (Rc::clone(line.witness()), line.watch());
            let phase_of = |answer: &Answer<'_>, at| phase_of(&witness, &watch, answer, at);
            match line.receive(carriers, phase_of, &mut take).await {
                Ok(received) => break received,
                Err(fault) if self.may_ask_again(fault) => {
                    let phase = carriers.accounts().open_phase(again_in());
                    Box::pin(self.ask_again(carriers, asked, phase)).await?;
                }
                Err(fault) => return Err(fault),
            }
        };
        match self.connection {
            ConnectionUse::KeepAlive if !received.closes => {}
            ConnectionUse::KeepAlive | ConnectionUse::PerPoll => {
                let over = self.line.take().expect("it was there above");
                Box::pin(over.end_in(carriers, received.phase)).await?;
                received.at = carriers.accounts().now();
            }
        }
        Ok(received)
    }

    /// Gives up on a response that has been begun and did not become whole in time.
    pub(crate) fn give_up(&mut self, fault: Fault) {
        if let Some(line) = &mut self.line {
            line.give_up(fault);
        }
    }

    /// The line, for its end.
    pub(crate) fn into_line(self) -> Option<Line> {
        self.line.map(|line| *line)
    }

    /// Whether the server has closed a connection under our request that may be sent again.
    fn may_ask_again(&self, fault: Fault) -> bool {
        match self.line.as_ref().map_or(Again::Never, |line| line.again(fault)) {
            Again::Never => false,
            Again::Once => !self.is_again,
            Again::Unprocessed => true,
        }
    }

    async fn ask_again(
        &mut self,
        carriers: &Carriers,
        asked: Asked<'_>,
        phase: Phase,
    ) -> Result<(), Fault> {
        self.is_again = true;
        let line = self.line.take().expect("a request was sent on it");
        let mut line = line.renew(carriers, phase, self.client).await?;
        if phase == Phase::Measure {
            carriers.accounts().recorder.borrow_mut().counts.retries += 1;
        }
        line.ask(carriers, asked, phase).await?;
        self.line = Some(Box::new(line));
        Ok(())
    }

    /// Closes our side of what the server has closed.
    async fn give_back(&mut self, carriers: &Carriers) -> Result<(), Fault> {
        match self.line.take() {
            Some(line) => line.discard(carriers).await,
            None => Ok(()),
        }
    }
}
