//! What every client that polls does: sends a request, and books what the response to it brought.
//!
//! When it polls, and which phase an exchange belongs to, is the transport's own rule.

use std::borrow::Cow;
use std::rc::Rc;

use pushbench_protocol::compression::{BODY_THRESHOLD, is_body_coded};
use pushbench_protocol::{ByteKind, Cursor, Deliver, Direction, Phase, Timestamp};

use crate::accounts::Accounts;
use crate::accounts::receipt::{Arrival, Receipt};
use crate::carrier::answer::{Answer, Received};
use crate::carrier::kept::Kept;
use crate::carrier::line::Line;
use crate::carrier::request::Asked;
use crate::carrier::watch::Watch;
use crate::coded::{decoded, new_part};
use crate::content_coding::{ContentCoding, Offer};
use crate::outcome::SampleHeaders;
use crate::transport::context::ClientContext;
use crate::witness::Witness;
use crate::{Fault, Unexpected};

/// How a client polls, whatever its server wants to hear.
pub(crate) trait Polls {
    /// Whether the client holds the last message of its topic.
    fn holds_last(&self, context: &ClientContext) -> bool;

    /// Whether the server gives up on a client that does not go on to poll while there is nothing to
    /// be asked for.
    fn keeps_in_touch(&self) -> bool;

    /// Sends a request.
    async fn ask(
        &mut self,
        context: &ClientContext,
        kept: &mut Kept,
        phase: Phase,
    ) -> Result<(), Fault>;

    /// What was asked last, and what books a response to it and what it brought.
    fn exchange<'a>(
        &'a mut self,
        context: &'a ClientContext,
    ) -> (Asked<'a>, impl FnMut(Phase, &Answer<'_>, Timestamp) -> Result<(), Fault>);

    /// Hears the response to the last request and books it under the phase that `phase_of` says; a
    /// request that has to be sent again is sent in the phase that `again_in` says.
    async fn receive(
        &mut self,
        context: &ClientContext,
        kept: &mut Kept,
        again_in: impl Fn() -> Phase,
        phase_of: impl Fn(&Witness, &Watch, &Answer<'_>, Timestamp) -> Phase,
    ) -> Result<Received, Fault> {
        let (asked, take) = self.exchange(context);
        kept.receive(&context.carriers, asked, again_in, phase_of, take).await
    }

    /// Says what the server is to hear before the line is ended, while a poll may be held on it.
    async fn take_leave(&mut self) -> Result<(), Fault>;

    /// Hears a response that comes while connections are ended.
    async fn receive_last(
        &mut self,
        context: &ClientContext,
        line: &mut Line,
    ) -> Result<Received, Fault> {
        let (_, take) = self.exchange(context);
        line.receive(&context.carriers, |_, _| Phase::Close, take).await
    }
}

/// A client that polls one topic.
#[derive(Debug)]
pub(crate) struct Poller {
    subscriber_id: usize,
    topic: usize,
    cursor: Cursor,
    every: bool,
    /// What the transport's setting asks for bodies in.
    coding: ContentCoding,
    /// What the request says that it takes.
    offer: Rc<Offer>,
}

impl Poller {
    /// A client that has seen nothing yet.
    pub(crate) fn new(context: &ClientContext, client: u32, subscriber_id: usize) -> Self {
        let plan = &context.plan;
        let topic = plan.topic_of(client) as usize;
        Self {
            subscriber_id,
            topic,
            cursor: plan.start_cursors[topic],
            every: plan.scenario.workload.deliver == Deliver::Every,
            coding: ContentCoding::of(plan.transport.content_coding()),
            offer: Rc::clone(&context.offer),
        }
    }

    /// Books a response and what it brought.
    fn take(
        &mut self,
        context: &ClientContext,
        phase: Phase,
        answer: &Answer<'_>,
        received_at: Timestamp,
    ) -> Result<(), Fault> {
        self.cursor = answer.cursor.unwrap_or(self.cursor);
        let phase = context.accounts.open_phase(phase);
        let timeline = context.accounts.timeline();
        let mut recorder = context.accounts.recorder.borrow_mut();
        let mut ledger = context.accounts.ledger.borrow_mut();
        let headers = answer.interim + answer.head.len() as u64;
        ledger.book(phase, Direction::Down, ByteKind::Header, headers);
        ledger.book(phase, Direction::Down, ByteKind::Framing, answer.framing);
        let mut held = Held::default();
        let mut receive = |payload: &[u8], framing: u64| {
            let seen = recorder.receive(
                self.subscriber_id,
                payload,
                received_at,
                Arrival::Polled,
                &timeline,
            );
            match seen {
                Receipt::New => {
                    held.messages += 1;
                    held.new += payload.len() as u64;
                    held.new_framing += framing;
                }
                Receipt::Repeat | Receipt::Foreign | Receipt::Altered => {
                    held.old += payload.len() as u64;
                    held.old_framing += framing;
                }
            }
        };
        let every = self.every;
        let taken = self.body(answer).and_then(|body| {
            if every {
                for line in body.split_inclusive(|&byte| byte == b'\n') {
                    receive(line.strip_suffix(b"\n").ok_or(Fault::NotLines)?, 1);
                }
            } else if !body.is_empty() {
                receive(&body, 0);
            }
            Ok(())
        });
        if let Err(fault) = taken {
            ledger.book(phase, Direction::Down, ByteKind::Repeat, answer.body.len() as u64);
            context.accounts.keep_unexpected(fault, || Unexpected::of_answer(answer));
            return Err(fault);
        }
        for (kind, bytes) in held.booked(answer) {
            ledger.book(phase, Direction::Down, kind, bytes);
        }
        recorder.counts.add_gap(answer.gap);
        if phase == Phase::Measure {
            recorder.counts.add_poll(answer.status, held.messages);
            recorder.counts.add_deliveries(held.messages, held.new);
            if answer.status == 200 {
                let request = || context.polls[self.topic].borrow().head.bytes().to_vec();
                keep_sample(&context.accounts, answer, request);
            }
        }
        Ok(())
    }

    /// The body, decoded; empty where the response says that there is nothing new.
    fn body<'a>(&self, answer: &Answer<'a>) -> Result<Cow<'a, [u8]>, Fault> {
        match answer.status {
            200 => {
                self.check_coding(answer)?;
                decoded(answer.coding, answer.body)
            }
            204 | 304 => Ok(Cow::Borrowed(&[])),
            status => Err(Fault::Status(status)),
        }
    }

    /// Refuses a body in a coding that the request does not offer. Where the transport asks for one,
    /// it must be that, unless the body is one that servers leave as it is by default: too small, or
    /// of many messages and too large.
    fn check_coding(&self, answer: &Answer<'_>) -> Result<(), Fault> {
        let may_be_plain = || {
            let bytes = answer.body.len() as u64;
            let lines = answer.body.split_inclusive(|&byte| byte == b'\n').count() as u64;
            let messages = if self.every { lines } else { 1 };
            !is_body_coded(bytes, messages, BODY_THRESHOLD as u64)
        };
        let is_identity = answer.coding == ContentCoding::Identity;
        match self.offer.is_met(self.coding, answer.coding) || (is_identity && may_be_plain()) {
            true => Ok(()),
            false => Err(Fault::Coding),
        }
    }
}

/// Keeps the heads of an exchange if the worker has none yet, and the response has one.
pub(crate) fn keep_sample(
    accounts: &Accounts,
    answer: &Answer<'_>,
    request: impl FnOnce() -> Vec<u8>,
) {
    if answer.head.is_empty() {
        return;
    }
    accounts.sample.borrow_mut().get_or_insert_with(|| SampleHeaders {
        request: request(),
        response: answer.head.to_vec(),
        body_len: answer.body.len() as u64,
    });
}

impl Polls for Poller {
    fn holds_last(&self, context: &ClientContext) -> bool {
        context.accounts.recorder.borrow().holds_last(self.subscriber_id)
    }

    /// A server of ours does not know who polls.
    fn keeps_in_touch(&self) -> bool {
        false
    }

    async fn ask(
        &mut self,
        context: &ClientContext,
        kept: &mut Kept,
        phase: Phase,
    ) -> Result<(), Fault> {
        let (asked, _) = self.exchange(context);
        kept.ask(&context.carriers, asked, phase).await
    }

    fn exchange<'a>(
        &'a mut self,
        context: &'a ClientContext,
    ) -> (Asked<'a>, impl FnMut(Phase, &Answer<'_>, Timestamp) -> Result<(), Fault>) {
        let asked = Asked { request: &context.polls[self.topic], cursor: Some(self.cursor) };
        (asked, |phase, answer: &Answer<'_>, at| self.take(context, phase, answer, at))
    }

    /// A server of ours hears of it by the end of the line.
    async fn take_leave(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

/// What the body of an answer held, decoded.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    /// Messages new to the client.
    messages: u64,
    /// Bytes of their payloads, and of what marks them off.
    new: u64,
    new_framing: u64,
    /// The same of messages that it had.
    old: u64,
    old_framing: u64,
}

impl Held {
    /// The bytes of the body on the wire, by kind. A compressed body is shared out in proportion
    /// between what is new and what is old: within it nothing marks messages off that could be told
    /// apart.
    fn booked(&self, answer: &Answer<'_>) -> [(ByteKind, u64); 3] {
        let (payload, repeat, framing) = match answer.coding {
            ContentCoding::Identity => (self.new, self.old, self.new_framing + self.old_framing),
            ContentCoding::Gzip
            | ContentCoding::Brotli
            | ContentCoding::Deflate
            | ContentCoding::Zstd
            | ContentCoding::Unknown => {
                let whole = answer.body.len() as u64;
                let (new, old) = (self.new + self.new_framing, self.old + self.old_framing);
                let payload = new_part(whole, new, old);
                (payload, whole - payload, 0)
            }
        };
        [(ByteKind::Payload, payload), (ByteKind::Repeat, repeat), (ByteKind::Framing, framing)]
    }
}
