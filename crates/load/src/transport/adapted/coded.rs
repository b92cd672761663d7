//! What a third-party server says behind a content coding: its bytes on the wire, shared out.
//!
//! Within compressed data nothing marks units off that could be told apart: all that a message took on
//! the wire is its payload's, as with our own server, and all that something else took is what that is
//! for.

use pushbench_adapter::{Parts, Received, Said};

use crate::coded::new_part;

/// Bytes on the wire that belong to no unit yet, and what they came to once decoded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shares {
    wire: u64,
    plain: u64,
}

impl Shares {
    /// So many bytes came.
    pub(crate) fn came(&mut self, wire: u64) {
        self.wire += wire;
    }

    /// So many came out of them.
    pub(crate) fn decoded(&mut self, plain: u64) {
        self.plain += plain;
    }

    /// The bytes on the wire of something that was said, by what it was in what was decoded.
    pub(crate) fn of(&mut self, received: &Received<'_>) -> Parts {
        let plain = received.parts.total();
        // Never more than there is: a unit may be of what came before.
        let old = self.plain.saturating_sub(plain);
        let part = new_part(self.wire, plain, old);
        (self.wire, self.plain) = (self.wire - part, old);
        let nothing = Parts::default();
        match received.said {
            Said::Message(_) => Parts { payload: part, ..nothing },
            Said::Opening => Parts { handshake: part, ..nothing },
            Said::Unexplained(_) => Parts { unexplained: part, ..nothing },
            Said::Heartbeat(_)
            | Said::Acknowledgement
            | Said::Ignored
            | Said::Blank
            | Said::Error(_) => Parts { control: part, ..nothing },
        }
    }
}
