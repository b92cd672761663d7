//! Processes that this one has started, told apart from those that servers have left to it.
//!
//! A server may start a process and end its parent, and that process may drop its environment and leave
//! its group: nothing in it says whose it is. So this process adopts such orphans (prctl(2),
//! `PR_SET_CHILD_SUBREAPER`), and a child of its own that it did not start is one of them.

use std::collections::BTreeSet;
use std::io;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, WaitOptions, getpid, set_child_subreaper, waitpid};

/// Pids of what was started here.
static STARTED: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

fn started() -> MutexGuard<'static, BTreeSet<u32>> {
    // An insertion is whole before anything can panic.
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a process as a child that is known.
///
/// # Errors
///
/// If it cannot be started.
pub(crate) fn spawn(command: &mut Command) -> io::Result<Child> {
    // Whoever asks for orphans meanwhile waits until it is known.
    let mut started = started();
    let child = command.spawn()?;
    started.insert(child.id());
    Ok(child)
}

/// From now on processes whose parents end become children of this one.
///
/// # Errors
///
/// If the kernel refuses.
pub(crate) fn adopt_orphans() -> io::Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

/// Whether a process with this parent has come to be a child of this one without being started here.
pub(crate) fn is_orphan(pid: u32, parent: u32) -> bool {
    parent == std::process::id() && !started().contains(&pid)
}

/// Lets go of an orphan that has ended: nobody else can.
pub(crate) fn reap(orphan: u32) {
    if let Some(pid) = i32::try_from(orphan).ok().and_then(Pid::from_raw) {
        let _ = waitpid(Some(pid), WaitOptions::NOHANG);
    }
}
