//! The first signal asks to end, the second kills.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

/// Exit code of a process that its user killed.
const KILLED: i32 = 105;

/// Whether a signal has asked to end.
#[derive(Clone, Debug)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens for SIGINT and SIGTERM on a thread of its own.
    pub(crate) fn listen() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let stop = Self(Arc::new(AtomicBool::new(false)));
        let asked = stop.clone();
        let (ready_out, ready) = std::sync::mpsc::channel();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
                let (Ok(mut interrupt), Ok(mut terminate)) = signals else { return };
                let _ = ready_out.send(());
                let mut wait = async || {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                    }
                };
                wait().await;
                asked.0.store(true, Ordering::Relaxed);
                eprintln!("pushbench: ending the trial and writing the record; again to kill");
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
