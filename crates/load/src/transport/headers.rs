//! The heads of polls: what each topic's clients send, but for their cursors.

use pushbench_protocol::headers::PollFields;
use pushbench_protocol::{Cursor, HeadForm, Hold, RequestHead, Unchanged};

use crate::Plan;

/// The heads that polls of each topic send, clients fill in their cursors; empty where nothing is
/// polled.
pub(crate) fn poll_headers(plan: &Plan) -> Vec<RequestHead> {
    let (kind, settings) = (plan.transport.kind(), plan.transport);
    let openings = kind.properties().openings;
    let opening = openings.iter().find(|opening| opening.form == HeadForm::Poll);
    let Some(opening) = opening.filter(|_| kind.polls()) else { return Vec::new() };
    let fields = PollFields {
        conditional: settings.unchanged() == Some(Unchanged::NotModified),
        compression: settings.content_coding(),
    };
    let hold = settings.hold().unwrap_or(Hold::USUAL);
    let profile = plan.scenario.headers.request_of(plan.carriage.client);
    (0..plan.scenario.workload.topics.get())
        .map(|topic| {
            let path = opening.path(&plan.topic_name(topic), Cursor::OLDEST, hold);
            profile.poll_with(plan.head_target(&path), fields)
        })
        .collect()
}
