//! Which core a side runs on.

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::FloorError;

/// Keeps this thread on one core.
pub(crate) fn stay_on(core: u32) -> Result<(), FloorError> {
    let mut set = CpuSet::new();
    let number = core as usize;
    if number >= CpuSet::MAX_CPU {
        let most = CpuSet::MAX_CPU as u64 - 1;
        return Err(FloorError::OutOfRange { what: "core", value: core.into(), least: 0, most });
    }
    set.set(number);
    sched_setaffinity(None, &set)
        .map_err(|error| FloorError::when("stay on the core that was named")(error.into()))
}
