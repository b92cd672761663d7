//! Long polls: `GET /topics/{topic}/long-poll?after=CURSOR&hold=25s`.
//!
//! The hub's rule is the one of short polls; what is added is the wait. It ends with news, with its
//! hold (204), with the server, or with the client.

use http::StatusCode;
use pushbench_protocol::headers::AnswerMark;
use pushbench_protocol::{Cursor, Hold, Timestamp, TopicName, Unchanged};

use super::fields::Fields;
use super::poll::{Asking, Found};
use super::refusal::Refusal;
use super::request::Request;
use super::response::Response;
use super::rules::Rules;
use crate::hub::{Hub, Hubs, PollSettings, TooManyTopics, TopicId};

/// A poll that may be held.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct LongPoll {
    topic: TopicName,
    /// What it asks for. Once it is held, where the log stood then: "from now on" is not the same any
    /// more.
    after: Cursor,
    /// When its hold is over.
    pub(crate) until: Timestamp,
    takes_coded: bool,
}

/// What becomes of a poll that may be held.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Polled {
    /// It is answered.
    Answer(Response),
    /// It waits for the next message of this topic. See [`super::Decision::Wait`].
    Wait { topic: TopicId, then: LongPoll },
}

impl LongPoll {
    /// What a request asks for at this moment.
    pub(super) fn of<F: Fields + ?Sized>(
        rules: &Rules,
        request: &Request<'_, F>,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let topic = request.topic()?;
        let after = request.after()?.unwrap_or(Cursor::OLDEST);
        let hold = request.parameter("hold")?.unwrap_or(Hold::USUAL);
        let takes_coded = rules.bodies.are_accepted(request.fields);
        Ok(Self { topic, after, until: now.plus(hold.duration()), takes_coded })
    }

    /// Asks for the first time.
    pub(super) fn ask(
        self,
        rules: &Rules,
        hubs: &impl Hubs,
        now: Timestamp,
    ) -> Result<Polled, Refusal> {
        let asked: Result<_, TooManyTopics> = hubs.with(|hub| {
            let topic = hub.enter(&self.topic)?;
            let found = self.find(rules, hub, topic, now);
            // A topic that is waited for stays.
            if found.is_ok() {
                hub.leave(topic);
            }
            Ok((topic, found))
        });
        let refuse = |error| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error);
        let (topic, found) = asked.map_err(refuse)?;
        Ok(self.decide(rules, topic, found))
    }

    /// Asks once more, of the topic that it waits for.
    pub(crate) fn again(
        self,
        rules: &Rules,
        hubs: &impl Hubs,
        topic: TopicId,
        now: Timestamp,
    ) -> Polled {
        let found = hubs.with(|hub| self.find(rules, hub, topic, now));
        self.decide(rules, topic, found)
    }

    /// What there is for it; where the log ends, if it is to wait.
    fn find(
        &self,
        rules: &Rules,
        hub: &mut Hub,
        topic: TopicId,
        now: Timestamp,
    ) -> Result<Found, Cursor> {
        // A held poll that finds nothing is empty: there is no reason to send an old value again.
        let settings = PollSettings { unchanged: Unchanged::Empty, ..rules.poll };
        match hub.answer_long_poll(topic, self.after, settings, self.until, now) {
            Some(answer) => Ok(Found::of(hub, Some(topic), answer, self.takes_coded)),
            None => Err(hub.end(topic)),
        }
    }

    fn decide(self, rules: &Rules, topic: TopicId, found: Result<Found, Cursor>) -> Polled {
        match found {
            Err(end) => Polled::Wait { topic, then: Self { after: end, ..self } },
            Ok(found) => {
                let Self { topic, after, takes_coded, .. } = &self;
                let asking =
                    Asking { takes_coded: *takes_coded, topic: topic.as_str(), after: *after };
                let mark = |next, gap| AnswerMark { cursor: Some(next), tag: None, gap };
                Polled::Answer(found.response(rules, asking, mark))
            }
        }
    }
}
