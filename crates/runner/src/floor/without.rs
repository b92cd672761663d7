//! Floors that are asked for and will not be played, and why.

use std::collections::BTreeMap;

use pushbench_scenario::{Scenario, Transport, is_split};

use crate::machine::machine;

/// Why no trial that is split has a floor.
pub(crate) const OF_SHARDS: &str =
    "no floor is played: it is of one process, and the trials are split into shards";

/// Which transports of a scenario that asks for floors have none, and what the floor lacks of theirs.
/// `is_beyond`: a server is not one that the run starts on loopback.
pub(crate) fn no_floor(scenario: &Scenario, is_beyond: bool) -> BTreeMap<String, String> {
    if !scenario.floor {
        return BTreeMap::new();
    }
    let lacks = |transport: &Transport| match is_beyond {
        true => Some("a server that is not started on loopback"),
        false => transport.lacks_floor(),
    };
    let lacking = scenario
        .transports
        .iter()
        .filter_map(|transport| Some((transport.label.clone(), lacks(transport)?.to_owned())));
    lacking.collect()
}

/// The same as sentences, of a scenario that is not played yet.
pub fn without_floor(scenario: &Scenario) -> Vec<String> {
    if scenario.floor && is_split(scenario, &machine()) {
        return vec![OF_SHARDS.to_owned()];
    }
    no_floor(scenario, false)
        .into_iter()
        .map(|(label, lacking)| format!("{label} has no floor: there is none of {lacking}"))
        .collect()
}
