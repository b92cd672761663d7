//! What a poller asks and hears on a stream of its own for each poll.

use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use h2::RecvStream;
use h2::client::ResponseFuture;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Uri};
use pushbench_protocol::headers::http2::status_line_len;
use pushbench_protocol::headers::{AnswerMark, FieldList};
use pushbench_protocol::number::{MAX_BODY, digits};
use pushbench_protocol::{ByteKind, Direction, Phase, Timestamp};

use super::connection::{Http2Connection, fault_of};
use super::pool::{Place, Pool};
use crate::accounts::Accounts;
use crate::carrier::again::Again;
use crate::carrier::answer::{Answer, Received};
use crate::carrier::request::Asked;
use crate::content_coding::ContentCoding;
use crate::{Fault, Unexpected};

/// A poller's place on its group's connection, and on the one after it.
pub(crate) struct Line {
    place: Place,
    connection: Rc<Http2Connection>,
    held: Option<ResponseFuture>,
    /// Whether the last request, if it failed, may be sent again.
    again: Again,
}

impl Line {
    /// A client's place, on a connection that is opened in this phase if its group has none.
    pub(crate) async fn open(pool: &Rc<Pool>, phase: Phase, client: u32) -> Result<Self, Fault> {
        let place = Place::take(Rc::clone(pool), client);
        let connection = place.join(phase).await?;
        Ok(Self { place, connection, held: None, again: Again::Never })
    }

    pub(crate) fn connection(&self) -> &Rc<Http2Connection> {
        &self.connection
    }

    /// Sends a request, on another connection if the server has ended this one.
    pub(crate) async fn ask(
        &mut self,
        accounts: &Accounts,
        Asked { request: asked, cursor }: Asked<'_>,
        phase: Phase,
    ) -> Result<(), Fault> {
        self.again = Again::Never;
        let mut send = match self.connection.ready().await? {
            Some(send) => send,
            None => {
                self.connection = self.place.join(phase).await?;
                self.connection.ready().await?.ok_or(Fault::Closed)?
            }
        };
        let mut asked = asked.borrow_mut();
        let fields = asked.fields.as_mut().expect("a request of this carrier has fields");
        fields.set_cursor(cursor);
        let (answer, _) =
            send.send_request(request(fields), true).map_err(|error| fault_of(&error))?;
        self.held = Some(answer);
        count_uncompressed(accounts, phase, Direction::Up, fields.uncompressed_len());
        Ok(())
    }

    /// Hears the response to the last request whole.
    pub(crate) async fn receive(
        &mut self,
        accounts: &Accounts,
        phase_of: impl Fn(&Answer<'_>, Timestamp) -> Phase,
        mut take: impl FnMut(Phase, &Answer<'_>, Timestamp) -> Result<(), Fault>,
    ) -> Result<Received, Fault> {
        // Kept while it is waited for, so that a wait which is given up gives nothing up with it.
        let held = self.held.as_mut().ok_or(Fault::Closed)?;
        let answer = held.await;
        self.held = None;
        let (head, mut body) = answer
            .map_err(|error| {
                self.again = self.connection.again(&error);
                fault_of(&error)
            })?
            .into_parts();
        let status = head.status.as_u16();
        let mut received = BytesMut::new();
        let body = whole(&mut body, &mut received).await.inspect_err(|fault| {
            self.give_up(accounts, status, &received, *fault);
        })?;
        let uncompressed = uncompressed_len(status, &head.headers);
        let answer = read(status, &head.headers, &body);
        let answer = answer.inspect_err(|fault| self.give_up(accounts, status, &body, *fault))?;
        let received_at = accounts.now();
        let phase = phase_of(&answer, received_at);
        count_uncompressed(accounts, phase, Direction::Down, uncompressed);
        take(phase, &answer, received_at)?;
        self.connection.carried();
        Ok(Received { phase, closes: false })
    }

    /// Whether the last request may be sent again, since its connection has ended under it.
    pub(crate) fn again(&self) -> Again {
        self.again
    }

    /// Books what came of a response that is none for a poll.
    fn give_up(&self, accounts: &Accounts, status: u16, received: &[u8], fault: Fault) {
        let phase = accounts.phase_on(self.connection.witness());
        accounts.book(phase, Direction::Down, ByteKind::Repeat, received.len() as u64);
        accounts.keep_unexpected(fault, || Unexpected::of_parts(status, &[], received));
    }

    /// Says that this client has no answer of the measure phase to come.
    pub(crate) fn is_measured(&mut self) {
        self.place.is_measured();
    }

    /// Closes the books of the measure phase, once every client of the connection is so far.
    pub(crate) async fn end_measure(&mut self, accounts: &Accounts) {
        self.place.end_measure(accounts).await;
    }
}

/// Counts what HTTP/1.1 would have written.
fn count_uncompressed(accounts: &Accounts, phase: Phase, direction: Direction, len: usize) {
    if phase == Phase::Measure {
        let mut counts = accounts.headers.get();
        counts.uncompressed[direction as usize] += len as u64;
        accounts.headers.set(counts);
    }
}

/// A request with these fields, in their order.
///
/// # Panics
///
/// If they are not a profile's: a name or a value is none that HTTP allows.
pub(super) fn request(fields: &FieldList) -> Request<()> {
    let value = |name| fields.value(name).unwrap_or_default();
    let uri = Uri::builder()
        .scheme(value(":scheme"))
        .authority(value(":authority"))
        .path_and_query(value(":path"))
        .build()
        .expect("a profile's path and host make an address");
    let mut request = Request::new(());
    *request.uri_mut() = uri;
    *request.method_mut() =
        Method::from_bytes(value(":method").as_bytes()).expect("GET or CONNECT");
    *request.headers_mut() = fields
        .iter()
        .filter(|(name, _)| !name.starts_with(':'))
        .map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a profile's name");
            (name, HeaderValue::from_str(value).expect("a profile's value"))
        })
        .collect();
    request
}

/// All data of a response; where it fails, what has come is in `received`.
async fn whole(body: &mut RecvStream, received: &mut BytesMut) -> Result<Bytes, Fault> {
    let mut first = Bytes::new();
    while let Some(data) = body.data().await {
        let data = match data {
            Ok(data) => data,
            Err(error) => {
                received.extend_from_slice(&first);
                return Err(fault_of(&error));
            }
        };
        let _ = body.flow_control().release_capacity(data.len());
        // Nearly all come in one piece, which is not copied.
        if first.is_empty() && received.is_empty() {
            first = data;
        } else {
            if received.is_empty() {
                received.extend_from_slice(&std::mem::take(&mut first));
            }
            received.extend_from_slice(&data);
        }
        if (first.len() + received.len()) as u64 > MAX_BODY {
            received.extend_from_slice(&first);
            return Err(Fault::TooLarge);
        }
        if body.is_end_stream() {
            break;
        }
    }
    Ok(if received.is_empty() { first } else { std::mem::take(received).freeze() })
}

fn read<'b>(status: u16, fields: &HeaderMap, body: &'b [u8]) -> Result<Answer<'b>, Fault> {
    if let Some(len) = fields.get(CONTENT_LENGTH)
        && digits(len.as_bytes()) != Some(body.len() as u64)
        && !body.is_empty()
    {
        return Err(Fault::Malformed);
    }
    let coding = fields.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
    let coding = ContentCoding::of_response(coding);
    let mark = mark_in(fields)?;
    // The head's bytes are the tap's to book.
    Ok(Answer {
        status,
        head: &[],
        interim: 0,
        body,
        framing: 0,
        cursor: mark.place(),
        gap: mark.gap,
        coding,
        closes: false,
    })
}

/// What a response says of the client's place in the log.
pub(super) fn mark_in(fields: &HeaderMap) -> Result<AnswerMark, Fault> {
    let value = |name: &str| fields.get(name).map(HeaderValue::as_bytes);
    AnswerMark::read(value).ok_or(Fault::Malformed)
}

/// What HTTP/1.1 would have written for an answer's head.
pub(super) fn uncompressed_len(status: u16, fields: &HeaderMap) -> usize {
    let fields: usize =
        fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    status_line_len(status) + fields + 2
}
