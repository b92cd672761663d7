//! What the model predicts over HTTP/1.1: an exchange costs the same each time. Pure.

use std::collections::BTreeMap;

use pushbench_protocol::heads::{
    AnswerMark, AnswerStatus, HeadTarget, PollFields, StreamKind, accepted_head_len,
};
use pushbench_protocol::{Compression, Cursor, PollTiming, TopicName, Unchanged};
use pushbench_scenario::{Scenario, ShortPoll, TransportSettings};

use crate::compressed::said_of_coding;
use crate::flow::mean_figures;
use crate::situation::Situation;
use crate::sizes::{CodedBodies, Span, deflated_lens};
use crate::streamed::Streamed;
use crate::subject::{Course, Subject, conflated, finds, held_finds};
use crate::work::{Coded, LongPollWork, NudgeWork, PollWork, PushWork};

/// The figures of a transport over HTTP/1.1.
pub(crate) fn predict(
    subject: &Subject<'_>,
    situation: Situation,
    course: Course<'_>,
) -> BTreeMap<String, f64> {
    let Subject { scenario, transport, host, .. } = *subject;
    let topic = TopicName::numbered(0);
    let request = &scenario.headers.request;
    let cookie_bytes = scenario.headers.cookie_bytes;
    let heartbeat = transport.settings.heartbeat().map(|every| every.as_secs_f64());
    let conflated = conflated(transport.settings, course);
    let secure = situation.link.tls.is_some();
    let upgrade = |path: &str| {
        let target = HeadTarget { path, host, secure, cookie_bytes };
        let key = " ".repeat(24);
        PushWork {
            request_head: request.upgrade(target, &key).bytes.len() as u64,
            answer_head: accepted_head_len(None) as u64,
            heartbeat,
            conflated,
        }
    };
    let coded_stream = |streamed: Streamed, work: PushWork| {
        let lens = streamed.lens(scenario, course.span());
        let of_len = |payload| Situation { payload, ..situation }.coded_stream(work, lens.sign);
        mean_figures(&lens.messages, of_len)
    };
    match transport.settings {
        TransportSettings::ShortPoll(poll) => {
            let path = topic.poll_path(Cursor::OLDEST);
            let target = HeadTarget { path: &path, host, secure, cookie_bytes };
            let conditional = poll.unchanged == Unchanged::NotModified;
            let compression = poll.compression;
            let head = request.poll_with(target, PollFields { conditional, compression });
            let answers = Answers::of_short_polls(scenario, course.span(), poll);
            situation.short_poll(PollWork {
                finds: &finds(&situation, poll, course),
                interval: poll.interval.as_secs_f64(),
                random_phase: match poll.timing {
                    PollTiming::Schedule | PollTiming::AfterAnswer => true,
                    PollTiming::Aligned => false,
                },
                unchanged: poll.unchanged,
                connection: poll.connection,
                request_head: head.bytes().len() as u64,
                answer_head: &|body| answers.head(body, false),
                coded: Coded {
                    body: &|messages| answers.coded(messages),
                    head: &|body| answers.head(Some(body), true),
                },
            })
        }
        TransportSettings::LongPoll(poll) => {
            let path = topic.long_poll_path(Cursor::OLDEST, poll.hold);
            let target = HeadTarget { path: &path, host, secure, cookie_bytes };
            let fields = PollFields { conditional: false, compression: poll.compression };
            let bodies = CodedBodies::where_any(scenario, course.span(), poll.compression);
            let offered = poll.compression;
            let answers = Answers {
                scenario,
                mark: PLACE,
                without_news: AnswerStatus::Empty,
                offered,
                bodies,
            };
            situation.long_poll(LongPollWork {
                finds: &held_finds(&situation, poll, course),
                connection: poll.connection,
                request_head: request.poll_with(target, fields).bytes().len() as u64,
                answer_head: &|body| answers.head(body, false),
                coded: Coded {
                    body: &|messages| answers.coded(messages),
                    head: &|body| answers.head(Some(body), true),
                },
            })
        }
        TransportSettings::Sse(_) => {
            let path = topic.events_path();
            let target = HeadTarget { path: &path, host, secure, cookie_bytes };
            let head = request.events(target, transport.settings.content_coding());
            let work = PushWork {
                request_head: head.len() as u64,
                answer_head: stream_head_len(scenario, StreamKind::Events, transport.settings),
                heartbeat,
                conflated,
            };
            match Streamed::of(transport.settings) {
                None => situation.sse(work),
                Some(streamed) => coded_stream(streamed, work),
            }
        }
        TransportSettings::Stream(_) => {
            let path = topic.stream_path(Cursor::OLDEST);
            let target = HeadTarget { path: &path, host, secure, cookie_bytes };
            let compression = transport.settings.content_coding();
            let head = request.poll_with(target, PollFields { conditional: false, compression });
            let work = PushWork {
                request_head: head.bytes().len() as u64,
                answer_head: stream_head_len(scenario, StreamKind::Lines, transport.settings),
                heartbeat,
                conflated,
            };
            match Streamed::of(transport.settings) {
                None => situation.stream(work),
                Some(streamed) => coded_stream(streamed, work),
            }
        }
        TransportSettings::WebSocket(socket) => {
            let path = topic.websocket_path(Cursor::OLDEST);
            match socket.deflate {
                None => situation.websocket(upgrade(&path)),
                Some(deflate) => {
                    let target = HeadTarget { path: &path, host, secure, cookie_bytes };
                    let terms = deflate.terms();
                    let key = " ".repeat(24);
                    let head = request.upgrade_offering(target, &key, Some(terms));
                    let work = PushWork {
                        request_head: head.bytes.len() as u64,
                        answer_head: accepted_head_len(Some(&terms.answer(false))) as u64,
                        heartbeat,
                        conflated,
                    };
                    // To everything below the messages they are as long as they are compressed.
                    let of_len = |payload| Situation { payload, ..situation }.websocket(work);
                    mean_figures(&deflated_lens(scenario, course.span(), socket, deflate), of_len)
                }
            }
        }
        TransportSettings::Nudge(_) => {
            let path = topic.poll_path(Cursor::OLDEST);
            let target = HeadTarget { path: &path, host, secure, cookie_bytes };
            situation.nudge(NudgeWork {
                push: upgrade(&topic.nudge_path(Cursor::OLDEST)),
                request_head: request.poll(target, false).bytes().len() as u64,
                answer_head: &|body| head_len(scenario, AnswerStatus::Empty, body, PLACE),
            })
        }
    }
}

/// Answers to polls: their heads, and their bodies where they are compressed.
struct Answers<'a> {
    scenario: &'a Scenario,
    mark: AnswerMark,
    without_news: AnswerStatus,
    offered: Compression,
    bodies: Option<CodedBodies>,
}

impl<'a> Answers<'a> {
    fn of_short_polls(scenario: &'a Scenario, span: Span, poll: ShortPoll) -> Self {
        let place = Cursor::OLDEST;
        let deliver = scenario.workload.deliver;
        let mark = AnswerMark::of_short_poll(deliver, poll.unchanged, place, 0);
        let without_news = match poll.unchanged {
            Unchanged::NotModified => AnswerStatus::NotModified,
            Unchanged::Empty | Unchanged::Resend => AnswerStatus::Empty,
        };
        let bodies = CodedBodies::where_any(scenario, span, poll.compression);
        Self { scenario, mark, without_news, offered: poll.compression, bodies }
    }

    /// Length of an answer's head; `None` is an answer without news and without a body.
    fn head(&self, body: Option<u64>, is_coded: bool) -> u64 {
        let status = if body.is_some() { AnswerStatus::Messages } else { self.without_news };
        let response = &self.scenario.headers.response;
        let more = response.coding_len(status, self.offered, is_coded, self.mark);
        head_len(self.scenario, self.without_news, body, self.mark) + more as u64
    }

    /// Length of a compressed body with so many messages.
    fn coded(&self, messages: u64) -> Option<u64> {
        self.bodies.as_ref()?.len(messages)
    }
}

/// What an answer says that gives a cursor and nothing else.
const PLACE: AnswerMark = AnswerMark { cursor: Some(Cursor::OLDEST), tag: None, gap: 0 };

fn stream_head_len(scenario: &Scenario, kind: StreamKind, settings: TransportSettings) -> u64 {
    let coding = said_of_coding(settings);
    scenario.headers.response.stream_head_len(kind, PLACE, coding) as u64
}

fn head_len(
    scenario: &Scenario,
    without_news: AnswerStatus,
    body: Option<u64>,
    mark: AnswerMark,
) -> u64 {
    let status = if body.is_some() { AnswerStatus::Messages } else { without_news };
    let body = usize::try_from(body.unwrap_or(0)).unwrap_or(usize::MAX);
    scenario.headers.response.head_len(status, body, mark) as u64
}
