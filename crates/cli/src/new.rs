//! `pushbench new`: a scenario with comments, one from what a browser saved, or an adapter to be filled in.

mod ask;
mod template;

use std::fs::OpenOptions;
use std::io::{Write as _, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use pushbench_adapter::skeleton;
use pushbench_import::{
    Candidate, ChooseError, Imported, Names, Recorded, choose, import_all, read_curl, read_har,
};

use self::ask::ask;
use self::template::Settings;
use crate::bounded::{read_recording, recording};
use crate::exit::Exit;
use crate::output;
use crate::say::say;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench new mine.toml
  pushbench new mine.toml --ask
  pushbench new --from-curl request.txt
  xclip -o | pushbench new orders.toml --from-curl -
  pushbench new orders.toml --from-har page.har --url /api/orders
  pushbench new both.toml --from-har page.har --url /api/orders --url /ws
  pushbench new --adapter orders

A name alone writes a scenario with comments, to be changed; `--ask` asks five questions for it first.

In the developer tools of a browser, the network panel saves all requests of a page as a HAR file, and \
copies one as cURL (for bash). From a HAR file it takes the request that is repeated, the WebSocket or the \
server-sent events; where there are several, `--url` chooses. Given twice, a request and a WebSocket become \
two transports of one scenario.

A recording becomes two files: a header file with exactly the headers of the browser, and a scenario that \
plays them. Neither has cookies, tokens or passwords: the header file has as many x in their place, and \
the scenario names environment variables. No file is ever overwritten.

`--adapter NAME` writes an adapter with comments, to be filled in: NAME.toml, or the file that is given.")]
pub(crate) struct NewOptions {
    /// Where the scenario is written; a header file stands beside it. Without it, the file is named
    /// after the service, and with `--ask` scenario.toml.
    scenario: Option<PathBuf>,
    /// Ask five questions: how many clients, how often a message and how large, whether every one of
    /// them matters, how often to poll. An empty line takes what is offered.
    #[arg(long, conflicts_with_all = ["from_har", "from_curl", "url", "adapter"])]
    ask: bool,
    /// Make it from a HAR file, as the developer tools of a browser save it; `-` is stdin.
    #[arg(long, value_name = "FILE", conflicts_with = "from_curl")]
    from_har: Option<PathBuf>,
    /// Make it from the text that "Copy as cURL" copies; `-` is stdin.
    #[arg(long, value_name = "FILE")]
    from_curl: Option<PathBuf>,
    /// Take the request of the HAR file that has this text in its URL; a request and a WebSocket may be
    /// chosen together, by one of these each.
    #[arg(
        long,
        value_name = "TEXT",
        value_delimiter = '\n',
        requires = "from_har",
        // What is required in vain beside what conflicts with it is not asked for.
        conflicts_with = "from_curl"
    )]
    url: Vec<String>,
    /// Write an adapter for a server of this name, with comments, to be filled in.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["from_har", "from_curl", "url"])]
    adapter: Option<String>,
}

/// Writes a scenario and its header file.
pub(crate) fn new(options: &NewOptions) -> anyhow::Result<Exit> {
    if let Some(name) = &options.adapter {
        return new_adapter(name, options.scenario.as_deref());
    }
    let (source, all) = match (&options.from_har, &options.from_curl) {
        (Some(path), _) => (path, read_har(&text(path)?).map_err(|error| error.to_string())),
        (None, Some(path)) => {
            let read = read_curl(&text(path)?).map_err(|error| error.to_string());
            (path, read.map(|captured| vec![Recorded::alone(captured)]))
        }
        (None, None) => return new_scenario(options),
    };
    let all = match all {
        Ok(all) => all,
        Err(refused) => {
            say(format_args!("{}: {refused}", source.display()));
            return Ok(Exit::Refused);
        }
    };
    let chosen: Result<Vec<_>, _> = match (&options.from_curl, options.url.as_slice()) {
        (Some(_), _) => Ok(all.iter().map(Candidate::of).collect()),
        (None, []) => choose(&all, None).map(|one| vec![one]),
        (None, urls) => urls.iter().map(|url| choose(&all, Some(url))).collect(),
    };
    let candidates = match chosen {
        Ok(candidates) => candidates,
        Err(error) => {
            say(format_args!("{}: {error}", source.display()));
            return Ok(match error {
                ChooseError::None { .. } => Exit::Refused,
                ChooseError::Several { .. } | ChooseError::Unknown { .. } => Exit::WrongUsage,
            });
        }
    };
    let scenario = options
        .scenario
        .clone()
        .unwrap_or_else(|| format!("{}.toml", candidates[0].server()).into());
    let headers = scenario.with_extension("head");
    let name = |path: &Path| path.file_name().unwrap_or_default().display().to_string();
    let (source, header_file) = (name(source), name(&headers));
    let source = if source == "-" { "a copied request" } else { &source };
    let imported = import_all(&candidates, Names { header_file: &header_file, source });
    let Imported { scenario: text, headers: head, notes } = match imported {
        Ok(imported) => imported,
        Err(error) => {
            say(format_args!("--url: {error}"));
            return Ok(Exit::WrongUsage);
        }
    };
    write_new(&headers, &head)?;
    if let Err(error) = write_new(&scenario, &text) {
        // Half of a pair is of no use.
        let _ = std::fs::remove_file(&headers);
        return Err(error);
    }
    let notes: String = notes.iter().map(|note| format!("- {note}\n")).collect();
    let (scenario, headers) = (scenario.display(), headers.display());
    output::put_list(&format!("{scenario} and {headers} are written\n{notes}"))?;
    Ok(Exit::Ok)
}

/// The ways to call it, where none is chosen.
const WAYS: &str = "\
pushbench new: nothing to make a scenario of; it is one of:
  pushbench new mine.toml                      a scenario with comments, to be changed
  pushbench new mine.toml --ask                the same after five questions
  pushbench new mine.toml --from-har page.har  what a browser recorded
  pushbench new mine.toml --from-curl FILE     a request that a browser copied; - is stdin
  pushbench new --adapter NAME                 an adapter for a server of your own";

/// Writes a scenario that has comments.
fn new_scenario(options: &NewOptions) -> anyhow::Result<Exit> {
    let path = match (&options.scenario, options.ask) {
        (Some(path), _) => path.as_path(),
        (None, true) => Path::new("scenario.toml"),
        (None, false) => {
            say(WAYS);
            return Ok(Exit::WrongUsage);
        }
    };
    // Whoever replies to five questions wants to be told before them.
    if path.exists() {
        bail!("cannot write {}: it is there already", path.display());
    }
    let settings = match options.ask {
        true => ask(&mut stdin().lock(), &mut |line| say(line))?,
        false => Settings::default(),
    };
    let text = match settings.scenario(path) {
        Ok(text) => text,
        Err(refused) => {
            say(refused);
            return Ok(Exit::Refused);
        }
    };
    write_new(path, &text)?;
    let path = path.display();
    output::put_list(&format!(
        "{path} is written; what it would do says: pushbench check {path}; to play it: pushbench run {path}\n"
    ))?;
    Ok(Exit::Ok)
}

/// Writes an adapter that is to be filled in.
fn new_adapter(name: &str, path: Option<&Path>) -> anyhow::Result<Exit> {
    let is_name = |of: char| of.is_ascii_alphanumeric() || matches!(of, '-' | '_');
    if name.is_empty() || !name.chars().all(is_name) {
        say(format_args!(
            "--adapter is {name:?}, expected a name of letters, digits, hyphens and underscores"
        ));
        return Ok(Exit::WrongUsage);
    }
    let path = path.map_or_else(|| format!("{name}.toml").into(), Path::to_owned);
    write_new(&path, &skeleton(name))?;
    let path = path.display();
    output::put_list(&format!(
        "{path} is written; fill in what is empty, then: pushbench adapters --check {path}\n"
    ))?;
    Ok(Exit::Ok)
}

fn text(path: &Path) -> anyhow::Result<String> {
    let text = match path == Path::new("-") {
        true => recording(stdin().lock()),
        false => read_recording(path),
    };
    text.with_context(|| format!("cannot read {}", path.display()))
}

/// Writes a file that is not there yet.
fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot write {}", path.display()))
}
