//! What goes with a request profile that brings its own path.

use pushbench_protocol::{Deliver, Unchanged};
use pushbench_toml::Problems;

use crate::file::ScenarioFile;
use crate::transport_file::TransportFile;

/// Such a profile sends no cursor, so the server cannot know what is new to whom.
pub(crate) fn a_profile_with_its_own_path_gets_what_it_can_say(
    file: &ScenarioFile,
    problems: &Problems,
) -> Option<()> {
    let request = file.headers.request.as_ref()?;
    let has_timer = |transport: &TransportFile| transport.options.pace.is_some();
    // Another server is asked as its adapter says.
    let polls = file.transports.iter().any(|transport| transport.is_ours() && has_timer(transport));
    if !request.value.has_own_path() || !polls {
        return Some(());
    }
    let with = |what: &str| format!("{what} with headers.request = {}", request.shown);
    let help = Some("the profile brings its own path, so a poll can send no topic and no cursor");
    if let Some(topics) = file.workload.topics.as_ref().filter(|topics| topics.value.get() > 1) {
        topics.refuse(problems, with("1"), help);
    }
    let deliver = file.workload.deliver.as_ref()?;
    if deliver.value == Deliver::Every {
        deliver.refuse(problems, with("\"latest\""), help);
    }
    for unchanged in file.written_unchanged() {
        if unchanged.value.is_some_and(|unchanged| unchanged != Unchanged::Resend) {
            unchanged.refuse(problems, with("\"resend\""), help);
        }
    }
    Some(())
}

/// Its path is that of a short poll, and its upgrade another head.
pub(crate) fn a_profile_with_its_own_path_asks_nothing_else(
    file: &ScenarioFile,
    problems: &Problems,
) -> Option<()> {
    let request = file.headers.request.as_ref().filter(|at| at.value.has_own_path())?;
    let ours = file.transports.iter().filter(|transport| transport.is_ours());
    for kind in ours.filter_map(|transport| transport.kind.as_ref()) {
        if !kind.value.properties().takes_own_request_line {
            let can = "\"short-poll\" or \"websocket\" with headers.request";
            let help =
                "the profile brings its own path, to which the server responds as to a short poll";
            kind.refuse(problems, format!("{can} = {}", request.shown), Some(help));
        }
    }
    Some(())
}
