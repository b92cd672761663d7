//! The first signal asks to end, the second kills.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

/// Exit code of a process that its user killed.
const KILLED: i32 = 105;

/// What a run is doing when a signal arrives: it decides what the signal ends and what is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stage {
    /// Nothing is played yet: the target, if there is one, is being tried.
    Preparing,
    /// Trials are being played, from the start of their server to the end of their connections.
    Playing,
    /// All trials are over.
    Reporting,
}

impl Stage {
    /// What the first signal leads to.
    const fn consequence(self) -> &'static str {
        match self {
            Self::Preparing => {
                "ending before the first trial; nothing was run, so no record is written"
            }
            Self::Playing => "ending the trial and writing the record",
            Self::Reporting => {
                "all trials are over; writing the record and the reports before the end"
            }
        }
    }
}

/// Whether a signal has asked to end, and what it found the run doing. Both change under one lock, so
/// that what a signal is said to lead to is what it leads to.
#[derive(Clone, Debug)]
pub(crate) struct Stop(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    stage: Stage,
    is_asked: bool,
}

impl Stop {
    /// Listens for SIGINT, SIGTERM and SIGHUP on a thread of its own. A hang-up that whoever started
    /// the program has it ignore, as `nohup` does, stays ignored.
    pub(crate) fn listen() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let stop = Self::new();
        let asked = stop.clone();
        let (ready_out, ready) = std::sync::mpsc::channel();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let Ok(mut signals) = Signals::listen() else { return };
                let _ = ready_out.send(());
                signals.recv().await;
                let consequence = asked.ask().consequence();
                // What is said now is for the terminal as the user knows it.
                crate::tui::leave();
                // With the terminal gone there may be nobody to tell.
                let _ =
                    writeln!(io::stderr(), "pushbench: {consequence}; press Ctrl-C again to kill");
                signals.recv().await;
                std::process::exit(KILLED);
            });
        })?;
        ready.recv().map_err(|_| io::Error::other("signals cannot be listened to"))?;
        Ok(stop)
    }

    fn new() -> Self {
        Self(Arc::new(Mutex::new(State { stage: Stage::Preparing, is_asked: false })))
    }

    /// A signal has come; gives the stage that it ends.
    fn ask(&self) -> Stage {
        let mut state = self.state();
        state.is_asked = true;
        state.stage
    }

    /// Whether a signal has come.
    pub(crate) fn is_asked(&self) -> bool {
        self.state().is_asked
    }

    /// Whether to go on, for whoever asks while it waits.
    pub(crate) fn flow(&self) -> ControlFlow<()> {
        if self.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Goes on to a stage, unless a signal has asked to end; gives whether it did.
    pub(crate) fn go_on_to(&self, stage: Stage) -> bool {
        let mut state = self.state();
        if !state.is_asked {
            state.stage = stage;
        }
        !state.is_asked
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nobody panics with it, and two plain values are whole in any case.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

/// The signals that ask to end.
pub(crate) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: HangUp,
}

impl Signals {
    /// Listens from now on for SIGINT, SIGTERM and SIGHUP, within a runtime.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: HangUp::listen()?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn recv(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            () = self.hang_up.recv() => {}
        }
    }
}

/// Listens for SIGHUP, unless whoever started the program has it ignore that.
struct HangUp(Option<tokio::signal::unix::Signal>);

impl HangUp {
    /// Listens from now on, within a runtime.
    fn listen() -> io::Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let listener = match ignores_hang_up(&status) {
            true => None,
            false => Some(signal(SignalKind::hangup())?),
        };
        Ok(Self(listener))
    }

    /// Waits for the next one; for ever, where they are ignored.
    async fn recv(&mut self) {
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
    fn a_signal_is_told_by_what_it_ends_and_nothing_goes_on_after_it() {
        for (stages, expected) in [
            (&[][..], "nothing was run, so no record is written"),
            (&[Stage::Playing], "ending the trial and writing the record"),
            (&[Stage::Playing, Stage::Reporting], "all trials are over; writing the record"),
        ] {
            let stop = Stop::new();
            assert!(stages.iter().all(|stage| stop.go_on_to(*stage)), "nobody has asked");
            let stage = stop.ask();
            assert!(stage.consequence().contains(expected), "{}", stage.consequence());
            assert!(stop.is_asked());
            assert!(!stop.go_on_to(Stage::Playing), "a signal has come first");
            assert_eq!(stop.ask(), stage, "it is still what ends");
        }
    }

    #[test]
    fn a_hang_up_is_ignored_where_the_mask_says_so() {
        assert!(ignores_hang_up("Name:\tx\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores_hang_up("Name:\tx\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hang_up(""));
    }
}
