//! `run --tui`: a view of the run that takes the whole terminal while it plays.
//!
//! It is fed by the events that programs get, and drawn on stderr by a thread of its own: whoever conducts a
//! trial puts an event into a channel and waits for nothing. `q` leaves the view and not the run. Ctrl-C is a
//! signal as ever, since the terminal goes on making one of it.

mod screen;
mod view;

use std::io::{IsTerminal as _, stderr, stdin};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use pushbench_live::Event;
use ratatui::crossterm::event::{self, Event as Input, KeyCode, KeyEventKind};

use screen::Screen;
pub(crate) use screen::leave;
use view::View;

/// Longest wait for a key before what has happened is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Why there can be no view here; `None` where there can.
pub(crate) fn refusal() -> Option<&'static str> {
    (!(stdin().is_terminal() && stderr().is_terminal())).then_some(
        "--tui needs a terminal, and stdin or stderr is none: --live serves a page, --progress json tells a \
         program",
    )
}

/// The view, as whoever feeds it holds it; it ends with this.
pub(crate) struct Tui {
    events: Option<Sender<Event>>,
    thread: Option<JoinHandle<()>>,
}

impl Tui {
    /// Takes the terminal. `coming` are the trials that are planned, in their order.
    ///
    /// # Errors
    ///
    /// If the terminal does not do as it is told.
    pub(crate) fn begin(coming: Vec<String>) -> anyhow::Result<Self> {
        let screen = Screen::take().context("cannot take the terminal for --tui")?;
        let (events, received) = channel();
        let thread = std::thread::Builder::new()
            .name("tui".to_owned())
            .spawn(move || show(screen, View::new(coming), &received))
            .context("cannot start the thread of --tui")?;
        Ok(Self { events: Some(events), thread: Some(thread) })
    }

    /// Whether the terminal is still its.
    pub(crate) fn is_shown(&self) -> bool {
        screen::is_taken()
    }

    /// Tells it what has happened.
    pub(crate) fn take(&self, event: &Event) {
        if let Some(events) = &self.events {
            // A view that was left takes no more.
            let _ = events.send(event.clone());
        }
    }
}

impl Drop for Tui {
    fn drop(&mut self) {
        self.events = None;
        if let Some(thread) = self.thread.take() {
            // It ends by itself now; had it panicked, the terminal was given back all the same.
            let _ = thread.join();
        }
        leave();
    }
}

/// Draws what happens until the view is left or the run has nothing more to tell.
fn show(mut screen: Screen, mut view: View, events: &Receiver<Event>) {
    let mut is_new = true;
    loop {
        loop {
            match events.try_recv() {
                Ok(event) => {
                    view.take(&event);
                    is_new = true;
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return leave(),
            }
        }
        // A terminal that cannot be drawn on or read is given back; the run goes on.
        if is_new && screen.draw(|frame| view.draw(frame)).is_err() {
            return leave();
        }
        is_new = false;
        if !screen::is_taken() {
            return;
        }
        match event::poll(LOOK).and_then(|is_there| is_there.then(event::read).transpose()) {
            Ok(None) => {}
            Ok(Some(Input::Key(key)))
                if key.kind == KeyEventKind::Press && key.code == KeyCode::Char('q') =>
            {
                return leave();
            }
            Ok(Some(Input::Resize(..))) => {
                if screen.resize().is_err() {
                    return leave();
                }
                is_new = true;
            }
            Ok(Some(_)) => {}
            Err(_) => return leave(),
        }
    }
}
