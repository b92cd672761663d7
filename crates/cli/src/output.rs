//! Where reports go and how they look.

use std::fs;
use std::io::{IsTerminal, Write, stdout};
use std::path::Path;

use anyhow::Context;
use pushbench_report::TextOptions;
use pushbench_store::RunV1;

use crate::arguments::{Format, OutputOptions};

/// Columns of a report in a terminal.
const WIDTH: usize = 100;

/// Renders a run; `record` is where it lies, as the reader should type it.
pub(crate) fn render(
    run: &RunV1,
    format: Format,
    colour: bool,
    record: Option<String>,
) -> anyhow::Result<String> {
    Ok(match format {
        Format::Text => pushbench_report::text(run, &TextOptions { colour, width: WIDTH, record }),
        Format::Md => pushbench_report::markdown(run, record.as_deref()),
        Format::Csv => pushbench_report::csv(run),
        Format::Json => serde_json::to_string_pretty(run)? + "\n",
    })
}

/// Renders a run and writes it where the options say.
pub(crate) fn write(
    run: &RunV1,
    options: &OutputOptions,
    record: Option<String>,
) -> anyhow::Result<()> {
    let file = file_of(options.output.as_deref());
    let colour = file.is_none() && has_colour(options.no_color);
    put(&render(run, options.format, colour, record)?, file)
}

/// Where a report goes: a file, or stdout where there is none or it is `-`.
pub(crate) fn file_of(output: Option<&Path>) -> Option<&Path> {
    output.filter(|path| *path != Path::new("-"))
}

/// Writes a text to a file, or to stdout.
pub(crate) fn put(text: &str, file: Option<&Path>) -> anyhow::Result<()> {
    match file {
        Some(path) => {
            fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
        }
        None => {
            // A reader that has seen enough, as `head`, is no failure of ours.
            match stdout().write_all(text.as_bytes()) {
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
                done => done.context("cannot write to stdout"),
            }
        }
    }
}

/// Columns that a report may take: those of the terminal, if that has fewer.
pub(crate) fn width() -> usize {
    let terminal = stdout().is_terminal().then(|| rustix::termios::tcgetwinsize(stdout()).ok());
    let columns = terminal.flatten().map(|size| usize::from(size.ws_col));
    columns.filter(|&columns| columns > 0).map_or(WIDTH, |columns| columns.min(WIDTH))
}

/// Whether stdout gets colour: where it is a terminal, unless told otherwise.
pub(crate) fn has_colour(no_color: bool) -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if no_color || is_set("NO_COLOR") {
        return false;
    }
    is_set("CLICOLOR_FORCE") || stdout().is_terminal()
}
