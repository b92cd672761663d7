//! A response that refuses what was asked for: received out, booked like any other, and kept on record.

use std::rc::Rc;
use std::time::Duration;

use pushbench_protocol::{ByteKind, Direction, Phase};
use tokio::io::AsyncReadExt;

use crate::accounts::Accounts;
use crate::carrier::answer::Answer;
use crate::carrier::connection::Connection;
use crate::carrier::http1::pending::{Pending, Place};
use crate::carrier::http1::reader::AnswerReader;
use crate::{Fault, Unexpected};

/// Longest wait for the rest of a refusal.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Most bytes that are read of one.
const MOST: usize = 64 * 1024;

/// Hears the rest of a response that began with `begun`, of which nothing is booked yet, and gives
/// `fault` back. Its headers are booked as `headers`, its body as what brought nothing new.
pub(crate) async fn receive(
    accounts: &Rc<Accounts>,
    connection: &mut Connection,
    (phase, headers): (Phase, ByteKind),
    begun: &[u8],
    fault: Fault,
) -> Fault {
    let place = Place::Opening(phase, headers);
    let mut reader = Pending::new(accounts, place, Some(fault), AnswerReader::default());
    let with = |answer: Answer<'_>| {
        let book = |kind, bytes| accounts.book(phase, Direction::Down, kind, bytes);
        book(headers, answer.interim + answer.head.len() as u64);
        book(ByteKind::Framing, answer.framing);
        book(ByteKind::Repeat, answer.body.len() as u64);
        accounts.keep_unexpected(fault, || Unexpected::of_answer(&answer));
    };
    let rest = async {
        let mut read = reader.push(begun, with);
        let mut len = begun.len();
        while let Ok(None) = read
            && len < MOST
        {
            let mut bytes = [0; 1_024];
            read = match connection.read(&mut bytes).await {
                Ok(0) | Err(_) => {
                    // What is not whole is given up with the reader.
                    let _ = reader.end(with);
                    return;
                }
                Ok(more) => {
                    len += more;
                    reader.push(&bytes[..more], with)
                }
            };
        }
    };
    // Whoever refuses and does not say all of it is not waited for.
    let _ = tokio::time::timeout(TIMEOUT, rest).await;
    fault
}
