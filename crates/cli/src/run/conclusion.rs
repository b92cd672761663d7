//! What becomes of a run that has ended: its record, its reports, its exit code.

use std::path::Path;

use anyhow::Context;
use pushbench_runner::Options;
use pushbench_store::{FindEnding, Journal, RunStatus, RunV2, Verdict};

use crate::arguments::RunOptions;
use crate::exit::Exit;
use crate::kept::without_record;
use crate::options::Format;
use crate::output::{self, Shown};
use crate::places::PAGE_FILE;
use crate::say::{say, say_error};

/// Keeps what was played and shows it.
pub(super) fn conclude(
    options: &RunOptions,
    run_options: &Options,
    run: &RunV2,
    journal: Journal,
) -> anyhow::Result<Exit> {
    if run.trials.is_empty() && run.status != RunStatus::Completed {
        // A report of nothing would only hide the reason.
        journal.discard();
        let (reason, exit) = match run.status {
            RunStatus::Aborted => {
                ("stopped before the first trial had begun; nothing is on record", Exit::Stopped)
            }
            RunStatus::Completed | RunStatus::Failed => {
                (run.failure.as_deref().unwrap_or("nothing was run"), Exit::CouldNotRun)
            }
        };
        say(format_args!("pushbench: {reason}"));
        return Ok(exit);
    }
    let folder = journal.folder().to_owned();
    let finished = journal.finish(run).with_context(|| without_record(&folder, run.trials.len()));
    let record = match finished {
        Ok(record) => record,
        Err(error) => {
            // All of it is still in memory, and stdout may take what the disk did not.
            if let Err(error) = output::write(run, &options.output, None) {
                say_error(&error);
            }
            return Err(error);
        }
    };
    render_beside(run, &record, !(options.quiet || options.output.shows_places()));
    if let Some(part) = &run_options.part {
        say(format_args!(
            "pushbench: that was shard {}; `pushbench merge` makes the run of the records of all {}",
            part.shard,
            part.shard.of()
        ));
    }
    let shown = output::write(run, &options.output, Some((&record, &options.results)));
    for note in run.notes.iter().chain(&run.failure) {
        say(format_args!("pushbench: {note}"));
    }
    match (shown, exit(run)) {
        (Ok(()), exit) => Ok(exit),
        (Err(error), Exit::Ok) => Err(error),
        // How the run ended says more than that nobody could be shown it.
        (Err(error), exit) => {
            say_error(&error);
            Ok(exit)
        }
    }
}

/// Renders the reports that lie beside the record, and says where the page is if nothing else will. The
/// record is on disk by now, and they can be made from it again: one that cannot be written is a warning.
pub(crate) fn render_beside(run: &RunV2, record: &Path, says_where: bool) {
    let folder = record.parent().unwrap_or(Path::new("."));
    for (name, format) in [("report.md", Format::Md), (PAGE_FILE, Format::Html)] {
        let shown = Shown::whole(Some(record.display().to_string()));
        let rendered = output::render(run, format, false, shown);
        let written =
            rendered.and_then(|text| Ok(pushbench_store::write_beside(folder, name, &text)?));
        match written {
            Ok(()) if name == PAGE_FILE && says_where => {
                let page = folder.join(PAGE_FILE);
                say(format_args!("pushbench: report page: {}", page.display()));
            }
            Ok(()) => {}
            Err(error) => say(format_args!(
                "pushbench: warning: {name} is missing ({error:#}); the record is complete, and \
                 `pushbench report {}` renders it again",
                folder.display()
            )),
        }
    }
}

/// What a run that has ended ends with.
pub(crate) fn exit(run: &RunV2) -> Exit {
    match run.status {
        RunStatus::Aborted => return Exit::Stopped,
        RunStatus::Failed => return Exit::CouldNotRun,
        RunStatus::Completed => {}
    }
    let nothing_held = run.finds.iter().any(|find| find.ending == FindEnding::NoneHeld);
    if run.worst_verdict() == Verdict::Invalid {
        Exit::Invalid
    } else if nothing_held || run.expectations.iter().any(|expectation| !expectation.held) {
        Exit::ExpectationFailed
    } else {
        Exit::Ok
    }
}
