//! A connection whose one response does not end.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pushbench_protocol::{ByteKind, Cursor, Direction, Phase};
use pushbench_wire::head::{BodyEnd, ResponseHead};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};

use crate::Fault;
use crate::accounts::{Accounts, Passed};
use crate::carrier::connection::{Connection, TURN, end_turn};
use crate::carrier::dial::Dialer;
use crate::carrier::http1::headers::body_end;
use crate::carrier::http1::opening::{self, Opened};
use crate::carrier::opening::StreamRequest;
use crate::carrier::stream_body::{CodingOf, Read, StreamBody, check};
use crate::content_coding::ContentCoding;

/// A connection, and the body of the response that it carries.
pub(crate) struct Stream {
    pub(crate) connection: Connection,
    body: StreamBody,
    /// What came behind the response's head.
    early: Vec<u8>,
    /// Where the server has the client begin, if it says so.
    pub(crate) begins_at: Option<Cursor>,
}

/// Connects and asks; gives what the response is coded in too.
pub(crate) async fn open(
    dialer: &Dialer,
    client: u32,
    request: StreamRequest<'_>,
    coding_of: &CodingOf<'_>,
) -> Result<(Stream, ContentCoding), Fault> {
    let accounts = dialer.accounts();
    let mut connection = dialer.connect(client).await?;
    let begin = accounts.now();
    let StreamRequest { head, body } = request;
    match body.is_empty() {
        true => connection.write_all(head).await,
        // In one write, as each message leaves.
        false => connection.write_all(&[head, body].concat()).await,
    }
    .map_err(|_| Fault::Io)?;
    accounts.book(Phase::Connect, Direction::Up, ByteKind::Header, head.len() as u64);
    accounts.book(Phase::Connect, Direction::Up, ByteKind::Handshake, body.len() as u64);
    let accepted = |head: &ResponseHead<'_>| accepted(head, coding_of);
    let opened = opening::receive(accounts, &mut connection, ByteKind::Header, accepted).await?;
    accounts.recorder.borrow_mut().connect_upgrade.record(accounts.now().since(begin));
    let Opened { value: (end, coding), early, begins_at } = opened;
    Ok((Stream { connection, body: StreamBody::of(end), early, begins_at }, coding))
}

/// How the body ends of a response that is a stream, and what it is coded in.
fn accepted(
    head: &ResponseHead<'_>,
    coding_of: &CodingOf<'_>,
) -> Result<(BodyEnd, ContentCoding), Fault> {
    let coding = check(head.status, &mut head.fields.members("content-encoding"), coding_of)?;
    Ok((body_end(head)?, coding))
}

impl Stream {
    /// Hands what came with the head to `take`.
    pub(crate) fn receive_early(
        &mut self,
        accounts: &Accounts,
        mut take: impl FnMut(Read<'_>) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        let early = std::mem::take(&mut self.early);
        self.take(&early, accounts, &mut take)
    }

    /// Hands what comes to `take`, through the worker's scratch memory, until it ends; says how.
    pub(crate) async fn receive(
        &mut self,
        accounts: &Accounts,
        scratch: &RefCell<Vec<u8>>,
        mut take: impl FnMut(Read<'_>) -> Result<bool, Fault>,
    ) -> Fault {
        poll_fn(|cx| self.poll_receive(cx, accounts, scratch, &mut take)).await
    }

    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        accounts: &Accounts,
        scratch: &RefCell<Vec<u8>>,
        take: &mut impl FnMut(Read<'_>) -> Result<bool, Fault>,
    ) -> Poll<Fault> {
        let mut scratch = scratch.borrow_mut();
        let begun = accounts.now();
        loop {
            // All of it may have come with the head, and the connection may be kept alive for another
            // request, which nobody sends.
            if self.body.is_over() {
                return Poll::Ready(Fault::Closed);
            }
            let mut buf = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut self.connection).poll_read(cx, &mut buf)) {
                Err(_) => return Poll::Ready(Fault::Io),
                Ok(()) if buf.filled().is_empty() => return Poll::Ready(Fault::Closed),
                Ok(()) => {}
            }
            if let Err(fault) = self.take(buf.filled(), accounts, take) {
                return Poll::Ready(fault);
            }
            if accounts.now().since(begun) >= TURN {
                return end_turn(cx);
            }
        }
    }

    fn take(
        &mut self,
        bytes: &[u8],
        accounts: &Accounts,
        take: &mut impl FnMut(Read<'_>) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        let witness = self.connection.witness();
        let nothing = Passed::default();
        if take(Read::new(&mut self.body, bytes, accounts.now(), witness, nothing))? {
            witness.has_taken();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::content_coding::Offer;
    use crate::transport::coded_stream::Asked;

    use super::*;

    #[test]
    fn a_stream_is_a_200_with_any_end_of_its_body() {
        let asked = Asked { coding: ContentCoding::Identity, offer: Offer::default() };
        for (head, expected) in [
            ("200 OK\r\nTransfer-Encoding: chunked", Ok(BodyEnd::Chunks)),
            ("200 OK\r\nConnection: close", Ok(BodyEnd::Close)),
            ("200 OK\r\nContent-Length: 5", Ok(BodyEnd::Length(5))),
            ("404 Not Found\r\nTransfer-Encoding: chunked", Err(Fault::Status(404))),
            ("200 OK\r\nTransfer-Encoding: gzip, chunked", Err(Fault::TransferCoding)),
        ] {
            let bytes = format!("HTTP/1.1 {head}\r\n\r\n");
            let expected = expected.map(|end| (end, ContentCoding::Identity));
            let read = ResponseHead::read(bytes.as_bytes(), |head| {
                Ok::<_, Fault>(accepted(head, &|named| asked.coding_of(named)))
            });
            assert_eq!(read, Ok(Some(expected)), "{head}");
        }
    }

    #[test]
    fn a_stream_is_in_the_coding_that_was_asked_for_or_else_in_one_that_was_offered() {
        use ContentCoding::{Brotli, Gzip, Identity};
        let offer = |line: &str| Offer::of_head(format!("GET / HTTP/1.1\r\n{line}\r\n").as_bytes());
        for (asked, line, fields, expected) in [
            (Gzip, "Accept-Encoding: gzip, br\r\n", "gzip", Ok(Gzip)),
            (Gzip, "Accept-Encoding: gzip, br\r\n", "x-GZIP", Ok(Gzip)),
            (Gzip, "Accept-Encoding: gzip, br\r\n", "br", Err(Fault::Coding)),
            (Gzip, "Accept-Encoding: gzip, br\r\n", "", Err(Fault::Coding)),
            (Gzip, "Accept-Encoding: gzip\r\n", "identity", Err(Fault::Coding)),
            (Brotli, "Accept-Encoding: br\r\n", "gzip, br", Err(Fault::Coding)),
            (Identity, "Accept-Encoding: gzip, br\r\n", "br", Ok(Brotli)),
            (Identity, "Accept-Encoding: gzip, br\r\n", "", Ok(Identity)),
            (Identity, "Accept-Encoding: br\r\n", "gzip", Err(Fault::Coding)),
            (Identity, "Accept-Encoding: br\r\n", "compress", Err(Fault::Coding)),
        ] {
            let asked_for = Asked { coding: asked, offer: offer(line) };
            let head = match fields {
                "" => "HTTP/1.1 200 OK\r\n\r\n".to_owned(),
                fields => format!("HTTP/1.1 200 OK\r\nContent-Encoding: {fields}\r\n\r\n"),
            };
            let read = ResponseHead::read(head.as_bytes(), |head| {
                let coding_of = |named: &mut dyn Iterator<Item = &[u8]>| asked_for.coding_of(named);
                Ok::<_, Fault>(accepted(head, &coding_of).map(|(_, coding)| coding))
            });
            assert_eq!(read, Ok(Some(expected)), "{asked:?} {line} {fields}");
        }
    }
}
