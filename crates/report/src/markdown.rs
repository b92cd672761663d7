//! A document as Markdown with tables (GitHub's flavour).

use std::fmt::Write as _;

use crate::html::escape as html_escape;
use crate::layout::{Block, Document, Folded, Row, Span, Table, Tone};
use crate::printable::printable;

/// Renders a document. It says the same as the text; tables are never split.
pub fn render_markdown(document: &Document) -> String {
    let document = document.with_texts(|text| printable(text).replace('\n', " "));
    let mut out = String::new();
    for (place, section) in document.without_pictures().enumerate() {
        let level = if place == 0 { "#" } else { "\n##" };
        line(&mut out, format_args!("{level} {}", escaped(&section.heading)));
        for block in &section.blocks {
            if matches!(block, Block::Chart(_)) {
                continue;
            }
            out.push('\n');
            match block {
                Block::Paragraph(text) => line(&mut out, format_args!("{}", spans(text))),
                Block::Items(items) => {
                    for item in items {
                        line(&mut out, format_args!("- {}", spans(item)));
                    }
                }
                Block::Table(table) => render_table(&mut out, table),
                Block::Chart(_) => {}
                Block::Folded(folded) => render_folded(&mut out, folded),
            }
        }
    }
    out
}

/// Markdown has no fold of its own, but lets HTML's through.
fn render_folded(out: &mut String, folded: &Folded) {
    let summary = html_escape::text(&folded.summary);
    line(out, format_args!("<details><summary>{summary}</summary>"));
    for (title, table) in &folded.tables {
        line(out, format_args!("\n**{}**\n", escaped(title)));
        render_table(out, table);
    }
    line(out, format_args!("\n</details>"));
}

fn render_table(out: &mut String, table: &Table) {
    let titles = table.groups.iter().flat_map(|group| {
        group.columns.iter().map(|column| format!("{} {column}", group.title).trim().to_owned())
    });
    let titles: Vec<_> = titles.map(|title| escaped(&title)).collect();
    line(out, format_args!("| {} | {} |", escaped(&table.label), titles.join(" | ")));
    line(out, format_args!("|---|{}", "---:|".repeat(titles.len())));
    for row in &table.rows {
        match row {
            Row::Heading(heading) => {
                let empty = " |".repeat(titles.len());
                line(out, format_args!("| **{}** |{empty}", escaped(heading)));
            }
            Row::Values { label, cells } => {
                let cells: Vec<_> = cells.iter().map(span).collect();
                line(out, format_args!("| {} | {} |", span(label).trim(), cells.join(" | ")));
            }
        }
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("a string takes every write");
}

fn spans(line: &[Span]) -> String {
    line.iter().map(span).collect()
}

/// Emphasis only where the words would be missed: Markdown has no colours.
fn span(span: &Span) -> String {
    let text = escaped(&span.text);
    let words = text.trim();
    match span.tone {
        Tone::Strong | Tone::Warning | Tone::Bad if !words.is_empty() => {
            text.replacen(words, &format!("**{words}**"), 1)
        }
        _ => text,
    }
}

/// Only what would be taken for markup, so that the source stays readable too.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let opens_tag =
            rest.peek().is_some_and(|next| next.is_alphabetic() || "/!?".contains(*next));
        if matches!(c, '\\' | '|' | '*' | '`') || (c == '<' && opens_tag) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_would_be_markup_is_escaped() {
        assert_eq!(escaped("a|b *c* `d` <e> </f>"), r"a\|b \*c\* \`d\` \<e> \</f>");
        assert_eq!(escaped("tcp_ip <.1% < 50ms"), "tcp_ip <.1% < 50ms");
    }
}
