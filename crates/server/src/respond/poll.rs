//! Polls: `GET /topics/{topic}/poll?after=CURSOR`, and the path of the published sample.

use bytes::Bytes;
use http::header::IF_NONE_MATCH;
use pushbench_protocol::compression::is_body_coded;
use pushbench_protocol::headers::{AnswerMark, AnswerStatus, tagged};
use pushbench_protocol::paths::KAAZING_TOPIC;
use pushbench_protocol::{Cursor, Deliver, Unchanged};

use super::bodies::Span;
use super::fields::Fields;
use super::refusal::Refusal;
use super::request::Request;
use super::response::{Content, PollResponse, Response};
use super::rules::Rules;
use crate::hub::{Hub, Hubs, PollAnswer, PollBody, PollSettings, TopicId};

/// The published sample has no cursor, so it can only ask for the newest, again and again.
const SAMPLE: PollSettings =
    PollSettings { deliver: Deliver::Latest, unchanged: Unchanged::Resend };

pub(super) fn poll<F: Fields + ?Sized>(
    rules: &Rules,
    request: &Request<'_, F>,
    hubs: &impl Hubs,
) -> Result<Response, Refusal> {
    let topic = request.topic_name()?;
    let after = request.after()?.unwrap_or(Cursor::OLDEST);
    let (after, settings) = match rules.poll.unchanged {
        Unchanged::Resend | Unchanged::Empty => (after, rules.poll),
        // Without a tag of ours the request is unconditional (RFC 9110, section 13.1.2).
        Unchanged::NotModified => match tag(request.fields) {
            Some(tag) => (tag, rules.poll),
            None => (after, PollSettings { unchanged: Unchanged::Resend, ..rules.poll }),
        },
    };
    let takes_coded = rules.bodies.are_accepted(request.fields);
    let asking = Asking { takes_coded, topic, after };
    let found = hubs.with(|hub| ask(hub, asking, settings));
    Ok(found.response(rules, asking, |next, gap| mark(rules.poll, next, gap)))
}

pub(super) fn sample_poll<F: Fields + ?Sized>(
    rules: &Rules,
    request: &Request<'_, F>,
    hubs: &impl Hubs,
) -> Response {
    let takes_coded = rules.bodies.are_accepted(request.fields);
    let asking = Asking { takes_coded, topic: KAAZING_TOPIC, after: Cursor::OLDEST };
    let found = hubs.with(|hub| ask(hub, asking, SAMPLE));
    found.response(rules, asking, |next, gap| mark(SAMPLE, next, gap))
}

/// A poll, as far as its content depends on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking<'a> {
    pub(super) takes_coded: bool,
    pub(super) topic: &'a str,
    pub(super) after: Cursor,
}

/// What the hub has for a poll.
#[derive(Debug)]
pub(super) struct Found(PollAnswer);

/// Polling creates no topic.
fn ask(hub: &mut Hub, asking: Asking<'_>, settings: PollSettings) -> Found {
    let topic = hub.find(asking.topic);
    let answer = hub.answer_poll(topic, asking.after, settings);
    Found::of(hub, topic, answer, asking.takes_coded)
}

impl Found {
    /// Has the topic stay where its messages are to be read later. Those that are to be compressed
    /// are read at once.
    pub(super) fn of(
        hub: &mut Hub,
        topic: Option<TopicId>,
        mut answer: PollAnswer,
        takes_coded: bool,
    ) -> Self {
        if let Some(topic) = topic
            && let PollAnswer::Messages { body, .. } = &mut answer
            && let PollBody::Pieces(pieces) = *body
        {
            if takes_coded && is_body_coded(pieces.bytes, pieces.to - pieces.from, 0) {
                let all = (pieces.from..pieces.to).map_while(|at| hub.piece(topic, at));
                *body = PollBody::Whole(all.collect::<Vec<_>>().concat().into());
            } else {
                hub.stay(topic);
            }
        }
        Self(answer)
    }

    /// Makes a response of it; `mark` says where the client stands, after a gap.
    pub(super) fn response(
        self,
        rules: &Rules,
        asking: Asking<'_>,
        mark: impl FnOnce(Cursor, u64) -> AnswerMark,
    ) -> Response {
        let (status, body, next, gap) = match self.0 {
            PollAnswer::Messages { body, next, gap } => (AnswerStatus::Messages, body, next, gap),
            PollAnswer::Empty { next } => (AnswerStatus::Empty, NOTHING, next, 0),
            PollAnswer::NotModified { next } => (AnswerStatus::NotModified, NOTHING, next, 0),
        };
        let Asking { takes_coded, topic, after } = asking;
        // The newest message is the same wherever the client stands.
        let after = if rules.poll.deliver == Deliver::Latest { Cursor::OLDEST } else { after };
        let content = match body {
            PollBody::Whole(plain) => {
                rules.bodies.content(takes_coded, Span { topic, after, next }, plain)
            }
            PollBody::Pieces(pieces) => Content::Pieces(pieces),
        };
        Response::Poll(PollResponse { status, content, mark: mark(next, gap) })
    }
}

const NOTHING: PollBody = PollBody::Whole(Bytes::new());

/// Says where the client stands, where its next poll will have to say so.
fn mark(settings: PollSettings, next: Cursor, gap: u64) -> AnswerMark {
    AnswerMark::of_short_poll(settings.deliver, settings.unchanged, next, gap)
}

/// The cursor in `If-None-Match`, if the field is one tag of ours.
fn tag<F: Fields + ?Sized>(fields: &F) -> Option<Cursor> {
    tagged(fields.first(&IF_NONE_MATCH)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_where_the_client_stands_only_where_its_next_poll_must() {
        use Deliver::{Every, Latest};
        use Unchanged::{Empty, NotModified, Resend};
        for (deliver, unchanged, cursor, tag) in [
            (Every, Resend, true, false),
            (Every, Empty, true, false),
            (Every, NotModified, true, true),
            (Latest, Resend, false, false),
            (Latest, Empty, true, false),
            (Latest, NotModified, false, true),
        ] {
            let mark = mark(PollSettings { deliver, unchanged }, Cursor::OLDEST, 0);
            assert_eq!(mark.cursor.is_some(), cursor, "{deliver} {unchanged}");
            assert_eq!(mark.tag.is_some(), tag, "{deliver} {unchanged}");
        }
    }
}
