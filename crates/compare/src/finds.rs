//! The largest amounts of work that two runs found.

use pushbench_store::{FindV2, RunV2};
use serde::Serialize;

/// What two searches of one transport found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FindChange {
    /// The transport's name.
    pub transport: String,
    /// The setting that was varied.
    pub setting: String,
    /// What was to hold.
    pub condition: String,
    /// The largest value that held in the base run; absent if none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<u64>,
    /// The same in the new run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<u64>,
    /// The new one by the base one; absent where one is, or where the runs cannot be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// The ratio that the precision of the searches alone can make, as a share above 1.
    pub precision: f64,
}

impl FindChange {
    /// Whether the two are further apart than the searches' precision.
    pub fn is_beyond_precision(&self) -> bool {
        self.ratio.is_some_and(|ratio| ratio.max(1.0 / ratio) > 1.0 + self.precision)
    }
}

/// The searches that both runs made. `may_compare`: nothing spoils times.
pub(crate) fn finds(base: &RunV2, new: &RunV2, may_compare: bool) -> Vec<FindChange> {
    let asked =
        |find: &FindV2| (find.transport.clone(), find.setting.clone(), find.condition.clone());
    let both = base.finds.iter().filter_map(|was| {
        let is = new.finds.iter().find(|is| asked(is) == asked(was))?;
        let (transport, setting, condition) = asked(was);
        let values = was.largest_held.zip(is.largest_held).filter(|_| may_compare);
        Some(FindChange {
            transport,
            setting,
            condition,
            base: was.largest_held,
            new: is.largest_held,
            ratio: values.map(|(was, is)| is as f64 / was as f64),
            // Either end may be that far below the boundary.
            precision: was.precision.max(is.precision),
        })
    });
    both.collect()
}
