//! What becomes of a request: a decision about its head, what the hub holds, the settings and the
//! time, and nothing else. No socket, no clock and no framework is known here.
//!
//! An engine reads requests off its sockets, calls [`respond`] for each and obeys. What takes time is
//! a [`Decision`] too: a body to be read, a poll to be held, a session to go on with.

pub(crate) mod admission;
pub(crate) mod bodies;
mod decision;
pub(crate) mod fields;
mod long_poll;
mod metrics;
mod pages;
mod poll;
pub(crate) mod publish;
mod refusal;
mod request;
mod response;
mod route;
mod rules;
mod stream;
mod subscription;
mod upgrade;

use http::StatusCode;
use http::header::ALLOW;
use pushbench_protocol::{ConnectionClass, Timestamp};

use crate::hub::Hubs;
pub(crate) use decision::{Decided, Decision};
pub(crate) use fields::Fields;
pub(crate) use long_poll::{LongPoll, Polled};
pub(crate) use pages::Report;
pub(crate) use publish::Publish;
pub(crate) use refusal::Refusal;
pub(crate) use request::Request;
pub(crate) use response::{Content, PollResponse, Response};
use route::Route;
pub(crate) use rules::Rules;
pub(crate) use stream::Stream;
pub(crate) use upgrade::Upgrade;

/// Decides what becomes of a request at this moment. `hubs` is asked at most once.
pub(crate) fn respond<F: Fields + ?Sized>(
    rules: &Rules,
    request: &Request<'_, F>,
    hubs: &impl Hubs,
    now: Timestamp,
) -> Decided {
    let mut class = None;
    let decision = decide(rules, request, hubs, now, &mut class);
    Decided { class, decision: decision.unwrap_or_else(Decision::Refuse) }
}

fn decide<F: Fields + ?Sized>(
    rules: &Rules,
    request: &Request<'_, F>,
    hubs: &impl Hubs,
    now: Timestamp,
    class: &mut Option<ConnectionClass>,
) -> Result<Decision, Refusal> {
    admission::admit(request, &rules.hosts)?;
    let path = request.path;
    let route = Route::of(path).ok_or_else(|| {
        Refusal::new(StatusCode::NOT_FOUND, format!("there is nothing at {path}"))
    })?;
    if !route.takes(request.method) {
        let reason = format!("{path} takes no {}", request.method);
        let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, reason);
        return Err(refusal.with(ALLOW, route.methods()));
    }
    *class = route.class();
    Ok(match route {
        Route::Publish => Decision::Publish(publish::publish(rules, request)?),
        Route::Poll => Decision::Respond(poll::poll(rules, request, hubs)?),
        Route::SamplePoll => Decision::Respond(poll::sample_poll(rules, request, hubs)),
        Route::LongPoll => match LongPoll::of(rules, request, now)?.ask(rules, hubs, now)? {
            Polled::Answer(response) => Decision::Respond(response),
            Polled::Wait { topic, then } => Decision::Wait { topic, then },
        },
        Route::Stream(kind) => {
            let stream = stream::stream(rules, request, kind, hubs)?;
            *class = Some(stream.class());
            Decision::Subscribe(stream)
        }
        Route::WebSocket => {
            let upgrade = upgrade::upgrade(rules, request, hubs)?;
            *class = Some(ConnectionClass::WebSocket);
            Decision::Upgrade(upgrade)
        }
        Route::Stats => Decision::Report(Report::Stats),
        Route::Metrics => Decision::Report(Report::Metrics),
        Route::Ends => Decision::Respond(pages::ends(request, hubs)?),
        Route::Healthz => Decision::Respond(pages::healthz()),
        Route::Index => Decision::Respond(pages::index()),
    })
}

/// Reads the target of a request as the routes of a topic do, for the fuzz targets.
pub(crate) fn fuzz_target(path: &str, query: &str) {
    let fields = http::HeaderMap::new();
    let request = Request {
        method: &http::Method::GET,
        path,
        query,
        authority: None,
        version: http::Version::HTTP_11,
        protocol: None,
        fields: &fields,
        listener: None,
    };
    let _ = Route::of(path);
    let _ = request.topic();
    let _ = request.after();
    let _ = request.parameter::<pushbench_protocol::Hold>("hold");
}

#[cfg(test)]
mod tests;
