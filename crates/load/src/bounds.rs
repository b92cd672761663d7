//! How long the load generator waits at most, for anything.
//!
//! A server may hang, stop reading, or keep a connection open for ever. None of that may keep a run
//! from its end: it ends within ten seconds of its schedule, or of the signal that asks for it. Where
//! a healthy server may need time because there is much to do, what is bounded is not the time but
//! the stillness: as long as something happens it is waited for.

use std::thread::JoinHandle;
use std::time::Duration;

use pushbench_protocol::clock;

use crate::Plan;

/// Longest wait for all clients to connect, beyond what their rate takes.
const CONNECT: Duration = Duration::from_secs(30);
/// Longest time for which a client that opens may see none of its worker's clients come to be open.
pub(crate) const OPEN: Duration = Duration::from_secs(10);
/// Longest time without a byte while something is to come.
pub(crate) const STILL: Duration = Duration::from_secs(2);
/// The same of a server that has hung once.
pub(crate) const STILL_AGAIN: Duration = Duration::from_millis(500);
/// Longest time without any client's end while all are to end.
pub(crate) const ENDING_STILL: Duration = Duration::from_millis(1_500);
/// The same where it is known already that the server cannot be measured, and whoever tries it waits.
pub(crate) const ENDING_IN_VAIN: Duration = Duration::from_millis(250);
/// Longest time for all clients of a worker to end.
pub(crate) const ENDING: Duration = Duration::from_secs(5);
/// Longest time for which a server may leave the end of a connection of one poll unanswered.
pub(crate) const CLOSE_OF_POLL: Duration = Duration::from_secs(2);
/// Longest wait for a worker's thread to reply; it waits for no peer, so only one that is gone or
/// stands still takes as long.
pub(crate) const WORKER: Duration = Duration::from_secs(7);
/// Longest wait for the publisher's connection to open.
pub(crate) const PUBLISHER_OPEN: Duration = Duration::from_secs(5);
/// Longest time for a third-party server to respond to one message that is published to it.
pub(crate) const PUBLISH_RESPONSE: Duration = Duration::from_secs(10);
/// Longest wait for the last responses to the publisher, and for the server's end of its connection.
pub(crate) const PUBLISHER_END: Duration = Duration::from_millis(1_500);
/// Longest wait for a thread whose socket has been shut down under it.
pub(crate) const UNBLOCKED: Duration = Duration::from_millis(500);

/// Between two looks at a thread that is to end.
const LOOK: Duration = Duration::from_millis(2);

/// Longest wait for all clients of a plan to connect.
pub(crate) fn connect(plan: &Plan) -> Duration {
    let clients = f64::from(plan.clients());
    let rate = f64::from(plan.scenario.load.connects_per_second.get());
    Duration::from_secs_f64(clients / rate) + CONNECT
}

/// Whether a thread ends within `bound`.
pub(crate) fn ends_within<T>(thread: &JoinHandle<T>, bound: Duration) -> bool {
    let begin = clock::now();
    while !thread.is_finished() {
        if clock::now().since(begin) >= bound {
            return false;
        }
        std::thread::sleep(LOOK);
    }
    true
}

/// What a thread returns; `None` if it panicked, or does not end though nothing blocks it.
pub(crate) fn joined<T>(thread: JoinHandle<T>) -> Option<T> {
    if ends_within(&thread, UNBLOCKED) { thread.join().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_thread_that_does_not_end_is_not_waited_for() {
        let (let_go, told) = channel::<()>();
        let thread = std::thread::spawn(move || told.recv());
        assert!(!ends_within(&thread, Duration::ZERO));
        drop(let_go);
        assert!(ends_within(&thread, Duration::from_secs(60)));
    }
}
