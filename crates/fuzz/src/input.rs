//! The bytes that a target is given, as it takes them.

/// How long reads are, and the bytes.
pub(crate) fn steps(data: &[u8]) -> (usize, &[u8]) {
    data.split_first().map_or((1, data), |(&first, rest)| (usize::from(first) + 1, rest))
}

/// Hands over text, if it is some.
pub(crate) fn text(data: &[u8], with: impl FnOnce(&str)) {
    if let Ok(text) = std::str::from_utf8(data) {
        with(text);
    }
}
