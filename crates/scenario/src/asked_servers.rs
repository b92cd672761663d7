//! The third-party servers that a scenario asks, and what they need of the environment.

use std::sync::Arc;

use crate::checked::Scenario;
use crate::named_server::{MissingVariables, NamedServer};

impl Scenario {
    /// The servers that are asked in some cell, each once. In the cells of a sweep those of one name
    /// may differ.
    pub fn servers(&self) -> Vec<&Arc<NamedServer>> {
        let mut all = Vec::new();
        for scenario in self.with_cells() {
            for server in scenario.transports.iter().filter_map(|one| one.server.as_ref()) {
                if !all.contains(&server) {
                    all.push(server);
                }
            }
        }
        all
    }

    /// Variables of the environment that servers need and that are not there, for each server that is
    /// asked in some cell.
    pub fn missing_variables(&self, has: &dyn Fn(&str) -> bool) -> Vec<MissingVariables> {
        let mut all = Vec::new();
        for server in self.servers() {
            let missing = server.missing_variables(has).filter(|missing| !all.contains(missing));
            all.extend(missing);
        }
        all
    }
}
