//! The publisher's connection, and the thread that reads the responses on it.
//!
//! A server may close a connection on which nothing was published for some seconds. The next message
//! then goes over a new one, as an application's HTTP client would have it. A message that was on its
//! way when the server closed is not sent again: a POST is not idempotent (RFC 9110, section 9.2.2). It is
//! counted as one that the server closed under, and not as a response that did not come in time.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::accounts::hiccup::PUBLISHER_TICK;
use crate::bounds;
use crate::publisher::answers::{Answers, Hearing};

/// The connection of now, to be shut down under a thread that it blocks.
#[derive(Clone, Debug)]
pub(crate) struct Cord(Arc<Mutex<TcpStream>>);

/// A connection for as long as there are messages.
#[derive(Debug)]
pub(crate) struct PublisherLine {
    target: SocketAddr,
    stream: TcpStream,
    cord: Cord,
    /// Whether the server has ended its side.
    has_ended: Arc<AtomicBool>,
    /// Whether anything was received that was no success, on any connection.
    has_failed: Arc<AtomicBool>,
    reader: JoinHandle<Answers>,
    /// Requests begun on this connection.
    asked: Arc<AtomicU64>,
    /// Messages written to this connection.
    sent: u64,
    /// What was received on the connections before.
    earlier: Answers,
}

impl Cord {
    /// Shuts the connection down.
    pub(crate) fn pull(&self) {
        if let Ok(stream) = self.0.lock() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl PublisherLine {
    /// Connects.
    pub(crate) fn open(target: SocketAddr) -> io::Result<Self> {
        let stream = connect(target)?;
        let cord = Cord(Arc::new(Mutex::new(stream.try_clone()?)));
        let has_failed = Arc::default();
        let asked = Arc::default();
        let (reader, has_ended) = receive(&stream, &asked, &has_failed)?;
        let earlier = Answers::default();
        Ok(Self { target, stream, cord, has_ended, has_failed, reader, asked, sent: 0, earlier })
    }

    /// Tells whether anything was received that was no success, while threads still hear.
    pub(crate) fn has_failed(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.has_failed)
    }

    /// What shuts the connection of now down.
    pub(crate) fn cord(&self) -> Cord {
        self.cord.clone()
    }

    /// Opens a new connection if the server has closed that which there was.
    pub(crate) fn ready(&mut self) -> io::Result<()> {
        if self.has_ended.load(Ordering::Acquire) { self.reopen() } else { Ok(()) }
    }

    /// A message is about to be written: from its first byte on there may be a response to it.
    pub(crate) fn asks(&self) {
        self.asked.fetch_add(1, Ordering::Release);
    }

    /// A message has been written.
    pub(crate) fn has_sent(&mut self) {
        self.sent += 1;
    }

    /// Writes a part of `bytes`, or says within a tick that a full socket takes none.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    /// Ends the connection; gives what was received on all of them, and whether the server has ended
    /// its side within `bound`. `None` if a thread is gone.
    pub(crate) fn finish(self, bound: Duration) -> Option<(Answers, bool)> {
        let _ = self.stream.shutdown(Shutdown::Write);
        let has_ended = bounds::ends_within(&self.reader, bound);
        if !has_ended {
            let _ = self.stream.shutdown(Shutdown::Both);
        }
        let mut answers = self.earlier;
        let last = bounds::joined(self.reader)?;
        answers.add(if has_ended { last.closed_under(self.sent) } else { last });
        Some((answers, has_ended))
    }

    fn reopen(&mut self) -> io::Result<()> {
        let stream = connect(self.target)?;
        if let Ok(mut shown) = self.cord.0.lock() {
            *shown = stream.try_clone()?;
        }
        let asked = Arc::default();
        let (reader, has_ended) = receive(&stream, &asked, &self.has_failed)?;
        self.stream = stream;
        self.asked = asked;
        self.has_ended = has_ended;
        let sent = std::mem::take(&mut self.sent);
        // The server's end is the end of its thread.
        if let Some(answers) = bounds::joined(std::mem::replace(&mut self.reader, reader)) {
            self.earlier.add(answers.closed_under(sent));
        }
        Ok(())
    }
}

fn connect(target: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&target, bounds::PUBLISHER_OPEN)?;
    stream.set_nodelay(true)?;
    // A write that a full socket keeps waiting returns at each tick, so that the thread can tell
    // that from standing still.
    stream.set_write_timeout(Some(PUBLISHER_TICK))?;
    Ok(stream)
}

/// Starts a thread that reads the responses on a connection.
fn receive(
    stream: &TcpStream,
    asked: &Arc<AtomicU64>,
    has_failed: &Arc<AtomicBool>,
) -> io::Result<(JoinHandle<Answers>, Arc<AtomicBool>)> {
    let stream = stream.try_clone()?;
    let has_ended = Arc::new(AtomicBool::new(false));
    let (end_told, failure_told) = (Arc::clone(&has_ended), Arc::clone(has_failed));
    let asked = Arc::clone(asked);
    let reader =
        std::thread::Builder::new().name("publisher-answers".to_owned()).spawn(move || {
            let answers = read_answers(stream, &asked, &end_told, &failure_told);
            failure_told.fetch_or(!answers.faults.is_empty(), Ordering::Release);
            answers
        })?;
    Ok((reader, has_ended))
}

/// Reads responses until the server ends the connection, or it is shut down on our side.
fn read_answers(
    mut stream: TcpStream,
    asked: &AtomicU64,
    has_ended: &AtomicBool,
    has_failed: &AtomicBool,
) -> Answers {
    let mut hearing = Hearing::default();
    let mut bytes = vec![0; 64 * 1024];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => {
                hearing.end();
                has_ended.store(true, Ordering::Release);
                return hearing.answers;
            }
            Ok(len) => {
                // Looked at behind the read: every request that these bytes can answer is in it.
                if !hearing.take(&bytes[..len], asked.load(Ordering::Acquire)) {
                    return hearing.answers;
                }
                if !hearing.answers.faults.is_empty() {
                    has_failed.store(true, Ordering::Release);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => {
                hearing.reset();
                has_ended.store(true, Ordering::Release);
                return hearing.answers;
            }
        }
    }
}
