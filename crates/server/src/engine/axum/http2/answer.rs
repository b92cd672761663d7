//! One request of an HTTP/2 connection: the same routes, the same sessions.

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use h2::ext::Protocol;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::header::DATE;
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt;
use hyper::body::Frame;
use pushbench_protocol::headers::http2::is_carried;
use pushbench_protocol::{Timestamp, clock};
use pushbench_wire::http2::ByteStream;

use super::super::app::{App, Takeover};
use super::super::ending::unless_ended;
use super::super::headers::date_now;
use super::super::obey::{AskedProtocol, Obeyed, obey};
use super::super::taken_over::go_on;
use super::stream::Http2Stream;
use crate::books::Connection;
use crate::deadline::time_left;

/// What the requests of one connection are answered with.
pub(super) struct Answering {
    pub(super) app: Arc<App>,
    pub(super) connection: Arc<Connection>,
    /// Where the connection was accepted, if on a socket.
    pub(super) listener: Option<IpAddr>,
}

/// What has been made of a request.
enum Made {
    Answer(Response),
    /// A session goes on with the stream, once these fields are sent.
    TakenOver(HeaderMap, Takeover),
}

impl Answering {
    /// Answers one request. A client that has gone away gets no answer and harms nobody.
    pub(super) async fn answer(
        self: Arc<Self>,
        request: Request<RecvStream>,
        mut respond: SendResponse<Bytes>,
    ) {
        self.connection.asks();
        let (mut parts, received) = request.into_parts();
        if let Some(asked) = parts.extensions.get::<Protocol>() {
            let asked = AskedProtocol(asked.as_str().into());
            parts.extensions.insert(asked);
        }
        // What a tunnel's client says is for its session.
        let is_tunnel = parts.method == Method::CONNECT;
        let (body, tunnel) = match is_tunnel {
            true => (Body::empty(), Some(received)),
            false if received.is_end_stream() => (Body::empty(), None),
            false => (Body::new(Received(received)), None),
        };
        let made = tokio::select! {
            biased;
            made = self.make(Request::from_parts(parts, body)) => made,
            // It has been reset: what is held for it is held for nobody.
            _ = poll_fn(|cx| respond.poll_reset(cx)) => return,
        };
        // Fails where the client has gone away.
        let _ = match made {
            Made::Answer(answer) => self.send(&mut respond, answer).await,
            Made::TakenOver(fields, takeover) => {
                self.go_on(&mut respond, fields, takeover, tunnel).await
            }
        };
    }

    /// Obeys what is decided about a request.
    async fn make(&self, request: Request<Body>) -> Made {
        match obey(&self.app, &self.connection, self.listener, request) {
            Obeyed::Made(made) => Made::Answer(made.answer),
            Obeyed::Later(made) => Made::Answer(made.await.answer),
            Obeyed::Upgrade(answer, agreed) => {
                Made::TakenOver(answer.into_parts().0.headers, Takeover::WebSocket(agreed))
            }
            Obeyed::Stream(begun, fields) => Made::TakenOver(fields, Takeover::Stream(begun)),
        }
    }

    /// Sends an answer, its last data with the end of the stream.
    async fn send(
        &self,
        respond: &mut SendResponse<Bytes>,
        answer: Response,
    ) -> Result<(), h2::Error> {
        let (parts, mut body) = answer.into_parts();
        let mut head = http::Response::new(());
        *head.status_mut() = parts.status;
        *head.headers_mut() = carried(parts.headers);
        // It may break off before there is anything of it: then no answer has begun.
        let mut data = next_data(&mut body).await.map_err(|BrokenOff| Reason::INTERNAL_ERROR)?;
        let mut send = respond.send_response(head, data.is_none())?;
        let (begin, mut taken) = (clock::now(), 0);
        while let Some(mut piece) = data {
            let next = next_data(&mut body).await;
            let is_broken = next.is_err();
            data = next.unwrap_or(None);
            while !piece.is_empty() {
                let left = self.time_left(begin, taken);
                let room = self.room(&mut send, piece.len(), left).await?;
                taken += room as u64;
                let now = piece.split_to(room);
                let is_last = piece.is_empty() && data.is_none() && !is_broken;
                send.send_data(now, is_last)?;
            }
            if is_broken {
                // An end of the stream would say that this was all.
                send.send_reset(Reason::INTERNAL_ERROR);
                return Ok(());
            }
        }
        Ok(())
    }

    /// How long may be waited for a client to take more, which has taken so much since `begin`.
    fn time_left(&self, begin: Timestamp, taken: u64) -> Duration {
        let limit = self.app.rules.limits.write_timeout;
        time_left(taken, clock::now().since(begin), limit).min(limit)
    }

    /// How much of `len` bytes the client takes; one that takes nothing in this time is reset.
    async fn room(
        &self,
        send: &mut SendStream<Bytes>,
        len: usize,
        limit: Duration,
    ) -> Result<usize, h2::Error> {
        send.reserve_capacity(len);
        if send.capacity() > 0 {
            return Ok(send.capacity().min(len));
        }
        match tokio::time::timeout(limit, poll_fn(|cx| send.poll_capacity(cx))).await {
            Ok(Some(room)) => room.map(|room| room.min(len)),
            Ok(None) => Err(Reason::CANCEL.into()),
            Err(_) => {
                self.app.books.refuse(1006);
                send.send_reset(Reason::CANCEL);
                Err(Reason::CANCEL.into())
            }
        }
    }

    /// Runs the session that takes the stream over.
    async fn go_on(
        &self,
        respond: &mut SendResponse<Bytes>,
        fields: HeaderMap,
        takeover: Takeover,
        tunnel: Option<RecvStream>,
    ) -> Result<(), h2::Error> {
        let mut head = http::Response::new(());
        *head.headers_mut() = carried(fields);
        let send = respond.send_response(head, false)?;
        let stream = match tunnel {
            Some(received) => ByteStream::new(send, received),
            None => ByteStream::to_listener(send),
        };
        let opened = self.app.books.open_stream(&self.connection, self.app.clock.now());
        let _waiting = self.connection.wait();
        let connection = Arc::clone(&opened.connection);
        let is_chunked = matches!(takeover, Takeover::Stream(..));
        let stream = Http2Stream::new(stream, Arc::clone(&connection.counters), is_chunked);
        let session = go_on(&self.app, stream, &connection, takeover, Bytes::new());
        unless_ended(&connection, session).await;
        Ok(())
    }
}

/// The fields that HTTP/2 carries, with a date, which an origin server with a clock sends (RFC 9110,
/// section 6.6.1).
fn carried(mut fields: HeaderMap) -> HeaderMap {
    if !fields.contains_key(DATE) {
        fields.insert(DATE, date_now());
    }
    if fields.keys().all(|name| is_carried(name.as_str())) {
        return fields;
    }
    // Taking a field out of the map would change the order of the others.
    fields
        .iter()
        .filter(|(name, _)| is_carried(name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// A body of which the rest does not come.
struct BrokenOff;

/// The next data of a body; `None` at its end.
async fn next_data(body: &mut Body) -> Result<Option<Bytes>, BrokenOff> {
    loop {
        let Some(frame) = body.frame().await else { return Ok(None) };
        match frame.map_err(|_| BrokenOff)?.into_data() {
            Ok(data) if data.is_empty() => {}
            Ok(data) => return Ok(Some(data)),
            // Ours have no trailers.
            Err(_) => return Ok(None),
        }
    }
}

/// What a client sends with its request.
struct Received(RecvStream);

impl hyper::body::Body for Received {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        self.0.poll_data(cx).map(|data| {
            data.map(|data| {
                let data = data?;
                self.0.flow_control().release_capacity(data.len())?;
                Ok(Frame::data(data))
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }
}
