//! What every client does to which messages are pushed.

use pushbench_protocol::paths::NOTICE;
use pushbench_protocol::{ByteKind, Phase, Timestamp};

use crate::recorder::{Arrival, Receipt};
use crate::worker::Shared;

/// The phase of what was pushed at this moment: what was due in the measure phase and comes a
/// little after it belongs to it, and nothing else is pushed then.
pub(crate) fn phase_of(shared: &Shared, received_at: Timestamp) -> Phase {
    match shared.phase_at(received_at) {
        Phase::Drain => Phase::Measure,
        phase => phase,
    }
}

/// Records a message or a notice; says what its bytes were.
pub(crate) fn receive(
    shared: &Shared,
    seat: usize,
    payload: &[u8],
    phase: Phase,
    received_at: Timestamp,
) -> ByteKind {
    let timeline = shared.grid.timeline();
    let mut recorder = shared.recorder.borrow_mut();
    if payload.first() == Some(&NOTICE) {
        recorder.counts.gap_messages += gap_of(payload);
        return ByteKind::Control;
    }
    match recorder.receive(seat, payload, received_at, Arrival::Pushed, &timeline) {
        Receipt::New => {
            if phase == Phase::Measure {
                recorder.counts.deliveries_in_measure += 1;
                recorder.counts.uncompressed_payload_in_measure += payload.len() as u64;
            }
            ByteKind::Payload
        }
        Receipt::Repeat | Receipt::Foreign => ByteKind::Repeat,
    }
}

/// The number in a notice `!gap 12`; zero if it is another one.
fn gap_of(notice: &[u8]) -> u64 {
    std::str::from_utf8(notice)
        .ok()
        .and_then(|text| text.strip_prefix("!gap "))
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_says_how_many_were_dropped() {
        assert_eq!(gap_of(b"!gap 12"), 12);
        assert_eq!(gap_of(b"!news"), 0);
    }
}
