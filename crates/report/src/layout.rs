//! What a report consists of, before it is text, Markdown or a page.
//!
//! A report is built once as a [`Document`]; each format is one walk over it, so that no format
//! can say something that another leaves out. Only charts are for formats that can show them (what
//! they show stands in tables too), and what is folded is only named where nothing can be unfolded.

use crate::chart::Chart;
use crate::table::Change;
pub use crate::table::{ColumnGroup, Line, Row, Span, Table, Tone};

/// A whole report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// Its parts, in reading order.
    pub sections: Vec<Section>,
}

/// A heading and what stands under it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// What stands under it.
    pub blocks: Vec<Block>,
}

/// A paragraph, a list, a table, a picture or what is folded away.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Running text.
    Paragraph(Line),
    /// A list, one entry each.
    Items(Vec<Line>),
    /// A table.
    Table(Table),
    /// A picture of figures; a format without pictures passes it over.
    Chart(Chart),
    /// Tables too many for a first reading.
    Folded(Folded),
}

/// Tables behind one line that says what they show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folded {
    /// What they show.
    pub summary: String,
    /// Title and table.
    pub tables: Vec<(String, Table)>,
}

impl Document {
    /// The same with every text of it changed.
    pub(crate) fn with_texts(&self, change: impl Fn(&str) -> String) -> Self {
        let change = &change;
        let sections = self.sections.iter().map(|section| Section {
            heading: change(&section.heading),
            blocks: section.blocks.iter().map(|block| block.with_texts(change)).collect(),
        });
        Self { sections: sections.collect() }
    }

    /// The sections that have something to say where no picture can be shown.
    pub fn without_pictures(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|section| !section.is_only_pictures())
    }

    /// Every chart, in reading order.
    pub fn charts(&self) -> impl Iterator<Item = &Chart> {
        self.sections.iter().flat_map(|section| &section.blocks).filter_map(|block| match block {
            Block::Chart(chart) => Some(chart),
            Block::Paragraph(_) | Block::Items(_) | Block::Table(_) | Block::Folded(_) => None,
        })
    }
}

impl Section {
    /// An empty one.
    pub fn new(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), blocks: Vec::new() }
    }

    /// Adds a paragraph in one tone.
    pub fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.blocks.push(Block::Paragraph(vec![tone.span(text)]));
    }

    /// Whether all that stands here are charts; a heading alone is not.
    fn is_only_pictures(&self) -> bool {
        !self.blocks.is_empty() && self.blocks.iter().all(|block| matches!(block, Block::Chart(_)))
    }

    /// Adds a list, unless it is empty.
    pub fn list(&mut self, items: Vec<Line>) {
        if !items.is_empty() {
            self.blocks.push(Block::Items(items));
        }
    }
}

impl Block {
    fn with_texts(&self, change: Change<'_>) -> Self {
        let line = |line: &Line| line.iter().map(|span| span.with_text(change)).collect();
        match self {
            Self::Paragraph(text) => Self::Paragraph(line(text)),
            Self::Items(items) => Self::Items(items.iter().map(line).collect()),
            Self::Table(table) => Self::Table(table.with_texts(change)),
            Self::Chart(chart) => Self::Chart(chart.clone()),
            Self::Folded(folded) => {
                let tables = folded.tables.iter();
                let tables = tables.map(|(title, table)| (change(title), table.with_texts(change)));
                Self::Folded(Folded { summary: change(&folded.summary), tables: tables.collect() })
            }
        }
    }
}
