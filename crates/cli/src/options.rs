//! Options that several commands have.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use pushbench_report::{Percentile, TimeUnit, Times};

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
    /// Every check and expectation as a test case of JUnit's XML, for a CI system.
    Junit,
    /// What failed or warned as annotations of a GitHub workflow.
    Annotations,
    /// The charts alone, one file each, in the folder that `--output` names.
    Svg,
}

/// The file or folder that `--output` names; `None` is stdout, as `-` is.
pub(crate) fn file(output: Option<&Path>) -> Option<&Path> {
    output.filter(|path| *path != Path::new("-"))
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
    /// Write the report to this path too, in a format of its own: `json=run.json`, `md=report.md`,
    /// `svg=FOLDER`. Repeatable.
    #[arg(long, value_name = "FORMAT=PATH", value_delimiter = '\n', value_parser = out)]
    pub(crate) out: Vec<Out>,
    /// The percentiles of latency that tables show, as in `50,99,99.9`.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = percentile)]
    pub(crate) percentiles: Vec<Percentile>,
    /// The unit of every time in a table: `ns`, `us`, `ms` or `s`. Without it each has the unit that
    /// fits it.
    #[arg(long, value_name = "UNIT", value_parser = time_unit)]
    pub(crate) time_unit: Option<TimeUnit>,
    /// No colour. A non-empty NO_COLOR does the same; CLICOLOR_FORCE forces colour.
    #[arg(long)]
    pub(crate) no_color: bool,
}

/// One more place that a report is written to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Out {
    pub(crate) format: Format,
    /// A file; of charts a folder.
    pub(crate) path: PathBuf,
}

fn out(text: &str) -> Result<Out, String> {
    let (format, path) =
        text.split_once('=').ok_or("expected a format and a path, as in `json=run.json`")?;
    let format = Format::from_str(format, false).map_err(|_| {
        let all = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let all: Vec<_> = all.map(|format| format.get_name().to_owned()).collect();
        format!("`{format}` is no format, expected one of {}", all.join(", "))
    })?;
    match path {
        "" | "-" => Err("expected a path after `=`; stdout is for --format".to_owned()),
        path => Ok(Out { format, path: PathBuf::from(path) }),
    }
}

fn percentile(text: &str) -> Result<Percentile, String> {
    Percentile::read(text)
        .ok_or_else(|| "expected a number over 0 and up to 100, as in `99.9`".to_owned())
}

fn time_unit(text: &str) -> Result<TimeUnit, String> {
    let all = TimeUnit::ALL.map(TimeUnit::label).join(", ");
    TimeUnit::from_label(text).ok_or_else(|| format!("expected one of {all}"))
}

impl OutputOptions {
    /// How times are shown.
    pub(crate) fn times(&self) -> Times {
        let percentiles = (!self.percentiles.is_empty()).then(|| self.percentiles.clone());
        Times { percentiles, unit: self.time_unit }
    }

    /// The file or folder that is asked for; `None` is stdout.
    pub(crate) fn path(&self) -> Option<&Path> {
        file(self.output.as_deref())
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
