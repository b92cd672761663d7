//! Publishing: `POST /topics/{topic}/messages` with the payload as the body.

use std::fmt::Display;
use std::time::Duration;

use http::StatusCode;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use pushbench_protocol::{Cursor, TopicName};

use super::fields::{Fields, text};
use super::pages;
use super::refusal::Refusal;
use super::request::Request;
use super::response::Response;
use super::rules::Rules;
use crate::hub::PublishError;
use crate::websocket::handshake::origin_is_allowed;

/// A publish whose body is still to be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Publish {
    pub(crate) topic: TopicName,
    /// Most bytes that its body may have.
    pub(crate) most_bytes: usize,
    /// How long its body may take.
    pub(crate) within: Duration,
}

pub(super) fn publish<F: Fields + ?Sized>(
    rules: &Rules,
    request: &Request<'_, F>,
) -> Result<Publish, Refusal> {
    if !may_publish(rules.publish_token.as_deref(), request.fields) {
        let reason = "publishing needs `Authorization: Bearer` with the server's token";
        return Err(Refusal::new(StatusCode::UNAUTHORIZED, reason).with(WWW_AUTHENTICATE, "Bearer"));
    }
    if !origin_is_allowed(request.fields, request.host(), &rules.allowed_origins) {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "pages of this origin may not publish"));
    }
    let limits = &rules.limits;
    let topic = request.topic()?;
    Ok(Publish { topic, most_bytes: limits.body_bytes, within: limits.head_timeout })
}

impl Publish {
    /// Why a body is refused that has more bytes, or says so.
    pub(crate) fn too_large(&self) -> Refusal {
        let reason = format!("the body is larger than {} bytes", self.most_bytes);
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, reason)
    }

    /// Why a body is refused that has not come in time.
    pub(crate) fn too_slow() -> Refusal {
        Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body took too long")
    }

    /// Why a body is refused of which the rest does not come.
    pub(crate) fn broken_off(error: impl Display) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, format!("the body broke off: {error}"))
    }

    /// What is said of the message, taken or not.
    ///
    /// # Errors
    ///
    /// Why it was not taken.
    pub(crate) fn outcome(taken: Result<Cursor, PublishError>) -> Result<Response, Refusal> {
        taken.map(pages::cursor).map_err(|error| {
            let status = match error {
                PublishError::Payload(_) => StatusCode::BAD_REQUEST,
                PublishError::Topics(_) => StatusCode::SERVICE_UNAVAILABLE,
            };
            Refusal::new(status, error)
        })
    }
}

/// Whether a request carries the token, if one is needed.
pub(super) fn may_publish<F: Fields + ?Sized>(token: Option<&str>, fields: &F) -> bool {
    let Some(token) = token else { return true };
    let given = fields
        .first(&AUTHORIZATION)
        .and_then(text)
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
            let fields: Vec<_> = given.map(|given| ("Authorization", given)).into_iter().collect();
            assert_eq!(may_publish(token, &fields[..]), expected, "{token:?} {given:?}");
        }
    }
}
