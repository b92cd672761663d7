//! The first signal asks to end, the second kills.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

/// Exit code of a process that its user killed.
const KILLED: i32 = 105;

/// Whether a signal has asked to end.
#[derive(Clone, Debug)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens for SIGINT, SIGTERM and SIGHUP on a thread of its own. A hang-up that whoever started
    /// the program has it ignore, as `nohup` does, stays ignored.
    pub(crate) fn listen() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let stop = Self(Arc::new(AtomicBool::new(false)));
        let asked = stop.clone();
        let (ready_out, ready) = std::sync::mpsc::channel();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hang_up)) = (
                    signal(SignalKind::interrupt()),
                    signal(SignalKind::terminate()),
                    HangUp::listen(),
                ) else {
                    return;
                };
                let _ = ready_out.send(());
                let mut wait = async || {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                        () = hang_up.recv() => {}
                    }
                };
                wait().await;
                asked.0.store(true, Ordering::Relaxed);
                // With the terminal gone there may be nobody to tell.
                let _ = writeln!(
                    io::stderr(),
                    "pushbench: ending the trial and writing the record; press Ctrl-C again to kill"
                );
                wait().await;
                std::process::exit(KILLED);
            });
        })?;
        ready.recv().map_err(|_| io::Error::other("signals cannot be listened to"))?;
        Ok(stop)
    }

    /// Whether a signal has come.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Has a file that grows beyond its limit (`ulimit -f`) be an error of the write that was too much,
/// as a full disk is, and not the end of the process.
pub(crate) fn survive_file_size_limit() -> io::Result<()> {
    // Whoever listens for a signal is not killed by it. Nobody needs to wait for this one, and the
    // listening outlasts the runtime that it began in.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _context = runtime.enter();
    signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map(drop)
}

/// Listens for SIGHUP, unless whoever started the program has it ignore that.
pub(crate) struct HangUp(Option<tokio::signal::unix::Signal>);

impl HangUp {
    /// Listens from now on, within a runtime.
    pub(crate) fn listen() -> io::Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let listener = match ignores_hang_up(&status) {
            true => None,
            false => Some(signal(SignalKind::hangup())?),
        };
        Ok(Self(listener))
    }

    /// Waits for the next one; for ever, where they are ignored.
    pub(crate) async fn recv(&mut self) {
        match &mut self.0 {
            Some(listener) => drop(listener.recv().await),
            None => std::future::pending().await,
        }
    }
}

/// Whether SIGHUP, signal 1, is ignored by the process that this is the `/proc/PID/status` of.
///
/// Source: proc_pid_status(5), `SigIgn`: a mask in hexadecimal, the lowest bit for signal 1.
fn ignores_hang_up(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hang_up_is_ignored_where_the_mask_says_so() {
        assert!(ignores_hang_up("Name:\tx\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores_hang_up("Name:\tx\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hang_up(""));
    }
}
