//! What the server says of itself: `/`, `/stats`, `/metrics`, `/ends` and `/healthz`.

use std::num::NonZeroU32;
use std::str::FromStr;

use bytes::Bytes;
use pushbench_protocol::paths::{TOPICS, TopicNameError};
use pushbench_protocol::{Cursor, ServerStats, TopicName};

use super::fields::Fields;
use super::metrics::exposition;
use super::refusal::Refusal;
use super::request::Request;
use super::response::Response;
use crate::hub::{HubLevels, Hubs};

const TEXT: &str = "text/plain; charset=utf-8";

/// What is said of the books.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Report {
    /// All of them, as JSON.
    Stats,
    /// The same for Prometheus.
    Metrics,
}

impl Report {
    /// The page of these books; `connections` is how many may be open at once.
    pub(crate) fn page(
        self,
        stats: &ServerStats,
        levels: &HubLevels,
        connections: NonZeroU32,
    ) -> Response {
        match self {
            Self::Stats => {
                let stats = serde_json::to_vec(stats).expect("the books are plain data");
                page("application/json", stats)
            }
            // Version 0.0.4 of the format.
            Self::Metrics => page(
                "text/plain; version=0.0.4; charset=utf-8",
                exposition(stats, levels, connections),
            ),
        }
    }
}

/// Where topics end, for whoever is to begin there: one call for many, and a control call, so that
/// it is in no transport's books. Asking creates no topic; one that nobody has used ends at the oldest
/// place.
pub(super) fn ends<F: Fields + ?Sized>(
    request: &Request<'_, F>,
    hubs: &impl Hubs,
) -> Result<Response, Refusal> {
    let TopicNames(topics) = request.parameter(TOPICS)?.unwrap_or_default();
    let lines = hubs.with(|hub| {
        let end = |topic: &TopicName| {
            hub.find(topic.as_str()).map_or(Cursor::OLDEST, |topic| hub.end(topic))
        };
        topics.iter().map(|topic| format!("{}\n", end(topic))).collect::<String>()
    });
    Ok(page(TEXT, lines))
}

/// Names with commas between them.
#[derive(Default)]
struct TopicNames(Vec<TopicName>);

impl FromStr for TopicNames {
    type Err = TopicNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',').map(TopicName::new).collect::<Result<_, _>>().map(Self)
    }
}

pub(super) fn healthz() -> Response {
    page(TEXT, "ok\n")
}

/// Says what this is and what there is.
pub(super) fn index() -> Response {
    page(TEXT, INDEX)
}

/// The cursor after a message that was taken.
pub(super) fn cursor(cursor: Cursor) -> Response {
    page(TEXT, cursor.encode().to_vec())
}

fn page(content_type: &'static str, content: impl Into<Bytes>) -> Response {
    Response::Page { content_type, content: content.into() }
}

const INDEX: &str = "\
This is a pushbench server: it offers the same messages by polling and by push.

POST /topics/{topic}/messages                     publish the body
GET  /topics/{topic}/poll?after=CURSOR            short poll
GET  /topics/{topic}/long-poll?after=CURSOR&hold=25s
                                                  long poll; 204 when the hold ends
GET  /topics/{topic}/events                       server-sent events; resumes by Last-Event-ID
GET  /topics/{topic}/stream?after=CURSOR          lines, chunked
GET  /topics/{topic}/ws?after=CURSOR              WebSocket
GET  /ends?topics=TOPIC,TOPIC                     the ends of topics: a cursor per line
GET  /stats                                       the server's own books, JSON
GET  /metrics                                     the same for Prometheus
GET  /healthz                                     liveness
";
