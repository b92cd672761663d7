//! A connection that is switched to a WebSocket (RFC 6455, section 4.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pushbench_protocol::{ByteKind, DeflateTerms, Direction, Phase};
use pushbench_wire::head::ResponseHead;
use tokio::io::AsyncWriteExt;

use crate::Fault;
use crate::carrier::connection::Connection;
use crate::carrier::dial::Dialer;
use crate::carrier::http1::opening;
use crate::carrier::http1::upgraded::{self, Asked};

/// Connects and upgrades; gives the bytes that came behind the 101 too.
pub(crate) async fn open(
    dialer: &Dialer,
    client: u32,
    path: &str,
    terms: Option<DeflateTerms>,
) -> Result<(Connection, Vec<u8>), Fault> {
    let (plan, accounts) = (dialer.plan(), dialer.accounts());
    let mut connection = dialer.connect(client).await?;
    let key = STANDARD.encode(rand::random::<[u8; 16]>());
    let headers = &plan.scenario.headers;
    let request = headers.request.upgrade_offering(plan.head_target(path), &key, terms);
    let begin = accounts.now();
    connection.write_all(&request.bytes).await.map_err(|_| Fault::Io)?;
    accounts.book(Phase::Connect, Direction::Up, ByteKind::Handshake, request.bytes.len() as u64);
    let asked = Asked { request: &request.bytes, key: &key, terms };
    let check = |head: &ResponseHead<'_>| upgraded::check(head, asked);
    let opened = opening::receive(accounts, &mut connection, ByteKind::Handshake, check).await?;
    accounts.recorder.borrow_mut().connect_upgrade.record(accounts.now().since(begin));
    Ok((connection, opened.early))
}
