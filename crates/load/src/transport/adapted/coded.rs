//! What a third-party server says behind a content coding: its bytes on the wire, shared out.
//!
//! Within compressed data nothing marks units off that could be told apart: all that a message took on
//! the wire is its payload's, as with our own server, and all that something else took is what that is
//! for.

use pushbench_adapter::{Parts, Received, Said};

use crate::accounts::Accounts;
use crate::coded::Shares;

/// The bytes on the wire of something that was said, by what it was in what was decoded.
/// Messages of which that is so are counted.
pub(crate) fn parts(accounts: &Accounts, shares: &mut Shares, received: &Received<'_>) -> Parts {
    let part = shares.take(received.parts.total());
    let nothing = Parts::default();
    match received.said {
        Said::Message(_) => {
            accounts.recorder.borrow_mut().counts.coded_messages += 1;
            Parts { payload: part, ..nothing }
        }
        Said::Opening => Parts { handshake: part, ..nothing },
        Said::Unexplained(_) => Parts { unexplained: part, ..nothing },
        Said::Heartbeat(_)
        | Said::Acknowledgement
        | Said::Ignored
        | Said::Blank
        | Said::Error(_) => Parts { control: part, ..nothing },
    }
}
