//! A client whose one request is answered by a stream that does not end.
//!
//! Request and head are booked as `header` in the connect phase, chunk sizes as `framing`. What
//! the data is made of is the transport's own matter, its [`Codec`].

use pushbench_protocol::{ByteKind, Direction, Phase, Timestamp};
use pushbench_wire::chunk::Piece;

use crate::Fault;
use crate::accounts::Came;
use crate::carrier::DataStream;
use crate::carrier::opening::StreamRequest;
use crate::carrier::stream_body::{CodingOf, Read};
use crate::transport::coded_stream::{Asked, CodedStream};
use crate::transport::context::ClientContext;
use crate::transport::item::{Codec, Item, Said};
use crate::transport::pushed;

/// Connects, asks, takes every message, and closes the connection when told to.
pub(crate) async fn play<C: Codec>(
    context: &ClientContext,
    client: u32,
    subscriber_id: usize,
) -> Result<(), Fault> {
    let after = pushed::resumes_after(context, subscriber_id);
    let request = C::request(&context.plan, context.plan.topic_of(client), after);
    let asked = Asked::by(&context.plan, &request);
    let coding_of: &CodingOf<'_> = &|named| asked.coding_of(named);
    let asking = StreamRequest { head: &request, body: &[] };
    let (mut stream, coding) = context.carriers.stream(client, asking, coding_of).await?;
    pushed::begins(context, subscriber_id, stream.begins_at());
    let mut subscriber =
        Subscriber { subscriber_id, data: CodedStream::<C>::of(coding)?, unbooked: 0 };
    let ended = subscriber.play(context, &mut stream).await;
    subscriber.give_up(context, &stream);
    if ended == Err(Fault::Closed) && context.accounts.comebacks.is_some() {
        // Boxed, so that a client at rest does not carry the room that it needs.
        Box::pin(stream.discard(&context.carriers)).await?;
    }
    ended
}

/// Books an item, and records what it says.
fn book_item(
    context: &ClientContext,
    subscriber_id: usize,
    phase: Phase,
    received_at: Timestamp,
    item: &Item<'_>,
) {
    let book = |kind, bytes| context.accounts.book(phase, Direction::Down, kind, bytes);
    match item.said {
        Said::Message(payload) => {
            let kind = pushed::receive(context, subscriber_id, payload, phase, received_at);
            book(kind, item.payload);
        }
        Said::Gap(gap) => {
            pushed::goes_on(context, subscriber_id, gap);
            context.accounts.recorder.borrow_mut().counts.add_gap(gap);
        }
        Said::Nothing if phase == Phase::Measure => {
            context.accounts.recorder.borrow_mut().counts.heartbeats += 1;
        }
        Said::Nothing => {}
    }
    book(ByteKind::Framing, item.framing);
    book(ByteKind::Control, item.control);
}

struct Subscriber<C> {
    subscriber_id: usize,
    data: CodedStream<C>,
    /// Bytes read and not yet booked.
    unbooked: u64,
}

impl<C: Codec> Subscriber<C> {
    /// Takes every message, and closes the connection when told to.
    async fn play(
        &mut self,
        context: &ClientContext,
        stream: &mut DataStream,
    ) -> Result<(), Fault> {
        stream.receive_early(&context.accounts, |read| self.take(context, read))?;
        context.accounts.is_connected(self.subscriber_id);
        tokio::select! {
            biased;
            fault = stream.receive(&context.carriers, |read| self.take(context, read)) => {
                return Err(fault);
            }
            () = context.closed() => {}
        }
        stream.end(&context.carriers, |read| self.take(context, read)).await
    }

    /// Books what came of an item that did not become whole.
    fn give_up(&mut self, context: &ClientContext, stream: &DataStream) {
        let phase = context.accounts.phase_on(stream.witness());
        let unbooked = std::mem::take(&mut self.unbooked);
        context.accounts.book(phase, Direction::Down, ByteKind::Framing, unbooked);
    }

    /// Books what was read, once it is whole; says whether there was any. The end of the stream is
    /// booked as what it is, and found by the read that follows it.
    fn take(&mut self, context: &ClientContext, mut read: Read<'_>) -> Result<bool, Fault> {
        let accounts = &context.accounts;
        let Read { received_at: at, witness, passed, len, .. } = read;
        self.unbooked += len;
        let (subscriber_id, bytes) = (self.subscriber_id, self.unbooked);
        let mut phase = None;
        let mut receive = |item: Item<'_>| {
            let phase = *phase.get_or_insert_with(|| {
                let is_update = pushed::is_update(context, item.cause());
                accounts.phase_of(&Came { witness, at, is_update, bytes, passed })
            });
            book_item(context, subscriber_id, phase, at, &item);
            self.unbooked -= item.len();
        };
        let mut has_ended = false;
        while let Some(piece) = read.next()? {
            match piece {
                Piece::Data(data) => self.data.push(data, &mut receive)?,
                Piece::End => has_ended = true,
            }
        }
        if has_ended {
            self.data.end()?;
            phase.get_or_insert_with(|| accounts.phase_at(at));
        }
        if let Some(phase) = phase {
            let overhead = read.take_overhead();
            accounts.book(phase, Direction::Down, ByteKind::Framing, overhead);
            self.unbooked -= overhead;
        }
        Ok(phase.is_some())
    }
}
