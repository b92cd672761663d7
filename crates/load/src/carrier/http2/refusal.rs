//! A response on HTTP/2 that refuses what was asked for: received out, booked, and kept on record.

use std::time::Duration;

use h2::RecvStream;

use super::connection::Http2Connection;
use super::received_data::ReceivedData;
use crate::accounts::Accounts;
use crate::{Fault, Unexpected};

/// Longest wait for the rest of a refusal.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Most bytes that are read of one.
const MOST: u64 = 64 * 1024;

/// Hears the body of a refusal and gives `fault` back. Its fields are booked as they pass, its data
/// as what brought nothing new.
pub(super) async fn receive(
    accounts: &Accounts,
    connection: &Http2Connection,
    status: u16,
    body: &mut RecvStream,
    fault: Fault,
) -> Fault {
    let mut received = ReceivedData::new(accounts, connection);
    // Whoever refuses and does not say all of it is not waited for.
    let _ = tokio::time::timeout(TIMEOUT, received.receive(body, MOST)).await;
    accounts.keep_unexpected(fault, || Unexpected::of_parts(status, &[], received.received()));
    fault
}
