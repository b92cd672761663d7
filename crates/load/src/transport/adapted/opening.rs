//! What a client of a third-party server says before it has a connection.

use pushbench_adapter::{Next, Request};

use crate::Fault;
use crate::transport::adapted::client::Client;

/// Sends the requests that come first, until a connection is to be opened; gives the request that opens
/// it, or `None` if the client is open without one.
pub(crate) async fn connect(client: &mut Client<'_>) -> Result<Option<Request>, Fault> {
    match client.next()? {
        Next::Request(request) => {
            client.asks(&request);
            let Request { method, url, .. } = request;
            let told = format!("the opening begins with {method} {url}, which cannot be sent yet");
            Err(client.cannot(&told))
        }
        Next::Connect(request) => {
            client.asks(&request);
            Ok(Some(request))
        }
        Next::Open => Ok(None),
        Next::Send(_) | Next::Receive => {
            Err(client.cannot(&"the opening has a message before there is a connection"))
        }
    }
}
