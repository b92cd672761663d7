//! A table that can be read on a narrow screen, on paper, and copied into a spreadsheet.

use std::fmt::Write as _;

use super::escape::{attribute, text};
use super::span::span;
use crate::layout::{ColumnGroup, Row, Table};

/// More columns than this do not fit on paper.
const PAPER: usize = 8;

/// The table within a box of its own that scrolls; where it is too wide for paper, once more in
/// parts for the printer.
pub(super) fn table(table: &Table, caption: &str) -> String {
    let columns: usize = table.groups.iter().map(|group| group.columns.len()).sum();
    let parts = parts_for_paper(&table.groups);
    let (screen, print) = match columns > PAPER && parts.len() > 1 {
        true => (" screen", parts),
        false => ("", Vec::new()),
    };
    let caption = attribute(caption);
    // Scrolled by keys only if it can be reached by them, and reached only if it has a name.
    let mut out = format!(
        "<div class=\"scroll{screen}\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\n\
         {}</div>\n",
        whole(table)
    );
    for groups in print {
        let part = whole(&table.with_groups(groups));
        write!(out, "<div class=\"print\">\n{part}</div>\n").expect("a string takes every write");
    }
    out
}

/// Runs of groups that fit on paper together.
fn parts_for_paper(groups: &[ColumnGroup]) -> Vec<std::ops::Range<usize>> {
    let mut parts: Vec<std::ops::Range<usize>> = Vec::new();
    let mut columns = 0;
    for (place, group) in groups.iter().enumerate() {
        columns += group.columns.len();
        match parts.last_mut() {
            Some(part) if columns <= PAPER => part.end = place + 1,
            _ => {
                parts.push(place..place + 1);
                columns = group.columns.len();
            }
        }
    }
    parts
}

fn whole(table: &Table) -> String {
    let mut out = String::from("<table>\n<thead>\n");
    let mut put = |line: std::fmt::Arguments<'_>| {
        out.write_fmt(line).expect("a string takes every write");
    };
    if table.groups.iter().any(|group| !group.title.is_empty()) {
        put(format_args!("<tr><td></td>"));
        for group in &table.groups {
            let (width, title) = (group.columns.len(), text(&group.title));
            put(format_args!("<th colspan=\"{width}\" scope=\"colgroup\">{title}</th>"));
        }
        put(format_args!("</tr>\n"));
    }
    put(format_args!("<tr>{}", head(&table.label)));
    let mut columns = 1;
    for group in &table.groups {
        for (place, column) in group.columns.iter().enumerate() {
            let class = if place == 0 { " class=\"first\"" } else { "" };
            put(format_args!("<th scope=\"col\"{class}>{}</th>", text(column)));
            columns += 1;
        }
    }
    put(format_args!("</tr>\n</thead>\n<tbody>\n"));
    for (place, row) in table.rows.iter().enumerate() {
        match row {
            Row::Heading(heading) => {
                let parted = if place == 0 { "" } else { "</tbody>\n<tbody>\n" };
                let heading = text(heading);
                put(format_args!(
                    "{parted}<tr class=\"heading\"><th colspan=\"{columns}\" scope=\"rowgroup\">\
                     <span>{heading}</span></th></tr>\n"
                ));
            }
            Row::Values { label, cells } => {
                put(format_args!("<tr>{}", row_head(label)));
                let mut cells = cells.iter();
                for group in &table.groups {
                    for (place, cell) in cells.by_ref().take(group.columns.len()).enumerate() {
                        let class = if place == 0 { " class=\"first\"" } else { "" };
                        put(format_args!("<td{class}>{}</td>", span(cell)));
                    }
                }
                put(format_args!("</tr>\n"));
            }
        }
    }
    out.push_str("</tbody>\n</table>\n");
    out
}

/// The corner: a heading if it has words, else nothing that a screen reader would announce.
fn head(label: &str) -> String {
    if label.is_empty() {
        "<td></td>".to_owned()
    } else {
        format!("<th scope=\"col\">{}</th>", text(label))
    }
}

/// Blanks in front of a label are how deep it stands; a page has margins for that.
fn row_head(label: &crate::layout::Span) -> String {
    let trimmed = label.text.trim_start_matches(' ');
    let depth = (label.text.len() - trimmed.len()) / 2;
    let class =
        if depth == 0 { String::new() } else { format!(" class=\"deep-{}\"", depth.min(2)) };
    let label = span(&label.tone.span(trimmed));
    format!("<th scope=\"row\"{class}>{label}</th>")
}
