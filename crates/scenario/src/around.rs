//! What is done around each trial: commands before and after it, and a pause.

use std::path::PathBuf;
use std::time::Duration;

/// What is done around each trial.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Around {
    /// A program and its arguments, run before each trial, in the folder of the scenario. Its failure ends
    /// the run.
    pub setup: Option<Vec<String>>,
    /// The same after each trial, however it went.
    pub cleanup: Option<Vec<String>>,
    /// Nothing is done for so long before each trial but the first.
    pub cool_down: Duration,
    /// The folder of the scenario; `None` where it is in the program.
    pub here: Option<PathBuf>,
}
