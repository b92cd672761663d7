//! Which transports survive what is done to the server.

use std::time::Duration;

use pushbench_protocol::{ClientProgram, HttpVersion};
use pushbench_toml::Problems;

use crate::file::ScenarioFile;
use crate::quantity::format_duration;
use crate::transport_file::{TransportFile, comes_back};

/// How long clients have to be served again before the measure phase ends.
const SERVED_AGAIN: Duration = Duration::from_secs(1);

/// Every client survives it, and is back before the measure phase ends.
pub(crate) fn clients_survive_the_fault(file: &ScenarioFile, problems: &Problems) -> Option<()> {
    let disconnect = file.fault.as_ref()?.disconnect_at.as_ref()?;
    for transport in &file.transports {
        if let Some((expected, help)) = dies(transport) {
            let name = transport.name().unwrap_or("transport");
            disconnect.refuse(problems, format!("absent with {name}, {expected}"), Some(help));
        }
    }
    if let Some(floor) = file.floor.as_ref().filter(|floor| floor.value == Some(true)) {
        let help = "the floor is played without a fault, so it would be of other work";
        floor.refuse(problems, format!("false with {}", disconnect.key), Some(help));
    }
    let waits = file.transports.iter().filter_map(|of| of.options.reconnect.as_ref()?.value);
    let longest = waits.map(|reconnect| reconnect.most).max().unwrap_or_default();
    let measure = file.workload.measure.as_ref()?.value;
    let latest = measure.saturating_sub(longest + SERVED_AGAIN);
    if disconnect.value > latest {
        let help = format!(
            "clients come back up to {} later, and are served for {} more of {}",
            format_duration(longest),
            format_duration(SERVED_AGAIN),
            format_duration(measure)
        );
        let expected = format!("at most {}", format_duration(latest));
        disconnect.refuse(problems, expected, Some(&help));
    }
    Some(())
}

/// What a transport is, and why its clients do not survive the end of their connections; `None` if
/// they do, or if what would tell was refused.
fn dies(transport: &TransportFile) -> Option<(&'static str, &'static str)> {
    let kind = transport.kind.as_ref()?.value;
    let carriage = &transport.carriage;
    if !transport.is_ours() || transport.proxy_key().is_some() {
        return Some((
            "which asks another server or goes through a proxy",
            "only our own server, asked by its clients themselves, can be told to",
        ));
    }
    if kind.connections_per_client() > 1 {
        let help = "they do not open the one again that notifies them";
        return Some(("whose clients have two connections each", help));
    }
    if carriage.http.as_ref()?.value != HttpVersion::Http11 {
        return Some((
            "which is carried by HTTP/2",
            "clients that share a connection do not come back",
        ));
    }
    if carriage.client.as_ref()?.value != ClientProgram::Exact {
        return Some(("which a library plays", "what it does then is not counted"));
    }
    let is_told = transport.options.reconnect.as_ref().is_some_and(|told| told.value.is_some());
    if comes_back(kind) && !is_told {
        return Some((
            "which has no `reconnect`",
            "as in reconnect = { after = \"5s\", jitter = \"full\" }: without it the end of a connection \
             ends its client",
        ));
    }
    None
}
