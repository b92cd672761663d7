//! What goes with a trial that is split into shards.

use std::num::NonZeroU32;

use pushbench_toml::Problems;

use crate::Shards;
use crate::file::ScenarioFile;
use crate::transport_file::TransportFile;

/// Each shard starts a server of its own, and has clients.
pub(crate) fn shards_are_of_our_own_server(file: &ScenarioFile, problems: &Problems) -> Option<()> {
    let shards = file.shards.as_ref().filter(|shards| shards.value != Shards::ONE)?;
    if !file.transports.iter().all(TransportFile::is_ours) {
        let help = "each shard starts a server of its own, and a third-party server is one";
        let expected = "1 with a transport that asks a third-party server".to_owned();
        shards.refuse(problems, expected, Some(help));
    }
    if file.find.as_ref().is_some_and(Option::is_some) {
        let help = "the steps of a search are played by one process";
        shards.refuse(problems, "1 with [find]".to_owned(), Some(help));
    }
    let clients = file.workload.clients.as_ref()?;
    let Shards::Exactly(count) = shards.value else { return Some(()) };
    let shared_by = file
        .transports
        .iter()
        .filter_map(|transport| Some(transport.carriage.clients_per_connection.as_ref()?.value));
    let shared_by = shared_by.max().unwrap_or(NonZeroU32::MIN);
    if count.get() > clients.value.get().div_ceil(shared_by.get()) {
        let expected = match shared_by.get() {
            1 => format!("at most workload.clients, {}", clients.shown),
            by => format!("at most the connections of {} clients, {by} on each", clients.shown),
        };
        shards.refuse(problems, expected, None);
    }
    Some(())
}
