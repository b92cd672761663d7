//! A request that a browser saved, as a header file and a scenario.
//!
//! Developer tools save what a page sends as a HAR file or as the text of "copy as cURL". Here such a
//! text becomes [`Captured`] requests ([`read_curl`], [`read_har`]), then a [`HeaderFile`] with the
//! very headers of the browser. Nothing secret is written: [`Secrets`] finds cookies, tokens and
//! passwords, and says what stands in their place.
//!
//! Pure: it opens no file and asks nobody. Start with [`Captured`].

mod captured;

mod curl;
mod har;
mod opaque;
mod secret_names;
mod shell;

mod header_file;
mod secrets;

pub use captured::{Captured, Exchange, SavedAs};
pub use curl::{CurlError, read_curl};
pub use har::{HarError, Recorded, read_har};
pub use header_file::{HeaderFile, header_file};
pub use secrets::{Secret, Secrets};
pub use shell::ShellError;
