//! The stream above TLS.
//!
//! Ciphertext goes through memory that all connections of a thread share; a connection holds bytes
//! only while a record has come in part, while more was decrypted than was asked for, or while the
//! socket does not take what was written. One write leaves as one write below, of one record where
//! it fits.

mod kept;
mod read;
mod tap;
mod write;

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pushbench_wire::record::{Carries, HEADER_LEN, overhead_of, record_len};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::engine::{Engine, Outgoing};
use kept::{Incoming, Sink, Unsent, Waiting};
use pushbench_protocol::HttpVersion;
pub use tap::RecordTotals;
use tap::{Tap, observe, tell_in_part, tell_sent};

/// Ciphertext read at a time: at least a whole record.
const READ_LEN: usize = 32 * 1024;

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static OUTPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
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

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream<S> {
    /// Shakes hands over `io`.
    pub(crate) async fn shake_hands(
        io: S,
        engine: Engine,
        totals: Option<Arc<RecordTotals>>,
    ) -> io::Result<Self> {
        let tap = totals.map(|totals| Box::new(Tap::new(totals)));
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
    pub fn protocol(&self) -> HttpVersion {
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
        tell_in_part(tap, bytes.len() - end);
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

    /// Encrypts so many bytes and sends what the socket takes of them; the rest is
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

fn invalid(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
