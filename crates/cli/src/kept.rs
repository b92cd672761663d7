//! What is left of a run whose record could not be written.

use std::path::Path;

use pushbench_store::read_journal;

/// What the journal in a run's folder holds of the trials that were `played`, and what to do: it may
/// have met the same full disk as the record.
pub(crate) fn without_record(folder: &Path, played: usize) -> String {
    let held = match read_journal(folder) {
        Ok(run) => run.trials.len(),
        Err(error) => {
            return format!(
                "the record could not be written, and its journal cannot be read: {error}"
            );
        }
    };
    let trials = if played == 1 { "trial that was" } else { "trials that were" };
    let folder = folder.display();
    match held {
        0 => format!(
            "the record could not be written, and nothing could be kept: the journal in {folder} \
             holds none of the {played} {trials} played; make room, or choose another --results"
        ),
        _ => format!(
            "the record could not be written; the journal holds {held} of the {played} {trials} \
             played, and `pushbench report {folder}` reads it"
        ),
    }
}
