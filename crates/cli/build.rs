//! Names the commit that the program is built from, for `--version` and for records.

use std::path::Path;
use std::process::Command;

fn main() {
    // Without a repository (a source archive) nothing is named; a record then says no commit.
    let Some(commit) = git(&["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"])
    else {
        return;
    };
    println!("cargo::rustc-env=PUSHBENCH_COMMIT={commit}");
    // Each commit and checkout is written there; `-dirty` hangs on the sources.
    for path in git(&["rev-parse", "--git-path", "logs/HEAD"]).iter().map(String::as_str) {
        if Path::new(path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    println!("cargo::rerun-if-changed=..");
}

fn git(arguments: &[&str]) -> Option<String> {
    let done = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(done.stdout).ok()?;
    let text = text.trim();
    (done.status.success() && !text.is_empty()).then(|| text.to_owned())
}
