//! `pushbench report`.

use anyhow::bail;
use pushbench_plan::prices::services_of;
use pushbench_plan::prices_section;
use pushbench_report::layout::Document;
use pushbench_report::render_markdown;
use pushbench_store::RunV2;
use serde_json::json;

use crate::arguments::ReportOptions;
use crate::exit::Exit;
use crate::options::Format;
use crate::output;
use crate::prices::{books, today};
use crate::runs::find;
use crate::say::say;

/// Shows what a month of a run would cost.
fn priced(run: &RunV2, options: &ReportOptions) -> anyhow::Result<Exit> {
    let books = match books(&options.prices)? {
        Ok(books) => books,
        Err(refused) => {
            say(refused);
            return Ok(Exit::Refused);
        }
    };
    let services = services_of(&books, run);
    let document =
        || Document { sections: prices_section(&services, today()).into_iter().collect() };
    let output = options.output.output.as_deref();
    match options.output.format {
        Format::Text => output::put_document(&document(), output, options.output.no_color)?,
        Format::Md => output::put(&render_markdown(&document()), output)?,
        Format::Json => {
            let priced =
                json!({ "format": "pushbench-prices", "version": 1, "modelled": services });
            output::put_value(&priced, output)?;
        }
        _ => {
            say("pushbench: --prices is written as text, md or json");
            return Ok(Exit::WrongUsage);
        }
    }
    Ok(Exit::Ok)
}

/// Shows the record of an earlier run.
pub(crate) fn report(options: &ReportOptions) -> anyhow::Result<Exit> {
    options.output.insist();
    let recorded = find(&options.run, &options.results)?;
    if recorded.run.trials.is_empty() {
        let reason = recorded.run.failure.as_deref().unwrap_or("no reason is recorded");
        bail!("nothing to report: {} holds no trial ({reason})", recorded.file().display());
    }
    if !options.prices.is_empty() {
        return priced(&recorded.run, options);
    }
    let record = recorded.file();
    output::write(&recorded.run, &options.output, Some((&record, &options.results)))?;
    Ok(Exit::Ok)
}
