//! Exit codes. They are printed in `--help` and tested end to end.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Exit {
    /// Ran, valid, expectations met.
    Ok,
    /// Could not run: target unreachable, disk full, internal.
    CouldNotRun,
    /// Wrong usage that only shows once a file is read or a target is looked at.
    WrongUsage,
    /// `compare`: a regression.
    Regression,
    /// `compare`: nothing comparable, or a condition that could not be judged.
    NotComparable,
    /// Ran, but the result is invalid.
    Invalid,
    /// Ran, valid, but an expectation failed.
    ExpectationFailed,
    /// The scenario was refused.
    Refused,
    /// Stopped by a signal; what was measured is on record.
    Stopped,
}

/// The table for `--help`.
pub(crate) const TABLE: &str = "\
Exit codes:
    0  ran, valid, expectations met
    1  could not run (target unreachable, disk full, internal)
    2  wrong usage
    3  compare: a regression
    4  compare: nothing comparable, or a condition that could not be judged
   98  ran, but the result is invalid: the numbers are kept and marked
   99  an expectation of the scenario failed, or nothing held in a search
  104  the scenario was refused before anything ran
  105  stopped by a signal; what was measured is on record";

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::CouldNotRun => 1,
            Self::WrongUsage => 2,
            Self::Regression => 3,
            Self::NotComparable => 4,
            Self::Invalid => 98,
            Self::ExpectationFailed => 99,
            Self::Refused => 104,
            Self::Stopped => 105,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
