//! The terminal while a view has it, and how it is given back: by whoever comes first, the view, the end of
//! the run, a signal or a panic.

use std::io::{self, Stderr, stderr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcgetwinsize, tcsetattr,
};

/// Whether the terminal is taken. Drawing and giving back are done under this lock, so that nothing is drawn
/// on a terminal that was given back.
static IS_TAKEN: Mutex<bool> = Mutex::new(false);

/// What no terminal sends.
const NO_KEY: u8 = 0;

fn is_taken_now() -> MutexGuard<'static, bool> {
    // A flag is whole whoever panicked with it.
    IS_TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a view has the terminal.
pub(super) fn is_taken() -> bool {
    *is_taken_now()
}

/// Gives the terminal back as it was; nothing where no view has it.
pub(crate) fn leave() {
    let mut is_taken = is_taken_now();
    if std::mem::take(&mut *is_taken) {
        give_back();
    }
}

/// Best effort: with the terminal gone there is nothing to give back.
fn give_back() {
    let _ = execute!(stderr(), LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}

/// The terminal, to draw on.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Stderr>>,
}

impl Screen {
    /// Takes it.
    pub(super) fn take() -> io::Result<Self> {
        let mut is_taken = is_taken_now();
        enable_raw_mode()?;
        *is_taken = true;
        drop(is_taken);
        give_back_on_panic();
        let taken = Self::taken();
        if taken.is_err() {
            leave();
        }
        taken
    }

    fn taken() -> io::Result<Self> {
        // Ctrl-C stays a signal to the whole group, as without a view; stopping would leave the shell with a
        // terminal that is not its own.
        let mut modes = tcgetattr(stderr())?;
        modes.local_modes.insert(LocalModes::ISIG);
        modes.special_codes[SpecialCodeIndex::VSUSP] = NO_KEY;
        tcsetattr(stderr(), OptionalActions::Now, &modes)?;
        execute!(stderr(), EnterAlternateScreen)?;
        Ok(Self { terminal: of_whole_screen()? })
    }

    /// Draws all of it anew, on a terminal of another size.
    pub(super) fn resize(&mut self) -> io::Result<()> {
        self.terminal = of_whole_screen()?;
        Ok(())
    }

    /// Draws, unless the terminal was given back.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        let is_taken = is_taken_now();
        if *is_taken {
            self.terminal.draw(draw)?;
        }
        Ok(())
    }
}

/// The terminal at its size, empty.
///
/// Of a fixed size: one that follows the terminal's asks it where the cursor is, and asks on stdout, which may
/// be a file.
fn of_whole_screen() -> io::Result<Terminal<CrosstermBackend<Stderr>>> {
    let size = tcgetwinsize(stderr())?;
    let viewport = Viewport::Fixed(Rect::new(0, 0, size.ws_col, size.ws_row));
    execute!(stderr(), Clear(ClearType::All))?;
    Terminal::with_options(CrosstermBackend::new(stderr()), TerminalOptions { viewport })
}

/// What a panic says is for the terminal that the user sees.
fn give_back_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // Where the lock is held it may be the very thread that draws.
        let was_taken = match IS_TAKEN.try_lock() {
            Ok(mut is_taken) => std::mem::take(&mut *is_taken),
            Err(_) => true,
        };
        if was_taken {
            give_back();
        }
        before(panic);
    }));
}
