//! What the publisher's thread is told to do.

use std::time::Duration;

use pushbench_protocol::Timestamp;

/// Something to publish.
pub(super) enum Part {
    /// What topics begin with that must have a message, at this moment.
    Beginnings(Timestamp),
    /// A part of the schedule.
    Schedule {
        from: Duration,
        until: Duration,
        /// When `from` is.
        at: Timestamp,
    },
    /// What is due from here on, until that is enough.
    On { from: Duration, at: Timestamp },
}
