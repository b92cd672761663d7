//! Reads files that people name, so that none of them can take the memory or the time of the whole
//! machine: a device that never ends, a pipe that nobody writes to, a disk image by mistake.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

/// Most bytes of a record or a journal that are read: some hundred times those of a large sweep.
const RECORD_BOUND: u64 = 1 << 30;

/// Reads a regular file of at most `bound` bytes, a multiple of 1 MiB.
///
/// # Errors
///
/// If it cannot be read, is a folder, a device or a pipe, or has more bytes.
pub fn read_regular(path: &Path, bound: u64) -> io::Result<Vec<u8>> {
    // Asked before it is opened: opening a pipe waits for somebody who writes.
    let kind = fs::metadata(path)?.file_type();
    if !kind.is_file() {
        let found = if kind.is_dir() { "a folder" } else { "a device or a pipe" };
        let text = format!("it is {found}, expected a regular file");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    read_up_to(File::open(path)?, bound)
}

/// Reads a record: a regular file, or a pipe, as a shell's `<(zcat run.json.gz)` is one.
///
/// # Errors
///
/// If it cannot be read, is a folder or a device, or has more than [`RECORD_BOUND`] bytes.
pub(crate) fn read_record(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.file_type().is_fifo() {
        return read_up_to(File::open(path)?, RECORD_BOUND);
    }
    read_regular(path, RECORD_BOUND)
}

/// Reads an open file, or whatever else can be read, to its end.
///
/// # Errors
///
/// If it cannot be read, or has more than `bound` bytes, a multiple of 1 MiB.
pub fn read_up_to(file: impl Read, bound: u64) -> io::Result<Vec<u8>> {
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
    use std::path::PathBuf;

    use super::*;
    use crate::{JOURNAL_FILE, RECORD_FILE, read, read_journal};

    /// Sources that read whole files of the kernel, which end and which nobody names.
    const OF_THE_KERNEL: [&str; 6] = [
        "cli/src/signals.rs",
        "link/src/link.rs",
        "runner/src/machine.rs",
        "runner/src/placement/affinity.rs",
        "runner/src/work.rs",
        "store/src/environment.rs",
    ];

    #[test]
    fn a_record_that_never_ends_or_is_no_file_is_refused_under_each_of_its_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let zero = Path::new("/dev/zero");
        let mut paths = vec![zero.to_owned()];
        for name in [RECORD_FILE, JOURNAL_FILE] {
            let path = folder.path().join(name);
            std::os::unix::fs::symlink(zero, &path).expect("a link");
            paths.push(path);
        }
        for path in paths {
            let error = read(&path).expect_err("it never ends").to_string();
            assert!(error.contains("a device or a pipe"), "{}: {error}", path.display());
        }
        let error = read_journal(folder.path()).expect_err("it never ends").to_string();
        assert!(error.contains("a device or a pipe"), "{error}");
    }

    #[test]
    fn a_record_may_come_through_a_pipe() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("coreutils");
        assert!(made.success());
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| fs::write(&pipe, "a record"));
            assert_eq!(read_record(&pipe).expect("it is read"), b"a record");
            writing.join().expect("it writes").expect("somebody reads");
        });
        let error = read_record(Path::new("/dev/zero")).expect_err("it never ends").to_string();
        assert!(error.contains("a device"), "{error}");
    }

    #[test]
    fn a_digest_that_never_ends_is_refused_too() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(RECORD_FILE), "{}").expect("a file");
        let digest = folder.path().join(crate::DIGEST_FILE);
        std::os::unix::fs::symlink("/dev/zero", digest).expect("a link");
        let error = read(folder.path()).expect_err("it never ends").to_string();
        assert!(error.contains("a device or a pipe"), "{error}");
    }

    #[test]
    fn more_than_the_bound_is_refused_without_being_held() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        file.as_file().set_len(1 << 20).expect("a hole");
        assert_eq!(read_regular(file.path(), 1 << 20).expect("it fits").len(), 1 << 20);
        file.as_file().set_len((1 << 20) + 1).expect("a hole");
        let error = read_regular(file.path(), 1 << 20).expect_err("too long").to_string();
        assert!(error.contains("more than 1 MiB"), "{error}");
    }

    #[test]
    fn no_source_reads_a_whole_file_past_these_bounds() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut sources = Vec::new();
        for entry in fs::read_dir(&crates).expect("the crates") {
            let folder = entry.expect("an entry").path();
            if !folder.ends_with("fuzz") {
                collect(&folder.join("src"), &mut sources);
            }
        }
        assert!(sources.len() > 200, "only {} sources were looked at", sources.len());
        let mut wrong = Vec::new();
        for source in sources {
            let name = source.strip_prefix(&crates).expect("below it").display().to_string();
            // The crate `replay` is of tests only, and reads their transcripts.
            let is_test = name.contains("tests")
                || name == "cli/src/promises.rs"
                || name.starts_with("replay/");
            if is_test || OF_THE_KERNEL.contains(&name.as_str()) {
                continue;
            }
            let text = fs::read_to_string(&source).expect("a text");
            let product = text.split("#[cfg(test)]").next().unwrap_or_default();
            if product.contains("fs::read(") || product.contains("fs::read_to_string(") {
                wrong.push(name);
            }
        }
        assert!(wrong.is_empty(), "these read files without a bound: {wrong:?}");
    }

    fn collect(folder: &Path, sources: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(&path, sources);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                sources.push(path);
            }
        }
    }
}
