//! Names of fields in the spelling of their RFCs.
//!
//! The HTTP library writes names in title case, which is right for most (`Content-Type`) and wrong
//! for some (`Sec-Websocket-Accept`). It spells names as a response tells it to, in an extension
//! whose type is the library's own: nobody can make one. But it makes one of each head that it reads
//! when it is asked to keep the spelling, so it is given a head to read.

use std::convert::Infallible;
use std::future::ready;
use std::sync::{Arc, LazyLock, Mutex};

use axum::body::Body;
use futures_util::FutureExt;
use http::{Extensions, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

/// Names that title case would change, of the fields that the server itself sends.
pub(crate) const OWN: [&str; 4] = [
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Version",
    "WWW-Authenticate",
];

/// How some names are spelled; all others are in title case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spelling(Extensions);

impl Spelling {
    /// The spelling of the server's own fields.
    pub(crate) fn own() -> &'static Self {
        static SPELLING: LazyLock<Spelling> = LazyLock::new(|| Spelling::of(&OWN));
        &SPELLING
    }

    /// These names as they stand; none may be `Transfer-Encoding`. A name that is no field's name is
    /// passed over with all the others.
    pub(crate) fn of(names: &[&str]) -> Self {
        let fields: String = names.iter().map(|name| format!("{name}: 0\r\n")).collect();
        let head = format!("GET / HTTP/1.1\r\n{fields}\r\n");
        let learnt = Arc::new(Mutex::new(Extensions::new()));
        let learner = service_fn(|request: Request<Incoming>| {
            learnt.lock().expect("a clone does not panic").extend(request.extensions().clone());
            ready(Ok::<_, Infallible>(Response::new(Body::empty())))
        });
        let io = TokioIo::new(tokio::io::join(head.as_bytes(), tokio::io::sink()));
        let reading = http1::Builder::new()
            .header_read_timeout(None)
            .preserve_header_case(true)
            .serve_connection(io, learner);
        // All of the head is there, so nothing waits. What is no head teaches nothing.
        let _ = reading.now_or_never();
        Self(std::mem::take(&mut learnt.lock().expect("a clone does not panic")))
    }

    /// Has the fields of a response spelled so.
    pub(crate) fn spell<B>(&self, answer: &mut Response<B>) {
        answer.extensions_mut().extend(self.0.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_lets_a_spelling_be_learnt() {
        assert!(Spelling::of(&[]).0.len() < Spelling::own().0.len() + 1);
        assert!(!Spelling::own().0.is_empty(), "the library keeps no spelling any more");
    }
}
