//! The model's figures for a trial: from the scenario to `wire::model`. Pure.

use std::collections::BTreeMap;

use pushbench_load::Plan;
use pushbench_protocol::heads::{
    AnswerMark, AnswerStatus, HeadTarget, StreamKind, accepted_head_len,
};
use pushbench_protocol::{Cursor, Deliver, PollTiming, Unchanged};
use pushbench_scenario::{Arrivals, Scenario, ShortPoll, Transport, TransportSettings};
use pushbench_wire::model::{Link, LongPollWork, NudgeWork, PollWork, PushWork, Situation};
use pushbench_wire::segments::SegmentHeaders;

/// What the model predicts for a transport of a scenario whose server is addressed as `host`.
pub(crate) fn predict(
    scenario: &Scenario,
    transport: &Transport,
    host: &str,
    headers: SegmentHeaders,
) -> BTreeMap<String, f64> {
    let workload = &scenario.workload;
    let situation = Situation {
        clients: f64::from(workload.clients.get()),
        rate: workload.publish.rate.per_second(),
        poisson: workload.publish.arrivals == Arrivals::Poisson,
        payload: u64::from(workload.payload.bytes),
        deliver: workload.deliver,
        link: Link { headers, mss: scenario.network.mss },
    };
    let topic = Plan::topic_name(0);
    let request = &scenario.headers.request;
    let cookie_bytes = scenario.headers.cookie_bytes;
    let upgrade = |path: &str| {
        let target = HeadTarget { path, host, cookie_bytes };
        let key = " ".repeat(24);
        PushWork {
            request_head: request.upgrade(target, &key).bytes.len() as u64,
            answer_head: accepted_head_len(None) as u64,
        }
    };
    match transport.settings {
        TransportSettings::ShortPoll(poll) => {
            let path = topic.poll_path(Cursor::OLDEST);
            let target = HeadTarget { path: &path, host, cookie_bytes };
            let conditional = poll.unchanged == Unchanged::NotModified;
            let head = request.poll(target, conditional);
            situation.short_poll(PollWork {
                interval: poll.interval.as_secs_f64(),
                random_phase: match poll.timing {
                    PollTiming::Schedule | PollTiming::AfterAnswer => true,
                    PollTiming::Aligned => false,
                },
                unchanged: poll.unchanged,
                request_head: head.bytes().len() as u64,
                answer_head: &|body| answer_head_len(scenario, poll, body),
            })
        }
        TransportSettings::LongPoll(poll) => {
            let path = topic.long_poll_path(Cursor::OLDEST, poll.hold);
            let target = HeadTarget { path: &path, host, cookie_bytes };
            situation.long_poll(LongPollWork {
                hold: poll.hold.duration().as_secs_f64(),
                request_head: request.poll(target, false).bytes().len() as u64,
                answer_head: &|body| head_len(scenario, AnswerStatus::Empty, body, PLACE),
            })
        }
        TransportSettings::Sse(_) => {
            let path = topic.events_path();
            let target = HeadTarget { path: &path, host, cookie_bytes };
            situation.sse(PushWork {
                request_head: request.events(target).len() as u64,
                answer_head: stream_head_len(scenario, StreamKind::Events),
            })
        }
        TransportSettings::Stream(_) => {
            let path = topic.stream_path(Cursor::OLDEST);
            let target = HeadTarget { path: &path, host, cookie_bytes };
            situation.stream(PushWork {
                request_head: request.poll(target, false).bytes().len() as u64,
                answer_head: stream_head_len(scenario, StreamKind::Lines),
            })
        }
        TransportSettings::WebSocket(_) => {
            situation.websocket(upgrade(&topic.websocket_path(Cursor::OLDEST)))
        }
        TransportSettings::Nudge(_) => {
            let path = topic.poll_path(Cursor::OLDEST);
            let target = HeadTarget { path: &path, host, cookie_bytes };
            situation.nudge(NudgeWork {
                push: upgrade(&topic.nudge_path(Cursor::OLDEST)),
                request_head: request.poll(target, false).bytes().len() as u64,
                answer_head: &|body| head_len(scenario, AnswerStatus::Empty, body, PLACE),
            })
        }
    }
}

/// What an answer says that gives a cursor and nothing else.
const PLACE: AnswerMark = AnswerMark { cursor: Some(Cursor::OLDEST), tag: None, gap: 0 };

fn stream_head_len(scenario: &Scenario, kind: StreamKind) -> u64 {
    scenario.headers.response.stream_head_len(kind, PLACE) as u64
}

/// Length of an answer's head; `None` is an answer without news and without a body.
fn answer_head_len(scenario: &Scenario, poll: ShortPoll, body: Option<u64>) -> u64 {
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
    head_len(scenario, without_news, body, mark)
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
