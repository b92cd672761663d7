//! Whether the result may be believed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a check says of a trial.
#[derive(
    Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// There was nothing to look at, so nothing was found and nothing is confirmed: no worse than
    /// [`Ok`](Self::Ok), and no better than silence.
    NotChecked,
    /// Looked, and nothing found.
    Ok,
    /// The numbers stand, with this said above them.
    Warning,
    /// The numbers are kept and must not be believed.
    Invalid,
}

/// One check of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckV1 {
    /// Its name, as `books-balance`.
    pub check: String,
    /// What it says.
    pub verdict: Verdict,
    /// The value it looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<f64>,
    /// The bound it was held to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// One line for people: what was found, and what to do if it is bad.
    pub text: String,
}
