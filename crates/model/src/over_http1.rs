//! What the model predicts over HTTP/1.1: an exchange costs the same each time. Pure.

use std::collections::BTreeMap;

use pushbench_protocol::{
    Brings, Compression, Cursor, DeflateTerms, Deliver, Hold, TopicName, Unchanged,
};
use pushbench_scenario::{Scenario, ShortPoll, TransportSettings};

use crate::flow::mean_figures;
use crate::headers::{Client, Coding, Mark, Server, Status, StreamOf, accepted_len};
use crate::situation::Situation;
use crate::sizes::{CodedBodies, Span, deflated_lens};
use crate::streamed::Streamed;
use crate::subject::{Course, Subject, conflated, fetched, finds, held_finds, random_interval};
use crate::work::{Coded, LongPollWork, NudgeWork, PollWork, PushWork};

/// The figures of a transport over HTTP/1.1.
pub(crate) fn predict(
    subject: &Subject<'_>,
    situation: Situation,
    course: Course<'_>,
) -> BTreeMap<String, f64> {
    let Subject { scenario, transport, host, .. } = *subject;
    let topic = TopicName::numbered(0);
    let request = scenario.headers.request_of(transport.carriage.client);
    let client = Client {
        file: &request,
        host,
        secure: situation.link.tls.is_some(),
        cookie_bytes: scenario.headers.cookie_bytes,
    };
    let heartbeat = transport.settings.heartbeat().map(|every| every.as_secs_f64());
    let conflated = conflated(transport.settings, course);
    let upgrade = |path: &str, terms: Option<DeflateTerms>| PushWork {
        request_head: client.upgrade(path, terms).len(),
        answer_head: accepted_len(terms),
        heartbeat,
        conflated,
    };
    let coded_stream = |streamed: Streamed, work: PushWork| {
        let lens = streamed.lens(scenario, course.span());
        let of_len = |payload| Situation { payload, ..situation }.coded_stream(work, lens.sign);
        mean_figures(&lens.messages, of_len)
    };
    let settings = transport.settings;
    if let Some(poll) = settings.timer() {
        let path = topic.poll_path(Cursor::OLDEST);
        let conditional = poll.unchanged == Unchanged::NotModified;
        let answers = Answers::of_short_polls(scenario, course.span(), poll);
        let Some(finds) = finds(&situation, poll, course) else { return BTreeMap::new() };
        return situation.short_poll(PollWork {
            finds: &finds,
            random_interval: random_interval(poll),
            unchanged: poll.unchanged,
            connection: poll.connection,
            request_head: client.poll(&path, conditional, poll.compression).len(),
            answer_head: &|body| answers.head(body, false),
            coded: Coded {
                body: &|messages| answers.coded(messages),
                head: &|body| answers.head(Some(body), true),
            },
            first_poll: transport.carriage.client.has_own_sockets().then(|| {
                let request = client.poll(&path, conditional, poll.compression).len();
                [request, answers.before_any_message(scenario.workload.deliver)]
            }),
        });
    }
    if let Some(poll) = settings.long_poll() {
        let path = topic.long_poll_path(Cursor::OLDEST, poll.hold);
        let answers = Answers {
            server: Server { file: &scenario.headers.response, offered: poll.compression },
            mark: PLACE,
            when_empty: Status::NoContent,
            bodies: CodedBodies::where_any(scenario, course.span(), poll.compression),
        };
        return situation.long_poll(LongPollWork {
            finds: &held_finds(&situation, poll, course),
            connection: poll.connection,
            request_head: client.poll(&path, false, poll.compression).len(),
            answer_head: &|body| answers.head(body, false),
            coded: Coded {
                body: &|messages| answers.coded(messages),
                head: &|body| answers.head(Some(body), true),
            },
        });
    }
    let kind = settings.kind();
    let path = kind.opening().path(&topic, Cursor::OLDEST, Hold::USUAL);
    let coding = settings.content_coding();
    let streamed = |of, request_head, plain: fn(&Situation, PushWork) -> BTreeMap<String, f64>| {
        let answer_head = stream_head_len(scenario, of, settings);
        let work = PushWork { request_head, answer_head, heartbeat, conflated };
        match Streamed::of(settings) {
            None => plain(&situation, work),
            Some(streamed) => coded_stream(streamed, work),
        }
    };
    match kind.opening().brings {
        Brings::Events => {
            let request_head = client.events(&path, coding).len();
            streamed(StreamOf::Events, request_head, Situation::sse)
        }
        Brings::Lines => {
            let request_head = client.poll(&path, false, coding).len();
            streamed(StreamOf::Lines, request_head, Situation::stream)
        }
        Brings::Frames if kind.polls() => {
            let answers = Answers {
                server: Server { file: &scenario.headers.response, offered: Compression::None },
                mark: PLACE,
                when_empty: Status::NoContent,
                bodies: None,
            };
            let poll = topic.poll_path(Cursor::OLDEST);
            let (notices, finds) = fetched(&situation, course);
            situation.nudge(NudgeWork {
                push: upgrade(&path, None),
                notices,
                finds: &finds,
                request_head: client.poll(&poll, false, Compression::None).len(),
                answer_head: &|body| answers.head(body, false),
            })
        }
        Brings::Frames => match settings.deflate() {
            None => situation.websocket(upgrade(&path, None)),
            Some(deflate) => {
                let work = upgrade(&path, Some(deflate.terms()));
                // To everything below the messages they are as long as they are compressed.
                let of_len = |payload| Situation { payload, ..situation }.websocket(work);
                let lens = deflated_lens(scenario, course.span(), settings.conflate(), deflate);
                mean_figures(&lens, of_len)
            }
        },
        Brings::Responses => unreachable!("whoever polls has options of polls"),
    }
}

/// Answers to polls: their heads, and their bodies where they are compressed.
struct Answers<'a> {
    server: Server<'a>,
    mark: Mark,
    when_empty: Status,
    bodies: Option<CodedBodies<'a>>,
}

impl<'a> Answers<'a> {
    fn of_short_polls(scenario: &'a Scenario, span: Span, poll: ShortPoll) -> Self {
        let deliver = scenario.workload.deliver;
        Self {
            server: Server { file: &scenario.headers.response, offered: poll.compression },
            mark: Mark::of_short_poll(deliver, poll.unchanged, Cursor::OLDEST),
            when_empty: match poll.unchanged {
                Unchanged::NotModified => Status::NotModified,
                Unchanged::Empty | Unchanged::Resend => Status::NoContent,
            },
            bodies: CodedBodies::where_any(scenario, span, poll.compression),
        }
    }

    /// Length of an answer's head; `None` is an answer without news and without a body.
    fn head(&self, body: Option<u64>, is_coded: bool) -> u64 {
        let status = if body.is_some() { Status::Ok } else { self.when_empty };
        let coding = Coding::of(is_coded);
        self.server.response_len(status, body.unwrap_or(0), self.mark, coding)
    }

    /// The same of an answer to a poll before any message. There is no newest one that the client could
    /// have or be sent again; where every message counts, it has all that there are.
    fn before_any_message(&self, deliver: Deliver) -> u64 {
        let status = match deliver {
            Deliver::Latest => Status::NoContent,
            Deliver::Every => self.when_empty,
        };
        self.server.response_len(status, 0, self.mark, Coding::of(false))
    }

    /// Length of a compressed body with so many messages.
    fn coded(&self, messages: u64) -> Option<u64> {
        self.bodies.as_ref()?.len(messages)
    }
}

/// What an answer says that gives a cursor and nothing else.
const PLACE: Mark = Mark::cursor(Cursor::OLDEST);

fn stream_head_len(scenario: &Scenario, of: StreamOf, settings: TransportSettings) -> u64 {
    let server = Server { file: &scenario.headers.response, offered: settings.content_coding() };
    let coding = Coding::of(settings.stream_compression().is_some());
    server.stream_len(of, Cursor::OLDEST, coding)
}
