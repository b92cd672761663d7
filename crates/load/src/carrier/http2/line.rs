//! What a poller asks and hears on a stream of its own for each poll.

use std::rc::Rc;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Uri};
use pushbench_protocol::headers::FieldList;
use pushbench_protocol::headers::http2::status_line_len;
use pushbench_protocol::number::MAX_BODY;
use pushbench_protocol::{Direction, Phase, Timestamp};

use super::connection::{Http2Connection, fault_of};
use super::pool::{Place, Pool};
use super::received_data::ReceivedData;
use crate::accounts::Accounts;
use crate::carrier::again::Again;
use crate::carrier::answer::{Answer, Received, read_list};
use crate::carrier::request::{Asked, Request as Asking};
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
        let Asking { fields, body, body_kind, .. } = &mut *asked.borrow_mut();
        let fields = fields.as_mut().expect("a request of this carrier has fields");
        if let Some(cursor) = cursor {
            fields.set_cursor(cursor);
        }
        self.held = Some(send_whole(&mut send, fields, body)?);
        accounts.book(phase, Direction::Up, *body_kind, body.len() as u64);
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
        let mut received = ReceivedData::new(accounts, &self.connection);
        let keep = |fault: &Fault, received: &[u8]| {
            accounts.keep_unexpected(*fault, || Unexpected::of_parts(status, &[], received));
        };
        let all = received.receive(&mut body, MAX_BODY).await;
        all.inspect_err(|fault| keep(fault, received.received()))?;
        let uncompressed = uncompressed_len(status, &head.headers);
        let answer = read_list(status, &head.headers, received.received().len());
        let answer = answer.inspect_err(|fault| keep(fault, received.received()))?;
        let body = received.take();
        let answer = Answer { body: &body, list: Some(&head.headers), ..answer };
        let received_at = accounts.now();
        let phase = phase_of(&answer, received_at);
        count_uncompressed(accounts, phase, Direction::Down, uncompressed);
        take(phase, &answer, received_at)?;
        self.connection.carried();
        Ok(Received { phase, closes: false, at: received_at })
    }

    /// Whether the last request may be sent again, since its connection has ended under it.
    pub(crate) fn again(&self) -> Again {
        self.again
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
/// If they are neither a profile's nor an adapter's: a name or a value is none that HTTP allows.
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
        Method::from_bytes(value(":method").as_bytes()).expect("a method that HTTP allows");
    *request.headers_mut() = fields
        .iter()
        .filter(|(name, _)| !name.starts_with(':'))
        .map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a profile's name");
            (name, HeaderValue::from_bytes(value.as_bytes()).expect("a profile's value"))
        })
        .collect();
    request
}

/// Sends a request of these fields with all of its body, whose bytes are the caller's to book.
pub(super) fn send_whole(
    send: &mut SendRequest<Bytes>,
    fields: &FieldList,
    body: &[u8],
) -> Result<ResponseFuture, Fault> {
    let sent = send.send_request(request(fields), body.is_empty());
    let (answer, mut data) = sent.map_err(|error| fault_of(&error))?;
    if !body.is_empty() {
        let body = Bytes::copy_from_slice(body);
        data.send_data(body, true).map_err(|error| fault_of(&error))?;
    }
    Ok(answer)
}

/// What HTTP/1.1 would have written for an answer's head.
pub(super) fn uncompressed_len(status: u16, fields: &HeaderMap) -> usize {
    let fields: usize =
        fields.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    status_line_len(status) + fields + 2
}
