//! What the server says of itself: `/`, `/stats`, `/ends` and `/healthz`.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{Request, State};
use pushbench_protocol::paths::{TOPICS, TopicNameError};
use pushbench_protocol::{ConnectionClass, ServerStats, TopicName};

use super::{App, connection, parameter};
use crate::engine::axum::answer::{Answer, ok};

pub(super) async fn stats(State(app): State<Arc<App>>, request: Request) -> Answer {
    connection(&request).connection.classify(ConnectionClass::Control);
    let stats = serde_json::to_vec(&app.stats()).expect("the books are plain data");
    ok("application/json", stats)
}

/// Where topics end, for whoever is to begin there: one call for many, and a control call, so that
/// it is in no transport's books.
pub(super) async fn ends(State(app): State<Arc<App>>, request: Request) -> Answer {
    connection(&request).connection.classify(ConnectionClass::Control);
    app.answer(parameter::<TopicNames>(&request, TOPICS).map(|topics| {
        let TopicNames(topics) = topics.unwrap_or_default();
        let ends = app.exchange.ends(topics.iter().map(TopicName::as_str));
        let lines: String = ends.iter().map(|end| format!("{end}\n")).collect();
        ok("text/plain; charset=utf-8", lines)
    }))
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

pub(super) async fn healthz(State(_): State<Arc<App>>, request: Request) -> Answer {
    connection(&request).connection.classify(ConnectionClass::Control);
    ok("text/plain; charset=utf-8", "ok\n")
}

/// Says what this is and what there is.
pub(super) async fn index(State(_): State<Arc<App>>, request: Request) -> Answer {
    connection(&request).connection.classify(ConnectionClass::Control);
    ok("text/plain; charset=utf-8", INDEX)
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
GET  /ends?topics=TOPIC,TOPIC                     where topics end: a cursor per line
GET  /stats                                       the server's own books, JSON
GET  /metrics                                     the same for Prometheus
GET  /healthz                                     liveness
";

impl App {
    /// The server's books as they stand.
    pub(crate) fn stats(&self) -> ServerStats {
        let counts = self.exchange.counts();
        ServerStats {
            connections: self.books.stats(),
            published: counts.published,
            sent_messages: counts.sent_messages,
            superseded: counts.superseded,
            dropped: counts.dropped,
            disconnected: counts.disconnected,
            refused: self.books.refused(),
            handshakes: self.books.handshakes(),
        }
    }
}
