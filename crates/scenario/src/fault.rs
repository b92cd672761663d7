//! What is done to the server while it is measured.

use std::time::Duration;

/// What is done to our own server in the measure phase.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Faults {
    /// When it ends the connections of all subscribers, from the start of the measure phase; it serves
    /// on, and its logs stay.
    pub disconnect_at: Duration,
}
