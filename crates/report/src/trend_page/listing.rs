//! The list of all runs, with links to their reports.

use pushbench_store::RunV2;

use super::write::{minute, put};
use crate::html::escape::{attribute, text};

/// A run in the list.
#[derive(Clone, Debug)]
pub struct Listed<'run> {
    /// Its record.
    pub run: &'run RunV2,
    /// How it ended and whether it may be believed, in a word.
    pub verdict: &'static str,
    /// Where its report lies, as a link of the page; `None` if there is none.
    pub link: Option<String>,
}

/// Writes the list, in the order given.
pub(super) fn listing(out: &mut String, listed: &[Listed<'_>]) {
    out.push_str(
        "<section id=\"runs\">\n<h2>All runs</h2>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All runs\">\n<table>\n<thead>\n<tr>",
    );
    for column in ["started", "scenario", "run", "rounds", "verdict", "build", "pushbench", "tags"]
    {
        put(out, format_args!("<th scope=\"col\">{column}</th>"));
    }
    out.push_str("</tr>\n</thead>\n<tbody>\n");
    listed.iter().for_each(|listed| row(out, listed));
    out.push_str("</tbody>\n</table>\n</div>\n</section>\n");
}

fn row(out: &mut String, Listed { run, verdict, link }: &Listed<'_>) {
    let started = text(&minute(&run.started_at));
    let started = match link {
        Some(link) => format!("<a href=\"{}\">{started}</a>", attribute(link)),
        None => started,
    };
    let rounds = run.trials.iter().map(|trial| trial.round).max().unwrap_or(0);
    let class = match *verdict {
        "invalid" | "failed" | "aborted" => "bad",
        "warnings" => "warning",
        _ => "faint",
    };
    let commit = run.tool.commit.as_deref().map_or(String::new(), |commit| format!(" ({commit})"));
    let tags: Vec<_> = run.tags.iter().map(|(name, value)| format!("{name}={value}")).collect();
    put(
        out,
        format_args!(
            "<tr><th scope=\"row\">{started}</th><td>{}</td><td>{}</td><td>{rounds}</td>\
             <td class=\"{class}\">{verdict}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            text(&run.scenario.name),
            text(&run.id),
            text(&run.environment.build),
            text(&format!("{}{commit}", run.tool.version)),
            text(&tags.join(", ")),
        ),
    );
}
