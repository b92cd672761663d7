//! What an engine is to do with a request.

use pushbench_protocol::ConnectionClass;

use super::long_poll::LongPoll;
use super::pages::Report;
use super::publish::Publish;
use super::refusal::Refusal;
use super::response::Response;
use super::stream::Stream;
use super::upgrade::Upgrade;
use crate::hub::TopicId;

/// A decision about a request, and what it says of the connection that it came on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Decided {
    /// What the connection is for; the first request to say so decides.
    pub(crate) class: Option<ConnectionClass>,
    pub(crate) decision: Decision,
}

/// What to do with a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Decision {
    /// Send this.
    Respond(Response),
    /// Count it and send it.
    Refuse(Refusal),
    /// Read the body and publish it; then see [`Publish::outcome`].
    Publish(Publish),
    /// Keep the request open until the topic's next publish, or until [`LongPoll::until`]; then see
    /// [`LongPoll::again`].
    ///
    /// The hub counts a reader of the topic until whoever obeys calls [`crate::hub::Hub::leave`]. It
    /// must begin to wait before it asks once more, so that no publish slips in between.
    Wait { topic: TopicId, then: LongPoll },
    /// Begin a response that does not end. The hub counts a reader of the place's topic.
    Subscribe(Stream),
    /// Respond 101, on HTTP/2 200, and go on with a WebSocket. The hub counts a reader of the place's
    /// topic.
    Upgrade(Upgrade),
    /// Say what the books say, by [`Report::page`].
    Report(Report),
}
