//! A client whose polls are held: it asks again as soon as it has an answer.
//!
//! **What belongs together.** A request is sent long before its answer, and phases begin between
//! the two. So an exchange here is an answer and the request that follows it at once, and both
//! belong to the phase of the answer. The first request belongs to the connect phase.
//!
//! **Why books can be closed.** A connection is quiet while its poll is held: the request has been
//! sent and read whole by the server, and neither side says anything until there is news or the
//! hold is over. At such a moment codec, sockets and kernel have counted the same bytes, the held
//! request among them. An answer that comes between two phases, at the end of a hold, belongs to the
//! later one, since the books of the earlier are closed.
//!
//! **Where the measure phase ends.** An answer with news belongs to the measure phase also if it
//! comes a little after it: everything due was due in it. One without news ends the phase for its
//! connection. It has been read before that is known, so its bytes are taken off again.
//!
//! **The end.** A held poll is cut by our FIN. The server ends the held request without a word; if
//! the hold happened to be over in that moment, the answer is booked in the close phase. On HTTP/2
//! the held request is reset.
//!
//! **Shared connections.** Where clients share one, its measure phase ends with the drain: what one
//! of them hears a little after the end, without news, belongs to it too.

use std::rc::Rc;
use std::time::Duration;

use pushbench_protocol::{Phase, Timestamp, clock};
use pushbench_scenario::LongPoll;
use tokio::io::AsyncWriteExt;

use crate::Fault;
use crate::answer::Answer;
use crate::connection::Probe;
use crate::line::{HeadWatch, Line};
use crate::poll::Poller;
use crate::worker::Shared;

/// How much longer than its hold a poll may take before the server has forgotten it.
const SLACK: Duration = Duration::from_secs(10);

/// Connects, lets polls be held, and ends the connection when told to.
pub(crate) async fn play(
    shared: &Rc<Shared>,
    client: u32,
    seat: usize,
    settings: LongPoll,
) -> Result<(), Fault> {
    let mut line = Line::open(shared, client).await?;
    let mut poller = Poller::new(&shared.plan, client, seat);
    poller.ask(shared, &mut line, Phase::Connect).await?;
    let mut asked_at = clock::now();
    shared.is_connected();
    tokio::select! {
        biased;
        ended = work(shared, &mut poller, &mut line, &mut asked_at) => ended?,
        () = shared.closed() => {}
    }
    shared.closed().await;
    if clock::now().since(asked_at) > settings.hold.duration() + SLACK {
        return Err(Fault::AnswerTimeout);
    }
    let Line::Http1(connection) = &mut line else { return line.end().await };
    connection.shutdown().await.map_err(|_| Fault::Io)?;
    loop {
        match poller.hear(shared, &mut line, |_, _| Phase::Close).await {
            Ok(_) => {}
            Err(Fault::Closed) => return Ok(()),
            Err(fault) => return Err(fault),
        }
    }
}

/// Hears and asks until nothing more is to come.
async fn work(
    shared: &Shared,
    poller: &mut Poller,
    line: &mut Line,
    asked_at: &mut Timestamp,
) -> Result<(), Fault> {
    loop {
        let probe = line.probe().clone();
        let head = line.head_watch();
        let phase = poller
            .hear(shared, line, |answer, received_at| {
                phase_of(shared, &probe, answer, received_at, &head)
            })
            .await?;
        *asked_at = clock::now();
        let is_over = phase == Phase::Drain && poller.holds_last(shared);
        if is_over || phase == Phase::Close {
            return Ok(());
        }
        poller.ask(shared, line, phase).await?;
    }
}

/// The phase of an answer and of the request after it.
fn phase_of(
    shared: &Shared,
    probe: &Probe,
    answer: &Answer<'_>,
    received_at: Timestamp,
    head: &HeadWatch,
) -> Phase {
    match shared.phase_at(received_at) {
        Phase::Drain if probe.is_measured.get() => Phase::Drain,
        Phase::Drain if answer.status == 200 => Phase::Measure,
        Phase::Drain if shared.plan.carriage.clients_per_connection.get() > 1 => Phase::Measure,
        Phase::Drain => {
            head.move_out_of_measure(shared);
            let head_len = answer.head.len() as u64 + head.len();
            shared.close_measure_before(probe, head_len + answer.body.len() as u64);
            Phase::Drain
        }
        phase => phase,
    }
}
