//! A client whose one request is answered by a stream that does not end, on HTTP/2: the data is what
//! the codec reads, without chunks.

use std::rc::Rc;

use h2::RecvStream;
use pushbench_protocol::clock;
use pushbench_protocol::heads::FieldList;

use super::connection::{Http2Connection, fault_of, join};
use super::line::{gap_in, request};
use super::refusal;
use crate::Fault;
use crate::carrier::line::HeadWatch;
use crate::transport::pushed;
use crate::transport::streamed::{Codec, book_item};
use crate::worker::Shared;

/// Joins a connection, asks, takes every message, and gives the stream up when told to.
pub(crate) async fn play<C: Codec>(
    shared: &Rc<Shared>,
    client: u32,
    seat: usize,
) -> Result<(), Fault> {
    let connection = join(shared, client).await?;
    let head = C::request(&shared.plan, shared.plan.topic_of(client));
    let fields = FieldList::of_request(&head, shared.plan.scheme());
    let begin = clock::now();
    let mut send = connection.ready().await?;
    let (answer, _) =
        send.send_request(request(&fields), true).map_err(|error| fault_of(&error))?;
    let answer = answer.await.map_err(|error| fault_of(&error))?;
    let status = answer.status().as_u16();
    if status != 200 {
        let (fault, mut body) = (Fault::Status(status), answer.into_body());
        return Err(refusal::hear(shared, &connection, status, &mut body, fault).await);
    }
    shared.recorder.borrow_mut().connect_upgrade.record(clock::now().since(begin));
    shared.recorder.borrow_mut().counts.add_gap(gap_in(answer.headers())?);
    shared.is_connected(seat);
    let mut body = answer.into_body();
    tokio::select! {
        biased;
        fault = listen::<C>(shared, seat, &connection, &mut body) => Err(fault),
        // The stream is reset when it is dropped, and the connection closed with its last client.
        () = shared.closed() => Ok(()),
    }
}

/// Takes what comes until it ends; says how.
async fn listen<C: Codec>(
    shared: &Shared,
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
        let received_at = clock::now();
        // Fails only for more than was received.
        let _ = body.flow_control().release_capacity(data.len());
        unbooked += data.len() as u64;
        let heard = unbooked + head.len();
        let mut phase = None;
        let taken = codec.push(&data, &mut |item| {
            let phase = *phase.get_or_insert_with(|| {
                let probe = connection.probe();
                pushed::phase_of(shared, probe, item.cause(), received_at, heard, &head)
            });
            book_item(shared, seat, phase, received_at, &item);
            unbooked -= item.len();
        });
        if let Err(fault) = taken {
            return fault;
        }
        if phase.is_some() {
            head = HeadWatch::on(connection);
            connection.probe().has_taken();
        }
    }
}
