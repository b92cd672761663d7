//! What every client does to which messages are pushed.

use pushbench_protocol::number::gap;
use pushbench_protocol::paths::NOTICE;
use pushbench_protocol::{ByteKind, Cursor, Phase, Timestamp};

use crate::Fault;
use crate::accounts::receipt::{Arrival, Receipt};
use crate::transport::context::ClientContext;

/// What made the server push something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cause {
    /// A publish.
    Message,
    /// Its clock: a heartbeat.
    Clock,
}

/// Whether it belongs to the measure phase if it comes a little after it. Conflated messages come by
/// the server's clock too.
pub(crate) fn is_update(context: &ClientContext, cause: Cause) -> bool {
    cause == Cause::Message && context.plan.transport.conflate().is_none()
}

/// Up to where a client that comes back has taken everything; `None` of one that begins.
pub(crate) fn resumes_after(context: &ClientContext, subscriber_id: usize) -> Option<Cursor> {
    context.accounts.comebacks.as_ref()?.after(subscriber_id)
}

/// Takes note of where the server has a client begin.
pub(crate) fn begins(context: &ClientContext, subscriber_id: usize, at: Option<Cursor>) {
    if let Some(comebacks) = &context.accounts.comebacks {
        comebacks.begins(subscriber_id, at);
    }
}

/// A client has taken so many messages, or was told that it missed them.
pub(crate) fn goes_on(context: &ClientContext, subscriber_id: usize, messages: u64) {
    if let Some(comebacks) = &context.accounts.comebacks {
        comebacks.goes_on(subscriber_id, messages);
    }
}

/// Records a message or a notice; says what its bytes were.
pub(crate) fn receive(
    context: &ClientContext,
    subscriber_id: usize,
    payload: &[u8],
    phase: Phase,
    received_at: Timestamp,
) -> ByteKind {
    let timeline = context.accounts.timeline();
    if payload.first() == Some(&NOTICE) {
        match gap_of(payload) {
            Some(gap) => {
                goes_on(context, subscriber_id, gap);
                context.accounts.recorder.borrow_mut().counts.add_gap(gap);
            }
            None => context.accounts.count_fault(Fault::Malformed),
        }
        return ByteKind::Control;
    }
    goes_on(context, subscriber_id, 1);
    let mut recorder = context.accounts.recorder.borrow_mut();
    match recorder.receive(subscriber_id, payload, received_at, Arrival::Pushed, &timeline) {
        Receipt::New => {
            if phase == Phase::Measure {
                recorder.counts.add_deliveries(1, payload.len() as u64);
            }
            ByteKind::Payload
        }
        Receipt::Repeat | Receipt::Foreign | Receipt::Altered => ByteKind::Repeat,
    }
}

/// The number in a notice `!gap 12`; zero if it is another one, `None` if it is no number.
fn gap_of(notice: &[u8]) -> Option<u64> {
    notice.strip_prefix(b"!gap ").map_or(Some(0), gap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_says_how_many_were_dropped() {
        assert_eq!(gap_of(b"!gap 12"), Some(12));
        assert_eq!(gap_of(b"!news"), Some(0));
        assert_eq!(gap_of(b"!gap 18446744073709551615"), None);
        assert_eq!(gap_of(b"!gap +1"), None);
    }
}
