//! The folder of a server: new for each trial, with the files that its scenario names.

use std::io;
use std::path::{Component, Path};

use tempfile::TempDir;

/// What the names of these folders begin with.
pub(super) const PREFIX: &str = "pushbench-server-";

/// A new folder. It goes when it is dropped.
///
/// Others may enter it: a server may drop its rights, and must still find its files.
pub(super) fn new() -> io::Result<TempDir> {
    tempfile::Builder::new()
        .prefix(PREFIX)
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir()
}

/// Writes files, each at its path below the folder.
///
/// # Errors
///
/// If one cannot be written, or its path leads out of the folder.
pub(super) fn write(folder: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()> {
    for (name, bytes) in files {
        let path = Path::new(name);
        if !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
            let reason = format!("the file `{name}` is not below the folder of the server");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        let path = folder.join(path);
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::fs::write(path, bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_below_the_folder_and_go_with_it() {
        let files = [("a.conf".to_owned(), b"1".to_vec()), ("b/c/d".to_owned(), b"2".to_vec())];
        let folder = new().expect("a folder");
        write(folder.path(), &files).expect("written");
        let path = folder.path().to_owned();
        assert_eq!(std::fs::read(path.join("b/c/d")).expect("there"), b"2");
        for name in ["../x", "/tmp/x"] {
            let refused = write(&path, &[(name.to_owned(), Vec::new())]).expect_err("it leads out");
            assert!(refused.to_string().contains(name), "{refused}");
        }
        drop(folder);
        assert!(!path.exists());
    }
}
