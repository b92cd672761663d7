//! Subscribing by WebSocket: `GET /topics/{topic}/ws?after=CURSOR`, on HTTP/2 `CONNECT`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use http::header::{
    CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Method, Response, StatusCode};
use pushbench_protocol::paths::{CURSOR_FIELD, GAP_FIELD};
use pushbench_protocol::{ConnectionClass, Cursor};

use super::heads::digits;
use super::publish::may_publish;
use super::{App, Takeover, after, connection, parameter, topic_name};
use crate::engine::axum::answer::{Answer, Refusal};
use crate::engine::axum::spelling::Spelling;
use crate::exchange::Subscription;
use crate::hub::Format;
use crate::log::SharedDeflate;
use crate::websocket::SessionDeflate;
use crate::websocket::extensions::{Agreed, negotiate};
use crate::websocket::handshake::{
    UpgradeError, VERSION, accept, accept_connect, origin_is_allowed,
};

/// A WebSocket that has been subscribed and not yet told so.
#[derive(Debug)]
pub(crate) struct Upgrade {
    pub(crate) subscription: Subscription,
    pub(crate) may_publish: bool,
    /// Whether it is pinged while there is no news.
    pub(crate) has_heartbeat: bool,
    /// What was agreed on compression, if anything.
    pub(crate) deflate: Option<SessionDeflate>,
}

pub(super) async fn upgrade(State(app): State<Arc<App>>, request: Request) -> Answer {
    app.answer(answer(&app, &request))
}

fn answer(app: &App, request: &Request) -> Result<Answer, Refusal> {
    let is_connect = request.method() == Method::CONNECT;
    let accept = match is_connect {
        true => accept_connect(request.extensions().get(), request.headers()).map(|()| None),
        false => accept(request.version(), request.headers()).map(Some),
    }
    .map_err(|error| {
        let refusal = Refusal::new(error.status(), &error);
        match error.status() {
            // What to upgrade to (RFC 9110, sections 7.8 and 15.5.22), and by which version of it
            // (RFC 6455, section 4.2.2).
            StatusCode::UPGRADE_REQUIRED => refusal
                .with(UPGRADE, "websocket")
                .with(CONNECTION, "Upgrade")
                .with(SEC_WEBSOCKET_VERSION, VERSION),
            _ if error == UpgradeError::Version => refusal.with(SEC_WEBSOCKET_VERSION, VERSION),
            _ => refusal,
        }
    })?;
    if !origin_is_allowed(request.headers(), &app.allowed_origins) {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "pages of this origin may not subscribe"));
    }
    let topic = topic_name(request)?;
    let after = after(request)?.unwrap_or(Cursor::NOW);
    let agreed = negotiate(request.headers(), app.deflate)
        .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error))?;
    let threshold = app.deflate.unwrap_or_default().threshold;
    let (format, agreed) = match parameter(request, "nudge")? {
        None | Some(0) => (format(agreed.as_ref(), threshold), agreed),
        // A nudge is five bytes, and deflate makes none of them less.
        Some(1) => (Format::Nudge, None),
        Some(found) => {
            let reason = format!("nudge is `{found}`, expected 0 or 1");
            return Err(Refusal::new(StatusCode::BAD_REQUEST, reason));
        }
    };
    let subscription = app
        .exchange
        .subscribe(&topic, after, format)
        .map_err(|error| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error))?;

    let mut answer = Response::new(Body::empty());
    // The 200 of an extended CONNECT says the rest (RFC 8441, section 5).
    if let Some(accept) = accept {
        *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let fields = answer.headers_mut();
        fields.insert(UPGRADE, HeaderValue::from_static("websocket"));
        fields.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        let accept = HeaderValue::from_str(&accept).expect("base64 is ASCII");
        fields.insert(SEC_WEBSOCKET_ACCEPT, accept);
        Spelling::own().spell(&mut answer);
    }
    let fields = answer.headers_mut();
    if let Some(Agreed { answer, .. }) = &agreed {
        let answer = HeaderValue::from_str(answer).expect("names and digits are ASCII");
        fields.insert(SEC_WEBSOCKET_EXTENSIONS, answer);
    }
    fields.insert(HeaderName::from_static(CURSOR_FIELD), digits(subscription.cursor));
    if subscription.gap > 0 {
        let gap = HeaderValue::from(subscription.gap);
        fields.insert(HeaderName::from_static(GAP_FIELD), gap);
    }

    let http = connection(request);
    http.connection.classify(ConnectionClass::WebSocket);
    let may_publish = may_publish(app.publish_token.as_deref(), request.headers());
    let http_is_done = Upgrade {
        subscription,
        may_publish,
        has_heartbeat: app.has_heartbeat,
        deflate: agreed.map(|agreed| SessionDeflate { terms: agreed.terms, threshold }),
    };
    http.take_over(Takeover::WebSocket(http_is_done));
    Ok(answer)
}

/// How messages reach a subscriber with whom this was agreed.
fn format(agreed: Option<&Agreed>, threshold: usize) -> Format {
    match agreed.map(|agreed| agreed.terms) {
        None => Format::Frame,
        Some(terms) if terms.server_takeover => Format::Payload,
        Some(terms) => {
            Format::Deflated(SharedDeflate { window_bits: terms.server_window_bits, threshold })
        }
    }
}
