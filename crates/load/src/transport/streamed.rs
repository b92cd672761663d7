//! A client whose one request is answered by a stream that does not end.
//!
//! Request and head are booked as `header` in the connect phase, chunk sizes as `framing`. What
//! the data is made of is the transport's own matter, its [`Codec`].

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pushbench_protocol::{ByteKind, Direction, HttpVersion, Phase, Timestamp};
use pushbench_wire::chunk::Piece;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};

use crate::Fault;
use crate::carrier::connection::Connection;
use crate::carrier::http1::opening;
use crate::carrier::http1::response_head::{BodyEnd, ResponseHead};
use crate::carrier::http1::stream_body::StreamBody;
use crate::carrier::http2;
use crate::carrier::line::HeadWatch;
use crate::content_coding::ContentCoding;
use crate::transport::coded_stream::{Asked, CodedStream};
use crate::transport::context::ClientContext;
use crate::transport::item::{Codec, Item, Said};
use crate::transport::pushed;
use crate::witness::Witness;

/// Connects, asks, takes every message, and closes the connection when told to.
pub(crate) async fn play<C: Codec>(
    context: &ClientContext,
    client: u32,
    seat: usize,
) -> Result<(), Fault> {
    match context.plan.carriage.http {
        HttpVersion::Http11 => {}
        HttpVersion::Http2 => return http2::streamed::play::<C>(context, client, seat).await,
    }
    let mut connection = context.dialer.connect(client).await?;
    let request = C::request(&context.plan, context.plan.topic_of(client));
    let (body, stream, early) = open::<C>(context, &mut connection, &request).await?;
    let mut subscriber = Subscriber { seat, body, stream, unbooked: 0 };
    let ended = subscriber.play(context, &mut connection, early).await;
    subscriber.give_up(context, connection.witness());
    ended
}

/// Asks for the stream; gives how its body ends, how its data is read, and the bytes that came behind
/// the response's head.
async fn open<C: Codec>(
    context: &ClientContext,
    connection: &mut Connection,
    request: &[u8],
) -> Result<(StreamBody, CodedStream<C>, Vec<u8>), Fault> {
    let asked = Asked::by(&context.plan, request);
    let accepted = |head: &ResponseHead<'_>| accepted(head, &asked);
    let begin = context.accounts.now();
    connection.write_all(request).await.map_err(|_| Fault::Io)?;
    context.accounts.book(Phase::Connect, Direction::Up, ByteKind::Header, request.len() as u64);
    let opened = opening::hear(&context.accounts, connection, ByteKind::Header, accepted).await?;
    context
        .accounts
        .recorder
        .borrow_mut()
        .connect_upgrade
        .record(context.accounts.now().since(begin));
    let (end, coding) = opened.value;
    Ok((StreamBody::of(end), CodedStream::of(coding)?, opened.early))
}

/// How the body ends of a response that is a stream, and what it is coded in.
fn accepted(head: &ResponseHead<'_>, asked: &Asked) -> Result<(BodyEnd, ContentCoding), Fault> {
    if head.status != 200 {
        return Err(Fault::Status(head.status));
    }
    let coding = asked.coding_of(head.members("content-encoding"))?;
    Ok((head.body_end()?, coding))
}

/// Books an item, and records what it says.
pub(crate) fn book_item(
    context: &ClientContext,
    seat: usize,
    phase: Phase,
    received_at: Timestamp,
    item: &Item<'_>,
) {
    let book = |kind, bytes| context.accounts.book(phase, Direction::Down, kind, bytes);
    match item.said {
        Said::Message(payload) => {
            let kind = pushed::receive(context, seat, payload, phase, received_at);
            book(kind, item.payload);
        }
        Said::Gap(gap) => context.accounts.recorder.borrow_mut().counts.add_gap(gap),
        Said::Nothing if phase == Phase::Measure => {
            context.accounts.recorder.borrow_mut().counts.heartbeats += 1;
        }
        Said::Nothing => {}
    }
    book(ByteKind::Framing, item.framing);
    book(ByteKind::Control, item.control);
}

struct Subscriber<C> {
    seat: usize,
    body: StreamBody,
    stream: CodedStream<C>,
    /// Bytes read and not yet booked.
    unbooked: u64,
}

impl<C: Codec> Subscriber<C> {
    /// Takes every message, and closes the connection when told to.
    async fn play(
        &mut self,
        context: &ClientContext,
        connection: &mut Connection,
        early: Vec<u8>,
    ) -> Result<(), Fault> {
        self.take(context, connection.witness(), &early, context.accounts.now())?;
        drop(early);
        context.accounts.is_connected(self.seat);
        tokio::select! {
            biased;
            fault = self.listen(context, connection) => return Err(fault),
            () = context.closed() => {}
        }
        connection.shutdown().await.map_err(|_| Fault::Io)?;
        // The server ends its side; what it says before that is booked.
        match self.listen(context, connection).await {
            Fault::Closed => Ok(()),
            fault => Err(fault),
        }
    }

    /// Books what came of an item that did not become whole.
    fn give_up(&mut self, context: &ClientContext, witness: &Witness) {
        let phase = context.accounts.phase_on(witness);
        let unbooked = std::mem::take(&mut self.unbooked);
        context.accounts.book(phase, Direction::Down, ByteKind::Framing, unbooked);
    }

    /// Takes what comes until it ends; says how.
    async fn listen(&mut self, context: &ClientContext, connection: &mut Connection) -> Fault {
        poll_fn(|cx| self.poll_listen(cx, context, connection)).await
    }

    /// Reads into the worker's scratch memory.
    fn poll_listen(
        &mut self,
        cx: &mut Context<'_>,
        context: &ClientContext,
        connection: &mut Connection,
    ) -> Poll<Fault> {
        let mut scratch = context.scratch.borrow_mut();
        loop {
            let mut buf = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut *connection).poll_read(cx, &mut buf)) {
                Err(_) => return Poll::Ready(Fault::Io),
                Ok(()) if buf.filled().is_empty() => return Poll::Ready(Fault::Closed),
                Ok(()) => {}
            }
            let taken =
                self.take(context, connection.witness(), buf.filled(), context.accounts.now());
            if let Err(fault) = taken {
                return Poll::Ready(fault);
            }
        }
    }

    /// Books what was read, once it is whole. The end of the stream is booked as what it is, and
    /// found by the read that follows it.
    fn take(
        &mut self,
        context: &ClientContext,
        witness: &Witness,
        mut bytes: &[u8],
        received_at: Timestamp,
    ) -> Result<(), Fault> {
        self.unbooked += bytes.len() as u64;
        let (seat, unbooked) = (self.seat, self.unbooked);
        // What comes in one read belongs together, and to the first of it.
        let mut phase = None;
        let mut hear = |item: Item<'_>| {
            let phase = *phase.get_or_insert_with(|| {
                let head = HeadWatch::NOTHING;
                pushed::phase_of(context, witness, item.cause(), received_at, unbooked, &head)
            });
            book_item(context, seat, phase, received_at, &item);
            self.unbooked -= item.len();
        };
        let mut has_ended = false;
        while let Some(piece) = self.body.next(&mut bytes)? {
            match piece {
                Piece::Data(data) => self.stream.push(data, &mut hear)?,
                Piece::End => has_ended = true,
            }
        }
        if has_ended {
            self.stream.end()?;
            phase.get_or_insert_with(|| context.accounts.phase_at(received_at));
        }
        if let Some(phase) = phase {
            let overhead = self.body.take_overhead();
            context.accounts.book(phase, Direction::Down, ByteKind::Framing, overhead);
            self.unbooked -= overhead;
            witness.has_taken();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content_coding::Offer;

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
            let read = ResponseHead::read(bytes.as_bytes(), |head| Ok(accepted(head, &asked)));
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
                Ok(accepted(head, &asked_for).map(|(_, coding)| coding))
            });
            assert_eq!(read, Ok(Some(expected)), "{asked:?} {line} {fields}");
        }
    }
}
