//! What a scenario needs of the environment.

use crate::checked::Scenario;
use crate::named_server::MissingVariables;

impl Scenario {
    /// Variables of the environment that servers need and that are not there, for each server that is
    /// asked in some cell.
    pub fn missing_variables(&self, has: &dyn Fn(&str) -> bool) -> Vec<MissingVariables> {
        let mut all = Vec::new();
        for scenario in std::iter::once(self).chain(self.cells.iter().map(|cell| &cell.scenario)) {
            let servers = scenario.transports.iter().filter_map(|one| one.server.as_ref());
            for missing in servers.filter_map(|server| server.missing_variables(has)) {
                if !all.contains(&missing) {
                    all.push(missing);
                }
            }
        }
        all
    }
}
