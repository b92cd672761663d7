//! Publishing: `POST /topics/{topic}/messages` with the payload as the body.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use http::StatusCode;
use http::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use pushbench_protocol::ConnectionClass;

use super::{App, connection, topic_name};
use crate::books::Connection;
use crate::engine::axum::answer::{Answer, Refusal, ok};
use crate::exchange::PublishError;
use crate::websocket::handshake::origin_is_allowed;

pub(super) async fn publish(State(app): State<Arc<App>>, request: Request) -> Answer {
    connection(&request).connection.classify(ConnectionClass::Publish);
    let answer = answer(&app, request).await;
    app.answer(answer)
}

async fn answer(app: &App, request: Request) -> Result<Answer, Refusal> {
    if !may_publish(app.publish_token.as_deref(), request.headers()) {
        let reason = "publishing needs `Authorization: Bearer` with the server's token";
        return Err(Refusal::new(StatusCode::UNAUTHORIZED, reason).with(WWW_AUTHENTICATE, "Bearer"));
    }
    if !origin_is_allowed(request.headers(), &app.allowed_origins) {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "pages of this origin may not publish"));
    }
    let topic = topic_name(&request)?;
    let http = Arc::clone(connection(&request));
    let limits = &app.limits;
    let body = whole(request.into_body(), limits.body_bytes, &http.connection);
    let payload = tokio::time::timeout(limits.head_timeout, body)
        .await
        .map_err(|_| Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body took too long"))??;
    let cursor = app.exchange.publish_to(&topic, &payload).map_err(|error| {
        let status = match error {
            PublishError::Payload(_) => StatusCode::BAD_REQUEST,
            PublishError::Topics(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        Refusal::new(status, error)
    })?;
    Ok(ok("text/plain; charset=utf-8", cursor.encode().to_vec()))
}

/// Room for a body before any of it has come.
const FIRST_ROOM: usize = 64 * 1024;

/// Reads a body up to a limit.
async fn whole(mut body: Body, limit: usize, connection: &Connection) -> Result<Vec<u8>, Refusal> {
    let too_large = || {
        let reason = format!("the body is larger than {limit} bytes");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, reason)
    };
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(too_large());
    }
    // What is announced and does not come takes no memory.
    let mut payload = Vec::with_capacity(announced.min(FIRST_ROOM));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Refusal::new(StatusCode::BAD_REQUEST, format!("the body broke off: {error}"))
        })?;
        // What has come is no head that dawdles.
        connection.understood();
        if let Ok(data) = frame.into_data() {
            if payload.len() + data.len() > limit {
                return Err(too_large());
            }
            payload.extend_from_slice(&data);
        }
    }
    connection.understood();
    Ok(payload)
}

/// Whether a request carries the token, if one is needed.
pub(super) fn may_publish(token: Option<&str>, fields: &HeaderMap) -> bool {
    let Some(token) = token else { return true };
    let given = fields
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map_or("", |(_, given)| given.trim());
    same(token.as_bytes(), given.as_bytes())
}

/// Compares in a time that does not tell how much of a guess was right.
fn same(token: &[u8], guess: &[u8]) -> bool {
    let differing = token.iter().zip(guess).fold(0, |differing, (a, b)| differing | (a ^ b));
    token.len() == guess.len() && differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishing_needs_the_token_where_there_is_one() {
        for (token, given, expected) in [
            (None, None, true),
            (Some("secret"), None, false),
            (Some("secret"), Some("Bearer secret"), true),
            (Some("secret"), Some("bearer secret"), true),
            (Some("secret"), Some("Bearer secre"), false),
            (Some("secret"), Some("Bearer secret2"), false),
            (Some("secret"), Some("Basic secret"), false),
            (Some("secret"), Some("secret"), false),
        ] {
            let fields = given
                .map(|given| (AUTHORIZATION, given.parse().expect("a value")))
                .into_iter()
                .collect();
            assert_eq!(may_publish(token, &fields), expected, "{token:?} {given:?}");
        }
    }
}
