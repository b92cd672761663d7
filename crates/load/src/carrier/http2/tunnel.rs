//! The start of a WebSocket on HTTP/2: an extended CONNECT in place of the upgrade (RFC 8441).

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use h2::ext::Protocol;
use pushbench_protocol::Phase;
use pushbench_protocol::headers::{EXTENSIONS_FIELD, FieldList};
use pushbench_wire::http2::ByteStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::{Http2Connection, fault_of};
use super::line::request as fields_as_request;
use super::pool::Pool;
use super::refusal;
use crate::Fault;
use crate::carrier::agreed::is_as_asked;
use crate::carrier::answer::mark_in;
use crate::carrier::opening::UpgradeRequest;

/// The field that a subprotocol is chosen in.
const SUBPROTOCOL: &str = "sec-websocket-protocol";

/// A stream that a WebSocket runs over, and the connection that it keeps open.
pub(crate) struct Tunnel {
    stream: ByteStream,
    connection: Rc<Http2Connection>,
}

impl Tunnel {
    pub(crate) fn connection(&self) -> &Http2Connection {
        &self.connection
    }
}

/// Joins a connection and opens a WebSocket on it.
pub(crate) async fn open(
    pool: &Pool,
    client: u32,
    request: &UpgradeRequest,
) -> Result<Tunnel, Fault> {
    let connection = pool.join(Phase::Connect, client).await?;
    let (plan, accounts) = (pool.dialer().plan(), pool.dialer().accounts());
    let fields = FieldList::of_upgrade(&request.head, plan.scheme());
    let mut asked = fields_as_request(&fields);
    let protocol = fields.value(":protocol").unwrap_or_default();
    asked.extensions_mut().insert(Protocol::from(protocol));
    let begin = accounts.now();
    let mut send = connection.ready().await?.ok_or(Fault::Closed)?;
    if !send.is_extended_connect_protocol_enabled() {
        return Err(Fault::Upgrade);
    }
    let (answer, send) = send.send_request(asked, false).map_err(|error| fault_of(&error))?;
    let answer = answer.await.map_err(|error| fault_of(&error))?;
    let status = answer.status().as_u16();
    if status != 200 {
        let mut body = answer.into_body();
        return Err(
            refusal::receive(accounts, &connection, status, &mut body, Fault::Upgrade).await
        );
    }
    // None was asked for (RFC 8441, section 5, with RFC 6455, section 4.1).
    if answer.headers().contains_key(SUBPROTOCOL) && fields.value(SUBPROTOCOL).is_none() {
        return Err(Fault::Upgrade);
    }
    let extension = answer.headers().get(EXTENSIONS_FIELD.to_ascii_lowercase());
    let extension = extension.map(|value| String::from_utf8_lossy(value.as_bytes()));
    if !is_as_asked(extension.as_deref(), request.terms) {
        return Err(Fault::Extension);
    }
    accounts.recorder.borrow_mut().connect_upgrade.record(accounts.now().since(begin));
    accounts.recorder.borrow_mut().counts.add_gap(mark_in(answer.headers())?.gap);
    Ok(Tunnel { stream: ByteStream::new(send, answer.into_body()), connection })
}

impl AsyncRead for Tunnel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.connection.has_handed((buf.filled().len() - before) as u64);
        result
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
