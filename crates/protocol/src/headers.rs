//! Header profiles: the exact heads of requests and answers, as data.
//!
//! A profile is a text file under `profiles/`, captured from a real program byte for byte; line
//! ends are LF in the file and CRLF on the wire. The load generator sends a request profile as it
//! stands, the server answers with a response profile, and the model takes lengths from both.

pub mod http2;
mod limits;
mod lines;
mod mark;
mod request;
mod response;

pub use crate::compression::EXTENSIONS_FIELD;
pub use http2::{FieldList, field_list_fits};
pub use limits::{HEAD_BYTES, HEAD_FIELDS, HeadTooLarge, head_fits};
pub use lines::title_case;
pub use mark::{AnswerMark, entity_tag, tagged};
pub use request::{HeadTarget, PollFields, RequestHead, RequestProfile, UpgradeHead};
pub use response::{AnswerStatus, ResponseProfile, StreamKind, accepted_head_len};

/// Why a profile was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProfileError {
    /// No built-in profile has this name.
    #[error("unknown header profile `{found}`, expected one of {expected}")]
    Unknown {
        /// The name as found.
        found: String,
        /// The names there are.
        expected: String,
    },
    /// A line of a profile file is not what it must be.
    #[error("line {line} of the header profile is `{found}`, expected {expected}")]
    Line {
        /// Line in the file, from 1.
        line: usize,
        /// The line as found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A field stands more often than it may.
    #[error("line {line} of the header profile is a second `{name}`, expected one")]
    Twice {
        /// Line in the file, from 1.
        line: usize,
        /// The field's name.
        name: String,
    },
    /// A part of the profile is missing.
    #[error("the header profile has no {missing}")]
    Missing {
        /// What is missing.
        missing: &'static str,
    },
}

/// Characters of a head that are neither CR nor LF: how the 2010 article counted its 871.
pub fn printable_characters(head: &[u8]) -> usize {
    head.iter().filter(|byte| !matches!(byte, b'\r' | b'\n')).count()
}

/// Text of the built-in profile of that name.
fn built_in(all: &[(&str, &'static str)], name: &str) -> Result<&'static str, ProfileError> {
    match all.iter().find(|(known, _)| *known == name) {
        Some((_, text)) => Ok(text),
        None => Err(ProfileError::Unknown {
            found: name.to_owned(),
            expected: all.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "),
        }),
    }
}
