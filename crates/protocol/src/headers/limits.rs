//! How large a request's headers may be.

/// Bytes that our server takes of a request's headers unless it is told otherwise: start line,
/// fields and empty line; on HTTP/2 names, values and 32 bytes for each field (RFC 9113, section
/// 6.5.2).
pub const HEAD_BYTES: usize = 16 * 1024;

/// Fields that our server takes: its HTTP library's own bound. Our clients take as many of a
/// response.
pub const HEAD_FIELDS: usize = 100;

/// What is beyond the bounds of a head.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HeadTooLarge {
    /// Too many bytes.
    #[error("{found} bytes of headers, where the server takes {HEAD_BYTES}")]
    Bytes {
        /// Bytes as sent.
        found: usize,
    },
    /// Too many fields.
    #[error("{found} header fields, where the server takes {HEAD_FIELDS}")]
    Fields {
        /// Fields as sent.
        found: usize,
    },
}

/// Whether our server takes a request's head as sent by HTTP/1.1.
///
/// # Errors
///
/// If it responds with 431 (RFC 6585, section 5) instead.
pub fn head_fits(head: &[u8]) -> Result<(), HeadTooLarge> {
    let lines = head.split(|&byte| byte == b'\n').filter(|line| line.len() > 1).count();
    fits(head.len(), lines.saturating_sub(1))
}

pub(super) fn fits(bytes: usize, fields: usize) -> Result<(), HeadTooLarge> {
    match (bytes, fields) {
        (found, _) if found > HEAD_BYTES => Err(HeadTooLarge::Bytes { found }),
        (_, found) if found > HEAD_FIELDS => Err(HeadTooLarge::Fields { found }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_byte_and_the_last_field_still_fit() {
        let head = |bytes: usize| {
            let fixed = "GET / HTTP/1.1\r\nA: \r\n\r\n".len();
            format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "x".repeat(bytes - fixed))
        };
        assert_eq!(head_fits(head(HEAD_BYTES).as_bytes()), Ok(()));
        let found = HEAD_BYTES + 1;
        assert_eq!(head_fits(head(found).as_bytes()), Err(HeadTooLarge::Bytes { found }));
        let head = |fields| format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(fields));
        assert_eq!(head_fits(head(HEAD_FIELDS).as_bytes()), Ok(()));
        let found = HEAD_FIELDS + 1;
        assert_eq!(head_fits(head(found).as_bytes()), Err(HeadTooLarge::Fields { found }));
    }
}
