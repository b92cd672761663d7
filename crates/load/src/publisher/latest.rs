//! How late the latest message is, told by whoever sends and read by whoever watches.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The longest lateness so far of a message of the measure phase, the same in every clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latest {
    /// In nanoseconds; 0 before the first.
    nanos: Arc<AtomicU64>,
}

impl Latest {
    /// A message was so late.
    pub(super) fn tell(&self, late: Duration) {
        let nanos = u64::try_from(late.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_max(nanos.max(1), Ordering::Relaxed);
    }

    /// What was told; `None` before the first.
    pub(super) fn late(&self) -> Option<Duration> {
        match self.nanos.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }
}
