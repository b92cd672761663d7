//! Responses that are not a poll's.

use axum::body::Body;
use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_TYPE, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, UPGRADE,
};
use http::{Response, StatusCode};

use super::content::{Answer, body};
use super::headers::put_mark;
use super::spelling::Spelling;
use crate::respond::{Refusal, Upgrade};

/// 200 with this content.
pub(super) fn page(content_type: &'static str, content: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(body(content.into()));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// A refusal with its reason.
pub(super) fn refusal(refusal: Refusal) -> Answer {
    let mut answer = page("text/plain; charset=utf-8", refusal.reason + "\n");
    *answer.status_mut() = refusal.status;
    if !refusal.fields.is_empty() {
        Spelling::own().spell(&mut answer);
    }
    let fields = refusal.fields.into_iter();
    answer
        .headers_mut()
        .extend(fields.map(|(name, value)| (name, HeaderValue::from_static(value))));
    answer
}

/// What tells a client that it is upgraded, or that its tunnel is open.
pub(super) fn upgrade(upgrade: &Upgrade) -> Answer {
    let mut answer = Response::new(Body::empty());
    // The 200 of an extended CONNECT says the rest (RFC 8441, section 5).
    if let Some(accept) = &upgrade.accept {
        *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let fields = answer.headers_mut();
        fields.insert(UPGRADE, HeaderValue::from_static("websocket"));
        fields.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        let accept = HeaderValue::from_str(accept).expect("base64 is ASCII");
        fields.insert(SEC_WEBSOCKET_ACCEPT, accept);
        Spelling::own().spell(&mut answer);
    }
    let fields = answer.headers_mut();
    if let Some(extensions) = &upgrade.extensions {
        let extensions = HeaderValue::from_str(extensions).expect("names and digits are ASCII");
        fields.insert(SEC_WEBSOCKET_EXTENSIONS, extensions);
    }
    put_mark(fields, upgrade.subscription.mark(), false);
    answer
}

/// Says that the connection ends with this response, in place of what a response profile says of
/// it: the library would add the one to the other.
pub(super) fn say_last(answer: &mut Answer) {
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
}
