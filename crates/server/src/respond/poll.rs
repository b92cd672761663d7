//! Polls: `GET /topics/{topic}/poll?after=CURSOR`, and the path of the published sample.

use std::sync::Arc;

use axum::extract::{Request, State};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue, IF_NONE_MATCH};
use pushbench_protocol::heads::{AnswerMark, AnswerStatus, WEAK};
use pushbench_protocol::paths::KAAZING_TOPIC;
use pushbench_protocol::{ConnectionClass, Cursor, Deliver, Unchanged};

use super::bodies::{Body, MOST_CODED, Span};
use super::{App, after, connection, topic_name};
use crate::engine::axum::answer::{Answer, Refusal};
use crate::engine::axum::pieces;
use crate::exchange::Answered;
use crate::hub::{Pieces, PollAnswer, PollBody, PollSettings};

/// The published sample has no cursor, so it can only ask for the newest, again and again.
const KAAZING: PollSettings =
    PollSettings { deliver: Deliver::Latest, unchanged: Unchanged::Resend };

pub(super) async fn poll(State(app): State<Arc<App>>, request: Request) -> Answer {
    connection(&request).connection.classify(ConnectionClass::ShortPoll);
    app.answer(answer(&app, &request))
}

pub(super) async fn kaazing_poll(State(app): State<Arc<App>>, request: Request) -> Answer {
    connection(&request).connection.classify(ConnectionClass::ShortPoll);
    let answer = app.exchange.answer_poll(KAAZING_TOPIC, Cursor::OLDEST, KAAZING);
    let takes_coded = app.bodies.are_accepted(request.headers());
    let asked = Asking { takes_coded, topic: KAAZING_TOPIC, after: Cursor::OLDEST };
    write(&app, asked, answer, |next, gap| mark(KAAZING, next, gap))
}

fn answer(app: &App, request: &Request) -> Result<Answer, Refusal> {
    let topic = topic_name(request)?;
    let after = after(request)?.unwrap_or(Cursor::OLDEST);
    let (after, settings) = match app.poll.unchanged {
        Unchanged::Resend | Unchanged::Empty => (after, app.poll),
        // Without a tag of ours the request is unconditional (RFC 9110, section 13.1.2).
        Unchanged::NotModified => match tag(request.headers()) {
            Some(tag) => (tag, app.poll),
            None => (after, PollSettings { unchanged: Unchanged::Resend, ..app.poll }),
        },
    };
    let answer = app.exchange.answer_poll(topic.as_str(), after, settings);
    let takes_coded = app.bodies.are_accepted(request.headers());
    let asked = Asking { takes_coded, topic: topic.as_str(), after };
    Ok(write(app, asked, answer, |next, gap| mark(app.poll, next, gap)))
}

/// A poll, as far as its answer's body depends on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking<'a> {
    pub(super) takes_coded: bool,
    pub(super) topic: &'a str,
    pub(super) after: Cursor,
}

/// Puts the hub's answer on the wire; `mark` says where the client stands, after a gap.
pub(super) fn write(
    app: &App,
    asking: Asking<'_>,
    answered: Answered,
    mark: impl FnOnce(Cursor, u64) -> AnswerMark,
) -> Answer {
    let Answered { answer, reader } = answered;
    let nothing = PollBody::Whole(Bytes::new());
    let (status, body, next, gap) = match answer {
        PollAnswer::Messages { body, next, gap } => (AnswerStatus::Messages, body, next, gap),
        PollAnswer::Empty { next } => (AnswerStatus::Empty, nothing, next, 0),
        PollAnswer::NotModified { next } => (AnswerStatus::NotModified, nothing, next, 0),
    };
    let Asking { takes_coded, topic, after } = asking;
    // The newest message is the same wherever the client stands.
    let after = if app.poll.deliver == Deliver::Latest { Cursor::OLDEST } else { after };
    let span = Span { topic, after, next };
    let content = match (body, reader) {
        (PollBody::Whole(content), _) => content,
        (PollBody::Pieces(pieces), Some(reader)) => {
            let is_coded = takes_coded && pieces.bytes <= MOST_CODED;
            match is_coded.then(|| pieces::whole(&reader, pieces)).flatten() {
                Some(content) => content,
                None => {
                    let body = pieces::body(reader, Arc::clone(&app.books), pieces);
                    return in_pieces(app, pieces, body, mark(next, gap));
                }
            }
        }
        (PollBody::Pieces(_), None) => unreachable!("pieces come with their reader"),
    };
    let content = app.bodies.body(takes_coded, span, content);
    app.heads.answer(status, content, mark(next, gap))
}

/// An answer with a body that is not here yet.
fn in_pieces(app: &App, pieces: Pieces, body: axum::body::Body, mark: AnswerMark) -> Answer {
    let nothing = Body { bytes: Bytes::new(), is_coded: false };
    let mut answer = app.heads.answer(AnswerStatus::Messages, nothing, mark);
    // In its place: the map keeps the order of first insertion.
    answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(pieces.bytes));
    *answer.body_mut() = body;
    answer
}

/// Says where the client stands, where its next poll will have to say so.
fn mark(settings: PollSettings, next: Cursor, gap: u64) -> AnswerMark {
    let by_cursor = settings.deliver == Deliver::Every || settings.unchanged == Unchanged::Empty;
    let by_tag = settings.unchanged == Unchanged::NotModified;
    AnswerMark { cursor: by_cursor.then_some(next), tag: by_tag.then_some(next), gap }
}

/// The cursor in `If-None-Match`, if the field is one tag of ours, weak or not: here the two are
/// compared without a difference (RFC 9110, section 13.1.2).
fn tag(fields: &HeaderMap) -> Option<Cursor> {
    let value = fields.get(IF_NONE_MATCH)?.as_bytes();
    let value = value.strip_prefix(WEAK.as_bytes()).unwrap_or(value);
    Cursor::decode(value.strip_prefix(b"\"")?.strip_suffix(b"\"")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_tag_of_ours_counts() {
        for (value, expected) in [
            ("\"0000000000000000\"", Some(Cursor::OLDEST)),
            ("W/\"0000000000000000\"", Some(Cursor::OLDEST)),
            ("w/\"0000000000000000\"", None),
            ("0000000000000000", None),
            ("\"other\"", None),
            ("*", None),
            ("\"", None),
        ] {
            let fields = [(IF_NONE_MATCH, value.parse().expect("a value"))].into_iter().collect();
            assert_eq!(tag(&fields), expected, "{value}");
        }
    }

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
