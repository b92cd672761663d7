//! How much is read of files that others write, the kernel's among them.

use std::io;
use std::path::Path;

use pushbench_store::read_regular;

/// Most bytes of a file about one process, or of one that says a few words.
const SMALL_BOUND: u64 = 16 << 20;
/// Most bytes of a table of all sockets: that of a million connections has 150 MB.
const TABLE_BOUND: u64 = 256 << 20;

/// Reads a file about one process, or one that says a few words.
///
/// # Errors
///
/// If it cannot be read, is no regular file, or has more than 16 MiB.
pub(crate) fn read_small(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    read_regular(path.as_ref(), SMALL_BOUND)
}

/// The same as a text. A name of a process that was cut within a character is no UTF-8: what is none
/// is replaced.
pub(crate) fn read_words(path: impl AsRef<Path>) -> io::Result<String> {
    read_small(path).map(text)
}

/// Reads a table of all sockets.
///
/// # Errors
///
/// If it cannot be read, or has more than 256 MiB.
pub(crate) fn read_table(path: &str) -> io::Result<String> {
    read_regular(path.as_ref(), TABLE_BOUND).map(text)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}
