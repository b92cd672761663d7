//! Where reports go and how they look.

use std::fs;
use std::io::{self, IsTerminal, Write, stdout};
use std::os::fd::AsFd;
use std::path::Path;

use anyhow::{Context, anyhow};
use pushbench_report::layout::Document;
use pushbench_report::{
    FirstScreen, TextOptions, Times, annotations, document_with, first_screen, held_of_run, junit,
    printable, printable_json, printable_styled, render_html, render_markdown, render_text,
};
use pushbench_store::RunV2;
use serde::Serialize;

use crate::exit::Exit;
use crate::options::{Format, Out, OutputOptions, Summary, file};
use crate::places::places;
use crate::wrapped::in_lines;

/// Columns where nobody says how many there are: what a pipe, a file and a page of documentation get.
/// Terminals begin with as many, and what is made for 80 reads well in a wider one.
const WIDTH: usize = 80;
/// More is not easier to read.
const WIDEST: usize = 200;

/// What is written of a run.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// How much of it as text.
    pub(crate) summary: Summary,
    /// Where the record lies, as the reader should type it.
    pub(crate) record: Option<String>,
    /// What a first screen ends with.
    pub(crate) places: Vec<(String, String)>,
    /// How times are shown in tables.
    pub(crate) times: Times,
}

impl Shown {
    /// The whole of a run with this record.
    pub(crate) fn whole(record: Option<String>) -> Self {
        Self { summary: Summary::Full, record, places: Vec::new(), times: Times::default() }
    }
}

/// Renders a run.
pub(crate) fn render(
    run: &RunV2,
    format: Format,
    colour: bool,
    shown: Shown,
) -> anyhow::Result<String> {
    let Shown { summary, record, places, times } = shown;
    Ok(match format {
        Format::Text => {
            let options = TextOptions { colour, width: width(), record };
            match summary {
                Summary::Answer | Summary::Table => {
                    let without_table = summary == Summary::Answer;
                    first_screen(run, &FirstScreen { without_table, places, times }, &options)
                }
                Summary::Full => {
                    render_text(&document_with(run, options.record.as_deref(), &times), &options)
                }
            }
        }
        Format::Md => render_markdown(&document_with(run, record.as_deref(), &times)),
        Format::Csv => pushbench_report::csv(run),
        Format::Junit => junit(&held_of_run(run)),
        Format::Annotations => annotations(&held_of_run(run)),
        Format::Html => render_html(&document_with(run, record.as_deref(), &times)),
        Format::Json => serde_json::to_string_pretty(run)? + "\n",
        Format::Svg => unreachable!("charts are a folder of files, never one text"),
    })
}

/// Renders a run and writes it where the options say. `record` is where it lies, and the folder that
/// records are looked for in; `None` where it could not be written.
pub(crate) fn write(
    run: &RunV2,
    options: &OutputOptions,
    record: Option<(&Path, &Path)>,
) -> anyhow::Result<()> {
    let shown = Shown {
        summary: options.summary(),
        record: record.map(|(record, _)| record.display().to_string()),
        places: record.map_or(Vec::new(), |(record, results)| places(run, record, results)),
        times: options.times(),
    };
    let colour = has_colour(options.output.as_deref(), options.no_color);
    let mut done = write_one(run, options.format, options.output.as_deref(), colour, shown.clone());
    for Out { format, path } in &options.out {
        let whole = Shown { summary: options.summary.unwrap_or(Summary::Full), ..shown.clone() };
        // One that cannot be written does not cost the others.
        done = match (done, write_one(run, *format, Some(path), false, whole)) {
            (Err(earlier), Err(error)) => Err(anyhow!("{earlier:#}; {error:#}")),
            (earlier, done) => earlier.and(done),
        };
    }
    done
}

fn write_one(
    run: &RunV2,
    format: Format,
    output: Option<&Path>,
    colour: bool,
    shown: Shown,
) -> anyhow::Result<()> {
    if let (Format::Svg, Some(folder)) = (format, file(output)) {
        return write_slides(run, folder);
    }
    let text = render(run, format, colour, shown)?;
    match format {
        Format::Json => put_json(&text, output),
        Format::Text => put_styled(&text, output),
        _ => put(&text, output),
    }
}

/// Writes a text to a file, or to stdout where there is none or it is `-`. What a terminal would
/// obey is written out: records, servers and file names say what they like.
pub(crate) fn put(text: &str, output: Option<&Path>) -> anyhow::Result<()> {
    put_raw(&printable(text), output)
}

/// The same for a list to stdout, a line for each thing: on a terminal what is too long for it goes on
/// further in; in a file or a pipe a thing is one line, so that it can be searched for.
pub(crate) fn put_list(text: &str) -> anyhow::Result<()> {
    match columns(stdout()) {
        Some(width) => put_raw(&(in_lines(&printable(text), width) + "\n"), None),
        None => put(text, None),
    }
}

/// The same for a text with our styles, from a renderer that has written out those of others.
pub(crate) fn put_styled(text: &str, output: Option<&Path>) -> anyhow::Result<()> {
    put_raw(&printable_styled(text), output)
}

/// The same for a document that is made for people, as text.
pub(crate) fn put_document(
    document: &Document,
    output: Option<&Path>,
    no_color: bool,
) -> anyhow::Result<()> {
    let colour = has_colour(output, no_color);
    let options = TextOptions { colour, width: width(), record: None };
    put_styled(&render_text(document, &options), output)
}

/// The same for what is made for programs, as JSON.
pub(crate) fn put_value(value: &impl Serialize, output: Option<&Path>) -> anyhow::Result<()> {
    put_json(&(serde_json::to_string_pretty(value)? + "\n"), output)
}

/// The same for a JSON document.
pub(crate) fn put_json(json: &str, output: Option<&Path>) -> anyhow::Result<()> {
    put_raw(&printable_json(json), output)
}

fn put_raw(text: &str, output: Option<&Path>) -> anyhow::Result<()> {
    match file(output) {
        Some(path) => {
            fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
        }
        None => {
            let mut stdout = stdout().lock();
            arrived(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
        }
    }
}

/// Prints what clap has to tell in place of a command: help and the version, which were asked for and
/// must arrive, on stdout; wrong usage on stderr.
pub(crate) fn put_told(told: &clap::Error) -> anyhow::Result<Exit> {
    let printed = told.print().and_then(|()| stdout().flush());
    if told.use_stderr() {
        // Best effort, as every line for people.
        return Ok(Exit::WrongUsage);
    }
    arrived(printed).map(|()| Exit::Ok)
}

/// Whether what went to stdout arrived there. A reader that has seen enough, as `head`, is no failure
/// of ours.
fn arrived(written: io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done.context("cannot write to stdout"),
    }
}

/// Writes each chart into a file of the folder, which is made if it is not there.
fn write_slides(run: &RunV2, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for slide in pushbench_report::slides(run) {
        let path = folder.join(slide.file);
        fs::write(&path, slide.svg).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Columns for what is shown: those of the terminal, if stdout is one, else 80.
pub(crate) fn width() -> usize {
    columns(stdout()).unwrap_or(WIDTH)
}

/// Columns of a terminal, up to what can be read; `None` where it is none.
pub(crate) fn columns(stream: impl AsFd) -> Option<usize> {
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(stream)?;
    (columns > 0).then(|| usize::from(columns).min(WIDEST))
}

/// Whether a text gets colour: where it goes to a terminal, unless told otherwise.
pub(crate) fn has_colour(output: Option<&Path>, no_color: bool) -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if file(output).is_some() || no_color || is_set("NO_COLOR") {
        return false;
    }
    is_set("CLICOLOR_FORCE") || stdout().is_terminal()
}
