//! A client that is told over a WebSocket that there is news, and fetches it by HTTP.
//!
//! It has two connections, both probed and booked: nudges and their frames on the one, polls on the
//! other. Each nudge, or several that have come by the time they are read, is followed by one poll.
//! A poll may find nothing, if the one before it has brought that message along already: nothing in
//! a nudge says which message it is for.
//!
//! What is fetched after the end of the measure phase was due in it and belongs to it, as with every
//! push.

use futures_util::FutureExt;
use pushbench_protocol::paths::NUDGE_NOTICE;
use pushbench_protocol::{ConnectionUse, Cursor};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::Fault;
use crate::accounts::{Came, Passed};
use crate::carrier::kept::Kept;
use crate::transport::context::ClientContext;
use crate::transport::poll::{Poller, Polls};
use crate::transport::tapped::Tapped;
use crate::transport::websocket::{self, Listener, Subscriber, fault_of};

/// Connects twice, fetches whenever it is told to, and closes both connections when told to.
pub(crate) async fn play(
    context: &ClientContext,
    client: u32,
    subscriber_id: usize,
) -> Result<(), Fault> {
    let plan = &context.plan;
    let mut polls = Kept::new(client, ConnectionUse::KeepAlive);
    polls.open(&context.carriers).await?;
    let path = plan.topic_name(plan.topic_of(client)).nudge_path(Cursor::NOW);
    let mut socket = websocket::open(context, client, &path).await?;
    context.accounts.is_connected(subscriber_id);
    let mut subscriber = Subscriber::new(subscriber_id, socket.get_ref());
    let mut fetcher =
        Fetcher { poller: Poller::new(context, client, subscriber_id), in_flight: false };
    let ended = tokio::select! {
        biased;
        fault = work(context, &mut socket, &mut subscriber, &mut fetcher, &mut polls) => Err(fault),
        () = context.closed() => Ok(()),
    };
    if fetcher.in_flight {
        context.accounts.presence.is_answered();
    }
    if let Err(fault) = ended {
        subscriber.give_up(context, socket.get_ref());
        return Err(fault);
    }
    if fetcher.in_flight {
        polls.give_up(Fault::AnswerTimeout);
        subscriber.give_up(context, socket.get_ref());
        return Err(Fault::AnswerTimeout);
    }
    websocket::close(context, &mut socket, &mut subscriber).await?;
    match polls.into_line() {
        Some(line) => line.end(&context.carriers).await,
        None => Ok(()),
    }
}

/// Waits for nudges and fetches, until something fails.
async fn work(
    context: &ClientContext,
    socket: &mut WebSocketStream<Tapped>,
    subscriber: &mut Subscriber,
    fetcher: &mut Fetcher,
    polls: &mut Kept,
) -> Fault {
    loop {
        let rested =
            polls.rest(&context.carriers, websocket::next(context, socket, subscriber)).await;
        let mut message = match rested {
            Ok(message) => message,
            Err(fault) => return fault,
        };
        let mut has_notice = false;
        // One poll fetches for all nudges that have come.
        loop {
            match receive(context, socket.get_ref(), subscriber, message) {
                Ok(is_notice) => has_notice |= is_notice,
                Err(fault) => return fault,
            }
            match websocket::next(context, socket, subscriber).now_or_never() {
                Some(next) => message = next,
                None => break,
            }
        }
        if has_notice && let Err(fault) = fetcher.fetch(context, polls).await {
            return fault;
        }
    }
}

/// Books a message; says whether it is a nudge.
fn receive(
    context: &ClientContext,
    tapped: &Tapped,
    subscriber: &mut Subscriber,
    message: Option<Result<Message, tungstenite::Error>>,
) -> Result<bool, Fault> {
    let message = message.ok_or(Fault::Closed)?.map_err(|error| fault_of(&error))?;
    subscriber.take(context, &message, context.accounts.now(), tapped);
    if let Message::Close(close) = &message {
        return Err(websocket::closed(context, close.as_ref()));
    }
    Ok(matches!(&message, Message::Text(text) if text.as_str() == NUDGE_NOTICE))
}

struct Fetcher {
    poller: Poller,
    in_flight: bool,
}

impl Fetcher {
    async fn fetch(&mut self, context: &ClientContext, polls: &mut Kept) -> Result<(), Fault> {
        let accounts = &context.accounts;
        let at = accounts.now();
        let phase = match polls.line() {
            Some(line) => {
                // Nothing of the poll has come yet.
                let (bytes, passed) = (0, Passed::default());
                let witness = line.witness();
                accounts.phase_of(&Came { witness, at, is_update: true, bytes, passed })
            }
            None => accounts.phase_at(at),
        };
        self.in_flight = true;
        accounts.presence.asks();
        self.poller.ask(context, polls, phase).await?;
        self.poller.receive(context, polls, || phase, |_, _, _, _| phase).await?;
        self.in_flight = false;
        accounts.presence.is_answered();
        Ok(())
    }
}
