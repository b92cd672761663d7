//! A request of a client's own to a third-party server, and the whole response to it.

use std::borrow::Cow;
use std::cell::RefCell;

use pushbench_adapter::{Dialogue, DialogueError, Received, Request, Response};
use pushbench_protocol::{ByteKind, ConnectionUse, Direction, Phase, RequestHead};

use crate::carrier::answer::Answer;
use crate::carrier::kept::Kept;
use crate::carrier::request::{Asked, Request as Carried};
use crate::coded::{Shares, decoded};
use crate::content_coding::{ContentCoding, Offer};
use crate::transport::adapted::booked::{self, When};
use crate::transport::adapted::client::Client;
use crate::transport::adapted::coded;
use crate::transport::adapted::head::{self, Purpose};
use crate::{Fault, Unexpected};

/// A request that is ready to be sent, and what its head offers.
pub(crate) struct Exchange {
    request: RefCell<Carried>,
    offer: Offer,
}

/// What a response brought.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Brought<T> {
    /// What the dialogue made of it.
    pub(crate) said: T,
    /// Messages that are new to the client.
    pub(crate) new: u64,
}

impl Exchange {
    /// Puts a request together, whose body is for this.
    pub(crate) fn new(
        client: &Client<'_>,
        request: Request,
        kind: ByteKind,
    ) -> Result<Self, Fault> {
        let plan = &client.context.plan;
        let head = head::of(plan, client.adapted, &request, Purpose::Data);
        let head = head.map_err(|error| client.cannot(&error))?;
        let offer = Offer::of_head(&head);
        let body = (request.body.unwrap_or_default(), kind);
        let carriers = &client.context.carriers;
        let request = RefCell::new(carriers.request_with(RequestHead::as_it_is(head), body));
        Ok(Self { request, offer })
    }

    /// What a line is asked.
    pub(crate) fn asked(&self) -> Asked<'_> {
        Asked { request: &self.request, cursor: None }
    }

    /// The head that is sent.
    pub(crate) fn head(&self) -> Vec<u8> {
        self.request.borrow().head.bytes().to_vec()
    }

    /// Books a response, and hands it to the dialogue as `respond` says.
    pub(crate) fn take<T>(
        &self,
        client: &mut Client<'_>,
        answer: &Answer<'_>,
        when: When,
        respond: impl FnOnce(
            &mut dyn Dialogue,
            &Response<'_>,
            &mut dyn FnMut(Received<'_>),
        ) -> Result<T, DialogueError>,
    ) -> Result<Brought<T>, Fault> {
        let (context, receiver) = (client.context, client.receiver);
        let when = When { phase: context.accounts.open_phase(when.phase), ..when };
        let book = |kind, bytes| context.accounts.book(when.phase, Direction::Down, kind, bytes);
        book(ByteKind::Header, answer.interim + answer.head.len() as u64);
        book(ByteKind::Framing, answer.framing);
        let wire = answer.body.len() as u64;
        let body = self.body(client, answer).inspect_err(|fault| {
            book(ByteKind::Repeat, wire);
            context.accounts.keep_unexpected(*fault, || Unexpected::of_answer(answer));
        })?;
        let mut shares = Shares::default();
        shares.came(wire);
        shares.decoded(body.len() as u64);
        let headers = answer.headers();
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let response = Response { status: answer.status, headers: &headers, body: &body };
        let (mut booked, mut new) = (0, 0);
        let said = respond(&mut *client.dialogue, &response, &mut |mut received| {
            if answer.coding != ContentCoding::Identity {
                received.parts = coded::parts(&context.accounts, &mut shares, &received);
            }
            booked += received.parts.total();
            new += u64::from(booked::receive(context, receiver, when, &received));
        });
        // What the dialogue does not speak of, and what rounding leaves.
        let rest = if said.is_ok() { ByteKind::Framing } else { ByteKind::Repeat };
        book(rest, wire.saturating_sub(booked));
        let said = said.map_err(|error| client.fault(&error))?;
        Ok(Brought { said, new })
    }

    /// The body, decoded. A third-party server may leave one as it is, whatever was asked for.
    fn body<'a>(&self, client: &Client<'_>, answer: &Answer<'a>) -> Result<Cow<'a, [u8]>, Fault> {
        let asked = ContentCoding::of(client.context.plan.transport.content_coding());
        let found = answer.coding;
        match found == ContentCoding::Identity || self.offer.is_met(asked, found) {
            true => decoded(found, answer.body),
            false => Err(Fault::Coding),
        }
    }
}

/// A line beside a client's own connection, for what it has to say by requests.
pub(crate) struct Aside(Kept);

impl Aside {
    /// Opened with the first request.
    pub(crate) fn new(client: u32) -> Self {
        Self(Kept::new(client, ConnectionUse::KeepAlive))
    }

    /// Sends a request and hears the response, both of which are booked as `control` in this phase. It
    /// says nothing that a dialogue has to know.
    pub(crate) async fn send(
        &mut self,
        client: &Client<'_>,
        request: Request,
        phase: Phase,
    ) -> Result<(), Fault> {
        let exchange = Exchange::new(client, request, ByteKind::Control)?;
        let context = client.context;
        let take = |phase, answer: &Answer<'_>, _| {
            let book = |kind, bytes| context.accounts.book(phase, Direction::Down, kind, bytes);
            book(ByteKind::Header, answer.interim + answer.head.len() as u64);
            book(ByteKind::Framing, answer.framing);
            book(ByteKind::Control, answer.body.len() as u64);
            if (200..300).contains(&answer.status) {
                return Ok(());
            }
            let fault = Fault::Status(answer.status);
            context.accounts.keep_unexpected(fault, || Unexpected::of_answer(answer));
            Err(fault)
        };
        let carriers = &context.carriers;
        self.0.ask(carriers, exchange.asked(), phase).await?;
        if let Some(line) = self.0.line() {
            // What the measure phase of a shared connection waits for is the client's own line.
            line.is_measured();
        }
        let same = |_: &_, _: &_, _: &Answer<'_>, _| phase;
        self.0.receive(carriers, exchange.asked(), || phase, same, take).await?;
        Ok(())
    }

    /// Ends the line, if there is one.
    pub(crate) async fn end(self, client: &Client<'_>, phase: Phase) -> Result<(), Fault> {
        match self.0.into_line() {
            Some(line) => line.end_in(&client.context.carriers, phase).await,
            None => Ok(()),
        }
    }
}
