//! What is done to the server of a trial while it is measured.

use std::time::Duration;

use pushbench_protocol::{Timestamp, clock};
use pushbench_scenario::Faults;
use rustix::process::{Pid, Signal, kill_process};

use crate::processes::Whose;

/// The end of all subscribers' connections, once it is due. Without a fault it never is.
#[derive(Debug)]
pub(super) struct Disconnect {
    /// From the start of the measure phase, and whom to tell; `None` once it is done.
    due: Option<(Duration, Pid)>,
}

impl Disconnect {
    /// As the scenario says, by this process of ours.
    pub(super) fn of(faults: Option<Faults>, server: Option<&Whose>) -> Self {
        let pid = match server {
            Some(Whose::Process(pid)) => i32::try_from(*pid).ok().and_then(Pid::from_raw),
            // Only our own server knows the signal, and it is one process.
            Some(Whose::Group(_) | Whose::Trees(_)) | None => None,
        };
        Self { due: faults.map(|faults| faults.disconnect_at).zip(pid) }
    }

    /// Tells the server if the moment has come; to be called while the measure phase lasts, which began
    /// at `began`.
    pub(super) fn look(&mut self, began: Timestamp) {
        let passed = clock::now().since(began);
        if let Some((_, pid)) = self.due.take_if(|(at, _)| passed >= *at) {
            // A server that has ended is a fault that is told already, and so are clients that were
            // not disconnected.
            let _ = kill_process(pid, Signal::USR1);
        }
    }
}
