//! A request that a browser saved, as a header file and a scenario.
//!
//! Developer tools save what a page sends as a HAR file or as the text of "copy as cURL". Here such a
//! text becomes [`Captured`] requests ([`read_curl`], [`read_har`]), of which [`choose`] finds those that
//! keep a page up to date, and [`import()`] writes a header file with the very headers of the browser
//! and a scenario that plays them. Nothing secret is written: [`Secrets`] finds cookies, tokens and
//! passwords, and says what stands in their place.
//!
//! Pure: it opens no file and asks nobody. Start with [`Captured`].

mod captured;
mod scenario_text;

mod curl;
mod har;
mod shell;

mod opaque;
mod secret_names;
mod secrets;

mod conversation;
mod identity;
mod repeated;
mod timing;
mod varying;

mod adapter_text;
mod header_file;
mod request_text;
mod toml_text;

pub use captured::{Captured, Exchange, SavedAs};
pub use curl::{CurlError, read_curl};
pub use har::{HarError, Recorded, Text, read_har};
pub use header_file::{HeaderFile, header_file};
pub use repeated::{Candidate, ChooseError, Way, choose};
pub use scenario_text::{Imported, Names, TooMany, import, import_all};
pub use secrets::{Secret, Secrets};
pub use shell::ShellError;
pub use timing::Timing;
