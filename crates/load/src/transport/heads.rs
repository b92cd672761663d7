//! The heads of polls: what each topic's clients send, but for their cursors.

use pushbench_protocol::heads::{FieldList, PollFields};
use pushbench_protocol::{Cursor, HeadForm, Hold, HttpVersion, RequestHead, Unchanged};

use crate::Plan;
use crate::content_coding::Offer;

/// What polls say in `Accept-Encoding`, which is the same for every topic.
pub(crate) fn offer(plan: &Plan) -> Offer {
    poll_heads(plan).first().map_or_else(Offer::default, |head| Offer::of_head(head.bytes()))
}

/// The same heads as HTTP/2 sends them; empty where it does not.
pub(crate) fn poll_lists(plan: &Plan) -> Vec<FieldList> {
    match plan.carriage.http {
        HttpVersion::Http11 => Vec::new(),
        HttpVersion::Http2 => poll_heads(plan)
            .iter()
            .map(|head| FieldList::of_request(head.bytes(), plan.scheme()))
            .collect(),
    }
}

/// The heads that polls of each topic send, clients fill in their cursors; empty where nothing is
/// polled.
pub(crate) fn poll_heads(plan: &Plan) -> Vec<RequestHead> {
    let (kind, settings) = (plan.transport.kind(), plan.transport);
    let openings = kind.properties().openings;
    let opening = openings.iter().find(|opening| opening.form == HeadForm::Poll);
    let Some(opening) = opening.filter(|_| kind.polls()) else { return Vec::new() };
    let fields = PollFields {
        conditional: settings.unchanged() == Some(Unchanged::NotModified),
        compression: settings.content_coding(),
    };
    let hold = settings.hold().unwrap_or(Hold::USUAL);
    (0..plan.scenario.workload.topics.get())
        .map(|topic| {
            let path = opening.path(&plan.topic_name(topic), Cursor::OLDEST, hold);
            plan.scenario.headers.request.poll_with(plan.head_target(&path), fields)
        })
        .collect()
}
