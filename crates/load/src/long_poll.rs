//! A client whose polls are held: it asks again as soon as it has an answer.
//!
//! **What belongs together.** A request is sent long before its answer, and phases begin between
//! the two. So an exchange here is an answer and the request that follows it at once, and both
//! belong to the phase of the answer. The first request belongs to the connect phase.
//!
//! **How books are closed.** Holds end by the server's clock, also while the schedule stands still.
//! An answer that comes between two phases belongs to the earlier one until its books are closed,
//! which is done between two answers, and to the later one after that; see `boundary`.
//!
//! **Before the warm-up.** A hold that is over while others still connect is not asked for again
//! before the schedule begins, and then at a moment of the client's own, so that connecting costs
//! the same however long it takes, and holds do not end together.
//!
//! **Where the measure phase ends.** An answer with news belongs to the measure phase also if it
//! comes a little after it: everything due was due in it. One without news ends the phase for its
//! connection. It has been read before that is known, so its bytes are taken off again.
//!
//! **The end.** A held poll is cut by our FIN. The server ends the held request without a word; if
//! the hold happened to be over in that moment, the answer is booked in the close phase.

use std::time::Duration;

use pushbench_protocol::{Phase, PollTiming, Timestamp, clock};
use pushbench_scenario::{LongPoll, poll_phase};
use tokio::io::AsyncWriteExt;

use crate::Fault;
use crate::answer::Answer;
use crate::connection::{Connection, Probe};
use crate::poll::Poller;
use crate::worker::Shared;

/// How much longer than its hold a poll may take before the server has forgotten it.
const SLACK: Duration = Duration::from_secs(10);

/// Connects, lets polls be held, and ends the connection when told to.
pub(crate) async fn play(
    shared: &Shared,
    client: u32,
    seat: usize,
    settings: LongPoll,
) -> Result<(), Fault> {
    let mut connection = shared.connect(client).await?;
    let mut poller = Poller::new(&shared.plan, client, seat);
    poller.ask(shared, &mut connection, Phase::Connect).await?;
    let mut asked_at = Some(clock::now());
    shared.is_connected();
    tokio::select! {
        biased;
        ended = work(shared, client, settings, &mut poller, &mut connection, &mut asked_at) => {
            ended?;
        }
        () = shared.closed() => {}
    }
    shared.closed().await;
    let longest = settings.hold.duration() + SLACK;
    if asked_at.is_some_and(|asked_at| clock::now().since(asked_at) > longest) {
        return Err(Fault::AnswerTimeout);
    }
    connection.shutdown().await.map_err(|_| Fault::Io)?;
    loop {
        match poller.hear(shared, &mut connection, |_, _| Phase::Close).await {
            Ok(_) => {}
            Err(Fault::Closed) => return Ok(()),
            Err(fault) => return Err(fault),
        }
    }
}

/// Hears and asks until nothing more is to come. `asked_at` is of the poll that is held.
async fn work(
    shared: &Shared,
    client: u32,
    settings: LongPoll,
    poller: &mut Poller,
    connection: &mut Connection,
    asked_at: &mut Option<Timestamp>,
) -> Result<(), Fault> {
    loop {
        let probe = connection.probe().clone();
        let mut phase = poller
            .hear(shared, connection, |answer, received_at| {
                phase_of(shared, &probe, answer, received_at)
            })
            .await?;
        *asked_at = None;
        let is_over = phase == Phase::Drain && poller.holds_last(shared);
        if is_over || phase == Phase::Close {
            return Ok(());
        }
        if phase == Phase::Connect {
            if !shared.grid.wait_until(first_after_connect(shared, client, settings)).await {
                return Ok(());
            }
            phase = shared.phase_at(clock::now());
        }
        poller.ask(shared, connection, phase).await?;
        *asked_at = Some(clock::now());
    }
}

/// When a client asks again whose hold was over before the schedule began.
fn first_after_connect(shared: &Shared, client: u32, settings: LongPoll) -> Duration {
    let spread = settings.hold.duration().min(shared.plan.warm_up_end());
    let seed = shared.plan.scenario.workload.seed;
    if spread.is_zero() {
        return Duration::ZERO;
    }
    poll_phase(seed, client, spread, PollTiming::Schedule)
}

/// The phase of an answer and of the request after it.
fn phase_of(shared: &Shared, probe: &Probe, answer: &Answer<'_>, received_at: Timestamp) -> Phase {
    match shared.phase_at(received_at) {
        Phase::Drain if probe.is_measured.get() => Phase::Drain,
        Phase::Drain if answer.status == 200 => Phase::Measure,
        Phase::Drain => {
            shared.close_measure_before(probe, (answer.head.len() + answer.body.len()) as u64);
            Phase::Drain
        }
        phase => phase,
    }
}
