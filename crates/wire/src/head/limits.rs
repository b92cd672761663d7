//! How much is read of the headers of one message.

/// Most header fields.
pub const MAX_FIELDS: usize = 100;
/// Longest headers, so that a stream which is no HTTP cannot fill memory. The interim responses
/// before the final one count together.
pub const MAX_HEAD: usize = 64 * 1024;
