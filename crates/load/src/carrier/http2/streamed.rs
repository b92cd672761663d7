//! A client whose one request is answered by a stream that does not end, on HTTP/2: the data is what
//! the codec reads, without chunks.

use h2::RecvStream;
use pushbench_protocol::heads::FieldList;

use super::connection::{Http2Connection, fault_of, join};
use super::line::{gap_in, request};
use super::refusal;
use crate::Fault;
use crate::carrier::line::HeadWatch;
use crate::transport::context::ClientContext;
use crate::transport::pushed;
use crate::transport::streamed::{Codec, book_item};

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
    context
        .accounts
        .recorder
        .borrow_mut()
        .connect_upgrade
        .record(context.accounts.now().since(begin));
    context.accounts.recorder.borrow_mut().counts.add_gap(gap_in(answer.headers())?);
    context.accounts.is_connected(seat);
    let mut body = answer.into_body();
    tokio::select! {
        biased;
        fault = listen::<C>(context, seat, &connection, &mut body) => Err(fault),
        // The stream is reset when it is dropped, and the connection closed with its last client.
        () = context.closed() => Ok(()),
    }
}

/// Takes what comes until it ends; says how.
async fn listen<C: Codec>(
    context: &ClientContext,
    seat: usize,
    connection: &Http2Connection,
    body: &mut RecvStream,
) -> Fault {
    let mut codec = C::default();
    // Data read and not yet booked, and what marks it off.
    let mut unbooked = 0;
    let mut head = HeadWatch::on(connection);
    loop {
        let data = match body.data().await {
            Some(Ok(data)) => data,
            Some(Err(error)) => return fault_of(&error),
            None => return Fault::Closed,
        };
        let received_at = context.accounts.now();
        // Fails only for more than was received.
        let _ = body.flow_control().release_capacity(data.len());
        unbooked += data.len() as u64;
        let heard = unbooked + head.len();
        let mut phase = None;
        let taken = codec.push(&data, &mut |item| {
            let phase = *phase.get_or_insert_with(|| {
                let witness = connection.witness();
                pushed::phase_of(context, witness, item.cause(), received_at, heard, &head)
            });
            book_item(context, seat, phase, received_at, &item);
            unbooked -= item.len();
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
