//! The model's figures for a trial: from the scenario to the model of one exchange. Pure.

use std::collections::BTreeMap;

use crate::{
    Coded, Conflated, Finds, Link, LongPollWork, NudgeWork, PollWork, PushWork, Situation, TlsLink,
};
use pushbench_protocol::heads::{
    AnswerMark, AnswerStatus, HeadTarget, PollFields, StreamKind, accepted_head_len,
};
use pushbench_protocol::{
    Compression, Cursor, Deliver, HttpVersion, PollTiming, TopicName, Unchanged,
};
use pushbench_scenario::{Arrivals, LongPoll, Scenario, ShortPoll, Transport, TransportSettings};
use pushbench_wire::segments::SegmentHeaders;

use crate::compressed::{Compressed, said_of_coding};
use crate::predict_http2;
use crate::schedule::Schedule;
use crate::sizes::{CodedBodies, Span, deflated_lens};
use crate::streamed::Streamed;

/// What is predicted: a transport of a scenario, and what it is carried over.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The work. Of a plan its window (warm-up, measure phase) and its seed say nothing.
    pub scenario: &'a Scenario,
    /// One of its transports.
    pub transport: &'a Transport,
    /// How the server is addressed.
    pub host: &'a str,
    /// Headers of each segment.
    pub headers: SegmentHeaders,
    /// TLS, if there is any.
    pub tls: Option<TlsLink>,
    /// When it begins (RFC 3339): the digits of a date are not all equally long.
    pub started_at: &'a str,
}

/// How often things happen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Course<'a> {
    /// By the laws of rates. Only compressors ask how long: one that has just begun does worse.
    Rates(Span),
    /// As a trial's schedule has it.
    Schedule(&'a Schedule<'a>),
    /// As often as it was seen to happen in a trial with this schedule.
    Seen(&'a Schedule<'a>, Seen),
}

/// What was seen to happen in the measure phase of a trial.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seen {
    /// Polls.
    pub polls: u64,
    /// Of those, the ones that brought nothing new.
    pub empty: u64,
    /// Messages that reached clients.
    pub deliveries: u64,
}

impl Seen {
    /// What the polls found: nothing, or the mean number of messages.
    fn finds(self, client_seconds: f64) -> Finds {
        let mut found = BTreeMap::from([(0, self.empty)]);
        let with_some = self.polls.saturating_sub(self.empty);
        if let Some(each) = self.deliveries.checked_div(with_some) {
            // As many with one more as there are messages over.
            let more = self.deliveries - each * with_some;
            *found.entry(each).or_default() += with_some - more;
            *found.entry(each + 1).or_default() += more;
        }
        Finds::counted(&found, client_seconds)
    }
}

impl Course<'_> {
    pub(crate) fn span(self) -> Span {
        match self {
            Self::Rates(span) => span,
            Self::Schedule(_) | Self::Seen(..) => Span::Trial,
        }
    }
}

/// What the model predicts where so many messages a second are published in each topic, 0 for none.
pub fn predict_rates(subject: &Subject<'_>, rate: f64) -> BTreeMap<String, f64> {
    predict(subject, rate, Course::Rates(Span::Endless))
}

/// The same in a window as long as a trial's, where a compressor begins anew.
pub fn predict_rates_of_trial(subject: &Subject<'_>, rate: f64) -> BTreeMap<String, f64> {
    predict(subject, rate, Course::Rates(Span::Trial))
}

/// What the model predicts for a trial: for the messages and polls that its schedule has in store.
pub fn predict_trial(subject: &Subject<'_>) -> BTreeMap<String, f64> {
    let schedule = Schedule::of(subject.scenario);
    predict(subject, schedule.rate(), Course::Schedule(&schedule))
}

/// What the model predicts for as much as was seen to happen in a trial.
pub fn predict_seen(
    subject: &Subject<'_>,
    schedule: &Schedule<'_>,
    seen: Seen,
) -> BTreeMap<String, f64> {
    let rate = seen.deliveries as f64 / schedule.client_seconds();
    predict(subject, rate, Course::Seen(schedule, seen))
}

fn predict(subject: &Subject<'_>, rate: f64, course: Course<'_>) -> BTreeMap<String, f64> {
    let Subject { scenario, transport, headers, tls, .. } = *subject;
    let workload = &scenario.workload;
    let situation = Situation {
        clients: f64::from(workload.clients.get()),
        rate,
        poisson: workload.publish.arrivals == Arrivals::Poisson,
        payload: u64::from(workload.payload.bytes),
        deliver: workload.deliver,
        link: Link { headers, mss: scenario.network.mss, tls },
    };
    let mut figures = match transport.carriage.http {
        HttpVersion::Http11 => predict_http1(subject, situation, course),
        HttpVersion::Http2 => predict_http2::predict(subject, situation, course),
    };
    if Compressed::of(transport.settings) != Compressed::Nothing {
        say_what_is_saved(&mut figures, situation.payload as f64);
    }
    for hourly in ["idle_wire_bytes_per_client_hour", "idle_server_cpu_per_client_hour"] {
        if let Some(value) = figures.get_mut(hourly) {
            *value /= f64::from(workload.time_scale.get());
        }
    }
    figures
}

/// What the polls of a timer find.
pub(crate) fn finds(situation: &Situation, poll: ShortPoll, course: Course<'_>) -> Finds {
    match course {
        Course::Rates(_) => {
            Finds::by_law(poll.interval.as_secs_f64(), situation.rate, situation.poisson)
        }
        Course::Schedule(schedule) => schedule.finds(poll),
        Course::Seen(schedule, seen) => seen.finds(schedule.client_seconds()),
    }
}

/// What polls find that are held.
pub(crate) fn held_finds(situation: &Situation, poll: LongPoll, course: Course<'_>) -> Finds {
    match course {
        Course::Rates(_) => {
            let hold = poll.hold.duration().as_secs_f64();
            Finds::held_by_law(situation.rate, situation.poisson, hold)
        }
        Course::Schedule(schedule) => schedule.held_finds(poll),
        Course::Seen(schedule, seen) => {
            let [with_some, empty] = [seen.polls.saturating_sub(seen.empty), seen.empty]
                .map(|polls| polls as f64 / schedule.client_seconds());
            Finds::held(with_some, empty)
        }
    }
}

/// What conflation leaves, if messages are conflated.
pub(crate) fn conflated(settings: TransportSettings, course: Course<'_>) -> Option<Conflated> {
    let every = settings.conflate()?;
    let sent = match course {
        Course::Rates(_) => None,
        Course::Schedule(schedule) => {
            Some(schedule.conflated(every) as f64 / schedule.client_seconds())
        }
        Course::Seen(schedule, seen) => Some(seen.deliveries as f64 / schedule.client_seconds()),
    };
    Some(Conflated { every: every.as_secs_f64(), sent })
}

fn predict_http1(
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

/// The mean of the figures of messages of several lengths, by how many there are of each: a frame's
/// header and its segments grow in steps, so those of a mean length are not it.
pub(crate) fn mean_figures(
    lens: &BTreeMap<u64, u64>,
    figures_of: impl Fn(u64) -> BTreeMap<String, f64>,
) -> BTreeMap<String, f64> {
    let all = lens.values().sum::<u64>() as f64;
    let mut mean = BTreeMap::new();
    for (&len, &count) in lens {
        for (name, value) in figures_of(len) {
            *mean.entry(name).or_default() += value * count as f64;
        }
    }
    mean.values_mut().for_each(|sum| *sum /= all);
    mean
}

/// Adds what was published to what is on the wire; the goodput is of the former.
fn say_what_is_saved(figures: &mut BTreeMap<String, f64>, published: f64) {
    let Some(&on_the_wire) = figures.get("payload_bytes_per_delivery") else { return };
    figures.insert("uncompressed_payload_bytes_per_delivery".to_owned(), published);
    figures.insert("compression_ratio".to_owned(), published / on_the_wire);
    figures.insert("compression_saved".to_owned(), 1.0 - on_the_wire / published);
    let goodput = figures["deliveries_per_second"] * published * 8.0;
    figures.insert("goodput".to_owned(), goodput);
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
        // As the server marks them: a cursor where the next poll must say it, a tag to be asked by.
        let by_cursor =
            scenario.workload.deliver == Deliver::Every || poll.unchanged == Unchanged::Empty;
        let by_tag = poll.unchanged == Unchanged::NotModified;
        let mark =
            AnswerMark { cursor: by_cursor.then_some(place), tag: by_tag.then_some(place), gap: 0 };
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
