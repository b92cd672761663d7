//! What this program is: for records, `--version`, servers' announcements, and processes of its own.

use anyhow::Context;
use pushbench_runner::ServerCommand;
use pushbench_store::{EnvironmentV1, ToolV1};

/// The version with the commit, where it is known, and the profile that it was built by.
pub(crate) fn version() -> String {
    let built = [option_env!("PUSHBENCH_COMMIT"), Some(env!("PUSHBENCH_PROFILE"))];
    let built: Vec<_> = built.into_iter().flatten().collect();
    format!("{} ({})", env!("CARGO_PKG_VERSION"), built.join(", "))
}

/// The same, as a record says it.
pub(crate) fn tool() -> ToolV1 {
    ToolV1 {
        name: "pushbench".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: option_env!("PUSHBENCH_COMMIT").map(str::to_owned),
    }
}

/// The machine, and by which profile the program that runs on it was built.
pub(crate) fn environment() -> EnvironmentV1 {
    EnvironmentV1 { build: env!("PUSHBENCH_PROFILE").to_owned(), ..pushbench_store::environment() }
}

/// How a run starts a server of ours.
pub(crate) fn server_command() -> anyhow::Result<ServerCommand> {
    own_command(&["serve", "--config", "-"])
}

/// How this program starts itself with these arguments.
pub(crate) fn own_command(arguments: &[&str]) -> anyhow::Result<ServerCommand> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
    Ok(ServerCommand { program, arguments })
}
