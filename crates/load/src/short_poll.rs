//! A client that polls on a timer.
//!
//! A poll belongs to the phase in which it was due, and its answer with it.

use std::time::Duration;

use pushbench_protocol::{Phase, PollTiming, clock};
use pushbench_scenario::{ShortPoll, poll_phase};

use crate::Fault;
use crate::connection::Connection;
use crate::poll::Poller;
use crate::worker::Shared;

/// Connects, polls until there is nothing more to come, and ends the connection when told to.
pub(crate) async fn play(
    shared: &Shared,
    client: u32,
    seat: usize,
    settings: ShortPoll,
) -> Result<(), Fault> {
    let mut connection = shared.connect(client).await?;
    shared.is_connected();
    let plan = &shared.plan;
    let mut client_of = Client { poller: Poller::new(plan, client, seat), in_flight: false };
    let first = poll_phase(plan.scenario.workload.seed, client, settings.interval, settings.timing);
    let ended = tokio::select! {
        biased;
        ended = client_of.work(shared, &mut connection, settings, first) => ended,
        () = shared.closed() => Ok(()),
    };
    if client_of.in_flight {
        shared.in_flight.set(shared.in_flight.get() - 1);
    }
    ended?;
    if client_of.in_flight {
        return Err(Fault::AnswerTimeout);
    }
    shared.closed().await;
    connection.end().await
}

struct Client {
    poller: Poller,
    in_flight: bool,
}

impl Client {
    /// Polls on schedule until the client holds all that is to come.
    async fn work(
        &mut self,
        shared: &Shared,
        connection: &mut Connection,
        settings: ShortPoll,
        first: Duration,
    ) -> Result<(), Fault> {
        let mut at = first;
        loop {
            let is_over = shared.grid.timeline().phase_of(at) == Phase::Drain
                && self.poller.holds_last(shared);
            if is_over || !connection.rest(shared.grid.wait_until(at)).await {
                return Ok(());
            }
            self.poll(shared, connection, at).await?;
            at = match settings.timing {
                PollTiming::Schedule | PollTiming::Aligned => at + settings.interval,
                PollTiming::AfterAnswer => {
                    shared.grid.timeline().place(clock::now()) + settings.interval
                }
            };
        }
    }

    async fn poll(
        &mut self,
        shared: &Shared,
        connection: &mut Connection,
        at: Duration,
    ) -> Result<(), Fault> {
        let timeline = shared.grid.timeline();
        let due_at = timeline.moment(at).expect("the grid waits for the part to begin");
        let phase = timeline.phase_of(at);
        if phase == Phase::Drain {
            shared.close_measure(connection.probe());
        }
        self.in_flight = true;
        shared.in_flight.set(shared.in_flight.get() + 1);
        if phase == Phase::Measure {
            let late = clock::now().since(due_at);
            shared.recorder.borrow_mut().poll_lateness.record(late);
        }
        self.poller.ask(shared, connection, phase).await?;
        self.poller.hear(shared, connection, |_, _| phase).await?;
        self.in_flight = false;
        shared.in_flight.set(shared.in_flight.get() - 1);
        Ok(())
    }
}
