//! The body of a large response to a poll, for the HTTP library.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use crate::pieces::PieceSource;

struct PiecesBody {
    source: PieceSource,
    /// Whether others come first.
    gives_way: bool,
}

/// A body of these pieces.
pub(super) fn body(source: PieceSource) -> Body {
    Body::new(PiecesBody { source, gives_way: false })
}

impl HttpBody for PiecesBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if std::mem::take(&mut self.gives_way) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let piece = self.source.next().map_err(io::Error::other).transpose();
        self.gives_way = matches!(piece, Some(Ok(_)));
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.source.is_over()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.source.bytes())
    }
}
