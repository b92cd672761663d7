//! What a record says of servers that are not ours, before anything is measured.

use pushbench_scenario::{NamedServer, Scenario};
use pushbench_store::ThirdPartyV1;

use crate::control::Control;
use crate::options::Options;
use crate::target::Target;
use crate::tested::untested;

/// A third-party server, for the record.
pub(crate) fn third_party(server: &NamedServer) -> ThirdPartyV1 {
    let NamedServer { name, adapter, adapter_name, start, .. } = server;
    ThirdPartyV1 {
        name: name.clone(),
        adapter: adapter_name.clone(),
        about: Some(adapter.about.clone()).filter(|about| !about.is_empty()),
        tested: adapter.tested.clone(),
        started: start.is_some(),
    }
}

/// What to know beside the figures, before there are any.
pub(crate) fn notes(scenario: &Scenario, options: &Options) -> Vec<String> {
    let mut notes: Vec<_> = options.target.iter().filter_map(without_witness).collect();
    notes.extend(scenario.without_effect.iter().map(|key| {
        format!("{key} means nothing here: the servers have messages of their own, and nothing is published")
    }));
    notes.extend(handed_to_axum(scenario));
    for server in scenario.servers() {
        let note = untested(server).filter(|note| !notes.contains(note));
        notes.extend(note);
    }
    notes
}

/// Which transports another engine plays than the one that is asked for.
pub fn handed_to_axum(scenario: &Scenario) -> Option<String> {
    let handed = scenario.handed_to_axum();
    (!handed.is_empty()).then(|| {
        let are = if handed.len() == 1 { "is" } else { "are" };
        format!(
            "server.engine is lean, but {} {are} played by axum: lean serves HTTP/1.1 in clear, and hands \
             TLS and HTTP/2 to the other engine",
            handed.join(", ")
        )
    })
}

/// What to know of a target whose own books cannot be read: there is a witness less.
fn without_witness(target: &Target) -> Option<String> {
    let error = Control::new(target.address).stats().err()?;
    Some(format!("the target's own counts are no witness of this run: {error}"))
}
