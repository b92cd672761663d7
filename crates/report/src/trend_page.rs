//! All runs in one page: for each scenario on each machine the course of its figures, what changed and
//! when; and a list of the runs.
//!
//! What changed is decided by `pushbench-compare`, run by run. The page is bounded: where there is more than
//! [`scope`] lets in, it draws fewer figures, then fewer runs, and says so.

mod card;
mod events;
mod listing;
mod scope;
mod write;

use pushbench_compare::{Trend, TrendKey, TrendLine, trends};
use pushbench_store::RunV2;

use crate::comparison_report::in_cell;
use crate::comparison_table::called;
use crate::html::escape::text;
use crate::html::shell::shell;
use crate::units::counted;

use card::card;
use events::events;
pub use listing::Listed;
use listing::listing;
use scope::{MAIN, fit};
use write::{minute, put};

const STYLE: &str = include_str!("trend_page/style.css");

/// What the marks mean, and what they do not.
const LEGEND: &str = "Each step to the right is one run. A mark is a change from the run before it, by the \
    verdict of <code>pushbench compare</code>: <span class=\"bad\">&#9650; &#9660;</span> for the worse, \
    <span class=\"good\">&#9650; &#9660;</span> for the better, each in the direction in which the figure \
    went. A broken line begins anew where runs could not be compared. Among equals about one run in twenty \
    gets a mark by chance, and more where the machine was not as idle as before: believe a change that stays. \
    The scale of a figure is never finer than a tenth of its value.";

/// The page; the runs in the order in which they are listed.
pub fn trend_page(listed: &[Listed<'_>]) -> String {
    let runs: Vec<_> = listed.iter().map(|listed| listed.run).collect();
    let mut trends = trends(&runs);
    let left_out = fit(&mut trends);
    trends.retain(|trend| !trend.runs.is_empty());
    let mut out = String::from("<section id=\"question\">\n<h1>Runs on record</h1>\n");
    let scenarios = counted(trends.len() as u64, "trend");
    let runs = counted(listed.len() as u64, "run");
    put(
        &mut out,
        format_args!("<p>{runs}, {scenarios}: one for each scenario, machine and build.</p>\n"),
    );
    if let Some(left_out) = left_out {
        put(&mut out, format_args!("<p class=\"warning\">{}</p>\n", text(&left_out)));
    }
    put(&mut out, format_args!("<p class=\"faint\">{LEGEND}</p>\n"));
    out.push_str("<nav aria-label=\"Contents\"><ul>");
    for (place, trend) in trends.iter().enumerate() {
        let name = text(&trend.key.scenario);
        let count = counted(trend.runs.len() as u64, "run");
        put(&mut out, format_args!("<li><a href=\"#trend-{place}\">{name}</a> ({count})</li>"));
    }
    out.push_str("<li><a href=\"#runs\">All runs</a></li></ul></nav>\n</section>\n");
    for (place, trend) in trends.iter().enumerate() {
        section(&mut out, trend, place, listed);
    }
    listing(&mut out, listed);
    shell("Runs on record", STYLE, &out)
}

fn section(out: &mut String, trend: &Trend, place: usize, listed: &[Listed<'_>]) {
    let run = |step: usize| listed[trend.runs[step]].run;
    let latest = run(trend.runs.len() - 1);
    put(
        out,
        format_args!(
            "<section id=\"trend-{place}\">\n<h2>{}</h2>\n<p>{}</p>\n<p class=\"faint\">{}</p>\n",
            text(&trend.key.scenario),
            text(&latest.scenario.question),
            text(&extent(trend, &run)),
        ),
    );
    events(out, trend, &run);
    for lines in trend
        .lines
        .chunk_by(|one, other| (&one.transport, &one.cell) == (&other.transport, &other.cell))
    {
        let name = in_cell(&lines[0].transport, &lines[0].cell);
        put(out, format_args!("<h3>{}</h3>\n", text(&name)));
        let (main, rest): (Vec<_>, Vec<_>) =
            lines.iter().partition(|line| MAIN.contains(&line.figure.as_str()));
        cards(out, trend, &main, &run);
        if !rest.is_empty() {
            let count = rest.len();
            put(
                out,
                format_args!(
                    "<details><summary>{count} more figures of {}</summary>\n",
                    text(&name)
                ),
            );
            cards(out, trend, &rest, &run);
            out.push_str("</details>\n");
        }
    }
    out.push_str("</section>\n");
}

fn cards<'run>(
    out: &mut String,
    trend: &Trend,
    lines: &[&TrendLine],
    run: &dyn Fn(usize) -> &'run RunV2,
) {
    out.push_str("<div class=\"cards\">\n");
    for line in lines {
        let (heading, label) = called(&line.figure);
        // `Latency: mean`, and not the word twice.
        let label = label.strip_prefix("latency ").unwrap_or(label);
        card(out, trend, line, &format!("{heading}: {label}"), run);
    }
    out.push_str("</div>\n");
}

/// `3 runs from 2026-11-22 14:30 to 2026-11-24 09:12, on Some CPU, 2 cores, release build`.
fn extent<'run>(trend: &Trend, run: &dyn Fn(usize) -> &'run RunV2) -> String {
    let TrendKey { cpu, cores, link, build, .. } = &trend.key;
    let count = trend.runs.len();
    let when = match count {
        1 => format!("on {}", minute(&run(0).started_at)),
        _ => {
            format!("from {} to {}", minute(&run(0).started_at), minute(&run(count - 1).started_at))
        }
    };
    let cores = cores.map_or(String::new(), |cores| format!(", {}", counted(cores.into(), "core")));
    let link = if link == "loopback" { String::new() } else { format!(", {link}") };
    let left_out = match trend.left_out {
        0 => String::new(),
        left_out => format!(
            "; {} not drawn, which failed, were aborted or are invalid",
            counted(left_out as u64, "run")
        ),
    };
    let cpu = cpu.as_deref().unwrap_or("a processor that is not on record");
    format!(
        "{} {when}, on {cpu}{cores}{link}, {build} build{left_out}",
        counted(count as u64, "run")
    )
}
