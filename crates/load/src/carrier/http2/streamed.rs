//! A client whose one request is answered by a stream that does not end, on HTTP/2: the data is what
//! the codec reads, without chunks.

use h2::RecvStream;
use http::header::CONTENT_ENCODING;
use pushbench_protocol::heads::FieldList;
use pushbench_protocol::{ByteKind, Direction};

use super::connection::{Http2Connection, fault_of, join};
use super::line::{gap_in, request};
use super::refusal;
use crate::Fault;
use crate::carrier::line::HeadWatch;
use crate::transport::coded_stream::{Asked, CodedStream};
use crate::transport::context::ClientContext;
use crate::transport::item::Codec;
use crate::transport::pushed;
use crate::transport::streamed::book_item;

/// Joins a connection, asks, takes every message, and gives the stream up when told to.
pub(crate) async fn play<C: Codec>(
    context: &ClientContext,
    client: u32,
    seat: usize,
) -> Result<(), Fault> {
    let connection = join(&context.http2, client).await?;
    let head = C::request(&context.plan, context.plan.topic_of(client));
    let fields = FieldList::of_request(&head, context.plan.scheme());
    let begin = context.accounts.now();
    let mut send = connection.ready().await?;
    let (answer, _) =
        send.send_request(request(&fields), true).map_err(|error| fault_of(&error))?;
    let answer = answer.await.map_err(|error| fault_of(&error))?;
    let status = answer.status().as_u16();
    if status != 200 {
        let (fault, mut body) = (Fault::Status(status), answer.into_body());
        return Err(refusal::hear(&context.accounts, &connection, status, &mut body, fault).await);
    }
    let asked = Asked::by(&context.plan, &head);
    let fields = answer.headers();
    let named = fields.get_all(CONTENT_ENCODING).into_iter();
    let named = named.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    let coding = match asked.coding_of(named) {
        Ok(coding) => coding,
        Err(fault) => {
            let mut body = answer.into_body();
            return Err(
                refusal::hear(&context.accounts, &connection, status, &mut body, fault).await
            );
        }
    };
    context
        .accounts
        .recorder
        .borrow_mut()
        .connect_upgrade
        .record(context.accounts.now().since(begin));
    context.accounts.recorder.borrow_mut().counts.add_gap(gap_in(answer.headers())?);
    context.accounts.is_connected(seat);
    let mut subscriber = Subscriber { seat, stream: CodedStream::<C>::of(coding)?, unbooked: 0 };
    let mut body = answer.into_body();
    let ended = tokio::select! {
        biased;
        fault = subscriber.listen(context, &connection, &mut body) => Err(fault),
        // The stream is reset when it is dropped, and the connection closed with its last client.
        () = context.closed() => Ok(()),
    };
    // What came of an item that did not become whole.
    let phase = context.accounts.phase_on(connection.witness());
    context.accounts.book(phase, Direction::Down, ByteKind::Framing, subscriber.unbooked);
    ended
}

struct Subscriber<C> {
    seat: usize,
    stream: CodedStream<C>,
    /// Data read and not yet booked.
    unbooked: u64,
}

impl<C: Codec> Subscriber<C> {
    /// Takes what comes until it ends; says how.
    async fn listen(
        &mut self,
        context: &ClientContext,
        connection: &Http2Connection,
        body: &mut RecvStream,
    ) -> Fault {
        let mut head = HeadWatch::on(connection);
        loop {
            let data = match body.data().await {
                Some(Ok(data)) => data,
                Some(Err(error)) => return fault_of(&error),
                None => return self.stream.end().err().unwrap_or(Fault::Closed),
            };
            let received_at = context.accounts.now();
            // Fails only for more than was received.
            let _ = body.flow_control().release_capacity(data.len());
            self.unbooked += data.len() as u64;
            // With what marks it off.
            let heard = self.unbooked + head.len();
            let mut phase = None;
            let (seat, unbooked) = (self.seat, &mut self.unbooked);
            let taken = self.stream.push(&data, &mut |item| {
                let phase = *phase.get_or_insert_with(|| {
                    let witness = connection.witness();
                    pushed::phase_of(context, witness, item.cause(), received_at, heard, &head)
                });
                book_item(context, seat, phase, received_at, &item);
                *unbooked -= item.len();
            });
            if let Err(fault) = taken {
                return fault;
            }
            if phase.is_some() {
                head = HeadWatch::on(connection);
                connection.witness().has_taken();
            }
        }
    }
}
