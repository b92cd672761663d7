//! What a client of a third-party server says before it has a connection, or polls.

use pushbench_adapter::{Next, Request};
use pushbench_protocol::{ByteKind, Phase};

use crate::Fault;
use crate::carrier::answer::Answer;
use crate::carrier::kept::Kept;
use crate::transport::adapted::booked::When;
use crate::transport::adapted::client::Client;
use crate::transport::adapted::exchange::Exchange;

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
pub(crate) async fn end(client: &Client<'_>, kept: Kept) -> Result<(), Fault> {
    match kept.into_line() {
        Some(line) => line.end_in(&client.context.carriers, Phase::Connect).await,
        None => Ok(()),
    }
}
