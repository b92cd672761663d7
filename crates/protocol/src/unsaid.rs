//! Settings that a record leaves out where they have their default, as the records of before there was
//! another value do. Whoever writes a record and whoever reads one go by the same table.

use crate::{ClientProgram, ServerEngine};

/// The value of a scenario's setting, by its dotted name, that a record does not say; `None` of one that
/// a record says always, or only where it applies.
pub fn unsaid_setting(name: &str) -> Option<&'static str> {
    const SETTINGS: [(&str, &str); 4] = [
        ("floor", "false"),
        ("load.shards", "1"),
        ("server.engine", ServerEngine::Axum.label()),
        ("workload.time_scale", "1"),
    ];
    value(&SETTINGS, name)
}

/// The same of a transport's option.
pub fn unsaid_option(name: &str) -> Option<&'static str> {
    const OPTIONS: [(&str, &str); 4] = [
        ("client", ClientProgram::Exact.label()),
        ("clients_per_connection", "1"),
        ("compression", "none"),
        ("pace", "open"),
    ];
    value(&OPTIONS, name)
}

fn value(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}
