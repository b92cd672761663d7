//! `pushbench report`.

use anyhow::bail;

use crate::arguments::ReportOptions;
use crate::exit::Exit;
use crate::output;
use crate::runs::find;

/// Shows the record of an earlier run.
pub(crate) fn report(options: &ReportOptions) -> anyhow::Result<Exit> {
    options.output.insist();
    let recorded = find(&options.run, &options.results)?;
    if recorded.run.trials.is_empty() {
        let reason = recorded.run.failure.as_deref().unwrap_or("no reason is recorded");
        bail!("nothing to report: {} holds no trial ({reason})", recorded.file().display());
    }
    let record = recorded.file();
    output::write(&recorded.run, &options.output, Some((&record, &options.results)))?;
    Ok(Exit::Ok)
}
