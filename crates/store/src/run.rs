//! What a record says of itself.

use std::hash::{BuildHasher, Hasher as _, RandomState};

use crate::record::{CellV1, RunV2, ScenarioV1, TrialV2, Verdict};

impl RunV2 {
    /// Value of `format` in every record.
    pub const FORMAT: &str = "pushbench-run";
    /// Value of `version` in the records this type describes.
    pub const VERSION: u32 = 2;

    /// The trials by whose checks the run is judged: all but those of a search that had too much work to
    /// be valid, which are what it looked for.
    pub fn judged_trials(&self) -> impl Iterator<Item = &TrialV2> {
        self.trials.iter().filter(|trial| {
            let mut steps = self.finds.iter().filter(|find| find.transport == trial.transport);
            !steps.any(|find| find.is_beyond(trial))
        })
    }

    /// The worst verdict of any check of any trial by which it is judged; [`Verdict::Ok`] if there is
    /// none.
    pub fn worst_verdict(&self) -> Verdict {
        self.judged_trials().map(TrialV2::worst_verdict).max().unwrap_or(Verdict::Ok)
    }

    /// The part of a sweep that was run with these settings, as a run of its own.
    pub fn of_cell(&self, cell: &CellV1) -> Self {
        // Field by field: the trials of all other cells are most of a record, and not copied.
        Self {
            format: self.format.clone(),
            version: self.version,
            id: self.id.clone(),
            tool: self.tool.clone(),
            started_at: self.started_at.clone(),
            ended_at: self.ended_at.clone(),
            elapsed_seconds: self.elapsed_seconds,
            tags: self.tags.clone(),
            notes: self.notes.clone(),
            status: self.status,
            failure: self.failure.clone(),
            scenario: ScenarioV1 { cells: Vec::new(), ..self.scenario.clone() },
            environment: self.environment.clone(),
            transports: self.transports.clone(),
            trials: self.trials.iter().filter(|trial| trial.cell == *cell).cloned().collect(),
            // The searches are of all cells.
            finds: Vec::new(),
            until: None,
            disturbed: self.disturbed.iter().filter(|trial| trial.cell == *cell).cloned().collect(),
            floor: self.floor.iter().filter(|floor| floor.cell == *cell).cloned().collect(),
            no_floor: self.no_floor.clone(),
            expectations: self
                .expectations
                .iter()
                .filter(|expectation| expectation.cell == *cell)
                .cloned()
                .collect(),
        }
    }
}

impl TrialV2 {
    /// The worst verdict of its checks; [`Verdict::Ok`] if there is none, and
    /// [`Verdict::NotChecked`] if none of them had anything to look at.
    pub fn worst_verdict(&self) -> Verdict {
        self.checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Ok)
    }
}

/// A short name for a run: 6 digits of base 32, random, lower case, without `i`, `l`, `o`, `u`.
///
/// With the second of its start before it (see [`run_folder`](crate::run_folder)) two runs get the
/// same name once in a thousand million; the second of them is refused, not written over.
pub fn new_id() -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    // The standard library's keys come from the system's random numbers, one pair a process.
    let bits = RandomState::new().build_hasher().finish();
    (0..6).map(|place| char::from(DIGITS[(bits >> (5 * place) & 31) as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_six_lower_case_digits_and_another_each_time() {
        let (first, second) = (new_id(), new_id());
        assert_eq!(first.len(), 6);
        assert!(first.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()));
        assert_ne!(first, second);
    }
}
