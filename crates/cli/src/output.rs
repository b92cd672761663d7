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
        Format::Html => pushbench_report::html(run, record.as_deref()),
        Format::Json => serde_json::to_string_pretty(run)? + "\n",
        Format::Svg => unreachable!("charts are a folder of files, never one text"),
    })
}

/// Renders a run and writes it where the options say.
pub(crate) fn write(
    run: &RunV1,
    options: &OutputOptions,
    record: Option<String>,
) -> anyhow::Result<()> {
    let file = options.path();
    if let (Format::Svg, Some(folder)) = (options.format, file) {
        return write_slides(run, folder);
    }
    let colour = file.is_none() && has_colour(options);
    let text = render(run, options.format, colour, record)?;
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

/// Writes each chart into a file of the folder, which is made if it is not there.
fn write_slides(run: &RunV1, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for slide in pushbench_report::slides(run) {
        let path = folder.join(slide.file);
        fs::write(&path, slide.svg).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Whether stdout gets colour: where it is a terminal, unless told otherwise.
fn has_colour(options: &OutputOptions) -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if options.no_color || is_set("NO_COLOR") {
        return false;
    }
    is_set("CLICOLOR_FORCE") || stdout().is_terminal()
}
