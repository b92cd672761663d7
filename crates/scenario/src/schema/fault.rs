//! `[fault]`.

use std::time::Duration;

use pushbench_toml::schema::{Schema, duration, required, table};

use crate::quantity::minutes;

/// What is done to the server.
pub(super) fn fault() -> Schema {
    table([required(
        "disconnect_at",
        "When the server ends the connections of all subscribers, from the start of the measure phase. It \
         serves on, and its logs stay.",
        duration(Duration::ZERO..=minutes(60)),
    )])
}
