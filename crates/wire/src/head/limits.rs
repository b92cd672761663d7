//! How much is read of the headers of one message.

use httparse::{EMPTY_HEADER, Error, Header, Status};

use super::bound::MAX_HEAD;
use super::error::HeadError;

/// Fields for which there is room without asking for memory: nearly all messages have fewer.
pub(super) const FEW: usize = 100;

/// Room for as many fields as there can be: each takes a line at least.
pub(super) fn room<'h>(bytes: &[u8]) -> Vec<Header<'h>> {
    let lines = bytes.iter().take(MAX_HEAD).filter(|&&byte| byte == b'\n').count();
    // The last line may have no end yet.
    vec![EMPTY_HEADER; lines + 1]
}

/// Where the headers end, by what the parser says of `bytes`; `None` while they are not whole.
pub(super) fn end(
    bytes: &[u8],
    parsed: Result<Status<usize>, Error>,
    expected: &'static str,
) -> Result<Option<usize>, HeadError> {
    match parsed {
        Ok(Status::Complete(len)) if len <= MAX_HEAD => Ok(Some(len)),
        Ok(Status::Partial) if bytes.len() < MAX_HEAD => Ok(None),
        // There was room for every field in the first `MAX_HEAD` bytes.
        Ok(_) | Err(Error::TooManyHeaders) => Err(HeadError::TooLong),
        Err(_) => Err(HeadError::malformed(bytes, expected)),
    }
}
