//! A poller's requests through the library: one exchange at a time.

use std::error::Error;
use std::fmt::Write as _;
use std::future::poll_fn;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode};
use hyper::ext::ReasonPhrase;
use pushbench_protocol::headers::FieldList;
use pushbench_protocol::{ByteKind, Direction, Phase, Timestamp};
use reqwest::{Client, Response};
use tokio::io::AsyncReadExt;

use crate::accounts::Accounts;
use crate::carrier::answer::{Answer, Received, read_list};
use crate::carrier::dial::Dialer;
use crate::carrier::library::client::client;
use crate::carrier::library::opened::{Opened, Openings};
use crate::carrier::request::{Asked, Request};
use crate::witness::Witness;
use crate::{Fault, Unexpected, bounds};

/// What the library writes by itself into every request, so that it is not told to.
const OWN_FIELDS: [&str; 1] = ["accept"];

/// A response that the library has not given yet.
type Pending = Pin<Box<dyn Future<Output = reqwest::Result<Response>>>>;

/// The library of one client, and what has come of its last request.
pub(crate) struct Line {
    library: Client,
    openings: Openings,
    /// The connection that the library has opened last.
    held: Option<Held>,
    pending: Option<Awaited>,
}

enum Awaited {
    Pending(Pending),
    Here(Response),
}

/// A connection of the library, by a second descriptor.
struct Held {
    witness: Rc<Witness>,
    descriptor: OwnedFd,
}

impl Line {
    /// One that connects when it first asks.
    pub(crate) fn new(dialer: &Dialer, of_client: u32) -> Result<Self, Fault> {
        let (library, openings) = client(dialer.plan(), dialer.accounts().clock(), of_client)?;
        Ok(Self { library, openings, held: None, pending: None })
    }

    /// Hands a request to the library, sees it connect if it has to, and books what it writes.
    pub(crate) async fn ask(
        &mut self,
        accounts: &Accounts,
        Asked { request, cursor }: Asked<'_>,
        phase: Phase,
    ) -> Result<(), Fault> {
        let (sending, len) = {
            let Request { head, fields, .. } = &mut *request.borrow_mut();
            let fields = fields.as_mut().expect("a request of this carrier has fields");
            if let Some(cursor) = cursor {
                head.set_cursor(cursor);
                fields.set_cursor(cursor);
            }
            (self.request(fields).send(), head.bytes().len() as u64)
        };
        let mut pending: Pending = Box::pin(sending);
        let sent = poll_fn(|cx| self.poll_sent(cx, &mut pending, accounts, phase)).await?;
        accounts.book(phase, Direction::Up, ByteKind::Header, len);
        self.witness().has_carried(len, 0);
        self.pending = Some(match sent {
            Some(response) => Awaited::Here(response),
            None => Awaited::Pending(pending),
        });
        Ok(())
    }

    /// Hears one response whole.
    pub(crate) async fn receive(
        &mut self,
        accounts: &Accounts,
        phase_of: impl Fn(&Answer<'_>, Timestamp) -> Phase,
        mut take: impl FnMut(Phase, &Answer<'_>, Timestamp) -> Result<(), Fault>,
    ) -> Result<Received, Fault> {
        let mut response = poll_fn(|cx| self.poll_response(cx, accounts)).await?;
        let (status, fields) = (response.status(), std::mem::take(response.headers_mut()));
        let head = head(status, response.extensions().get::<ReasonPhrase>(), &fields);
        let body = response.bytes().await.map_err(|error| fault_of(&error))?;
        let received_at = accounts.now();
        let answer = read_list(status.as_u16(), &fields, body.len()).and_then(|answer| {
            // How the server has cut it into chunks the library does not say.
            match fields.contains_key(TRANSFER_ENCODING) {
                true => Err(Fault::TransferCoding),
                false => Ok(answer),
            }
        });
        let answer = answer.inspect_err(|fault| {
            let what = || Unexpected::of_parts(status.as_u16(), &head, &body);
            accounts.keep_unexpected(*fault, what);
        })?;
        let closes = closes(&fields);
        let answer = Answer { head: &head, body: &body, closes, ..answer };
        self.witness().has_carried(0, answer.len());
        let phase = phase_of(&answer, received_at);
        take(phase, &answer, received_at)?;
        Ok(Received { phase, closes, at: received_at })
    }

    /// Who counted what its connection carried.
    ///
    /// # Panics
    ///
    /// If nothing has been asked on it.
    pub(crate) fn witness(&self) -> &Rc<Witness> {
        &self.held.as_ref().expect("a library that has asked has connected").witness
    }

    /// Closes the books of the measure phase.
    pub(crate) fn end_measure(&self, accounts: &Accounts) {
        if let Some(held) = &self.held {
            accounts.sockets.close_measure(&held.witness);
        }
    }

    /// Gives up on the response that is waited for.
    pub(crate) fn give_up(&mut self) {
        self.pending = None;
    }

    /// Lets the library end its connection, and hears the server end it.
    pub(crate) async fn end(self, accounts: &Accounts) -> Result<(), Fault> {
        let Self { library, held, pending, .. } = self;
        drop(pending);
        drop(library);
        match held {
            Some(held) => held.end(accounts).await,
            None => Ok(()),
        }
    }

    /// The same while its client goes on with another.
    pub(crate) async fn replace(self, accounts: &Accounts) -> Result<(), Fault> {
        let witness = self.held.as_ref().map(|held| Rc::clone(&held.witness));
        let ended = tokio::time::timeout(bounds::CLOSE_OF_POLL, self.end(accounts)).await;
        let ended = ended.unwrap_or(Err(Fault::CloseTimeout));
        if let Some(witness) = witness {
            accounts.sockets.fold(&witness);
        }
        ended
    }

    /// The request as an application makes it.
    fn request(&self, fields: &FieldList) -> reqwest::RequestBuilder {
        let value = |name| fields.value(name).unwrap_or_default();
        let url = format!("{}://{}{}", value(":scheme"), value(":authority"), value(":path"));
        let is_added = |name: &str| !name.starts_with(':') && !OWN_FIELDS.contains(&name);
        let added = fields.iter().filter(|(name, _)| is_added(name));
        added.fold(self.library.get(url), |request, (name, value)| request.header(name, value))
    }

    /// Ready once the request is with a connection; with the response if that was there at once.
    fn poll_sent(
        &mut self,
        cx: &mut Context<'_>,
        pending: &mut Pending,
        accounts: &Accounts,
        phase: Phase,
    ) -> Poll<Result<Option<Response>, Fault>> {
        let polled = pending.as_mut().poll(cx);
        self.enter_opened(accounts, phase)?;
        match polled {
            Poll::Ready(Ok(response)) => Poll::Ready(Ok(Some(response))),
            Poll::Ready(Err(error)) => Poll::Ready(Err(fault_of(&error))),
            Poll::Pending if self.held.is_some() => Poll::Ready(Ok(None)),
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_response(
        &mut self,
        cx: &mut Context<'_>,
        accounts: &Accounts,
    ) -> Poll<Result<Response, Fault>> {
        let polled = match self.pending.take().ok_or(Fault::Closed)? {
            Awaited::Here(response) => Poll::Ready(Ok(response)),
            Awaited::Pending(mut pending) => match pending.as_mut().poll(cx) {
                Poll::Ready(response) => Poll::Ready(response.map_err(|error| fault_of(&error))),
                Poll::Pending => {
                    self.pending = Some(Awaited::Pending(pending));
                    Poll::Pending
                }
            },
        };
        // A library that finds its connection closed may open another one.
        self.enter_opened(accounts, accounts.phase_at(accounts.now()))?;
        polled
    }

    /// Enters in the books what the library has opened since the last time.
    fn enter_opened(&mut self, accounts: &Accounts, phase: Phase) -> Result<(), Fault> {
        for Opened { took, descriptor } in self.openings.take() {
            let descriptor = descriptor.map_err(|error| {
                accounts.keep_unexpected(Fault::Connect, || Unexpected::of_dialogue(&error));
                Fault::Connect
            })?;
            let witness = Rc::new(Witness::of_library(descriptor.as_raw_fd()));
            witness.is_measured.set(phase > Phase::Measure);
            accounts.sockets.enter(&witness);
            let mut recorder = accounts.recorder.borrow_mut();
            recorder.connect_tcp.record(took);
            if phase == Phase::Measure {
                recorder.counts.connects += 1;
                accounts.sockets.connecting(witness.sums().segments());
            }
            if let Some(before) = self.held.replace(Held { witness, descriptor }) {
                let witness = Rc::clone(&before.witness);
                drop(before);
                accounts.sockets.fold(&witness);
            }
        }
        Ok(())
    }
}

impl Held {
    /// Waits for the server to end what the library has ended.
    async fn end(self, accounts: &Accounts) -> Result<(), Fault> {
        let descriptor = self.descriptor.try_clone().map_err(|_| Fault::Io)?;
        let socket = tokio::net::TcpStream::from_std(descriptor.into()).map_err(|_| Fault::Io)?;
        let mut socket = Box::pin(socket);
        let mut unasked = [0; 1_024];
        let len = socket.read(&mut unasked).await.map_err(|_| Fault::Io)?;
        // That it has ended is looked for when it is dropped.
        accounts.refuse_unasked(&self.witness, &unasked[..len])
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut byte = [MaybeUninit::uninit()];
        let looked = socket2::SockRef::from(&self.descriptor).peek(&mut byte);
        if matches!(looked, Ok(0)) {
            self.witness.has_ended();
        }
        // The last moment at which the descriptor is ours: it is closed after this.
        self.witness.close();
    }
}

/// The head that says this, as HTTP/1.1 writes it; the library keeps the names of fields in lower
/// case, however they came.
fn head(status: StatusCode, reason: Option<&ReasonPhrase>, fields: &HeaderMap) -> Vec<u8> {
    let usual = || status.canonical_reason().unwrap_or_default().as_bytes();
    let reason = reason.map_or_else(usual, ReasonPhrase::as_bytes);
    let mut start = String::new();
    write!(start, "HTTP/1.1 {} ", status.as_u16()).expect("memory takes all that is written");
    let mut head = [start.as_bytes(), reason, b"\r\n"].concat();
    for (name, value) in fields {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    head.extend(b"\r\n");
    head
}

/// Whether the server closes the connection after it (RFC 9112, section 9.6).
fn closes(fields: &HeaderMap) -> bool {
    let values = fields.get_all(CONNECTION).iter();
    let mut members = values.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    members.any(|member| member.trim_ascii().eq_ignore_ascii_case(b"close"))
}

/// What has failed, as far as the library tells it.
fn fault_of(error: &reqwest::Error) -> Fault {
    if error.is_connect() {
        return if error.is_timeout() { Fault::ConnectTimeout } else { Fault::Connect };
    }
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(of) = cause {
        if let Some(of) = of.downcast_ref::<hyper::Error>() {
            match of {
                of if of.is_parse() => return Fault::Malformed,
                of if of.is_incomplete_message() || of.is_closed() => return Fault::Closed,
                _ => {}
            }
        }
        cause = of.source();
    }
    Fault::Io
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::CONTENT_LENGTH;

    use super::*;

    #[test]
    fn a_head_is_as_long_as_it_came() {
        let mut fields = HeaderMap::new();
        fields.append(CONTENT_LENGTH, HeaderValue::from_static("21"));
        fields.append("cursor", HeaderValue::from_static("00010000000000aa"));
        fields.append("set-cookie", HeaderValue::from_static("a=1"));
        fields.append("set-cookie", HeaderValue::from_static("b=2"));
        let expected = "HTTP/1.1 200 OK\r\ncontent-length: 21\r\ncursor: 00010000000000aa\r\n\
                        set-cookie: a=1\r\nset-cookie: b=2\r\n\r\n";
        let found = head(StatusCode::OK, None, &fields);
        assert_eq!(String::from_utf8(found).expect("text"), expected);
        let reason = ReasonPhrase::from_static(b"Fine");
        let found = head(StatusCode::OK, Some(&reason), &HeaderMap::new());
        assert_eq!(found, b"HTTP/1.1 200 Fine\r\n\r\n");
        let found = head(StatusCode::NO_CONTENT, None, &HeaderMap::new());
        assert_eq!(found, b"HTTP/1.1 204 No Content\r\n\r\n");
    }

    #[test]
    fn a_connection_ends_that_is_said_to_among_other_things() {
        for (value, expected) in
            [("close", true), ("keep-alive, Close", true), ("keep-alive", false), ("", false)]
        {
            let mut fields = HeaderMap::new();
            fields.append(CONNECTION, HeaderValue::from_static(value));
            assert_eq!(closes(&fields), expected, "{value}");
        }
        assert!(!closes(&HeaderMap::new()));
    }
}
