//! A document for a terminal.

use crate::layout::{Block, Document, Row, Span, Table, Tone};
use crate::printable::printable;

/// Space in front of everything that stands under a heading.
const INDENT: usize = 2;
/// Longest title of a group of columns; a scenario may name a transport as it likes.
const LONGEST_TITLE: usize = 32;
/// Labels are torn in mid-word only in a column as narrow as this.
const TORN: usize = 16;
/// Ways to lay out a table, the roomier first.
const LAYOUTS: [Limits; 5] = [
    Limits { group: 3, column: 2, label: 48 },
    Limits { group: 2, column: 1, label: 48 },
    Limits { group: 3, column: 2, label: 32 },
    Limits { group: 2, column: 1, label: 32 },
    Limits { group: 2, column: 1, label: TORN + 4 },
];
/// Where nothing else fits.
const NARROWEST_LAYOUT: Limits = Limits { group: 2, column: 1, label: TORN };

/// Where a terminal's reader finds what a terminal does not unfold.
const ELSEWHERE: &str = "For these tables, use --format html or md; csv has a row for each trial";

/// What a label of the narrowest layout and one column need.
const NARROWEST: usize = 60;

/// How a report is laid out in a terminal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TextOptions {
    /// Whether colours and bold type are used. The words are the same without.
    pub colour: bool,
    /// Columns that a line may take; fewer than 60 count as 60.
    pub width: usize,
    /// Where the record lies, as the reader should type it.
    pub record: Option<String>,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { colour: false, width: 100, record: None }
    }
}

/// Renders a document: no line is longer than the width.
pub fn render_text(document: &Document, options: &TextOptions) -> String {
    let document = document.with_texts(shown);
    let mut page = Page { colour: options.colour, indent: INDENT, out: String::new() };
    let page_width = options.width.max(NARROWEST);
    for (place, section) in document.without_pictures().enumerate() {
        if place > 0 {
            page.out.push('\n');
        }
        // What has no heading to stand under stands at the margin.
        let indent = if section.heading.is_empty() { 0 } else { INDENT };
        page.indent = indent;
        let width = page_width - indent;
        if !section.heading.is_empty() {
            page.wrapped(&[Tone::Strong.span(&section.heading)], Margin::new(0, ""), page_width);
        }
        let mut tables = false;
        for block in &section.blocks {
            match block {
                Block::Paragraph(line) => {
                    // A title stands closer to what it is of than to what is above it.
                    if tables && line.first().is_some_and(|span| span.tone == Tone::Strong) {
                        page.out.push('\n');
                    }
                    page.wrapped(line, Margin::new(indent, ""), width);
                }
                Block::Items(items) => {
                    for item in items {
                        page.wrapped(item, Margin::new(indent, "- "), width);
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
                    page.wrapped(&line, Margin::new(indent, ""), width);
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
    /// Blanks in front of a table's lines.
    indent: usize,
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
            Tone::Good => Some("38;5;28"),
            Tone::Warning => Some("38;5;130"),
            Tone::Bad => Some("1;38;5;160"),
            Tone::Faint => Some("2"),
        };
        match code {
            Some(code) if self.colour && !words.is_empty() => {
                span.text.replacen(words, &format!("\x1b[{code}m{words}\x1b[0m"), 1)
            }
            _ => span.text.clone(),
        }
    }

    /// Words broken into lines; those after the first are indented as far as the marker is long. A
    /// word is torn only where it is longer than a line.
    fn wrapped(&mut self, line: &[Span], margin: Margin, width: usize) {
        let Margin { indent, marker } = margin;
        let text: String = line.iter().map(|span| span.text.as_str()).collect();
        // Blanks between words are one, as in running text.
        let words: Vec<_> = text.split(' ').filter(|word| !word.is_empty()).collect();
        let text = words.join(" ");
        let mut tones = tones(line).into_iter();
        for (place, piece) in lines(&text, width - marker.len()).into_iter().enumerate() {
            let marker = if place == 0 { marker.to_owned() } else { " ".repeat(marker.len()) };
            let mut spans = vec![Tone::Plain.span(marker)];
            for c in piece.chars() {
                let tone = match c {
                    ' ' => None,
                    _ => tones.next(),
                };
                match spans.last_mut().filter(|last| tone.is_none_or(|tone| last.tone == tone)) {
                    Some(last) => last.text.push(c),
                    None => spans.push(tone.unwrap_or_default().span(c)),
                }
            }
            self.line(indent, &spans);
        }
    }

    /// One table if it fits, first with wide and then with narrow gaps and shorter labels, or else
    /// as few as possible of about the same width, one below the other. Columns of a group that is
    /// wider than a line are taken apart too.
    fn table(&mut self, table: &Table, width: usize) {
        let apart = table.with_columns_apart();
        let grids = laid_out(table, width).or_else(|| laid_out(&apart, width));
        let grids = grids.unwrap_or_else(|| {
            let narrowest = NARROWEST_LAYOUT;
            let columns = (0..apart.groups.len()).map(|place| apart.with_groups(place..place + 1));
            columns.map(|column| (Grid::of(&column, narrowest), column)).collect()
        });
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
            self.line(self.indent, &spans);
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
                    self.wrapped(
                        &[Tone::Strong.span(heading)],
                        Margin::new(self.indent, ""),
                        width,
                    );
                }
                Row::Values { label, cells } => self.row(grid, label, cells),
            }
        }
    }

    /// A label that is longer than its column goes on below, before the values.
    fn row(&mut self, grid: &Grid, label: &Span, cells: &[Span]) {
        let indent = label.text.len() - label.text.trim_start().len();
        let mut pieces = lines(label.text.trim_start(), grid.label - indent);
        let last = pieces.pop().unwrap_or_default();
        let indented = |piece: &str| " ".repeat(indent) + piece;
        for piece in pieces {
            self.line(self.indent, &[label.tone.span(indented(&piece))]);
        }
        let last = indented(&last);
        let padding = " ".repeat(grid.label - length(&last));
        let mut spans = vec![label.tone.span(last), Tone::Plain.span(padding)];
        let mut cells = cells.iter();
        for columns in &grid.columns {
            for (place, &width) in columns.iter().enumerate() {
                let cell = cells.next().expect("a row has a cell for each column");
                let gap = if place == 0 { grid.limits.group } else { grid.limits.column };
                let padding = " ".repeat(gap + width - length(&cell.text));
                spans.push(cell.tone.span(padding + &cell.text));
            }
        }
        self.line(self.indent, &spans);
    }
}

/// The parts of a table that fit a width, with the grid of each; `None` where a group does not.
fn laid_out(table: &Table, width: usize) -> Option<Vec<(Grid, Table)>> {
    let most = table.groups.len();
    let layouts = (1..=most).flat_map(|tables| LAYOUTS.map(|limits| (tables, limits)));
    for (tables, limits) in layouts {
        let place = |part: usize| part * most / tables;
        let parts = (0..tables).map(|part| table.with_groups(place(part)..place(part + 1)));
        let grids: Vec<_> = parts.map(|part| (Grid::of(&part, limits), part)).collect();
        if grids.iter().all(|(grid, _)| grid.width() <= width) {
            return Some(grids);
        }
    }
    None
}

/// The tone of each character that is no blank.
fn tones(line: &[Span]) -> Vec<Tone> {
    let of = |span: &Span| {
        let tone = span.tone;
        span.text.chars().filter(|c| *c != ' ').map(move |_| tone).collect::<Vec<_>>()
    };
    line.iter().flat_map(of).collect()
}

/// A text in lines of at most this width, torn at blanks.
fn lines(text: &str, width: usize) -> Vec<String> {
    let options = textwrap::Options::new(width.max(1))
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(text, options).into_iter().map(std::borrow::Cow::into_owned).collect()
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
        let mut label = length(&table.label).min(limits.label);
        let mut widths: Vec<_> = table
            .groups
            .iter()
            .flat_map(|group| &group.columns)
            .map(|title| length(title))
            .collect();
        for row in &table.rows {
            if let Row::Values { label: text, cells } = row {
                label = label.max(length(&text.text).min(limits.label));
                if limits.label > TORN {
                    let indent = text.text.len() - text.text.trim_start().len();
                    let words = text.text.split(' ').map(length);
                    label = label.max(indent + words.max().unwrap_or(0));
                }
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
    if title.is_empty() || free < 4 {
        return " ".repeat(free) + &title;
    }
    let left = (free - 2) / 2;
    format!("{} {title} {}", "-".repeat(left), "-".repeat(free - 2 - left))
}

fn clipped(text: &str, width: usize) -> String {
    if length(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if length(&kept) + length(c.encode_utf8(&mut [0; 4])) + 2 > width {
            break;
        }
        kept.push(c);
    }
    kept + ".."
}

/// Columns of a text in a terminal.
fn length(text: &str) -> usize {
    textwrap::core::display_width(text)
}
