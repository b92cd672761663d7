//! How much is read of the texts and files that people name.

use std::fs::File;
use std::io;
use std::path::Path;

use pushbench_store::{read_regular, read_up_to};

/// Most bytes of a text that is read: a scenario, a configuration, headers, a certificate.
const TEXT_BOUND: u64 = 4 << 20;
/// Most bytes of a recording of a browser, which has every response in it.
const RECORDING_BOUND: u64 = 64 << 20;
/// Most bytes of a file that a scenario refers to.
const BESIDE_BOUND: u64 = 64 << 20;

/// Reads a text, from a pipe too.
///
/// # Errors
///
/// If it cannot be read, is no UTF-8, or has more than 4 MiB.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    text(File::open(path)?)
}

/// Reads a text from an open file.
pub(crate) fn text(file: impl io::Read) -> io::Result<String> {
    utf8(read_up_to(file, TEXT_BOUND)?)
}

/// Reads a recording of a browser, from a pipe too.
///
/// # Errors
///
/// If it cannot be read, is no UTF-8, or has more than 64 MiB.
pub(crate) fn read_recording(path: &Path) -> io::Result<String> {
    recording(File::open(path)?)
}

/// Reads a recording of a browser from an open file.
pub(crate) fn recording(file: impl io::Read) -> io::Result<String> {
    utf8(read_up_to(file, RECORDING_BOUND)?)
}

fn utf8(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to() + 1;
        io::Error::new(io::ErrorKind::InvalidData, format!("not UTF-8 text: byte {at}"))
    })
}

/// Reads a file that a scenario refers to. It must be a regular one, since it is read again for
/// every combination of a sweep.
///
/// # Errors
///
/// If it cannot be read, is a folder, a device or a pipe, or has more than 64 MiB.
pub(crate) fn read_beside(path: &Path) -> io::Result<Vec<u8>> {
    read_regular(path, BESIDE_BOUND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_and_what_is_no_file_is_refused() {
        for (path, expected) in [
            ("/dev/zero", "a device"),
            ("/", "a folder"),
            ("/proc/self/no-such-file", "No such file"),
        ] {
            let error = read_beside(Path::new(path)).expect_err(path).to_string();
            assert!(error.contains(expected), "{path}: {error}");
        }
        let error = read_text(Path::new("/dev/zero")).expect_err("it never ends").to_string();
        assert!(error.contains("4 MiB"), "{error}");
        assert!(read_text(Path::new("/dev/null")).is_ok_and(|text| text.is_empty()));
        assert!(read_beside(Path::new("/proc/self/status")).is_ok_and(|bytes| !bytes.is_empty()));
    }
}
