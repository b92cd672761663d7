//! The response that opens a stream or a WebSocket, however the bytes come in.

use std::rc::Rc;

use pushbench_protocol::headers::AnswerMark;
use pushbench_protocol::{ByteKind, Cursor, Direction, Phase};
use pushbench_wire::head::ResponseHead;
use tokio::io::AsyncReadExt;

use crate::Fault;
use crate::accounts::{Accounts, Unfinished};
use crate::carrier::connection::Connection;
use crate::carrier::http1::pending::{Pending, Place};
use crate::carrier::http1::refusal;

/// What has been opened.
#[derive(Debug)]
pub(crate) struct Opened<T> {
    /// What was made of the head.
    pub(crate) value: T,
    /// What came behind it.
    pub(crate) early: Vec<u8>,
    /// Where the server has the client begin, if it says so.
    pub(crate) begins_at: Option<Cursor>,
}

impl<T> Opened<T> {
    /// The same of what is made of it.
    pub(crate) fn map<U>(self, made: impl FnOnce(T) -> U) -> Opened<U> {
        let Self { value, early, begins_at } = self;
        Opened { value: made(value), early, begins_at }
    }
}

/// A head that is no interim one, and what it means.
struct Read<T> {
    /// Bytes of the heads before it.
    interim: usize,
    len: usize,
    status: u16,
    mark: Option<AnswerMark>,
    value: Result<T, Fault>,
}

/// Hears the response to a request that has just been sent. Heads are booked as `headers` in the
/// connect phase; interim ones are read past. What is refused by `check` is received out.
///
/// # Errors
///
/// What `check` says; [`Fault::Closed`] if the server ends the connection first.
pub(crate) async fn receive<T>(
    accounts: &Rc<Accounts>,
    connection: &mut Connection,
    headers: ByteKind,
    check: impl Fn(&ResponseHead<'_>) -> Result<T, Fault>,
) -> Result<Opened<T>, Fault> {
    let place = Place::Opening(Phase::Connect, headers);
    let mut received = Pending::new(accounts, place, Some(Fault::OpenTimeout), Vec::new());
    let read = loop {
        let mut bytes = [0; 1_024];
        match connection.read(&mut bytes).await {
            Ok(len @ 1..) => received.extend_from_slice(&bytes[..len]),
            Ok(_) => return Err(received.fail(Fault::Closed)),
            Err(_) => return Err(received.fail(Fault::Io)),
        }
        match read(&received, &check) {
            Ok(Some(read)) => break read,
            Ok(None) => {}
            Err(fault) => return Err(received.fail(fault)),
        }
    };
    let mut received = std::mem::take(&mut *received);
    let give_up = |received: Vec<u8>, head_end: usize, fault| {
        let unfinished = Unfinished {
            header: head_end as u64,
            framing: 0,
            rest: (received.len() - head_end) as u64,
            beginning: received,
        };
        accounts.book_unfinished(Phase::Connect, headers, fault, &unfinished);
        fault
    };
    let end = read.interim + read.len;
    let (value, mark) = match (read.value, read.mark) {
        (Ok(value), Some(mark)) => (value, mark),
        // The bytes behind a 101 are none of HTTP.
        (Ok(_), None) => return Err(give_up(received, end, Fault::Malformed)),
        (Err(fault), _) if read.status == 101 => return Err(give_up(received, end, fault)),
        (Err(fault), _) => {
            let book = (Phase::Connect, headers);
            return Err(refusal::receive(accounts, connection, book, &received, fault).await);
        }
    };
    accounts.recorder.borrow_mut().counts.add_gap(mark.gap);
    accounts.book(Phase::Connect, Direction::Down, headers, end as u64);
    Ok(Opened { value, early: received.split_off(end), begins_at: mark.cursor })
}

/// The first head in `bytes` that is no interim one; `None` while it is not whole.
fn read<T>(
    bytes: &[u8],
    check: impl Fn(&ResponseHead<'_>) -> Result<T, Fault>,
) -> Result<Option<Read<T>>, Fault> {
    let mut interim = 0;
    let read = ResponseHead::read_final(bytes, &mut interim, |head| {
        let mark = AnswerMark::read(|name| head.fields.value(name));
        Ok::<_, Fault>((head.len, head.status, mark, check(head)))
    })?;
    Ok(read.map(|(len, status, mark, value)| Read { interim, len, status, mark, value }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_behind_interim_ones_is_found_wherever_reads_end() {
        let text =
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nGap: 3\r\n\r\nmore";
        let interim = text.find("HTTP/1.1 200").expect("it is there");
        let whole = text.len() - "more".len();
        for cut in 0..=text.len() {
            let read = read(&text.as_bytes()[..cut], |head| Ok(head.status)).expect("HTTP");
            let found = read
                .map(|read| (read.interim, read.len, read.mark.map(|mark| mark.gap), read.value));
            let expected = (interim, whole - interim, Some(3), Ok(200));
            assert_eq!(found, (cut >= whole).then_some(expected), "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_head_is_malformed_and_one_without_end_too_long() {
        let endless = "HTTP/1.1 100 Continue\r\n\r\n".repeat(3_000);
        for (bytes, expected) in
            [("SSH-2.0-OpenSSH\r\n", Fault::Malformed), (endless.as_str(), Fault::HeadersTooLong)]
        {
            let read = read(bytes.as_bytes(), |head| Ok(head.status)).map(|read| read.is_some());
            assert_eq!(read, Err(expected));
        }
    }
}
