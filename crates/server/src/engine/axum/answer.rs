//! Answers that are not a poll's, and the body of all.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::spelling::Spelling;

pub(crate) type Answer = Response<Body>;

/// Content in one piece.
///
/// Unlike the library's own, it says that it has ended only once it was asked for content. An empty
/// body that says so at once loses its `Content-Length` field, and gets another at the end of the
/// head, where the profile does not have it.
struct Content(Option<Bytes>);

impl HttpBody for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().filter(|bytes| !bytes.is_empty()).map(|b| Ok(Frame::data(b))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

/// A body with this content.
pub(crate) fn body(content: Bytes) -> Body {
    Body::new(Content(Some(content)))
}

/// 200 with this content.
pub(crate) fn ok(content_type: &'static str, content: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(body(content.into()));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// A request that was refused, and why.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) reason: String,
    /// Fields that tell the client what would do.
    pub(crate) fields: Vec<(HeaderName, HeaderValue)>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, reason: impl ToString) -> Self {
        Self { status, reason: reason.to_string(), fields: Vec::new() }
    }

    pub(crate) fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.fields.push((name, HeaderValue::from_static(value)));
        self
    }

    pub(crate) fn into_answer(self) -> Answer {
        let mut answer = ok("text/plain; charset=utf-8", self.reason + "\n");
        *answer.status_mut() = self.status;
        if !self.fields.is_empty() {
            Spelling::own().spell(&mut answer);
        }
        answer.headers_mut().extend(self.fields);
        answer
    }
}
