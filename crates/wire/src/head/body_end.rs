//! Where a body ends, as the fields before it say (RFC 9112, section 6.3).

use pushbench_protocol::number::digits;

use super::error::shown;
use super::{Fields, HeadError};

/// How a body ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BodyEnd {
    /// After so many bytes, less than 2^63.
    Length(u64),
    /// With the last chunk.
    Chunks,
    /// With the connection.
    Close,
}

impl BodyEnd {
    /// What the fields say of it; `None` if nothing.
    pub(super) fn announced(fields: &Fields<'_>) -> Result<Option<Self>, HeadError> {
        let mut codings = fields.members("transfer-encoding");
        match (codings.next(), codings.next()) {
            (None, _) => {}
            // It wins over a length beside it.
            (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => {
                return Ok(Some(Self::Chunks));
            }
            (Some(_), _) => {
                let values: Vec<_> = fields.values("transfer-encoding").collect();
                return Err(HeadError::TransferCoding { found: shown(&values.join(&b", "[..])) });
            }
        }
        let mut length = None;
        // A proxy may have put several that are the same into one field (RFC 9110, section 8.6).
        let values = fields.values("content-length").flat_map(|value| value.split(|&b| b == b','));
        for value in values.map(<[u8]>::trim_ascii) {
            let second = digits(value).ok_or_else(|| HeadError::Length { found: shown(value) })?;
            match length.replace(second) {
                Some(first) if first != second => {
                    return Err(HeadError::Lengths { first, second });
                }
                Some(_) | None => {}
            }
        }
        Ok(length.map(Self::Length))
    }
}
