//! What is booked and recorded of what a third-party server says, whatever carries it.
//!
//! A carrier books what it puts around data: headers, frames, chunks. The data itself is booked here,
//! each byte as what the dialogue says that it was for.

use pushbench_adapter::{DialogueError, Parts, Received, Said};
use pushbench_protocol::{ByteKind, Direction, Phase, Timestamp};

use crate::accounts::Accounts;
use crate::accounts::receipt::{Arrival, Receipt};
use crate::transport::adapted::hidden::first_bytes;
use crate::transport::context::ClientContext;
use crate::transport::pushed::Cause;
use crate::{Counts, Fault, Unexpected};

/// Who receives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receiver {
    pub(crate) subscriber_id: usize,
    /// Whether messages are asked for.
    pub(crate) arrival: Arrival,
    /// Whether the opening is done. Until then what goes wrong is told by the dialogue.
    pub(crate) is_open: bool,
}

/// When something was received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct When {
    pub(crate) phase: Phase,
    pub(crate) at: Timestamp,
}

/// What made the server say it.
pub(crate) fn cause(said: &Said<'_>) -> Cause {
    match said {
        Said::Heartbeat(_) | Said::Blank => Cause::Clock,
        Said::Message(_)
        | Said::Acknowledgement
        | Said::Ignored
        | Said::Opening
        | Said::Error(_)
        | Said::Unexplained(_) => Cause::Message,
    }
}

/// Books what the server said, none of which is in the books yet, and records it. Gives whether it was
/// a message that is new to the client.
pub(crate) fn receive(
    context: &ClientContext,
    receiver: Receiver,
    when: When,
    received: &Received<'_>,
) -> bool {
    let accounts = &context.accounts;
    let When { phase, at } = when;
    let is_measured = phase == Phase::Measure;
    let mut is_new = false;
    match &received.said {
        Said::Message(payload) => {
            let timeline = accounts.timeline();
            let mut recorder = accounts.recorder.borrow_mut();
            let (client, arrival) = (receiver.subscriber_id, receiver.arrival);
            let receipt = match theirs(context, received) {
                Some(said) => {
                    lacks(context, &mut recorder.counts, said, payload);
                    recorder.receive_theirs(client, said, at, arrival, &timeline)
                }
                None => recorder.receive(client, payload, at, arrival, &timeline),
            };
            is_new = receipt == Receipt::New;
            if is_new && is_measured {
                recorder.counts.add_deliveries(1, payload.len() as u64);
            }
        }
        // An empty list in a response is none.
        Said::Blank if receiver.arrival == Arrival::Polled => {}
        Said::Heartbeat(_) | Said::Blank if is_measured => {
            accounts.recorder.borrow_mut().counts.heartbeats += 1;
        }
        Said::Acknowledgement if is_measured => {
            accounts.recorder.borrow_mut().counts.acknowledgements += 1;
        }
        Said::Error(text) if receiver.is_open => server_error(context, text),
        Said::Unexplained(bytes) => unexplained(context, bytes),
        Said::Heartbeat(_)
        | Said::Blank
        | Said::Acknowledgement
        | Said::Error(_)
        | Said::Ignored
        | Said::Opening => {}
    }
    book(accounts, phase, &received.parts, is_new);
    is_new
}

/// What a server that publishes by itself says of a message; `None` of one that we publish to.
fn theirs<'r>(
    context: &ClientContext,
    received: &'r Received<'_>,
) -> Option<(Option<&'r [u8]>, Option<Timestamp>)> {
    let adapted = context.plan.adapted.as_ref()?;
    if !adapted.transport.publishes_by_itself() {
        return None;
    }
    let sent_at = received.sent_at.map(|sent_at| adapted.publish_to.calendar.moment(sent_at));
    Some((received.id.as_deref(), sent_at))
}

/// Counts what a message of a server that publishes by itself does not say, and keeps the first that
/// does not say what its adapter has it say.
fn lacks(
    context: &ClientContext,
    counts: &mut Counts,
    (id, sent_at): (Option<&[u8]>, Option<Timestamp>),
    payload: &[u8],
) {
    let Some(adapted) = context.plan.adapted.as_ref() else { return };
    let Counts { without_id, first_without_id, without_time, first_without_time, .. } = counts;
    for (is_there, is_named, count, first) in [
        (id.is_some(), adapted.transport.has_ids(), without_id, first_without_id),
        (sent_at.is_some(), adapted.transport.has_times(), without_time, first_without_time),
    ] {
        if !is_there {
            *count += 1;
            if is_named {
                first.get_or_insert_with(|| first_bytes(&context.plan, payload));
            }
        }
    }
}

/// Books bytes of what did not become whole before the connection ended: what it would have been is
/// not known, and it brought nothing new. Where the server itself ends what it says in the middle, the
/// dialogue says that nothing explains it.
pub(crate) fn give_up(accounts: &Accounts, phase: Phase, pending: u64) {
    accounts.book(phase, Direction::Down, ByteKind::Repeat, pending);
}

/// What went wrong in a dialogue, kept on record with what came and what was expected.
pub(crate) fn fault(accounts: &Accounts, error: &DialogueError) -> Fault {
    let fault = Fault::from(error);
    accounts.keep_unexpected(fault, || Unexpected {
        key: error.key(),
        ..Unexpected::of_dialogue(error)
    });
    fault
}

/// Counts something that the adapter says is an error of the server's. The client goes on: the trial
/// is invalid unless the server says it of the end, and what came is on record.
fn server_error(context: &ClientContext, text: &[u8]) {
    context.accounts.keep_unexpected(Fault::ServerError, || {
        let text = first_bytes(&context.plan, text);
        Unexpected::of_dialogue(&format!("the server says \"{text}\""))
    });
    context.accounts.count_fault(Fault::ServerError);
}

fn unexplained(context: &ClientContext, bytes: &[u8]) {
    if !bytes.is_empty() {
        let first = &mut context.accounts.recorder.borrow_mut().counts.first_unexplained;
        first.get_or_insert_with(|| first_bytes(&context.plan, bytes));
    }
}

/// Books parts of something received.
fn book(accounts: &Accounts, phase: Phase, parts: &Parts, is_new: bool) {
    let Parts { payload, wrapping, framing, control, handshake, unexplained } = *parts;
    let of_payload = if is_new { ByteKind::Payload } else { ByteKind::Repeat };
    for (kind, bytes) in [
        (of_payload, payload),
        (ByteKind::Wrapping, wrapping),
        (ByteKind::Framing, framing),
        (ByteKind::Control, control),
        (ByteKind::Handshake, handshake),
        (ByteKind::Unexplained, unexplained),
    ] {
        accounts.book(phase, Direction::Down, kind, bytes);
    }
}
