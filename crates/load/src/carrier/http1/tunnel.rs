//! A connection that is switched to a WebSocket (RFC 6455, section 4.1).

use pushbench_protocol::{ByteKind, Direction, Phase};
use pushbench_wire::head::ResponseHead;
use tokio::io::AsyncWriteExt;

use crate::Fault;
use crate::carrier::connection::Connection;
use crate::carrier::dial::Dialer;
use crate::carrier::http1::opening::{self, Opened};
use crate::carrier::http1::upgraded;
use crate::carrier::opening::UpgradeRequest;

/// Connects and upgrades.
pub(crate) async fn open(
    dialer: &Dialer,
    client: u32,
    request: &UpgradeRequest,
) -> Result<Opened<Connection>, Fault> {
    let accounts = dialer.accounts();
    let mut connection = dialer.connect(client).await?;
    let begin = accounts.now();
    connection.write_all(&request.head).await.map_err(|_| Fault::Io)?;
    accounts.book(Phase::Connect, Direction::Up, ByteKind::Handshake, request.head.len() as u64);
    let check = |head: &ResponseHead<'_>| upgraded::check(head, request);
    let opened = opening::receive(accounts, &mut connection, ByteKind::Handshake, check).await?;
    accounts.recorder.borrow_mut().connect_upgrade.record(accounts.now().since(begin));
    Ok(opened.map(|()| connection))
}
