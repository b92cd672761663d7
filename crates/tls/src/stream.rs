//! The stream above TLS.
//!
//! Ciphertext goes through memory that all connections of a thread share; a connection holds bytes
//! only while a record has come in part, while more was decrypted than was asked for, or while the
//! socket does not take what was written. One write leaves as one write below, of one record where
//! it fits.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use pushbench_wire::RecordCounter;
use pushbench_wire::record::{CLOSE_NOTIFY_LEN, Carries, HEADER_LEN, overhead_of, record_len};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::Protocol;
use crate::engine::{Engine, Outgoing, Outlet};
use crate::settings::RECORD_CAPACITY;

/// Ciphertext read at a time: at least a whole record.
const READ_LEN: usize = 32 * 1024;
/// Most bytes that one write takes: sixteen records.
const MOST_WRITTEN: usize = 16 * RECORD_CAPACITY;

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static OUTPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    /// Pieces of the stream that are written together.
    static TOGETHER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What the records of one connection have added so far; readable while the connection is used.
#[derive(Debug, Default)]
pub struct RecordTotals {
    received: AtomicU64,
    records_received: AtomicU64,
    sent: AtomicU64,
}

impl RecordTotals {
    /// Records received that carried bytes of the stream.
    pub fn records_received(&self) -> u64 {
        self.records_received.load(Ordering::Relaxed)
    }

    /// TLS's own bytes among those received.
    pub fn tls_received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// TLS's own bytes among those sent.
    pub fn tls_sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

/// Counts what passes for someone who wants to know.
#[derive(Debug)]
struct Tap {
    received: RecordCounter,
    sent: RecordCounter,
    totals: Arc<RecordTotals>,
}

/// A stream in TLS 1.3 over `S`.
#[derive(Debug)]
pub struct TlsStream<S> {
    io: S,
    engine: Engine,
    tap: Option<Box<Tap>>,
    incoming: Incoming,
    waiting: Waiting,
    outgoing: Unsent,
    /// Whether our side has said that nothing more will come.
    has_said_goodbye: bool,
}

/// Ciphertext that has come and cannot be handled yet.
#[derive(Debug, Default)]
struct Incoming {
    kept: Vec<u8>,
    /// Of those, bytes of whole records: parts of a message that is longer than a record.
    handled: usize,
    /// The peer has said that nothing more will come.
    is_over: bool,
    /// Nothing more comes.
    has_ended: bool,
    /// What came was refused: the engine must not be asked again.
    has_failed: bool,
}

/// Plaintext that has not been asked for yet.
#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    taken: usize,
}

/// Ciphertext that the socket has not taken yet.
#[derive(Debug, Default)]
struct Unsent {
    bytes: Vec<u8>,
    sent: usize,
    /// Where records that carry the stream end; those behind are TLS's own.
    stream_end: usize,
}

impl Unsent {
    fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// Where an engine's output goes: to whoever reads, and what does not fit is kept.
struct Sink<'a, 'b> {
    asked: Option<&'a mut ReadBuf<'b>>,
    waiting: &'a mut Waiting,
    outgoing: &'a mut Unsent,
    is_over: &'a mut bool,
}

impl Outlet for Sink<'_, '_> {
    fn stream(&mut self, mut plaintext: &[u8]) {
        if let Some(asked) = &mut self.asked
            && self.waiting.bytes.is_empty()
        {
            let (now, later) = plaintext.split_at(plaintext.len().min(asked.remaining()));
            asked.put_slice(now);
            plaintext = later;
        }
        self.waiting.bytes.extend_from_slice(plaintext);
    }

    fn answer(&mut self) -> &mut Vec<u8> {
        &mut self.outgoing.bytes
    }

    fn is_over(&mut self) {
        *self.is_over = true;
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream<S> {
    /// Shakes hands over `io`.
    pub(crate) async fn shake_hands(
        io: S,
        engine: Engine,
        totals: Option<Arc<RecordTotals>>,
    ) -> io::Result<Self> {
        let tap = totals.map(|totals| {
            Box::new(Tap {
                received: RecordCounter::default(),
                sent: RecordCounter::default(),
                totals,
            })
        });
        let mut stream = Self {
            io,
            engine,
            tap,
            incoming: Incoming::default(),
            waiting: Waiting::default(),
            outgoing: Unsent::default(),
            has_said_goodbye: false,
        };
        poll_fn(|cx| stream.poll_handshake(cx)).await?;
        Ok(stream)
    }

    /// What was agreed to be spoken.
    pub fn protocol(&self) -> Protocol {
        self.engine.protocol()
    }

    /// Whether the handshake resumed an earlier session.
    pub fn is_resumed(&self) -> bool {
        self.engine.is_resumed()
    }

    /// The cipher suite, by its registered name.
    pub fn cipher_suite(&self) -> String {
        let suite = self.engine.cipher_suite().and_then(|suite| suite.as_str().map(str::to_owned));
        suite.unwrap_or_else(|| "unknown".to_owned())
    }

    /// Takes what TLS itself has to say, as tickets, while nothing is asked of the stream. Ready
    /// when there is something to read after all, or the stream has ended or failed; a read tells
    /// which.
    pub fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if !self.waiting.bytes.is_empty() || self.incoming.has_ended {
                return Poll::Ready(());
            }
            if ready!(self.poll_receive(cx, None)).is_err() {
                self.incoming.has_ended = true;
            }
        }
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A client has something to say before it hears anything.
        self.handle(&mut [], None)?;
        loop {
            ready!(self.poll_drain(cx))?;
            if !self.engine.is_handshaking() {
                return Poll::Ready(Ok(()));
            }
            if self.incoming.has_ended {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            ready!(self.poll_receive(cx, None))?;
        }
    }

    /// Reads once from the socket and handles what came; what was decrypted goes to `asked` first.
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        asked: Option<&mut ReadBuf<'_>>,
    ) -> Poll<io::Result<()>> {
        INPUT.with_borrow_mut(|input| {
            let kept = std::mem::take(&mut self.incoming.kept);
            let needed = kept.len() + READ_LEN;
            if input.len() < needed {
                input.resize(needed, 0);
            }
            let mut buf = ReadBuf::new(&mut input[kept.len()..needed]);
            let polled = Pin::new(&mut self.io).poll_read(cx, &mut buf);
            let read = buf.filled().len();
            if !matches!(polled, Poll::Ready(Ok(()))) || read == 0 {
                self.incoming.kept = kept;
                ready!(polled)?;
                self.incoming.has_ended = true;
                // Who has said goodbye misses nothing, and many peers leave without a word.
                if self.incoming.is_over || self.has_said_goodbye {
                    return Poll::Ready(Ok(()));
                }
                let reason = "the connection ended without close_notify";
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason)));
            }
            input[..kept.len()].copy_from_slice(&kept);
            let handled = self.handle(&mut input[..kept.len() + read], asked);
            if handled.is_err() {
                // The peer is told why, as far as the socket takes it at once.
                self.incoming.has_ended = true;
                self.incoming.has_failed = true;
                let _ = self.poll_drain(cx);
            }
            Poll::Ready(handled)
        })
    }

    /// Handles every whole record of `bytes`, which begin with what was kept, and keeps the rest.
    /// Without bytes only what the engine has to say by itself is put among what is to be sent.
    fn handle(&mut self, bytes: &mut [u8], asked: Option<&mut ReadBuf<'_>>) -> io::Result<()> {
        let Self { engine, tap, incoming, waiting, outgoing, .. } = self;
        let Incoming { kept, handled, is_over, .. } = incoming;
        let mut sink = Sink { asked, waiting, outgoing, is_over };
        let mut begin = 0;
        if bytes.is_empty() {
            let taken = engine.take(&mut kept[..*handled], &mut sink);
            return taken.failed.map_or(Ok(()), |error| Err(invalid(error)));
        }
        let mut end = std::mem::take(handled);
        loop {
            let (next, is_record) = match record_len(&bytes[end..]) {
                Ok(Some(len)) if end + len <= bytes.len() => (end + len, true),
                Ok(_) => break,
                // The library knows what to answer to that.
                Err(_) => (bytes.len(), false),
            };
            let record = end..next;
            if *sink.is_over {
                // RFC 8446, section 6.1: what comes behind a goodbye is ignored.
                observe(tap, &bytes[record], Carries::Itself);
                begin = next;
                end = next;
                continue;
            }
            // Decrypting is done in place and may move what is behind a header.
            let header: Option<[u8; HEADER_LEN]> = bytes[record.clone()].first_chunk().copied();
            let taken = engine.take(&mut bytes[begin..next], &mut sink);
            if let Some(header) = header.filter(|_| is_record) {
                observe(tap, &header, taken.carries);
                observe(tap, &bytes[record.start + HEADER_LEN..next], taken.carries);
            }
            begin += taken.discard;
            end = next;
            if let Some(error) = taken.failed {
                engine.say_why(&mut bytes[begin..next], &mut sink);
                return Err(invalid(error));
            }
            if !is_record {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "no record of TLS"));
            }
        }
        *handled = end - begin;
        *kept = bytes[begin..].to_vec();
        Ok(())
    }

    /// Ready once what was written before is sent, and the engine may be given more.
    fn poll_ready_to_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.incoming.has_failed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        // Keys that are used up are renewed by a record of TLS's own.
        self.handle(&mut [], None)?;
        self.poll_drain(cx)
    }

    /// Encrypts at most [`MOST_WRITTEN`] bytes and sends what the socket takes of them; the rest is
    /// kept. Gives how many were encrypted: all.
    fn send(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let needed = bytes.len() + overhead_of(bytes.len() as u64) as usize;
        OUTPUT.with_borrow_mut(|output| {
            if output.len() < needed {
                output.resize(needed, 0);
            }
            let Incoming { kept, handled, .. } = &mut self.incoming;
            let kept = &mut kept[..*handled];
            let len = self.engine.write(Outgoing::Stream(bytes), kept, &mut output[..needed])?;
            let written = match Pin::new(&mut self.io).poll_write(cx, &output[..len]) {
                Poll::Ready(written) => written?,
                Poll::Pending => 0,
            };
            tell_sent(&mut self.tap, &output[..written], Carries::Stream);
            if written < len {
                let bytes = output[written..len].to_vec();
                self.outgoing = Unsent { stream_end: bytes.len(), bytes, sent: 0 };
            }
            Ok(bytes.len())
        })
    }

    /// Sends what is left of earlier writes and of TLS's own.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outgoing.is_empty() {
            let Unsent { bytes, sent, stream_end } = &mut self.outgoing;
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &bytes[*sent..]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let now = *sent..*sent + written;
            let middle = (*stream_end).clamp(now.start, now.end);
            tell_sent(&mut self.tap, &bytes[now.start..middle], Carries::Stream);
            tell_sent(&mut self.tap, &bytes[middle..now.end], Carries::Itself);
            *sent = now.end;
            if *sent == bytes.len() {
                self.outgoing = Unsent::default();
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// Tells of bytes received.
fn observe(tap: &mut Option<Box<Tap>>, bytes: &[u8], carries: Carries) {
    if let Some(tap) = tap {
        tap.received.observe(bytes, carries);
        let counts = tap.received.counts;
        tap.totals.received.store(counts.tls, Ordering::Relaxed);
        tap.totals.records_received.store(counts.records, Ordering::Relaxed);
    }
}

/// Tells of bytes sent.
fn tell_sent(tap: &mut Option<Box<Tap>>, bytes: &[u8], carries: Carries) {
    if let Some(tap) = tap {
        tap.sent.observe(bytes, carries);
        tap.totals.sent.store(tap.sent.counts.tls, Ordering::Relaxed);
    }
}

fn invalid(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<S> {
    /// Ends when TCP has ended too, so that whoever counts its bytes has seen all of them.
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        loop {
            let Waiting { bytes, taken } = &mut this.waiting;
            if !bytes.is_empty() {
                let len = buf.remaining().min(bytes.len() - *taken);
                buf.put_slice(&bytes[*taken..*taken + len]);
                *taken += len;
                if *taken == bytes.len() {
                    this.waiting = Waiting::default();
                }
                return Poll::Ready(Ok(()));
            }
            if this.incoming.has_ended || buf.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            // Who wrote and now waits for an answer need not flush.
            if let Poll::Ready(Err(error)) = this.poll_drain(cx) {
                return Poll::Ready(Err(error));
            }
            ready!(this.poll_receive(cx, Some(buf)))?;
            if buf.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<S> {
    /// What is taken and not sent is sent by the next write, read or flush.
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_ready_to_write(cx))?;
        Poll::Ready(self.send(cx, &bytes[..bytes.len().min(MOST_WRITTEN)]))
    }

    /// Pieces that are written together share their records and leave in one write.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_ready_to_write(cx))?;
        let mut pieces = slices.iter().filter(|slice| !slice.is_empty());
        let (Some(first), second) = (pieces.next(), pieces.next()) else {
            return Poll::Ready(Ok(0));
        };
        let Some(second) = second else {
            return Poll::Ready(self.send(cx, &first[..first.len().min(MOST_WRITTEN)]));
        };
        TOGETHER.with_borrow_mut(|together| {
            together.clear();
            for piece in [first, second].into_iter().chain(pieces) {
                let room = MOST_WRITTEN - together.len();
                together.extend_from_slice(&piece[..piece.len().min(room)]);
            }
            Poll::Ready(self.send(cx, together))
        })
    }

    /// True: HTTP libraries then hand over a message's header and its data together, and it leaves
    /// in one write, as it does in clear text.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// Says goodbye in TLS, then in TCP.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.has_said_goodbye && !this.incoming.has_failed {
            this.has_said_goodbye = true;
            let mut record = [0; CLOSE_NOTIFY_LEN as usize];
            let Incoming { kept, handled, .. } = &mut this.incoming;
            let kept = &mut kept[..*handled];
            let len = this.engine.write(Outgoing::CloseNotify, kept, &mut record)?;
            this.outgoing.bytes.extend_from_slice(&record[..len]);
        }
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.io).poll_shutdown(cx)
    }
}
