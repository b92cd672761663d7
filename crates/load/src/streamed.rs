//! A client whose one request is answered by a stream that does not end.
//!
//! Request and head are booked as `header` in the connect phase, chunk sizes as `framing`. What
//! stands in the chunks is the transport's own matter, its [`Codec`].

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use pushbench_protocol::number::gap;
use pushbench_protocol::paths::GAP_FIELD;
use pushbench_protocol::{ByteKind, Direction, HttpVersion, Phase, Timestamp, clock};
use pushbench_wire::chunk::{ChunkedReader, NotChunked, Piece};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};

use crate::connection::{Connection, Probe};
use crate::line::HeadWatch;
use crate::pushed::{self, Cause};
use crate::worker::Shared;
use crate::{Fault, Plan, http2};

/// Most bytes of an answer's head.
const MAX_HEAD: usize = 16 * 1024;

/// What a stream says, one thing after another, as its bytes are booked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Item<'a> {
    pub(crate) said: Said<'a>,
    /// Bytes that mark it off, beside those of its message.
    pub(crate) framing: u64,
    /// Bytes of comments and notices.
    pub(crate) control: u64,
}

/// What a stream can say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Said<'a> {
    Message(&'a [u8]),
    /// So many messages were dropped.
    Gap(u64),
    /// That it is still there.
    Nothing,
}

/// How one kind of stream is asked for and read.
pub(crate) trait Codec: Default {
    /// The head of the request.
    fn request(plan: &Plan, topic: u32) -> Vec<u8>;

    /// Takes the next data of the stream, wherever it was cut, and gives `hear` each whole item.
    fn push(&mut self, data: &[u8], hear: &mut dyn FnMut(Item<'_>)) -> Result<(), Fault>;
}

/// Connects, asks, takes every message, and closes the connection when told to.
pub(crate) async fn play<C: Codec>(
    shared: &Rc<Shared>,
    client: u32,
    seat: usize,
) -> Result<(), Fault> {
    match shared.plan.carriage.http {
        HttpVersion::Http11 => {}
        HttpVersion::Http2 => return http2::streamed::play::<C>(shared, client, seat).await,
    }
    let mut connection = shared.connect(client).await?;
    let request = C::request(&shared.plan, shared.plan.topic_of(client));
    let early = open(shared, &mut connection, &request).await?;
    let mut subscriber =
        Subscriber { seat, chunks: ChunkedReader::default(), codec: C::default(), unbooked: 0 };
    subscriber.take(shared, connection.probe(), &early, clock::now())?;
    drop(early);
    shared.is_connected(seat);
    tokio::select! {
        biased;
        fault = subscriber.listen(shared, &mut connection) => return Err(fault),
        () = shared.closed() => {}
    }
    connection.shutdown().await.map_err(|_| Fault::Io)?;
    // The server ends its side; what it says before that is booked.
    match subscriber.listen(shared, &mut connection).await {
        Fault::Closed => Ok(()),
        fault => Err(fault),
    }
}

/// Asks for the stream; gives the bytes that came behind the answer's head.
async fn open(
    shared: &Shared,
    connection: &mut Connection,
    request: &[u8],
) -> Result<Vec<u8>, Fault> {
    let begin = clock::now();
    connection.write_all(request).await.map_err(|_| Fault::Io)?;
    shared.book(Phase::Connect, Direction::Up, ByteKind::Header, request.len() as u64);
    let mut answer = Vec::new();
    let head_len = loop {
        let mut bytes = [0; 1_024];
        let len = connection.read(&mut bytes).await.map_err(|_| Fault::Io)?;
        if len == 0 {
            return Err(Fault::Closed);
        }
        answer.extend_from_slice(&bytes[..len]);
        if let Some(head) = accepted(&answer)? {
            shared.recorder.borrow_mut().counts.add_gap(head.gap);
            break head.len;
        }
        if answer.len() > MAX_HEAD {
            return Err(Fault::Malformed);
        }
    };
    shared.recorder.borrow_mut().connect_upgrade.record(clock::now().since(begin));
    shared.book(Phase::Connect, Direction::Down, ByteKind::Header, head_len as u64);
    Ok(answer.split_off(head_len))
}

/// The head of a stream.
#[derive(Debug, Eq, PartialEq)]
struct Head {
    len: usize,
    gap: u64,
}

/// The head once it is whole; refused unless it is that of a chunked answer.
fn accepted(bytes: &[u8]) -> Result<Option<Head>, Fault> {
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut answer = httparse::Response::new(&mut fields);
    let len = match answer.parse(bytes) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(Fault::Malformed),
    };
    match answer.code {
        Some(200) => {}
        Some(code) => return Err(Fault::Status(code)),
        None => return Err(Fault::Malformed),
    }
    let field = |name: &str| {
        let found = answer.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        found.map(|field| field.value)
    };
    if !field("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case(b"chunked")) {
        return Err(Fault::Malformed);
    }
    let gap = match field(GAP_FIELD) {
        Some(value) => gap(value).ok_or(Fault::Malformed)?,
        None => 0,
    };
    Ok(Some(Head { len, gap }))
}

/// Books an item, and records what it says.
pub(crate) fn book_item(
    shared: &Shared,
    seat: usize,
    phase: Phase,
    received_at: Timestamp,
    item: &Item<'_>,
) {
    let book = |kind, bytes| shared.book(phase, Direction::Down, kind, bytes);
    match item.said {
        Said::Message(payload) => {
            let kind = pushed::receive(shared, seat, payload, phase, received_at);
            book(kind, payload.len() as u64);
        }
        Said::Gap(gap) => shared.recorder.borrow_mut().counts.add_gap(gap),
        Said::Nothing if phase == Phase::Measure => {
            shared.recorder.borrow_mut().counts.heartbeats += 1;
        }
        Said::Nothing => {}
    }
    book(ByteKind::Framing, item.framing);
    book(ByteKind::Control, item.control);
}

struct Subscriber<C> {
    seat: usize,
    chunks: ChunkedReader,
    codec: C,
    /// Bytes read and not yet booked.
    unbooked: u64,
}

impl<C: Codec> Subscriber<C> {
    /// Takes what comes until it ends; says how.
    async fn listen(&mut self, shared: &Shared, connection: &mut Connection) -> Fault {
        poll_fn(|cx| self.poll_listen(cx, shared, connection)).await
    }

    /// Reads into the worker's scratch memory.
    fn poll_listen(
        &mut self,
        cx: &mut Context<'_>,
        shared: &Shared,
        connection: &mut Connection,
    ) -> Poll<Fault> {
        let mut scratch = shared.scratch.borrow_mut();
        loop {
            let mut buf = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut *connection).poll_read(cx, &mut buf)) {
                Err(_) => return Poll::Ready(Fault::Io),
                Ok(()) if buf.filled().is_empty() => return Poll::Ready(Fault::Closed),
                Ok(()) => {}
            }
            let taken = self.take(shared, connection.probe(), buf.filled(), clock::now());
            if let Err(fault) = taken {
                return Poll::Ready(fault);
            }
        }
    }

    /// Books what was read, once it is whole. The end of the stream is booked as what it is, and
    /// found by the read that follows it.
    fn take(
        &mut self,
        shared: &Shared,
        probe: &Probe,
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
                pushed::phase_of(shared, probe, item.cause(), received_at, unbooked, &head)
            });
            book_item(shared, seat, phase, received_at, &item);
            self.unbooked -= item.len();
        };
        let mut has_ended = false;
        while let Some(piece) =
            self.chunks.next(&mut bytes).map_err(|NotChunked| Fault::Malformed)?
        {
            match piece {
                Piece::Data(data) => self.codec.push(data, &mut hear)?,
                Piece::End => has_ended = true,
            }
        }
        if has_ended {
            phase.get_or_insert_with(|| shared.phase_at(received_at));
        }
        if let Some(phase) = phase {
            let overhead = self.chunks.take_overhead();
            shared.book(phase, Direction::Down, ByteKind::Framing, overhead);
            self.unbooked -= overhead;
            probe.has_taken();
        }
        Ok(())
    }
}

impl Item<'_> {
    /// What made the server say it.
    pub(crate) fn cause(&self) -> Cause {
        match self.said {
            Said::Message(_) | Said::Gap(_) => Cause::News,
            Said::Nothing => Cause::Clock,
        }
    }

    /// Bytes of data that it took.
    pub(crate) fn len(&self) -> u64 {
        let payload = match self.said {
            Said::Message(payload) => payload.len() as u64,
            Said::Gap(_) | Said::Nothing => 0,
        };
        payload + self.framing + self.control
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nGap: 3\r\n\r\n";

    #[test]
    fn a_head_is_taken_once_it_is_whole() {
        let expected = Ok(Some(Head { len: HEAD.len(), gap: 3 }));
        assert_eq!(accepted(HEAD.as_bytes()), expected);
        assert_eq!(accepted(format!("{HEAD}5\r\nhello").as_bytes()), expected);
        for cut in 0..HEAD.len() {
            assert_eq!(accepted(&HEAD.as_bytes()[..cut]), Ok(None), "cut at {cut}");
        }
    }

    #[test]
    fn another_answer_than_a_chunked_one_is_refused() {
        for (head, fault) in [
            ("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n", Fault::Status(404)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Fault::Malformed),
            ("SSH-2.0-OpenSSH\r\n\r\n", Fault::Malformed),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nGap: 18446744073709551615\r\n\r\n",
                Fault::Malformed,
            ),
        ] {
            assert_eq!(accepted(head.as_bytes()), Err(fault), "{head}");
        }
    }
}
