//! `pushbench anatomy`.

mod house;
mod line;
mod options;
mod play;

use anyhow::{Context, bail};
use pushbench_anatomy::{Anatomy, render};
use pushbench_protocol::{AllowedHosts, RequestProfile, ResponseProfile, TransportKind};
use pushbench_runner::Target;
use serde_json::json;

use self::house::House;
use self::options::AnatomyFormat;
pub(crate) use self::options::AnatomyOptions;
use self::play::{Play, Scene};
use crate::exit::Exit;
use crate::output;

/// Makes one exchange by each transport that is asked for, and explains every byte.
pub(crate) fn anatomy(options: &AnatomyOptions) -> anyhow::Result<Exit> {
    let request = request(&options.headers)?;
    // Unless something is named, the two that the published sample compares.
    let of_the_sample = TransportKind::ALL.iter().copied();
    let of_the_sample = of_the_sample.filter(|kind| kind.properties().takes_own_request_line);
    let kinds = match options.transports.as_slice() {
        [] => of_the_sample.collect(),
        named => named.to_vec(),
    };
    for &kind in &kinds {
        if request.has_own_path() && !kind.properties().takes_own_request_line {
            bail!(
                "the profile `{}` brings its own request line, which asks for a short poll, and \
                 cannot ask for {kind}",
                request.name()
            );
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut anatomies = Vec::new();
    for &kind in &kinds {
        // A server of its own for each, so that its books are of this exchange alone.
        let house = match &options.target {
            Some(target) => House::Theirs(Target {
                publish_token: options.publish_token.clone(),
                ..on_this_host(target)?
            }),
            None => {
                let hosts = request.own_hosts().into_iter().map(str::to_owned).collect();
                House::start(response(options)?, AllowedHosts::Named(hosts))?
            }
        };
        let target = house.target();
        let is_fresh = options.target.is_none();
        let scene = Scene { kind, options, request: &request, target: &target, is_fresh };
        let played = runtime.block_on(Play::of(scene));
        let stats = house.end();
        let mut play = played.with_context(|| format!("no anatomy of {kind}"))?;
        play.take_server_books(stats.as_ref());
        let anatomy =
            Anatomy::of(&play.transcript()).with_context(|| format!("no anatomy of {kind}"))?;
        anatomies.push(anatomy);
    }
    let output = options.output.as_deref();
    let text = match options.format {
        AnatomyFormat::Text => {
            let colour = output::has_colour(output, options.no_color);
            render::text(&anatomies, &render::TextOptions { colour, width: output::width() })
        }
        AnatomyFormat::Html => render::html(&anatomies),
        AnatomyFormat::Json => {
            let document =
                json!({ "format": "pushbench-anatomy", "version": 1, "anatomies": anatomies });
            serde_json::to_string_pretty(&document)? + "\n"
        }
    };
    match options.format {
        AnatomyFormat::Text => output::put_styled(&text, output)?,
        AnatomyFormat::Html => output::put(&text, output)?,
        AnatomyFormat::Json => output::put_json(&text, output)?,
    }
    Ok(Exit::Ok)
}

/// A server on this host: what is published to it, and how, is nobody else's affair.
fn on_this_host(url: &str) -> anyhow::Result<Target> {
    Ok(Target::parse_on_this_host(url)?)
}

/// A built-in profile, or one from a file.
fn request(name: &str) -> anyhow::Result<RequestProfile> {
    if crate::response_headers::is_file(name) {
        let text = crate::response_headers::head_file(name)?;
        return RequestProfile::parse(name, &text).with_context(|| name.to_owned());
    }
    Ok(RequestProfile::built_in(name)?)
}

/// The profile asked for; otherwise the one of the same name, as the published sample has both.
fn response(options: &AnatomyOptions) -> anyhow::Result<ResponseProfile> {
    const USUAL: &str = "typical";
    let twin =
        || ResponseProfile::names().find(|name| *name == options.headers && *name != "minimal");
    let name = options.response_headers.as_deref().or_else(twin).unwrap_or(USUAL);
    crate::response_headers::response(name)
}
