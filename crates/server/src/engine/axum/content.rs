//! The body of a response that is here in one piece.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::Response;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

pub(super) type Answer = Response<Body>;

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
pub(super) fn body(content: Bytes) -> Body {
    Body::new(Content(Some(content)))
}
