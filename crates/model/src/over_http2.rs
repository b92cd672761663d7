//! What the model predicts over HTTP/2: polls of some connections, played exchange by exchange, since
//! a head's length depends on those before it. What is played says what a poll costs that finds so
//! many messages; how many there are of those is counted over all clients, or is the law's. Pure.

mod connections;
mod held_polls;
mod pushes;
mod short_polls;

use std::collections::BTreeMap;

use pushbench_protocol::{Brings, Compression, TlsUse};

use crate::compressed::Compressed;
use crate::http2::{Http2Push, Sign};
use crate::over_http2::connections::Http2;
use crate::situation::Situation;
use crate::sizes::{CodedBodies, deflated_lens};
use crate::streamed::Streamed;
use crate::subject::{Course, Subject};

/// The figures of a transport over HTTP/2.
pub(crate) fn predict(
    subject: &Subject<'_>,
    situation: Situation,
    course: Course<'_>,
) -> BTreeMap<String, f64> {
    let Subject { scenario, transport, host, started_at, .. } = *subject;
    let offered = match Compressed::of(transport.settings) {
        Compressed::Bodies(coding) => coding,
        Compressed::Nothing | Compressed::Streams(_) | Compressed::Messages(_) => Compression::None,
    };
    let bodies = CodedBodies::where_any(scenario, course.span(), offered);
    let model = Http2 {
        scenario,
        situation,
        host,
        secure: match transport.carriage.tls {
            TlsUse::None => false,
            TlsUse::Full | TlsUse::Resumed => true,
        },
        course,
        together: transport.carriage.clients_per_connection.get(),
        started_at: started_at.parse().unwrap_or_default(),
        offered,
        bodies: bodies.as_ref(),
    };
    let plain = BTreeMap::from([(situation.payload, 1)]);
    let settings = transport.settings;
    if let Some(poll) = settings.timer() {
        return model.short_poll(poll);
    }
    if let Some(poll) = settings.long_poll() {
        return model.long_poll(poll);
    }
    if let Some(streamed) = Streamed::of(settings) {
        let lens = streamed.lens(scenario, course.span());
        let sign = lens.sign.map_or(Sign::NONE, Sign::flushed);
        return model.push(&lens.messages, |_| Http2Push::FLUSH, sign, transport);
    }
    match settings.kind().opening().brings {
        Brings::Events => model.push(&plain, |_| Http2Push::EVENT, Sign::COMMENT, transport),
        Brings::Lines => model.push(&plain, |_| Http2Push::LINE, Sign::NONE, transport),
        // Refused where the scenario is read.
        Brings::Frames if settings.kind().polls() => BTreeMap::new(),
        Brings::Frames => {
            let deflated =
                |deflate| deflated_lens(scenario, course.span(), settings.conflate(), deflate);
            let lens = settings.deflate().map(deflated);
            model.push(lens.as_deref().unwrap_or(&plain), Http2Push::frame, Sign::PING, transport)
        }
        Brings::Responses => unreachable!("whoever polls has options of polls"),
    }
}
