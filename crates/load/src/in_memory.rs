//! Whole trials over pipes in memory, on the caller's clock: what needs no kernel needs no time.
//!
//! One thread plays the worker, the publisher and, beside them, a server that is handed the other
//! ends of the pipes. On a runtime whose clock is paused a trial takes as long as its work does. The
//! clients, the publisher's requests, the phases and what is compared at their boundaries are those
//! of every trial; what is missing is the kernel's witness, and threads that could stand still.

mod conductor;
mod pipes;
mod publisher;
#[cfg(test)]
mod tests;
mod timer;

use pushbench_protocol::clock::Clock;

use crate::{Outcome, Plan};
pub use pipes::{Pipe, Pipes};
pub use timer::CLOCK;

/// Plays a trial to its end, all clients on this thread whatever the plan says of workers. Needs a
/// [`tokio::task::LocalSet`], and a clock that goes with the runtime's timer, as [`CLOCK`] does.
pub async fn play(plan: Plan, pipes: &Pipes, clock: Clock) -> Outcome {
    conductor::conduct(Plan { workers: 1, ..plan }, pipes, clock).await
}
