//! Where messages may be conflated, and what that asks of a trial.

use std::time::Duration;

use pushbench_protocol::Deliver;
use pushbench_toml::{At, Problems};

use crate::file::ScenarioFile;
use crate::quantity::format_duration;

pub(crate) fn conflation_is_for_the_latest(file: &ScenarioFile, problems: &Problems) -> Option<()> {
    if file.workload.deliver.as_ref()?.value == Deliver::Every {
        for conflate in file.conflations() {
            let expected = "absent with workload.deliver = \"every\"".to_owned();
            let help = "what a newer message replaces would never be delivered";
            conflate.refuse(problems, expected, Some(help));
        }
    }
    Some(())
}

pub(crate) fn drain_outlasts_conflation(file: &ScenarioFile, problems: &Problems) -> Option<()> {
    let (drain, conflate) = (file.workload.drain.as_ref()?, file.longest_conflation()?);
    let least = conflate.value?;
    if drain.value? < least {
        let expected = format!("at least {}", format_duration(least));
        let help = format!(
            "{} is {}: a message due at the end would be held back for so long",
            conflate.key, conflate.shown
        );
        drain.refuse(problems, expected, Some(&help));
    }
    Some(())
}

impl ScenarioFile {
    /// The longest conflation, if there is any.
    pub(crate) fn longest_conflation(&self) -> Option<&At<Option<Duration>>> {
        self.conflations().max_by_key(|conflate| conflate.value)
    }

    fn conflations(&self) -> impl Iterator<Item = &At<Option<Duration>>> {
        let written = self.transports.iter().filter_map(|it| it.options.conflate.as_ref());
        written.filter(|conflate| conflate.value.is_some())
    }
}
