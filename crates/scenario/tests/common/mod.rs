//! Scenarios for tests, read as any other.

use std::io;
use std::path::Path;

use pushbench_scenario::{Refused, Scenario, Source, read};

/// Reads a text that names no files, with settings from the command line.
pub(crate) fn read_with(
    text: &str,
    overrides: &[&str],
    only: &[&str],
) -> Result<Scenario, Refused> {
    let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    read(&Source {
        path: Path::new("scenarios/test.toml"),
        text,
        overrides: &owned(overrides),
        only: &owned(only),
        read_file: &|_| Err(io::ErrorKind::NotFound.into()),
    })
}

/// A small valid scenario with these settings.
pub(crate) fn scenario(overrides: &[&str]) -> Scenario {
    read_with(SMALL, overrides, &[]).unwrap_or_else(|refused| panic!("{refused}"))
}

/// As little as a scenario can say, and one expectation.
pub(crate) const SMALL: &str = r#"
question = "What does it cost?"

[workload]
clients = 100
publish = { every = "1s" }

[[transport]]
kind = "short-poll"

[[transport]]
kind = "websocket"

[expect]
"websocket.lost" = "== 0"
websocket.latency.p99 = "< short-poll.latency.p50"
"#;
