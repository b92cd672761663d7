//! `pushbench report`.

use anyhow::Context;

use crate::arguments::ReportOptions;
use crate::exit::Exit;
use crate::output;

/// Shows the record of an earlier run.
pub(crate) fn report(options: &ReportOptions) -> anyhow::Result<Exit> {
    options.output.insist();
    let run = pushbench_store::read(&options.run)
        .with_context(|| format!("cannot read the run {}", options.run.display()))?;
    output::write(&run, &options.output, Some(options.run.display().to_string()))?;
    Ok(Exit::Ok)
}
