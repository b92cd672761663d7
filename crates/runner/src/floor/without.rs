//! Floors that are asked for and will not be played, and why.

use std::collections::BTreeMap;

use pushbench_scenario::{Scenario, Transport, is_split};
use pushbench_store::EnvironmentV1;

use crate::machine::machine;

/// Why no trial that is split has a floor.
pub(crate) const OF_SHARDS: &str =
    "no floor is played: it is of one process, and the trials are split into shards";

/// Which transports of a scenario that asks for floors have none, and what the floor lacks of theirs.
pub(crate) fn no_floor(
    scenario: &Scenario,
    environment: &EnvironmentV1,
) -> BTreeMap<String, String> {
    if !scenario.floor {
        return BTreeMap::new();
    }
    let is_beyond = environment.link != "loopback";
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
    let loopback = EnvironmentV1 { link: "loopback".to_owned(), ..EnvironmentV1::default() };
    let lacking = no_floor(scenario, &loopback).into_iter();
    lacking
        .map(|(label, lacking)| format!("{label} has no floor: there is none of {lacking}"))
        .collect()
}
