//! A subscriber's place in a topic, and what it is to be told of where it begins.

use http::StatusCode;
use pushbench_protocol::headers::AnswerMark;
use pushbench_protocol::{Cursor, TopicName};

use super::refusal::Refusal;
use crate::hub::{Format, Hubs, SubscriberPlace, TooManyTopics};

/// A place in a topic of which the hub counts a reader.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Subscription {
    pub(crate) place: SubscriberPlace,
    /// The cursor it begins at.
    pub(crate) cursor: Cursor,
    /// Messages it has missed before.
    pub(crate) gap: u64,
}

impl Subscription {
    /// What the response says of where it begins.
    pub(crate) fn mark(&self) -> AnswerMark {
        AnswerMark { cursor: Some(self.cursor), tag: None, gap: self.gap }
    }

    /// Subscribes whoever has everything up to `after`.
    pub(super) fn begin(
        hubs: &impl Hubs,
        topic: &TopicName,
        after: Cursor,
        format: Format,
    ) -> Result<Self, Refusal> {
        let begun: Result<_, TooManyTopics> = hubs.with(|hub| {
            let topic = hub.enter(topic)?;
            let mut place = hub.subscribe(topic, after, format);
            Ok(Self { cursor: hub.cursor(&place), gap: place.take_gap(), place })
        });
        begun.map_err(|error| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error))
    }
}
