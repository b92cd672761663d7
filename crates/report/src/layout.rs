//! What a report consists of, before it is text, Markdown or a page.
//!
//! A report is built once as a [`Document`]; each format is one walk over it, so that no format
//! can say something that another leaves out.

/// A whole report.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Document {
    /// Its parts, in reading order.
    pub sections: Vec<Section>,
}

/// A heading and what stands under it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// What stands under it.
    pub blocks: Vec<Block>,
}

/// A paragraph, a list or a table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Block {
    /// Running text.
    Paragraph(Line),
    /// A list, one entry each.
    Items(Vec<Line>),
    /// A table.
    Table(Table),
}

/// Running text in one or more tones.
pub type Line = Vec<Span>;

/// A piece of text in one tone.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Span {
    /// The words.
    pub text: String,
    /// How they are meant.
    pub tone: Tone,
}

/// How a text is meant. Formats may show it; the words must be enough without.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Tone {
    /// As the rest.
    #[default]
    Plain,
    /// What to read first.
    Strong,
    /// As it should be.
    Good,
    /// To be known before using the numbers.
    Warning,
    /// Not as it should be.
    Bad,
    /// For those who look closer.
    Faint,
}

impl Tone {
    /// A text in this tone.
    pub fn span(self, text: impl Into<String>) -> Span {
        Span { text: text.into(), tone: self }
    }
}

/// A table: one column of labels, then groups of columns that belong together.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Table {
    /// Heading of the labels.
    pub label: String,
    /// The columns. A format that has no room for all may show them group by group.
    pub groups: Vec<ColumnGroup>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// Columns that belong together and are not torn apart.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ColumnGroup {
    /// What they have in common; may be empty.
    pub title: String,
    /// Heading of each column.
    pub columns: Vec<String>,
}

/// A row of a table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Row {
    /// A heading for the rows below it.
    Heading(String),
    /// A label and one cell for each column of each group.
    Values {
        /// What the row shows.
        label: Span,
        /// As many as there are columns in all groups together.
        cells: Vec<Span>,
    },
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

    /// Adds a list, unless it is empty.
    pub fn list(&mut self, items: Vec<Line>) {
        if !items.is_empty() {
            self.blocks.push(Block::Items(items));
        }
    }
}

impl Table {
    /// The same labels with only these groups of columns, counted from 0.
    pub fn with_groups(&self, groups: std::ops::Range<usize>) -> Self {
        let width = |groups: &[ColumnGroup]| groups.iter().map(|g| g.columns.len()).sum::<usize>();
        let first = width(&self.groups[..groups.start]);
        let last = width(&self.groups[..groups.end]);
        let rows = self.rows.iter().map(|row| match row {
            Row::Heading(heading) => Row::Heading(heading.clone()),
            Row::Values { label, cells } => {
                Row::Values { label: label.clone(), cells: cells[first..last].to_vec() }
            }
        });
        Self {
            label: self.label.clone(),
            groups: self.groups[groups].to_vec(),
            rows: rows.collect(),
        }
    }
}
