//! What is booked as it passes, before it is known to what it belongs.

use crate::accounts::Passed;
use crate::carrier::http2::tap::HeadWatch;

/// Knows what was read with what was received last: heads and what marks frames off, which are booked as
/// they pass where streams share a connection, and data that its owner has not been given yet.
pub(crate) struct Watch(Option<HeadWatch>);

impl Watch {
    /// Of a connection where nothing is booked as it passes.
    pub(crate) const NOTHING: Self = Self(None);

    /// Of what comes on a connection of HTTP/2 from now on.
    pub(crate) fn on(watch: HeadWatch) -> Self {
        Self(Some(watch))
    }

    /// Bytes that have passed.
    pub(crate) fn passed(&self) -> Passed {
        self.0.as_ref().map_or(Passed::default(), HeadWatch::passed)
    }
}
