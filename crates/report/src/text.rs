//! A document for a terminal.

use crate::layout::{Block, Document, Row, Span, Table, Tone};
use crate::printable::printable;

/// Space in front of everything that stands under a heading.
const INDENT: usize = 2;
/// Longest title of a group of columns; a scenario may name a transport as it likes.
const LONGEST_TITLE: usize = 32;
/// Ways to lay out a table, the roomier first.
const LAYOUTS: [Limits; 4] = [
    Limits { group: 3, column: 2, label: 48 },
    Limits { group: 2, column: 1, label: 48 },
    Limits { group: 3, column: 2, label: 32 },
    Limits { group: 2, column: 1, label: 32 },
];

/// Where a terminal's reader finds what a terminal does not unfold.
const ELSEWHERE: &str = "For these tables: --format html or md; csv has a row for each trial";

/// What the shortest of the longest labels and the widest group of columns need.
const NARROWEST: usize = 72;

/// How a report is laid out in a terminal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TextOptions {
    /// Whether colours and bold type are used. The words are the same without.
    pub colour: bool,
    /// Columns that tables and paragraphs may take; fewer than 72 count as 72.
    pub width: usize,
    /// Where the record lies, as the reader should type it.
    pub record: Option<String>,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { colour: false, width: 100, record: None }
    }
}

/// Renders a document: no line is longer than the width, but for words that are.
pub fn render_text(document: &Document, options: &TextOptions) -> String {
    let document = document.with_texts(shown);
    let mut page = Page { colour: options.colour, out: String::new() };
    let page_width = options.width.max(NARROWEST);
    let width = page_width - INDENT;
    for (place, section) in document.without_pictures().enumerate() {
        if place > 0 {
            page.out.push('\n');
        }
        page.wrapped(&[Tone::Strong.span(&section.heading)], Margin::new(0, ""), page_width);
        let mut tables = false;
        for block in &section.blocks {
            match block {
                Block::Paragraph(line) => {
                    // A title stands closer to what it is of than to what is above it.
                    if tables && line.first().is_some_and(|span| span.tone == Tone::Strong) {
                        page.out.push('\n');
                    }
                    page.wrapped(line, Margin::new(INDENT, ""), width);
                }
                Block::Items(items) => {
                    for item in items {
                        page.wrapped(item, Margin::new(INDENT, "- "), width);
                    }
                }
                Block::Table(table) => {
                    page.table(table, width);
                    tables = true;
                }
                Block::Chart(_) => {}
                Block::Folded(folded) => {
                    if tables {
                        page.out.push('\n');
                    }
                    let line = [Tone::Faint.span(format!("{}. {ELSEWHERE}.", folded.summary))];
                    page.wrapped(&line, Margin::new(INDENT, ""), width);
                }
            }
        }
    }
    page.out
}

/// A text as a terminal may show it, in one line.
fn shown(text: &str) -> String {
    printable(text).replace('\n', " ")
}

/// What stands in front of running text.
struct Margin {
    indent: usize,
    marker: &'static str,
}

impl Margin {
    fn new(indent: usize, marker: &'static str) -> Self {
        Self { indent, marker }
    }
}

struct Page {
    colour: bool,
    out: String,
}

impl Page {
    fn line(&mut self, indent: usize, spans: &[Span]) {
        let mut line = " ".repeat(indent);
        for span in spans {
            line.push_str(&self.coloured(span));
        }
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    /// Blanks at either end stay outside of the colour, so that trimming a line never meets a code.
    fn coloured(&self, span: &Span) -> String {
        let words = span.text.trim();
        let code = match span.tone {
            Tone::Plain => None,
            Tone::Strong => Some("1"),
            Tone::Good => Some("32"),
            Tone::Warning => Some("33"),
            Tone::Bad => Some("1;31"),
            Tone::Faint => Some("2"),
        };
        match code {
            Some(code) if self.colour && !words.is_empty() => {
                span.text.replacen(words, &format!("\x1b[{code}m{words}\x1b[0m"), 1)
            }
            _ => span.text.clone(),
        }
    }

    /// Words broken into lines; those after the first are indented as far as the marker is long.
    fn wrapped(&mut self, line: &[Span], margin: Margin, width: usize) {
        let Margin { indent, marker } = margin;
        let mut current = vec![Tone::Plain.span(marker)];
        let mut column = marker.len();
        let mut glue = "";
        for span in line {
            for (place, word) in span.text.split(' ').enumerate() {
                if place > 0 {
                    glue = " ";
                }
                if word.is_empty() {
                    continue;
                }
                if column + glue.len() + length(word) > width && !glue.is_empty() {
                    self.line(indent, &current);
                    current = vec![Tone::Plain.span(" ".repeat(marker.len()))];
                    column = marker.len();
                    glue = "";
                }
                column += glue.len() + length(word);
                current.push(span.tone.span(format!("{glue}{word}")));
                glue = "";
            }
        }
        self.line(indent, &current);
    }

    /// One table if it fits, first with wide and then with narrow gaps and cut labels, or else as few
    /// as possible of about the same width, one below the other.
    fn table(&mut self, table: &Table, width: usize) {
        let most = table.groups.len();
        let layouts = (1..=most).flat_map(|tables| LAYOUTS.map(|limits| (tables, limits)));
        let mut grids = Vec::new();
        for (tables, limits) in layouts {
            let place = |part: usize| part * most / tables;
            let parts = (0..tables).map(|part| table.with_groups(place(part)..place(part + 1)));
            grids = parts.map(|part| (Grid::of(&part, limits), part)).collect();
            if grids.iter().all(|(grid, _)| grid.width() <= width) {
                break;
            }
        }
        for (place, (grid, part)) in grids.iter().enumerate() {
            if place > 0 {
                self.out.push('\n');
            }
            self.grid(part, grid, width);
        }
    }

    fn grid(&mut self, table: &Table, grid: &Grid, width: usize) {
        if table.groups.iter().any(|group| !group.title.is_empty()) {
            let mut spans = vec![Tone::Plain.span(" ".repeat(grid.label))];
            for (place, group) in table.groups.iter().enumerate() {
                let title = ruled(&group.title, grid.group_width(place));
                spans.push(Tone::Strong.span(" ".repeat(grid.limits.group) + &title));
            }
            self.line(INDENT, &spans);
        }
        let titles = table.groups.iter().flat_map(|group| &group.columns);
        let titles: Vec<_> = titles.map(|title| Tone::Faint.span(title)).collect();
        self.row(grid, &Tone::Faint.span(&table.label), &titles);
        for (place, row) in table.rows.iter().enumerate() {
            match row {
                Row::Heading(heading) => {
                    if place > 0 {
                        self.out.push('\n');
                    }
                    self.wrapped(&[Tone::Strong.span(heading)], Margin::new(INDENT, ""), width);
                }
                Row::Values { label, cells } => self.row(grid, label, cells),
            }
        }
    }

    fn row(&mut self, grid: &Grid, label: &Span, cells: &[Span]) {
        let text = clipped(&label.text, grid.limits.label);
        let padding = " ".repeat(grid.label - length(&text));
        let mut spans = vec![label.tone.span(text), Tone::Plain.span(padding)];
        let mut cells = cells.iter();
        for columns in &grid.columns {
            for (place, &width) in columns.iter().enumerate() {
                let cell = cells.next().expect("a row has a cell for each column");
                let gap = if place == 0 { grid.limits.group } else { grid.limits.column };
                let padding = " ".repeat(gap + width - length(&cell.text));
                spans.push(cell.tone.span(padding + &cell.text));
            }
        }
        self.line(INDENT, &spans);
    }
}

/// Blanks in front of a group of columns and between the columns of a group, and the longest label.
#[derive(Clone, Copy)]
struct Limits {
    group: usize,
    column: usize,
    label: usize,
}

/// Width of every column.
struct Grid {
    limits: Limits,
    label: usize,
    columns: Vec<Vec<usize>>,
}

impl Grid {
    fn of(table: &Table, limits: Limits) -> Self {
        let mut label = length(&table.label);
        let mut widths: Vec<_> = table
            .groups
            .iter()
            .flat_map(|group| &group.columns)
            .map(|title| length(title))
            .collect();
        for row in &table.rows {
            if let Row::Values { label: text, cells } = row {
                label = label.max(length(&text.text).min(limits.label));
                for (width, cell) in widths.iter_mut().zip(cells) {
                    *width = (*width).max(length(&cell.text));
                }
            }
        }
        let mut widths = widths.into_iter();
        let columns = table.groups.iter().map(|group| {
            let mut columns: Vec<_> = widths.by_ref().take(group.columns.len()).collect();
            let title = length(&group.title).min(LONGEST_TITLE);
            let taken = columns.iter().sum::<usize>() + limits.column * (columns.len() - 1);
            columns[0] += title.saturating_sub(taken);
            columns
        });
        Self { limits, label, columns: columns.collect() }
    }

    fn group_width(&self, group: usize) -> usize {
        let columns = &self.columns[group];
        columns.iter().sum::<usize>() + self.limits.column * (columns.len() - 1)
    }

    fn width(&self) -> usize {
        let groups =
            (0..self.columns.len()).map(|group| self.limits.group + self.group_width(group));
        self.label + groups.sum::<usize>()
    }
}

/// A title in the middle of a rule, `--- title ---`, so that it is seen what it spans.
fn ruled(title: &str, width: usize) -> String {
    let title = clipped(title, width);
    let free = width - length(&title);
    if title.is_empty() || free < 2 {
        return " ".repeat(free) + &title;
    }
    let left = (free - 2) / 2;
    format!("{} {title} {}", "-".repeat(left), "-".repeat(free - 2 - left))
}

fn clipped(text: &str, width: usize) -> String {
    if length(text) <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(2)).collect();
    kept + ".."
}

fn length(text: &str) -> usize {
    text.chars().count()
}
