//! A client whose polls are held: it asks again as soon as it has an answer.
//!
//! **What belongs together.** A request is sent long before its answer, and phases begin between
//! the two. So an exchange here is an answer and the request that follows it at once, and both
//! belong to the phase of the answer. The first request belongs to the connect phase.
//!
//! **How books are closed.** Holds end by the server's also while the schedule stands still.
//! An answer that comes between two phases belongs to the earlier one until its books are closed,
//! which is done between two answers, and to the later one after that; see `boundary`.
//!
//! **Before the warm-up.** A hold that is over while others still connect is not asked for again
//! before the schedule begins, and then at a moment of the client's own, so that connecting costs
//! the same however long it takes, and holds do not end together.
//!
//! A server that closes for who does not reply to a heartbeat is polled all the time: its heartbeats come
//! in responses to polls.
//!
//! **Where the measure phase ends.** An answer with news belongs to the measure phase also if it
//! comes a little after it: everything due was due in it. One without news ends the phase for its
//! connection. It has been read before that is known, so its bytes are taken off again.
//!
//! **A connection for each poll** is opened with its request and closed after its answer, each in the
//! phase of that. The client closes first.
//!
//! **The end.** A held poll is cut by our FIN. The server ends the held request without a word; if
//! the hold happened to be over in that moment, the answer is booked in the close phase. A held
//! request that is a stream of its own is reset.
//!
//! **Shared connections.** Where clients share one, its measure phase ends with the drain: what one
//! of them hears a little after the end, without news, belongs to it too.

use std::cell::Cell;
use std::time::Duration;

use pushbench_protocol::{Phase, PollTiming, Timestamp};
use pushbench_scenario::{LongPoll, poll_phase};

use crate::Fault;
use crate::accounts::Came;
use crate::accounts::presence::Turning;
use crate::carrier::answer::Answer;
use crate::carrier::kept::Kept;
use crate::carrier::watch::Watch;
use crate::transport::context::ClientContext;
use crate::transport::poll::{Poller, Polls};
use crate::witness::Witness;

/// How much longer than its hold a poll may take before the server has forgotten it.
const SLACK: Duration = Duration::from_secs(10);

/// Connects, lets polls be held, and ends the connection when told to.
pub(crate) async fn play(
    context: &ClientContext,
    client: u32,
    subscriber_id: usize,
    settings: LongPoll,
) -> Result<(), Fault> {
    let mut poller = Poller::new(context, client, subscriber_id);
    let kept = Kept::new(client, settings.connection);
    play_by(context, client, (subscriber_id, settings), &mut poller, kept).await
}

/// The same by this poller, over a line that may be open.
pub(crate) async fn play_by(
    context: &ClientContext,
    client: u32,
    (subscriber_id, settings): (usize, LongPoll),
    poller: &mut impl Polls,
    kept: Kept,
) -> Result<(), Fault> {
    let mut client_of = Client { client, poller, kept, asked_at: None };
    client_of.ask(context, Phase::Connect).await?;
    context.accounts.is_connected(subscriber_id);
    tokio::select! {
        biased;
        ended = client_of.work(context, settings) => ended?,
        () = context.closed() => {}
    }
    if client_of.asked_at.is_none() {
        // The server may end a connection that is idle until then.
        client_of.kept.rest(&context.carriers, context.closed()).await?;
    }
    let Client { poller, mut kept, asked_at, .. } = client_of;
    let longest = settings.hold.duration() + SLACK;
    if asked_at.is_some_and(|asked_at| context.accounts.now().since(asked_at) > longest) {
        kept.give_up(Fault::AnswerTimeout);
        return Err(Fault::AnswerTimeout);
    }
    poller.take_leave().await?;
    let Some(mut line) = kept.into_line() else { return Ok(()) };
    if !line.cut().await? {
        return line.end(&context.carriers).await;
    }
    loop {
        match poller.receive_last(context, &mut line).await {
            Ok(_) => {}
            Err(Fault::Closed) => return Ok(()),
            Err(fault) => return Err(fault),
        }
    }
}

struct Client<'p, P> {
    client: u32,
    poller: &'p mut P,
    /// The line that a poll is held on, or the next one will be.
    kept: Kept,
    /// Since when a poll is held.
    asked_at: Option<Timestamp>,
}

impl<P: Polls> Client<'_, P> {
    /// Hears and asks until nothing more is to come.
    async fn work(&mut self, context: &ClientContext, settings: LongPoll) -> Result<(), Fault> {
        loop {
            let (mut phase, mut turning) = self.receive(context).await?;
            let may_rest = !self.poller.keeps_in_touch();
            let is_over = phase == Phase::Drain && may_rest && self.poller.holds_last(context);
            if is_over || phase == Phase::Close {
                return Ok(());
            }
            if phase == Phase::Connect && may_rest {
                // It waits for the schedule, which waits for nobody here.
                drop(turning.take());
                let at = first_after_connect(context, self.client, settings);
                if !self.kept.rest(&context.carriers, context.grid.wait_until(at)).await? {
                    return Ok(());
                }
                turning = Some(context.accounts.presence.turns());
                phase = context.accounts.phase_at(context.accounts.now());
            }
            self.ask(context, phase).await?;
            drop(turning);
        }
    }

    /// Sends a request, on a new line if there is none.
    async fn ask(&mut self, context: &ClientContext, phase: Phase) -> Result<(), Fault> {
        self.poller.ask(context, &mut self.kept, phase).await?;
        self.asked_at = Some(context.accounts.now());
        Ok(())
    }

    /// Waits for the response, and ends its line unless that is used again; gives its phase, and what
    /// keeps the books of that open until the request is sent that belongs with it.
    async fn receive<'c>(
        &mut self,
        context: &'c ClientContext,
    ) -> Result<(Phase, Option<Turning<'c>>), Fault> {
        let accounts = &context.accounts;
        let turning = Cell::new(None);
        let phase_of = |witness: &Witness, watch: &Watch, answer: &Answer<'_>, at| {
            turning.set(Some(accounts.presence.turns()));
            let (bytes, passed) = (answer.len(), watch.passed());
            let is_update = answer.status == 200;
            accounts.phase_of(&Came { witness, at, is_update, bytes, passed })
        };
        let again_in = || accounts.phase_at(accounts.now());
        let received = self.poller.receive(context, &mut self.kept, again_in, phase_of).await?;
        self.asked_at = None;
        Ok((received.phase, turning.take()))
    }
}

/// When a client asks again whose hold was over before the schedule began.
fn first_after_connect(context: &ClientContext, client: u32, settings: LongPoll) -> Duration {
    let spread = settings.hold.duration().min(context.plan.warm_up_end());
    let seed = context.plan.scenario.workload.seed;
    if spread.is_zero() {
        return Duration::ZERO;
    }
    poll_phase(seed, client, spread, PollTiming::Schedule)
}
