//! What becomes of the requests of one connection: bytes in, bytes of responses out. No socket is
//! known here; what takes time is handed back.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Version};
use pushbench_protocol::HttpVersion;
use pushbench_protocol::headers::AnswerStatus;

use super::body::Body;
use super::request::{self, Head, Malformed, Room};
use super::responses::{
    PollHeaders, PollKind, write_malformed, write_page, write_refusal, write_upgrade,
};
use super::template::Form;
use crate::books::Connection;
use crate::deadline::Order;
use crate::engine::axum::app::{App, Takeover};
use crate::exchange::Reader;
use crate::first_words;
use crate::pieces::PieceSource;
use crate::respond::admission::is_last;
use crate::respond::{
    Content, Decided, Decision, LongPoll, PollResponse, Publish, Refusal, Request, Response,
    Stream, respond,
};
use crate::streaming::Begun;

/// What says to go on to a client that waits with its body (RFC 9110, section 15.2.1).
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
/// Bytes of responses that are put together before they are sent, as far as requests came together.
const MOST_AT_ONCE: usize = 64 * 1024;
/// Largest content that is copied behind its headers, so that both are one piece.
const MOST_COPIED: usize = 16 * 1024;

/// What the connections of a server share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) app: Arc<App>,
    pub(super) polls: PollHeaders,
}

/// Responses on their way.
#[derive(Debug, Default)]
pub(super) struct Out {
    pub(super) bytes: Vec<u8>,
    /// What follows them and is too large to be copied.
    pub(super) tail: Bytes,
}

impl Out {
    fn is_full(&self) -> bool {
        self.bytes.len() >= MOST_AT_ONCE || !self.tail.is_empty()
    }

    fn content(&mut self, content: Bytes) {
        if content.len() <= MOST_COPIED {
            self.bytes.extend_from_slice(&content);
        } else {
            self.tail = content;
        }
    }
}

/// What a connection goes on with.
#[derive(Debug)]
pub(super) enum Step {
    /// The next request, of which not all is there.
    More,
    /// The next request, once there is room for its response.
    Room,
    /// Nothing: what is written is the last.
    Close,
    /// Another version of HTTP than 1.1, with all that came.
    Other,
    /// What takes time.
    Wait(Box<Waiting>),
    /// A subscriber's session, once what is written is sent.
    Subscribe(Takeover),
}

/// What takes time before the next request.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) form: Form,
    pub(super) task: Task,
}

#[derive(Debug)]
pub(super) enum Task {
    /// To hold a poll.
    Hold { reader: Reader, then: LongPoll },
    /// To read the rest of a body, and to publish it.
    Receive { publish: Publish, body: Body },
    /// To send the content of a response, whose headers are written.
    Send(PieceSource),
}

/// Who asks on one connection.
#[derive(Debug)]
pub(super) struct Asker {
    pub(super) shared: Arc<Shared>,
    pub(super) connection: Arc<Connection>,
    /// Where it was accepted, if on a socket.
    pub(super) listener: Option<IpAddr>,
    /// Whether it has asked for something.
    pub(super) has_asked: bool,
    /// Whether its last request was one of HTTP/1.0.
    is_http10: bool,
}

impl Asker {
    pub(super) fn new(
        shared: Arc<Shared>,
        connection: Arc<Connection>,
        listener: Option<IpAddr>,
    ) -> Self {
        Self { shared, connection, listener, has_asked: false, is_http10: false }
    }

    /// Whether the server has told the connection to end.
    pub(super) fn is_going(&self) -> bool {
        self.connection.order() >= Order::GoAway
    }

    /// Responds to the requests at the front of `input`, and takes them off.
    pub(super) fn on_bytes(&mut self, input: &mut &[u8], out: &mut Out) -> Step {
        while !input.is_empty() {
            if out.is_full() {
                return Step::Room;
            }
            if let Some(step) = self.on_request(input, out) {
                return step;
            }
        }
        Step::More
    }

    /// Responds to one request; `None` where the next one follows.
    fn on_request(&mut self, input: &mut &[u8], out: &mut Out) -> Option<Step> {
        if !self.has_asked {
            match first_words::version(input) {
                Some(HttpVersion::Http11) => {}
                Some(_) => return Some(Step::Other),
                None => return Some(Step::More),
            }
        }
        let mut room = Room::new();
        let most_bytes = self.shared.app.rules.limits.head_bytes;
        match request::read(input, &mut room, most_bytes) {
            Ok(None) => Some(Step::More),
            Ok(Some(head)) => {
                *input = &input[head.len..];
                self.on_head(head, input, out)
            }
            Err(malformed) => {
                self.shared.app.books.refuse(malformed.booked().as_u16());
                if let Malformed::Refused(status) = malformed {
                    write_malformed(&mut out.bytes, status, self.is_http10);
                }
                Some(Step::Close)
            }
        }
    }

    fn on_head(&mut self, head: Head<'_, '_>, rest: &mut &[u8], out: &mut Out) -> Option<Step> {
        let Head { method, target, version, fields, mut body, expects_continue, .. } = head;
        self.connection.understood();
        self.connection.asks();
        self.has_asked = true;
        self.is_http10 = version == Version::HTTP_10;
        let mut form = Form {
            is_http10: self.is_http10,
            is_head: method == Method::HEAD,
            is_last: is_last(version, &fields) || self.is_going(),
        };
        let app = &self.shared.app;
        let request = Request {
            method: &method,
            path: target.path(),
            query: target.query(),
            authority: target.authority(),
            version,
            protocol: None,
            fields: &fields,
            listener: self.listener,
        };
        let Decided { class, decision } =
            respond(&app.rules, &request, &*app.exchange, app.clock.now());
        if let Some(class) = class {
            self.connection.classify(class);
        }
        let task = match decision {
            Decision::Respond(response) => self.respond(response, form, out).map(Task::Send),
            Decision::Refuse(refusal) => self.refuse(refusal, form, out),
            Decision::Report(report) => {
                let limit = app.rules.limits.connections;
                let page = report.page(&app.stats(), &app.exchange.levels(), limit);
                self.respond(page, form, out).map(Task::Send)
            }
            Decision::Publish(publish) if body.announced() > publish.most_bytes as u64 => {
                self.refuse(publish.too_large(), form, out)
            }
            Decision::Publish(publish) => {
                if expects_continue {
                    out.bytes.extend_from_slice(CONTINUE);
                }
                match body.whole(rest) {
                    Some(payload) => self.publish(&publish, Ok(payload), form, out),
                    None => Some(Task::Receive { publish, body: body.clone() }),
                }
            }
            Decision::Wait { topic, then } => {
                // Of a body that nobody reads the end is not waited for either.
                form.is_last |= !body.skip(rest);
                // Dropped, it tells the hub that nobody waits any more.
                Some(Task::Hold { reader: app.exchange.reader(topic), then })
            }
            Decision::Subscribe(stream) => {
                return Some(Step::Subscribe(Takeover::Stream(Box::new(self.begin(stream)))));
            }
            Decision::Upgrade(upgrade) => {
                body.skip(rest);
                write_upgrade(&mut out.bytes, &upgrade, form);
                let reader = app.exchange.reader(upgrade.subscription.place.topic());
                let agreed = Box::new((upgrade, reader));
                return Some(Step::Subscribe(Takeover::WebSocket(agreed)));
            }
        };
        match task {
            Some(Task::Send(source)) => {
                form.is_last |= !body.skip(rest);
                Some(Step::Wait(Box::new(Waiting { form, task: Task::Send(source) })))
            }
            Some(task) => Some(Step::Wait(Box::new(Waiting { form, task }))),
            None if form.is_last || !body.skip(rest) => Some(Step::Close),
            None => None,
        }
    }

    /// Publishes what has come, or says why it is not taken.
    pub(super) fn publish(
        &self,
        publish: &Publish,
        payload: Result<&[u8], Refusal>,
        form: Form,
        out: &mut Out,
    ) -> Option<Task> {
        let exchange = &self.shared.app.exchange;
        let taken = payload
            .and_then(|payload| Publish::outcome(exchange.publish_to(&publish.topic, payload)));
        match taken {
            Ok(response) => self.respond(response, form, out).map(Task::Send),
            Err(refusal) => self.refuse(refusal, form, out),
        }
    }

    /// Counts a refusal and writes it.
    fn refuse(&self, refusal: Refusal, form: Form, out: &mut Out) -> Option<Task> {
        self.shared.app.books.refuse(refusal.status.as_u16());
        write_refusal(&mut out.bytes, refusal, form);
        None
    }

    /// Writes a response; gives what is to follow it.
    pub(super) fn respond(
        &self,
        response: Response,
        form: Form,
        out: &mut Out,
    ) -> Option<PieceSource> {
        let PollResponse { status, content, mark } = match response {
            Response::Poll(response) => response,
            Response::Page { content_type, content } => {
                write_page(&mut out.bytes, content_type, &content, form);
                return None;
            }
        };
        let kind = |is_coded| PollKind { status, is_coded, mark, form };
        let polls = &self.shared.polls;
        match content {
            Content::Whole { bytes, is_coded } => {
                polls.write(&mut out.bytes, kind(is_coded), bytes.len() as u64);
                if status == AnswerStatus::Messages && !form.is_head {
                    out.content(bytes);
                }
                None
            }
            Content::Pieces(pieces) => {
                polls.write(&mut out.bytes, kind(false), pieces.bytes);
                let app = &self.shared.app;
                // Dropped, it tells the hub that nobody reads the topic any more.
                let reader = app.exchange.reader(pieces.topic);
                let source = PieceSource::new(reader, Arc::clone(&app.books), pieces);
                (!form.is_head).then_some(source)
            }
        }
    }

    /// What a stream begins with.
    fn begin(&self, stream: Stream) -> Begun {
        let app = &self.shared.app;
        let Stream { kind, has_heartbeat, coding, subscription } = stream;
        let head = app.headers.stream(kind, subscription.mark(), coding.is_some());
        let reader = app.exchange.reader(subscription.place.topic());
        let place = subscription.place;
        Begun { head, has_heartbeat, coding, place, reader }
    }
}
