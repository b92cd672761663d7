//! A document as one HTML file that needs nothing else: no network, no script.
//!
//! Every chart is drawn twice, for wide and for narrow screens, since letters that shrink with the
//! picture cannot be read; the style sheet shows one of them. Colours are variables, so that the
//! same drawing serves light, dark and print.

pub(crate) mod escape;
pub(crate) mod shell;
mod span;
mod table;

use std::fmt::Write as _;

use crate::chart::Chart;
use crate::chart::draw::{Canvas, draw};
use crate::chart::ink::{Ink, patterns};
use crate::layout::{Block, Document, Folded, Section, Span};

use escape::{attribute, text};
use shell::shell;
use span::span;
use table::table;

/// The two sizes in which each chart is drawn: class, width in pixels and size of letters.
const SIZES: [(&str, f64, u32); 2] = [("wide", 920.0, 13), ("narrow", 350.0, 11)];

/// Renders a document: the same words as the text, and the charts.
pub fn render_html(document: &Document) -> String {
    let mut out = String::new();
    let question = document.sections.first().map_or("", |section| section.heading.as_str());
    write(
        &mut out,
        format_args!(
            "<svg class=\"patterns\" width=\"0\" height=\"0\" aria-hidden=\"true\">\
             <defs>{}</defs></svg>\n",
            patterns(Ink::Page),
        ),
    );
    let names = names(document);
    for (place, (section, name)) in document.sections.iter().zip(&names).enumerate() {
        let level = if place == 0 { "h1" } else { "h2" };
        let heading = text(&section.heading);
        write(&mut out, format_args!("<section id=\"{name}\">\n<{level}>{heading}</{level}>\n"));
        for (block, content) in section.blocks.iter().enumerate() {
            render_block(&mut out, content, &format!("{name}-{block}"), section);
        }
        if place == 0 {
            contents(&mut out, document, &names);
        }
        out.push_str("</section>\n");
    }
    shell(question, "", &out)
}

/// Links to the sections.
fn contents(out: &mut String, document: &Document, names: &[String]) {
    out.push_str("<nav aria-label=\"Contents\"><ul>");
    for (section, name) in document.sections.iter().zip(names).skip(1) {
        let heading = text(&section.heading);
        write(out, format_args!("<li><a href=\"#{name}\">{heading}</a></li>"));
    }
    out.push_str("</ul></nav>\n");
}

fn render_block(out: &mut String, block: &Block, name: &str, section: &Section) {
    match block {
        Block::Paragraph(line) => write(out, format_args!("<p>{}</p>\n", spans(line))),
        Block::Items(items) => {
            let items = items.iter().map(|item| format!("<li>{}</li>\n", spans(item)));
            write(out, format_args!("<ul>\n{}</ul>\n", items.collect::<String>()));
        }
        Block::Table(content) => out.push_str(&table(content, &section.heading)),
        Block::Chart(chart) => render_chart(out, chart, name),
        Block::Folded(folded) => render_folded(out, folded),
    }
}

fn render_folded(out: &mut String, folded: &Folded) {
    write(out, format_args!("<details><summary>{}</summary>\n", text(&folded.summary)));
    for (title, content) in &folded.tables {
        write(out, format_args!("<p><strong>{}</strong></p>\n", text(title)));
        out.push_str(&table(content, title));
    }
    out.push_str("</details>\n");
}

fn render_chart(out: &mut String, chart: &Chart, name: &str) {
    let title = text(&chart.title);
    let id = attribute(&chart.name);
    write(out, format_args!("<figure id=\"chart-{id}\">\n<figcaption>{title}</figcaption>\n"));
    for (class, width, letters) in SIZES {
        let id = format!("{name}-{class}");
        let canvas = Canvas { id: &id, ink: Ink::Page, width, letters, has_title: false };
        write(out, format_args!("<div class=\"{class}\">{}</div>\n", draw(chart, &canvas)));
    }
    let notes = chart.notes.iter().map(|note| format!("<p>{}</p>\n", spans(note)));
    write(
        out,
        format_args!(
            "<div class=\"notes\">\n{}</div>\n<details><summary>The numbers</summary>\n{}</details>\n\
             </figure>\n",
            notes.collect::<String>(),
            table(&chart.numbers(), &chart.title)
        ),
    );
}

fn spans(line: &[Span]) -> String {
    line.iter().map(span).collect()
}

/// A name for each section that fits into a link, each once.
fn names(document: &Document) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (place, section) in document.sections.iter().enumerate() {
        let letters = section.heading.chars().map(|c| match c {
            c if c.is_ascii_alphanumeric() => c.to_ascii_lowercase(),
            _ => '-',
        });
        let words: String = letters.collect();
        let words: Vec<_> = words.split('-').filter(|word| !word.is_empty()).take(8).collect();
        let name = if place == 0 { "question".to_owned() } else { words.join("-") };
        let taken = names.contains(&name) || name.is_empty();
        names.push(if taken { format!("section-{place}") } else { name });
    }
    names
}

fn write(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes every write");
}
