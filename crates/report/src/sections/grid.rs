//! The cells of a sweep laid out: one setting along an axis, a line for each combination of the
//! others.

use pushbench_store::{CellV1, RunV2};

use crate::sections::swept::{Swept, called, swept};

/// All cells of a run.
pub(crate) struct Grid {
    /// What is varied.
    pub(crate) settings: Vec<Swept>,
    /// What goes along the axis: the setting with the most values, numbers first.
    pub(crate) along: Swept,
    /// One for each combination of the other settings.
    pub(crate) lines: Vec<Line>,
}

/// Cells that differ in nothing but the setting along the axis.
pub(crate) struct Line {
    /// What they have in common; empty if only one setting is varied.
    pub(crate) common: CellV1,
    /// In the order of the axis.
    pub(crate) points: Vec<Point>,
}

/// One cell.
pub(crate) struct Point {
    /// Its place on the axis: the value, or its number among the values.
    pub(crate) place: f64,
    /// Its settings.
    pub(crate) cell: CellV1,
    /// Its trials alone.
    pub(crate) run: RunV2,
}

impl Grid {
    /// `None` without a sweep, or before its first trial.
    pub(crate) fn of(run: &RunV2) -> Option<Self> {
        if run.trials.is_empty() {
            return None;
        }
        let settings = swept(run);
        let extent = |setting: &&Swept| (setting.numbers.is_some(), setting.values.len());
        let along = settings.iter().rev().max_by_key(extent)?.clone();
        let lines = lines(run, &along);
        Some(Self { settings, along, lines })
    }

    /// What a cell is called, or what a line's cells have in common.
    pub(crate) fn called(&self, cell: &CellV1) -> String {
        called(&self.settings, cell)
    }

    /// What a point is called among those of its line.
    pub(crate) fn called_along(&self, point: &Point) -> String {
        let alone = point.cell.iter().filter(|(name, _)| **name == self.along.name);
        self.called(&alone.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// What the cells of a line have in common, without the words that all lines share.
    pub(crate) fn briefly(&self, line: &Line) -> String {
        self.values_of(&line.common)
    }

    /// The words that [`Self::briefly`] leaves out, in its order.
    pub(crate) fn shared_words(&self) -> String {
        self.common_settings().map(Swept::shared_words).collect::<Vec<_>>().join(", ")
    }

    /// What each swept setting is called where its values stand for themselves.
    pub(crate) fn names(&self) -> Vec<String> {
        let name = |setting: &Swept| match setting.shared_words() {
            "" => setting.short_name().to_owned(),
            shared => shared.to_owned(),
        };
        self.settings.iter().map(name).collect()
    }

    /// The values of a cell, in the order of [`Self::names`] and without those.
    pub(crate) fn values_of(&self, cell: &CellV1) -> String {
        let values = self.settings.iter().filter_map(|setting| {
            let label = &setting.labels[setting.place_in(cell)?];
            Some(label[setting.shared_words().len()..].trim_start().to_owned())
        });
        values.collect::<Vec<_>>().join(", ")
    }

    /// What is varied from line to line.
    fn common_settings(&self) -> impl Iterator<Item = &Swept> {
        self.settings.iter().filter(|setting| setting.name != self.along.name)
    }

    /// Every cell, line by line.
    pub(crate) fn points(&self) -> impl Iterator<Item = &Point> {
        self.lines.iter().flat_map(|line| &line.points)
    }
}

fn lines(run: &RunV2, along: &Swept) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for cell in &run.scenario.cells {
        let place = along.number_in(cell).or_else(|| along.place_in(cell).map(|p| p as f64));
        let Some(place) = place else { continue };
        let mut common = cell.clone();
        common.remove(&along.name);
        let point = Point { place, cell: cell.clone(), run: run.of_cell(cell) };
        match lines.iter_mut().find(|line| line.common == common) {
            Some(line) => line.points.push(point),
            None => lines.push(Line { common, points: vec![point] }),
        }
    }
    for line in &mut lines {
        line.points.sort_by(|one, other| one.place.total_cmp(&other.place));
    }
    lines
}
