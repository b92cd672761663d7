//! Options that several commands have.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

/// How a report is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// For a terminal, as wide as it is up to 200 columns.
    Text,
    /// The whole record.
    Json,
    /// Markdown.
    Md,
    /// One row for each transport and round.
    Csv,
    /// One self-contained page with charts.
    Html,
    /// The charts alone, one file each, in the folder that `--output` names.
    Svg,
}

/// What deviates from the scenario as written.
#[derive(Args, Debug)]
pub(crate) struct ChangeOptions {
    /// Override a setting of the scenario: `workload.clients=2000`,
    /// `transport.short-poll.interval=5s`. Repeatable.
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = '\n')]
    pub(crate) set: Vec<String>,
    /// Select only this transport. Repeatable.
    #[arg(long, value_name = "TRANSPORT", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
}

/// How much of a report is shown as text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Summary {
    /// The answer, and whether to believe it.
    Answer,
    /// The same with the headline figures.
    Table,
    /// Every figure, every check and every setting.
    Full,
}

#[derive(Args, Debug)]
pub(crate) struct OutputOptions {
    /// Format of the report.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// How much a report as text shows: the `answer`, the answer with one `table`, or the `full` report.
    /// Without it the table on stdout, and the full report in a file.
    #[arg(long, value_enum)]
    pub(crate) summary: Option<Summary>,
    /// The full report, as `--summary full`.
    #[arg(long, conflicts_with = "summary")]
    pub(crate) full: bool,
    /// Write the report to this path instead of stdout; `-` is stdout.
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    /// No colour. A non-empty NO_COLOR does the same; CLICOLOR_FORCE forces colour.
    #[arg(long)]
    pub(crate) no_color: bool,
}

impl OutputOptions {
    /// The file or folder that is asked for; `None` is stdout.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// Whether what goes to stdout says where the page is.
    pub(crate) fn shows_places(&self) -> bool {
        self.format == Format::Text && self.path().is_none() && self.summary() != Summary::Full
    }

    /// How much of a report as text is shown.
    pub(crate) fn summary(&self) -> Summary {
        match (self.full, self.summary) {
            (true, _) => Summary::Full,
            (false, Some(summary)) => summary,
            (false, None) if self.path().is_some() => Summary::Full,
            (false, None) => Summary::Table,
        }
    }
}
