//! A response on HTTP/2 that refuses what was asked for: heard out, booked, and kept on record.

use std::time::Duration;

use h2::RecvStream;
use pushbench_protocol::{ByteKind, Direction};

use super::connection::Http2Connection;
use crate::accounts::Accounts;
use crate::{Fault, Unexpected};

/// Longest wait for the rest of a refusal.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Most bytes that are read of one.
const MOST: usize = 64 * 1024;

/// Hears the body of a refusal and gives `fault` back. Its fields are booked as they pass, its data
/// as what brought nothing new.
pub(super) async fn receive(
    accounts: &Accounts,
    connection: &Http2Connection,
    status: u16,
    body: &mut RecvStream,
    fault: Fault,
) -> Fault {
    let mut received = Vec::new();
    let rest = async {
        while let Some(Ok(data)) = body.data().await {
            received.extend_from_slice(&data);
            let _ = body.flow_control().release_capacity(data.len());
            if received.len() > MOST {
                break;
            }
        }
    };
    // Whoever refuses and does not say all of it is not waited for.
    let _ = tokio::time::timeout(TIMEOUT, rest).await;
    let phase = accounts.phase_on(connection.witness());
    accounts.book(phase, Direction::Down, ByteKind::Repeat, received.len() as u64);
    accounts.keep_unexpected(fault, || Unexpected::of_parts(status, &[], &received));
    fault
}
