//! Subscribing by WebSocket: `GET /topics/{topic}/ws?after=CURSOR`, on HTTP/2 `CONNECT`.

use http::header::{CONNECTION, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{Method, StatusCode};
use pushbench_protocol::Cursor;

use super::fields::Fields;
use super::publish::may_publish;
use super::refusal::Refusal;
use super::request::Request;
use super::rules::Rules;
use super::subscription::Subscription;
use crate::hub::{Format, Hubs};
use crate::log::SharedDeflate;
use crate::websocket::extensions::{Agreed, SessionDeflate, negotiate};
use crate::websocket::handshake::{
    UpgradeError, VERSION, accept, accept_connect, origin_is_allowed,
};

/// A WebSocket that has been subscribed and not yet told so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Upgrade {
    /// `Sec-WebSocket-Accept`; `None` where a 200 says it all (RFC 8441, section 5).
    pub(crate) accept: Option<String>,
    /// `Sec-WebSocket-Extensions`, if any was agreed on.
    pub(crate) extensions: Option<String>,
    pub(crate) subscription: Subscription,
    pub(crate) may_publish: bool,
    /// Whether it is pinged while there is no news.
    pub(crate) has_heartbeat: bool,
    /// What was agreed on compression, if anything.
    pub(crate) deflate: Option<SessionDeflate>,
}

pub(super) fn upgrade<F: Fields + ?Sized>(
    rules: &Rules,
    request: &Request<'_, F>,
    hubs: &impl Hubs,
) -> Result<Upgrade, Refusal> {
    let fields = request.fields;
    let accept = match request.method == Method::CONNECT {
        true => accept_connect(request.protocol, fields).map(|()| None),
        false => accept(request.version, fields).map(Some),
    }
    .map_err(|error| refuse(&error))?;
    if !origin_is_allowed(fields, request.host(), &rules.allowed_origins) {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "pages of this origin may not subscribe"));
    }
    let topic = request.topic()?;
    let after = request.after()?.unwrap_or(Cursor::NOW);
    let agreed = negotiate(fields, rules.deflate)
        .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error))?;
    let threshold = rules.deflate.unwrap_or_default().threshold;
    let (format, agreed) = match request.parameter("nudge")? {
        None | Some(0) => (format(agreed.as_ref(), threshold), agreed),
        // A nudge is five bytes, and deflate makes none of them less.
        Some(1) => (Format::Nudge, None),
        Some(found) => {
            let reason = format!("nudge is `{found}`, expected 0 or 1");
            return Err(Refusal::new(StatusCode::BAD_REQUEST, reason));
        }
    };
    let subscription = Subscription::begin(hubs, &topic, after, format)?;
    let deflate = agreed.as_ref().map(|agreed| SessionDeflate { terms: agreed.terms, threshold });
    Ok(Upgrade {
        accept,
        extensions: agreed.map(|agreed| agreed.answer),
        subscription,
        may_publish: may_publish(rules.publish_token.as_deref(), fields),
        has_heartbeat: rules.has_heartbeat,
        deflate,
    })
}

/// Says what is wrong, and what would do.
fn refuse(error: &UpgradeError) -> Refusal {
    let refusal = Refusal::new(error.status(), error);
    match error.status() {
        // What to upgrade to (RFC 9110, sections 7.8 and 15.5.22), and by which version of it
        // (RFC 6455, section 4.2.2).
        StatusCode::UPGRADE_REQUIRED => refusal
            .with(UPGRADE, "websocket")
            .with(CONNECTION, "Upgrade")
            .with(SEC_WEBSOCKET_VERSION, VERSION),
        _ if *error == UpgradeError::Version => refusal.with(SEC_WEBSOCKET_VERSION, VERSION),
        _ => refusal,
    }
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
