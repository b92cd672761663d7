//! `pushbench new`: a scenario from what a browser saved, or an adapter to be filled in.

use std::fs::OpenOptions;
use std::io::{Write as _, stdin};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use pushbench_adapter::skeleton;
use pushbench_import::{
    Candidate, ChooseError, Imported, Names, Recorded, choose, import, read_curl, read_har,
};

use crate::bounded::{read_recording, recording};
use crate::exit::Exit;
use crate::output;
use crate::say::say;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pushbench new --from-curl request.txt
  xclip -o | pushbench new orders.toml --from-curl -
  pushbench new orders.toml --from-har page.har --url /api/orders
  pushbench new --adapter orders

In the developer tools of a browser, the network panel saves all requests of a page as a HAR file, and \
copies one as cURL (for bash). Of a HAR file the request is taken that is repeated, or the WebSocket, or \
the server-sent events; where there are several, `--url` chooses.

Two files are written, and none is overwritten: a header file with the very headers of the browser, and a \
scenario that plays them. Cookies, tokens and passwords are in neither of them: the header file has as \
many x in their place, and the scenario names environment variables.

`--adapter NAME` writes an adapter with comments, to be filled in: NAME.toml, or the file that is given.")]
pub(crate) struct NewOptions {
    /// Where the scenario is written; the header file stands beside it. Without it, the file is named
    /// after the service.
    scenario: Option<PathBuf>,
    /// Make it from a HAR file, as the developer tools of a browser save it; `-` is stdin.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "from_curl",
        required_unless_present_any = ["from_curl", "adapter"]
    )]
    from_har: Option<PathBuf>,
    /// Make it from the text that "Copy as cURL" copies; `-` is stdin.
    #[arg(long, value_name = "FILE")]
    from_curl: Option<PathBuf>,
    /// Take the request of the HAR file that has this text in its URL.
    #[arg(long, value_name = "TEXT", conflicts_with = "from_curl")]
    url: Option<String>,
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
        (None, None) => unreachable!("clap insists on one of them, or on an adapter"),
    };
    let all = match all {
        Ok(all) => all,
        Err(refused) => {
            say(format_args!("{}: {refused}", source.display()));
            return Ok(Exit::Refused);
        }
    };
    let candidate = match (&options.from_har, all.as_slice()) {
        (None, [one]) => Candidate::of(one),
        _ => match choose(&all, options.url.as_deref()) {
            Ok(candidate) => candidate,
            Err(error) => {
                say(format_args!("{}: {error}", source.display()));
                return Ok(match error {
                    ChooseError::None { .. } => Exit::Refused,
                    ChooseError::Several { .. } | ChooseError::Unknown { .. } => Exit::WrongUsage,
                });
            }
        },
    };
    let scenario =
        options.scenario.clone().unwrap_or_else(|| format!("{}.toml", candidate.server()).into());
    let headers = scenario.with_extension("head");
    let name = |path: &Path| path.file_name().unwrap_or_default().display().to_string();
    let (source, header_file) = (name(source), name(&headers));
    let source = if source == "-" { "a copied request" } else { &source };
    let Imported { scenario: text, headers: head, notes } =
        import(&candidate, Names { header_file: &header_file, source });
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
