//! `[fault]` as written.

use std::time::Duration;

use pushbench_toml::kind::duration;
use pushbench_toml::{At, Read, Reader};

use crate::fault::Faults;
use crate::quantity::minutes;

/// How it is written.
pub(crate) const FAULT_EXAMPLE: &str = "{ disconnect_at = \"5s\" }";
/// `[fault]`.
#[derive(Debug)]
pub(crate) struct FaultFile {
    pub(crate) disconnect_at: Read<Duration>,
}

impl FaultFile {
    /// Reads the table.
    pub(crate) fn read(mut found: At<Option<Reader<'_>>>) -> Option<Self> {
        let mut table = found.value.take()?;
        let disconnect_at = table.required("disconnect_at", duration(Duration::ZERO..=minutes(60)));
        table.finish();
        Some(Self { disconnect_at })
    }

    /// The faults; `None` if any was refused.
    pub(crate) fn resolve(self) -> Option<Faults> {
        Some(Faults { disconnect_at: self.disconnect_at?.value })
    }
}
