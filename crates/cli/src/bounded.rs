//! Reads files that people name, so that none of them can take the memory or the time of the whole
//! machine: a device that never ends, a pipe that nobody writes to, a disk image by mistake.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Most bytes of a text that is read: a scenario, a configuration, headers, a certificate.
const TEXT_BOUND: u64 = 4 << 20;
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
    let bytes = up_to(file, TEXT_BOUND)?;
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
    // Asked before it is opened: opening a pipe waits for somebody who writes.
    let kind = std::fs::metadata(path)?.file_type();
    if !kind.is_file() {
        let found = if kind.is_dir() { "a folder" } else { "a device or a pipe" };
        let text = format!("it is {found}, expected a regular file");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    up_to(File::open(path)?, BESIDE_BOUND)
}

fn up_to(file: impl io::Read, bound: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(bound + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bound {
        let text = format!("it has more than {} MiB, the most that pushbench reads", bound >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
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
