//! What a client of a third-party server says before it has a connection, or polls.

use pushbench_adapter::{Next, Request};
use pushbench_protocol::{ByteKind, ConnectionUse, Phase};

use crate::Fault;
use crate::carrier::answer::Answer;
use crate::carrier::kept::Kept;
use crate::plan::Adapted;
use crate::transport::adapted::booked::When;
use crate::transport::adapted::client::Client;
use crate::transport::adapted::exchange::Exchange;
use crate::transport::context::ClientContext;

/// A client that is about to open its connection.
pub(crate) struct Begun<'c> {
    pub(crate) client: Client<'c>,
    /// What opens the connection.
    pub(crate) request: Request,
    /// The line of the requests that came first.
    kept: Kept,
}

impl<'c> Begun<'c> {
    /// Says what comes before the connection, which is for `what`.
    pub(crate) async fn new(
        context: &'c ClientContext,
        (number, subscriber_id): (u32, usize),
        adapted: &'c Adapted,
        what: &str,
    ) -> Result<Self, Fault> {
        let mut client = Client::new(context, adapted, number, subscriber_id)?;
        let mut kept = Kept::new(number, ConnectionUse::KeepAlive);
        let Some(request) = connect(&mut client, &mut kept).await? else {
            return Err(client.cannot(&format!("the adapter opens no connection for {what}")));
        };
        Ok(Self { client, request, kept })
    }

    /// Opens the connection by this step; gives the client, which knows of it, and what came of the
    /// step.
    pub(crate) async fn open<T>(
        self,
        step: impl Future<Output = Result<T, Fault>>,
    ) -> Result<(Client<'c>, T), Fault> {
        let Self { mut client, kept, .. } = self;
        let opened = client.waits().until(step).await??;
        end(&client, kept).await?;
        client.has_connected()?;
        Ok((client, opened))
    }
}

/// Sends the requests that come first over a line of the client's, until a connection is to be opened;
/// gives the request that opens it, or `None` if the client is open without one.
pub(crate) async fn connect(
    client: &mut Client<'_>,
    kept: &mut Kept,
) -> Result<Option<Request>, Fault> {
    loop {
        match client.next()? {
            Next::Request(request) => ask(client, kept, request).await?,
            Next::Connect(request) => {
                client.asks(&request);
                return Ok(Some(request));
            }
            Next::Open => return Ok(None),
            Next::Send(_) | Next::Receive => {
                return Err(
                    client.cannot(&"the opening has a message before there is a connection")
                );
            }
        }
    }
}

/// Sends a request of the opening, and hands its response to the dialogue.
async fn ask(client: &mut Client<'_>, kept: &mut Kept, request: Request) -> Result<(), Fault> {
    client.asks(&request);
    let exchange = Exchange::new(client, request, ByteKind::Handshake)?;
    let (carriers, phase) = (&client.context.carriers, Phase::Connect);
    let waiting = client.waits();
    let exchanged = async {
        kept.ask(carriers, exchange.asked(), phase).await?;
        let take = |phase, answer: &Answer<'_>, at| {
            let respond =
                exchange.take(client, answer, When { phase, at }, |dialogue, response, to| {
                    dialogue.on_response(response, to)
                });
            respond.map(|_| ())
        };
        let same = |_: &_, _: &_, _: &Answer<'_>, _| phase;
        kept.receive(carriers, exchange.asked(), || phase, same, take).await.map(|_| ())
    };
    waiting.until(exchanged).await?
}

/// Ends the line of the requests that came first, once the connection is open.
async fn end(client: &Client<'_>, kept: Kept) -> Result<(), Fault> {
    match kept.into_line() {
        Some(line) => line.end_in(&client.context.carriers, Phase::Connect).await,
        None => Ok(()),
    }
}
