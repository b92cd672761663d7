//! A client that polls on a timer, or in a closed loop as soon as the last response has come.
//!
//! A poll belongs to the phase in which it was due, and its answer with it; so does its connection,
//! handshake and close included, if it has one of its own. The client closes first, as it does that
//! has no more to ask: the poll itself is the same to the byte, and it is the client's port that has
//! to wait before it can be used again (RFC 9293, section 3.6.1).

use std::time::Duration;

use pushbench_protocol::{ConnectionUse, Phase, PollTiming, Timestamp};
use pushbench_scenario::{PollSchedule, ShortPoll, poll_phase};

use crate::Fault;
use crate::accounts::turns::Turns;
use crate::carrier::kept::Kept;
use crate::transport::context::ClientContext;
use crate::transport::poll::{Poller, Polls};

/// Connects, polls until there is nothing more to come, and ends the connection when told to.
pub(crate) async fn play(
    context: &ClientContext,
    client: u32,
    subscriber_id: usize,
    settings: ShortPoll,
) -> Result<(), Fault> {
    let mut poller = Poller::new(context, client, subscriber_id);
    let kept = Kept::new(client, settings.connection);
    play_by(context, client, (subscriber_id, settings), &mut poller, kept).await
}

/// The same by this poller, over a line that may be open.
pub(crate) async fn play_by(
    context: &ClientContext,
    client: u32,
    (subscriber_id, settings): (usize, ShortPoll),
    poller: &mut impl Polls,
    mut kept: Kept,
) -> Result<(), Fault> {
    let plan = &context.plan;
    if settings.connection == ConnectionUse::KeepAlive && kept.line().is_none() {
        kept.open(&context.carriers).await?;
        if plan.carriage.client.has_own_sockets() {
            // A library connects when it first asks.
            let phase = Phase::Connect;
            poller.ask(context, &mut kept, phase).await?;
            poller.receive(context, &mut kept, || phase, |_, _, _, _| phase).await?;
        }
    }
    context.accounts.is_connected(subscriber_id);
    let pace = match settings.schedule {
        None => Pace::Closed,
        Some(schedule) => Pace::Open(schedule, Turns::default()),
    };
    let first = settings.schedule.map_or(Duration::ZERO, |PollSchedule { interval, timing }| {
        poll_phase(plan.scenario.workload.seed, client, interval, timing)
    });
    let mut client_of = Client { poller, kept, in_flight: false, pace };
    let ended = tokio::select! {
        biased;
        ended = client_of.work(context, first) => ended,
        () = context.closed() => Ok(()),
    };
    if client_of.in_flight {
        context.accounts.presence.is_answered();
    }
    ended?;
    if client_of.in_flight {
        client_of.kept.give_up(Fault::AnswerTimeout);
        return Err(Fault::AnswerTimeout);
    }
    // The server may end a connection that is idle until then.
    client_of.kept.rest(&context.carriers, context.closed()).await?;
    client_of.poller.take_leave().await?;
    match client_of.kept.into_line() {
        Some(line) => Box::pin(line.end(&context.carriers)).await,
        None => Ok(()),
    }
}

struct Client<'p, P> {
    poller: &'p mut P,
    kept: Kept,
    in_flight: bool,
    pace: Pace,
}

/// What makes a client poll.
enum Pace {
    /// Its schedule, on which it may be late.
    Open(PollSchedule, Turns),
    /// The response to its last poll.
    Closed,
}

impl<P: Polls> Client<'_, P> {
    /// Polls at its pace until the client holds all that is to come.
    async fn work(&mut self, context: &ClientContext, first: Duration) -> Result<(), Fault> {
        let mut at = first;
        // The last moment that the client has looked at.
        let mut seen = context.accounts.now();
        loop {
            let is_drain = context.accounts.timeline().phase_of(at) == Phase::Drain;
            if is_drain && let Some(line) = self.kept.line() {
                line.is_measured();
            }
            if is_drain && self.poller.holds_last(context) {
                return Ok(());
            }
            if !self.may_ask(context, at, seen)
                && !self.kept.rest(&context.carriers, context.grid.wait_until(at)).await?
            {
                return Ok(());
            }
            seen = self.poll(context, at).await?;
            let place = || context.accounts.timeline().place(seen);
            at = match self.pace {
                Pace::Open(PollSchedule { interval, timing }, _) => match timing {
                    PollTiming::Schedule | PollTiming::Aligned => at + interval,
                    PollTiming::AfterAnswer => place() + interval,
                },
                Pace::Closed => place(),
            };
        }
    }

    /// Whether a client asks at once that has come, at this moment, to this place on the schedule of the
    /// trial: in a closed loop, wherever the schedule does not stand still.
    fn may_ask(&self, context: &ClientContext, at: Duration, now: Timestamp) -> bool {
        match self.pace {
            Pace::Open(..) => false,
            Pace::Closed => {
                let moment = context.accounts.timeline().moment(at);
                moment.is_some_and(|moment| moment <= now)
            }
        }
    }

    /// Polls once; gives when the response had come.
    async fn poll(&mut self, context: &ClientContext, at: Duration) -> Result<Timestamp, Fault> {
        let timeline = context.accounts.timeline();
        let due_at = timeline.moment(at).expect("the grid waits for the part to begin");
        let phase = timeline.phase_of(at);
        if phase == Phase::Drain
            && let Some(line) = self.kept.line()
        {
            Box::pin(line.end_measure(&context.accounts)).await;
        }
        self.in_flight = true;
        context.accounts.presence.asks();
        let asked_at = context.accounts.now();
        self.pace.sends(context, (due_at, asked_at), phase);
        self.poller.ask(context, &mut self.kept, phase).await?;
        let receiving = self.poller.receive(context, &mut self.kept, || phase, |_, _, _, _| phase);
        let received_at = receiving.await?.at;
        self.pace.done(context, (asked_at, received_at), phase);
        self.in_flight = false;
        context.accounts.presence.is_answered();
        Ok(received_at)
    }
}

impl Pace {
    /// A poll that was due is sent now.
    fn sends(
        &mut self,
        context: &ClientContext,
        (due_at, now): (Timestamp, Timestamp),
        phase: Phase,
    ) {
        let Self::Open(_, turns) = self else { return };
        let late = turns.send(due_at, now);
        if phase == Phase::Measure {
            let mut recorder = context.accounts.recorder.borrow_mut();
            recorder.poll_lateness.record(late.own);
            recorder.poll_kept_waiting.record(late.kept);
        }
    }

    /// The response to it has come.
    fn done(
        &mut self,
        context: &ClientContext,
        (asked_at, received_at): (Timestamp, Timestamp),
        phase: Phase,
    ) {
        match self {
            Self::Open(_, turns) => turns.done(received_at),
            Self::Closed if phase == Phase::Measure => {
                let mut recorder = context.accounts.recorder.borrow_mut();
                recorder.response_time.record(received_at.since(asked_at));
            }
            Self::Closed => {}
        }
    }
}
