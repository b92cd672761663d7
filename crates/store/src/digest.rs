//! Digests of what is kept, so that a change is noticed.

use sha2::{Digest as _, Sha256};

use crate::record::FileV1;

/// Longest text of a file that a record holds in full.
const TEXT_BOUND: usize = 64 * 1024;

/// SHA-256 (FIPS 180-4) in lower-case hexadecimal, as `sha256sum` prints it: 64 digits.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl FileV1 {
    /// A file with these bytes; `path` is how the scenario refers to it.
    pub fn of(path: String, bytes: &[u8]) -> Self {
        let text = str::from_utf8(bytes).ok().filter(|text| text.len() <= TEXT_BOUND);
        Self {
            path,
            bytes: bytes.len() as u64,
            sha256: sha256_hex(bytes),
            text: text.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_kept_in_full_up_to_a_bound_and_by_its_digest_beyond() {
        // FIPS 180-4's own example.
        let abc = FileV1::of("abc.head".to_owned(), b"abc");
        assert_eq!(abc.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!((abc.bytes, abc.text.as_deref()), (3, Some("abc")));
        for (bytes, is_kept) in [
            (vec![b'x'; TEXT_BOUND], true),
            (vec![b'x'; TEXT_BOUND + 1], false),
            (vec![0xff], false),
        ] {
            let file = FileV1::of("payload".to_owned(), &bytes);
            assert_eq!((file.bytes, file.text.is_some()), (bytes.len() as u64, is_kept));
            assert_eq!(file.sha256.len(), 64);
        }
    }
}
