//! Words in their tones, and tables of them.

/// What makes one text of another.
pub(crate) type Change<'c> = &'c dyn Fn(&str) -> String;

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

impl Span {
    pub(crate) fn with_text(&self, change: Change<'_>) -> Self {
        Self { text: change(&self.text), tone: self.tone }
    }
}

impl Table {
    pub(crate) fn with_texts(&self, change: Change<'_>) -> Self {
        let texts = |texts: &[String]| texts.iter().map(|text| change(text)).collect();
        let groups = self.groups.iter().map(|group| ColumnGroup {
            title: change(&group.title),
            columns: texts(&group.columns),
        });
        let rows = self.rows.iter().map(|row| match row {
            Row::Heading(heading) => Row::Heading(change(heading)),
            Row::Values { label, cells } => Row::Values {
                label: label.with_text(change),
                cells: cells.iter().map(|cell| cell.with_text(change)).collect(),
            },
        });
        Self { label: change(&self.label), groups: groups.collect(), rows: rows.collect() }
    }

    /// A table of plain words: its rows are a label and a cell for each column of all groups.
    pub fn plain(label: &str, groups: Vec<ColumnGroup>, rows: Vec<(String, Vec<String>)>) -> Self {
        let plain = |cells: Vec<String>| cells.into_iter().map(|cell| Tone::Plain.span(cell));
        let rows = rows.into_iter().map(|(label, cells)| Row::Values {
            label: Tone::Plain.span(label),
            cells: plain(cells).collect(),
        });
        Self { label: label.to_owned(), groups, rows: rows.collect() }
    }

    /// A row that says something and has nothing in its columns.
    pub(crate) fn row_without_cells(&self, text: String) -> Row {
        let columns: usize = self.groups.iter().map(|group| group.columns.len()).sum();
        let cells = std::iter::repeat_n(Span::default(), columns).collect();
        Row::Values { label: Tone::Faint.span(text), cells }
    }

    /// The same with each column as a group of its own, under the same title.
    pub(crate) fn with_columns_apart(&self) -> Self {
        let columns = self.groups.iter().flat_map(|group| {
            let alone = |column: &String| ColumnGroup {
                title: group.title.clone(),
                columns: vec![column.clone()],
            };
            group.columns.iter().map(alone)
        });
        Self { groups: columns.collect(), ..self.clone() }
    }

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
