//! What has come of a response, or of a unit of a stream, that is not whole.

use std::rc::Rc;

use crate::witness::Witness;

/// Bytes of it that were read on a connection and are on no books yet. From when this is dropped on,
/// they are no longer in part: whoever reads it books them.
#[derive(Debug)]
pub(crate) struct InPart {
    witness: Rc<Witness>,
    bytes: u64,
}

impl InPart {
    /// Nothing has come yet on this connection.
    pub(crate) fn new(witness: &Rc<Witness>) -> Self {
        Self { witness: Rc::clone(witness), bytes: 0 }
    }

    /// So many bytes of it have come by now, and are not booked.
    pub(crate) fn is_now(&mut self, bytes: u64) {
        let in_part = &self.witness.in_part;
        in_part.set(in_part.get() - self.bytes + bytes);
        self.bytes = bytes;
    }
}

impl Drop for InPart {
    fn drop(&mut self) {
        self.is_now(0);
    }
}
