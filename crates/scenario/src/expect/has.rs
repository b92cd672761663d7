//! Whether a transport has the figures that are expected of it.

use std::collections::BTreeSet;

use pushbench_protocol::figure::{self, Figure, Needs, STATISTICS};
use pushbench_protocol::{ConnectionUse, TlsUse};

use super::{Base, Expectation};
use crate::{Scenario, Transport};
use pushbench_toml::{Complaint, Place, Problems};

/// Where the two sides of an expectation were written.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) key: String,
    pub(crate) name: Place,
    pub(crate) condition: Place,
}

/// Refuses an expectation of a figure that its transport never has: it could not hold, and its
/// opposite could not either.
pub(crate) fn figures_are_there(
    expectation: &Expectation,
    written: &Written,
    scenario: &Scenario,
    problems: &Problems,
) {
    let has_tokens = scenario.workload.payload.content.is_tokens();
    let look = |place: Place, label: &str, name: &str, is_modelled: bool| {
        let mut transports = scenario.transports.iter();
        let Some(transport) = transports.find(|transport| transport.label == label) else {
            return;
        };
        let Some(figure) = figure::find(name) else { return };
        let is_there = has(transport, figure.needs(), is_modelled, has_tokens);
        let lacks_floor = figure.needs() == Needs::Floor && !scenario.floor;
        let lacking = match others_lack(transport, name, is_modelled) {
            None if is_there && lacks_floor => "needs `floor = true`",
            None if is_there => return,
            None => figure.needs().phrase(),
            Some(lacking) => lacking,
        };
        problems.add(Complaint {
            place,
            key: written.key.clone(),
            found: format!("about {label}.{name}, which {lacking}"),
            expected: format!("a figure that {label} has"),
            help: Some(format!("{label} has {}", those_of(transport, has_tokens))),
        });
    };
    look(written.name, &expectation.transport, &expectation.figure, false);
    match &expectation.condition.operand().base {
        Base::Number(_) => {}
        Base::Measured { transport, figure } => look(written.condition, transport, figure, false),
        Base::Modelled { transport, figure } => look(written.condition, transport, figure, true),
    }
}

/// What a figure needs that a third-party server does not have.
fn others_lack(transport: &Transport, name: &str, is_modelled: bool) -> Option<&'static str> {
    let server = transport.server.as_ref()?;
    if is_modelled {
        return Some("needs a model, and there is none of a third-party server");
    }
    let adapted = server.adapter.transport(transport.settings.kind())?;
    let (distribution, _) = name.split_once('.').unwrap_or((name, ""));
    match distribution {
        _ if !adapted.publishes_by_itself() => None,
        "publish_lateness" | "publish_kept_waiting" | "gap" => {
            Some("needs messages that the run publishes")
        }
        "latency" | "service_time" | "age_mean" if !adapted.has_times() => {
            Some("needs `sent_at` where the server publishes by itself")
        }
        "duplicates" if !adapted.has_ids() => {
            Some("needs `id` where the server publishes by itself")
        }
        _ => None,
    }
}

/// Whether a transport has what a figure needs, in a scenario whose messages are tokens or not.
fn has(transport: &Transport, needs: Needs, is_modelled: bool, has_tokens: bool) -> bool {
    let kind = transport.settings.kind();
    let polls = kind.polls();
    let compresses_headers = transport.carriage.http.properties().compresses_headers;
    match needs {
        Needs::Nothing => true,
        Needs::Polls => polls,
        Needs::Timer => kind.has_timer() && !transport.settings.is_closed_loop(),
        Needs::ClosedLoop => transport.settings.is_closed_loop(),
        Needs::ConnectionPerPoll => transport.settings.connection() == ConnectionUse::PerPoll,
        Needs::CompressedHeaders => polls && compresses_headers,
        Needs::Opening => kind.pushes() || kind.upgrades(),
        Needs::Tls => transport.carriage.tls != TlsUse::None,
        Needs::Compression => transport.settings.is_compressed(),
        Needs::Floor => transport.lacks_floor().is_none() && !is_modelled,
        Needs::Reconnect => transport.carriage.reconnect.is_some() && !is_modelled,
        Needs::Tokens => has_tokens && !is_modelled,
        Needs::Model => is_modelled && polls && compresses_headers,
    }
}

/// Names of the figures that a transport has, `*` for what many differ in.
fn those_of(transport: &Transport, has_tokens: bool) -> String {
    let all = figure::all();
    let is_there = |figure: &&Figure| {
        has(transport, figure.needs(), false, has_tokens)
            && others_lack(transport, &figure.name, false).is_none()
    };
    let all = all.iter().filter(is_there);
    let mut seen = BTreeSet::new();
    let names: Vec<_> = all.map(family).filter(|name| seen.insert(name.clone())).collect();
    names.join(", ")
}

/// `latency.*` for `latency.p99`, `*_bytes_per_delivery` for `header_bytes_up_per_delivery`.
fn family(figure: &Figure) -> String {
    let name = figure.name.as_str();
    if let Some((distribution, statistic)) = name.split_once('.')
        && STATISTICS.contains(&statistic)
        && !distribution.starts_with("connect_")
    {
        return format!("{distribution}.*");
    }
    for per in ["delivery", "client_second"] {
        if name.contains("_bytes_") && name.ends_with(&format!("_per_{per}")) {
            return format!("*_bytes_per_{per}");
        }
    }
    let groups = ["server_", "load_", "idle_", "connect_"];
    match groups.iter().find(|group| name.starts_with(**group)) {
        Some(group) => format!("{group}*"),
        None => name.to_owned(),
    }
}
