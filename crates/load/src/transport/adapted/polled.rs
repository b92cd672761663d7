//! A client of a third-party server that polls, on a timer or held: when it polls is said where it is
//! said for our own server.

use pushbench_adapter::{Outgoing, Polled};
use pushbench_protocol::{ByteKind, Phase, Timestamp};

use crate::Fault;
use crate::carrier::answer::Answer;
use crate::carrier::kept::Kept;
use crate::carrier::request::Asked;
use crate::plan::Adapted;
use crate::transport::adapted::booked::When;
use crate::transport::adapted::client::Client;
use crate::transport::adapted::exchange::{Aside, Brought, Exchange};
use crate::transport::adapted::opening;
use crate::transport::context::ClientContext;
use crate::transport::poll::{Polls, keep_sample};
use crate::transport::{long_poll, short_poll};

/// Says what comes first, polls until there is nothing more to come, and ends the connection when told
/// to.
pub(crate) async fn play(
    context: &ClientContext,
    number: u32,
    subscriber_id: usize,
    adapted: &Adapted,
) -> Result<(), Fault> {
    let mut client = Client::new(context, adapted, number, subscriber_id)?;
    let mut kept = Kept::new(number, context.plan.transport.connection());
    if opening::connect(&mut client, &mut kept).await?.is_some() {
        return Err(client.cannot(&"the adapter opens a connection for polls"));
    }
    client.has_opened();
    client.needs_no_keep_alive()?;
    let mut poller = Poller { client, aside: Aside::new(number), exchange: None };
    let settings = context.plan.transport;
    if let Some(timer) = settings.timer() {
        short_poll::play_by(context, number, (subscriber_id, timer), &mut poller, kept).await?;
    } else if let Some(held) = settings.long_poll() {
        long_poll::play_by(context, number, (subscriber_id, held), &mut poller, kept).await?;
    } else {
        return Err(poller.client.cannot(&"the adapter polls where the scenario does not"));
    }
    poller.aside.end(&poller.client, Phase::Close).await
}

struct Poller<'c> {
    client: Client<'c>,
    /// For what is said beside polls.
    aside: Aside,
    /// The poll that was sent last.
    exchange: Option<Exchange>,
}

impl Poller<'_> {
    /// Sends what is due in reply to what came, beside the poll that is on its way.
    async fn reply(&mut self, phase: Phase) -> Result<(), Fault> {
        while let Some(reply) = self.client.reply()? {
            self.say(reply, phase).await?;
        }
        Ok(())
    }

    async fn say(&mut self, outgoing: Outgoing, phase: Phase) -> Result<(), Fault> {
        match outgoing {
            Outgoing::Request(request) => self.aside.send(&self.client, request, phase).await,
            Outgoing::Message { .. } => {
                let told = "a message is to be sent over a connection, which polls do not have";
                Err(self.client.cannot(&told))
            }
        }
    }
}

impl Polls for Poller<'_> {
    fn holds_last(&self, context: &ClientContext) -> bool {
        context.accounts.recorder.borrow().holds_last(self.client.receiver.subscriber_id)
    }

    fn keeps_in_touch(&self) -> bool {
        self.client.adapted.transport.replies_to_heartbeats()
    }

    async fn ask(
        &mut self,
        context: &ClientContext,
        kept: &mut Kept,
        phase: Phase,
    ) -> Result<(), Fault> {
        let request = self.client.poll()?;
        let exchange = Exchange::new(&self.client, request, ByteKind::Control)?;
        let exchange = self.exchange.insert(exchange);
        kept.ask(&context.carriers, exchange.asked(), phase).await?;
        self.reply(phase).await
    }

    fn exchange<'a>(
        &'a mut self,
        _: &'a ClientContext,
    ) -> (Asked<'a>, impl FnMut(Phase, &Answer<'_>, Timestamp) -> Result<(), Fault>) {
        let Self { client, exchange, .. } = self;
        let exchange = exchange.as_ref().expect("a poll was sent");
        let take =
            |phase, answer: &Answer<'_>, at| take(client, exchange, answer, When { phase, at });
        (exchange.asked(), take)
    }

    async fn take_leave(&mut self) -> Result<(), Fault> {
        match self.client.last_words()? {
            Some(last) => self.say(last, Phase::Close).await,
            None => Ok(()),
        }
    }
}

/// Books a response to a poll and what it brought.
fn take(
    client: &mut Client<'_>,
    exchange: &Exchange,
    answer: &Answer<'_>,
    when: When,
) -> Result<(), Fault> {
    let respond = exchange.take(client, answer, when, |dialogue, response, receive| {
        dialogue.on_response(response, receive)
    });
    let Brought { new, said } = respond?;
    let accounts = client.accounts();
    if accounts.open_phase(when.phase) != Phase::Measure {
        return Ok(());
    }
    let counts = &mut accounts.recorder.borrow_mut().counts;
    match said {
        Polled::Messages(_) | Polled::Nothing => counts.add_poll(answer.status, new),
        Polled::Unexplained => counts.add_unexplained_poll(answer.status),
    }
    if new > 0 {
        keep_sample(accounts, answer, || exchange.head());
    }
    Ok(())
}
