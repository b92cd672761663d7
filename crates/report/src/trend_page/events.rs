//! What changed in a trend, and what else was different: the newest first.

use pushbench_compare::{Shown, Trend};
use pushbench_store::RunV2;

use super::write::{minute, put};
use crate::comparison_report::{clause, in_cell, objection_line};
use crate::html::escape::text;

/// Changes that are to be seen at once.
const SEEN: usize = 6;
/// And those that can be unfolded.
const FOLDED: usize = 60;

/// A list of them, or the sentence that there are none.
pub(super) fn events<'run>(out: &mut String, trend: &Trend, run: &dyn Fn(usize) -> &'run RunV2) {
    let items = items(trend, run);
    if items.is_empty() {
        if trend.runs.len() > 1 {
            out.push_str("<p>No change was found from one run to the next.</p>\n");
        }
        return;
    }
    let (seen, rest) = items.split_at(items.len().min(SEEN));
    list(out, seen);
    if !rest.is_empty() {
        let shown = &rest[..rest.len().min(FOLDED)];
        let older = match rest.len() - shown.len() {
            0 => String::new(),
            older => format!(", and {older} older ones that only the marks show"),
        };
        put(out, format_args!("<details><summary>{} more changes{older}</summary>\n", shown.len()));
        list(out, shown);
        out.push_str("</details>\n");
    }
}

fn list(out: &mut String, items: &[String]) {
    out.push_str("<ul>\n");
    items.iter().for_each(|item| put(out, format_args!("<li>{item}</li>\n")));
    out.push_str("</ul>\n");
}

fn items<'run>(trend: &Trend, run: &dyn Fn(usize) -> &'run RunV2) -> Vec<String> {
    let mut items = Vec::new();
    for step in (0..trend.runs.len()).rev() {
        let of = run(step);
        let lead = format!("{}, run {}: ", text(&minute(&of.started_at)), text(&of.id));
        for line in &trend.lines {
            for (_, change) in line.changes.iter().filter(|(at, _)| *at == step) {
                debug_assert_eq!(change.shown(), Shown::Yes);
                let class = if change.is_worse() { "bad" } else { "good" };
                let name = text(&in_cell(&line.transport, &line.cell));
                let clause = text(&clause(change));
                items.push(format!("{lead}<strong class=\"{class}\">{name}</strong> {clause}"));
            }
        }
        for objection in &trend.apart[step] {
            let words = objection_line(objection);
            let words: String = words.iter().map(|span| span.text.as_str()).collect();
            items.push(format!("{lead}<span class=\"faint\">{}</span>", text(&words)));
        }
    }
    items
}
