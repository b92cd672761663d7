//! What is booked as it passes, before it is known to what it belongs.

use std::rc::Rc;

use crate::accounts::Passed;

/// Counts what passes on a connection where that is booked at once.
pub(crate) trait Passing {
    /// Field blocks, and what marks frames off, that have come from the server so far; and data that
    /// nobody has been handed yet.
    fn passed(&self) -> Passed;
}

/// Knows what was read with what was received last: heads and what marks frames off, which are booked as
/// they pass where streams share a connection, and data that its owner has not been given yet.
pub(crate) struct Watch(Option<(Rc<dyn Passing>, Passed)>);

impl Watch {
    /// Of a connection where nothing is booked as it passes.
    pub(crate) const NOTHING: Self = Self(None);

    /// Of what comes on a connection from now on.
    pub(crate) fn on(passing: Rc<dyn Passing>) -> Self {
        let before = passing.passed();
        Self(Some((passing, before)))
    }

    /// Bytes that have passed since then.
    pub(crate) fn passed(&self) -> Passed {
        let Some((passing, before)) = &self.0 else { return Passed::default() };
        let Passed { headers, framing, data } = passing.passed();
        Passed { headers: headers - before.headers, framing: framing - before.framing, data }
    }
}
