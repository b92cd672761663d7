//! The clock of a runtime's timer.

use pushbench_protocol::Timestamp;
use pushbench_protocol::clock::Clock;
use tokio::time::Instant;

/// Tells the time of the runtime that it is read on, from 1 s on: it stands still where that one's clock
/// is paused. It is each thread's own, and goes on where the thread's runtime before had left it.
pub const CLOCK: Clock = Clock::read_by(now);

fn now() -> Timestamp {
    thread_local! {
        static BEGIN: Instant = instant();
    }
    let passed = BEGIN.with(|begin| instant().saturating_duration_since(*begin));
    Timestamp::from_nanos(1_000_000_000).plus(passed)
}

#[expect(clippy::disallowed_methods, reason = "it is the timer's clock that is told")]
fn instant() -> Instant {
    Instant::now()
}
