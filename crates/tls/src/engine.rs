//! The two sides of rustls behind one face: ciphertext in, plaintext and answers out.

use std::{fmt, io};

use pushbench_protocol::HttpVersion;
use pushbench_wire::record::Carries;
use rustls::HandshakeKind;
use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus};

use crate::protocol::agreed;

/// One side of a TLS connection, without any bytes of its own.
pub(crate) enum Engine {
    Client(UnbufferedClientConnection),
    Server(UnbufferedServerConnection),
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client(_) => "Client",
            Self::Server(_) => "Server",
        })
    }
}

/// What comes out of an engine.
pub(crate) trait Outlet {
    /// Takes bytes of the stream.
    fn stream(&mut self, plaintext: &[u8]);
    /// Takes records of TLS's own that have to be sent.
    fn answer(&mut self) -> &mut Vec<u8>;
    /// The peer says that nothing more will come.
    fn is_over(&mut self);
}

/// How far an engine came with the bytes it was given.
#[derive(Debug)]
pub(crate) struct Taken {
    /// Bytes at their front that it needs no more; the rest must come again, with more behind.
    pub(crate) discard: usize,
    /// What the last record carried.
    pub(crate) carries: Carries,
    pub(crate) failed: Option<rustls::Error>,
}

/// What an engine that writes is to write.
pub(crate) enum Outgoing<'a> {
    Stream(&'a [u8]),
    CloseNotify,
}

/// One state of the library, handled.
enum Step {
    Again,
    Done,
    Failed(rustls::Error),
}

impl Engine {
    /// Takes whole records and what it had not discarded before.
    pub(crate) fn take(&mut self, incoming: &mut [u8], outlet: &mut impl Outlet) -> Taken {
        let mut taken = Taken { discard: 0, carries: Carries::Itself, failed: None };
        loop {
            let bytes = &mut incoming[taken.discard..];
            let step = match self {
                Self::Client(engine) => step(engine.process_tls_records(bytes), outlet, &mut taken),
                Self::Server(engine) => step(engine.process_tls_records(bytes), outlet, &mut taken),
            };
            match step {
                Step::Again => {}
                Step::Done => return taken,
                Step::Failed(error) => {
                    taken.failed = Some(error);
                    return taken;
                }
            }
        }
    }

    /// Gives what is to be said of a failure. The library takes no more bytes after one, so it is
    /// asked only while it has something to say; `incoming` is what it failed on.
    pub(crate) fn say_why(&mut self, incoming: &mut [u8], outlet: &mut impl Outlet) {
        let mut taken = Taken { discard: 0, carries: Carries::Itself, failed: None };
        while self.wants_write() {
            let step = match self {
                Self::Client(engine) => {
                    step(engine.process_tls_records(incoming), outlet, &mut taken)
                }
                Self::Server(engine) => {
                    step(engine.process_tls_records(incoming), outlet, &mut taken)
                }
            };
            match step {
                Step::Again => {}
                Step::Done | Step::Failed(_) => return,
            }
        }
    }

    fn wants_write(&self) -> bool {
        match self {
            Self::Client(engine) => engine.wants_write(),
            Self::Server(engine) => engine.wants_write(),
        }
    }

    /// Writes records behind what `into` holds. `kept` is what is not yet discarded of the bytes
    /// taken; every record of it has been handled, so nothing comes out.
    pub(crate) fn write(
        &mut self,
        outgoing: Outgoing<'_>,
        kept: &mut [u8],
        into: &mut [u8],
    ) -> io::Result<usize> {
        match self {
            Self::Client(engine) => write(engine.process_tls_records(kept), outgoing, into),
            Self::Server(engine) => write(engine.process_tls_records(kept), outgoing, into),
        }
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        match self {
            Self::Client(engine) => engine.is_handshaking(),
            Self::Server(engine) => engine.is_handshaking(),
        }
    }

    pub(crate) fn protocol(&self) -> HttpVersion {
        agreed(match self {
            Self::Client(engine) => engine.alpn_protocol(),
            Self::Server(engine) => engine.alpn_protocol(),
        })
    }

    pub(crate) fn is_resumed(&self) -> bool {
        let kind = match self {
            Self::Client(engine) => engine.handshake_kind(),
            Self::Server(engine) => engine.handshake_kind(),
        };
        match kind {
            Some(HandshakeKind::Resumed) => true,
            None | Some(HandshakeKind::Full | HandshakeKind::FullWithHelloRetryRequest) => false,
        }
    }

    pub(crate) fn cipher_suite(&self) -> Option<rustls::CipherSuite> {
        let suite = match self {
            Self::Client(engine) => engine.negotiated_cipher_suite(),
            Self::Server(engine) => engine.negotiated_cipher_suite(),
        };
        suite.map(|suite| suite.suite())
    }
}

fn step<Data>(
    status: UnbufferedStatus<'_, '_, Data>,
    outlet: &mut impl Outlet,
    taken: &mut Taken,
) -> Step {
    taken.discard += status.discard;
    match status.state {
        Err(error) => Step::Failed(error),
        Ok(ConnectionState::ReadTraffic(mut traffic)) => {
            while let Some(record) = traffic.next_record() {
                match record {
                    Err(error) => return Step::Failed(error),
                    Ok(record) => {
                        taken.discard += record.discard;
                        taken.carries = Carries::Stream;
                        outlet.stream(record.payload);
                    }
                }
            }
            Step::Again
        }
        Ok(ConnectionState::EncodeTlsData(mut record)) => {
            let answer = outlet.answer();
            let begin = answer.len();
            let encoded = match record.encode(&mut []) {
                Err(EncodeError::InsufficientSize(needed)) => {
                    answer.resize(begin + needed.required_size, 0);
                    record.encode(&mut answer[begin..])
                }
                encoded => encoded,
            };
            answer.truncate(begin + encoded.unwrap_or(0));
            Step::Again
        }
        Ok(ConnectionState::TransmitTlsData(sent)) => {
            // Who holds the answer sends it, before anything else.
            sent.done();
            Step::Again
        }
        Ok(ConnectionState::PeerClosed) => {
            outlet.is_over();
            Step::Again
        }
        // Early data is never accepted, so the state of reading it is never met.
        Ok(_) => Step::Done,
    }
}

fn write<Data>(
    status: UnbufferedStatus<'_, '_, Data>,
    outgoing: Outgoing<'_>,
    into: &mut [u8],
) -> io::Result<usize> {
    let mut traffic = match status.state {
        Ok(ConnectionState::WriteTraffic(traffic)) => traffic,
        Ok(state) => return Err(io::Error::other(format!("cannot write now: {state:?}"))),
        Err(error) => return Err(io::Error::other(error)),
    };
    let written = match outgoing {
        Outgoing::Stream(plaintext) => traffic.encrypt(plaintext, into),
        Outgoing::CloseNotify => traffic.queue_close_notify(into),
    };
    written.map_err(|error| match error {
        EncryptError::InsufficientSize(_) | EncryptError::EncryptExhausted => {
            io::Error::other(error)
        }
    })
}
