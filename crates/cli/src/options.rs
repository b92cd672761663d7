//! Options that several commands have.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

/// How a report is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// For a terminal, at most 100 columns.
    Text,
    /// The whole record.
    Json,
    /// Markdown.
    Md,
    /// One row for each transport and round.
    Csv,
    /// One page that needs nothing else, with charts.
    Html,
    /// The charts alone, a file each, into the folder that `--output` names.
    Svg,
}

/// What is done otherwise than the scenario says.
#[derive(Args, Debug)]
pub(crate) struct ChangeOptions {
    /// Override a setting of the scenario: `workload.clients=2000`,
    /// `transport.short-poll.interval=5s`. Repeatable.
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = '\n')]
    pub(crate) set: Vec<String>,
    /// Play only this transport. Repeatable.
    #[arg(long, value_name = "TRANSPORT", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct OutputOptions {
    /// How the report is written.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Write the report here instead of to stdout; `-` is stdout.
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    /// No colour. So does a non-empty NO_COLOR; CLICOLOR_FORCE asks for it.
    #[arg(long)]
    pub(crate) no_color: bool,
}

impl OutputOptions {
    /// The file or folder that is asked for; `None` is stdout.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| *path != Path::new("-"))
    }
}
