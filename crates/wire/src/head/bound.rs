//! How long headers may be.

/// Longest headers, so that a stream which is no HTTP cannot fill memory. The interim responses
/// before the final one count together.
///
/// The number of fields has no bound of its own, as it has none in HTTP (RFC 9110, section 5.4): many
/// short fields are as legal as few long ones.
pub const MAX_HEAD: usize = 64 * 1024;
