//! Puts into the program what is known only while it is built: its commit, its profile, and the
//! scenarios of this repository.

#[path = "src/built.rs"]
mod built;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use self::built::{commit, profile};

fn main() {
    let folder = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(variable("OUT_DIR"));
    // Without a repository or an archive of one nothing is named; a record then says no commit.
    if let Some(commit) = commit(&git, &|name| fs::read_to_string(folder.join(name)).ok()) {
        println!("cargo::rustc-env=PUSHBENCH_COMMIT={commit}");
    }
    println!("cargo::rustc-env=PUSHBENCH_PROFILE={}", profile(&out, &variable("PROFILE")));
    let scenarios = folder.join("scenarios");
    let list = list(&scenarios);
    fs::write(out.join("shipped.rs"), list).expect("cargo's own folder can be written to");
    // Each commit and checkout is written there; `-dirty` hangs on the sources.
    for path in git(&["rev-parse", "--git-path", "logs/HEAD"]).iter().map(String::as_str) {
        if Path::new(path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    println!("cargo::rerun-if-changed=..");
    println!("cargo::rerun-if-changed={}", scenarios.display());
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|error| panic!("cargo sets {name}: {error}"))
}

fn git(arguments: &[&str]) -> Option<String> {
    let done = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(done.stdout).ok()?;
    let text = text.trim();
    (done.status.success() && !text.is_empty()).then(|| text.to_owned())
}

/// Rust's text of a list of all files in a folder but its pages, by name, with what is in them.
fn list(root: &Path) -> String {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        for path in entries.map(|entry| entry.expect("an entry of a folder").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_none_or(|ending| ending != "md") {
                files.push(path);
            }
        }
    }
    files.sort();
    let lines = files.iter().map(|file| {
        let name = file.strip_prefix(root).expect("it is in it");
        format!("({:?}, include_bytes!({:?})),\n", name.display().to_string(), file)
    });
    format!("&[\n{}]", lines.collect::<String>())
}
