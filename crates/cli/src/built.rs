//! What is known of a build: of which commit it is, and by which profile. Read by the build script,
//! and by the tests of this crate.

use std::path::Path;

/// What `git archive`, and so a source archive of GitHub, writes a commit into.
const ARCHIVED: &str = "commit.txt";
/// What `cargo package` writes a commit into.
const PACKAGED: &str = ".cargo_vcs_info.json";
/// As many digits as `git describe` is asked for.
const DIGITS: usize = 12;

/// The commit of the sources: of the repository that they are in, with `-dirty` where files have changed
/// since, or of the archive or package that they came in; `None` where neither is known. `git` runs git
/// and gives what it prints if it succeeds; `file` reads a file of this crate.
pub(crate) fn commit(
    git: &dyn Fn(&[&str]) -> Option<String>,
    file: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    // An archive that was unpacked within another repository is no part of that.
    git(&["ls-files", "--error-unmatch", "build.rs"])
        .and_then(|_| git(&["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]))
        .or_else(|| file(ARCHIVED).and_then(|text| hash_in(&text)))
        .or_else(|| file(PACKAGED).and_then(|text| hash_in(text.split("\"sha1\"").nth(1)?)))
}

/// The first text of 40 hexadecimal digits, shortened.
fn hash_in(text: &str) -> Option<String> {
    let mut words = text.split(|c: char| !c.is_ascii_hexdigit());
    words.find(|word| word.len() == 40).map(|word| word[..DIGITS].to_owned())
}

/// The profile that the folder of a build script's output is named after, as
/// `target/dist/build/pushbench-cli-0123456789abcdef/out`; `debug` is that of `dev`. Where it is in
/// another place, what cargo says: `debug` or `release`, which the profile inherits from.
pub(crate) fn profile(out: &Path, inherits: &str) -> String {
    let mut above = out.ancestors().skip(1);
    let is_build = |path: &Path| path.file_name().is_some_and(|name| name == "build");
    let profile = above.find(|path| is_build(path)).and_then(|build| build.parent()?.file_name());
    profile.and_then(|name| name.to_str()).unwrap_or(inherits).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn the_commit_is_that_of_the_repository_or_of_the_archive_and_else_unknown() {
        let described = "0d3581fa1b2c-dirty";
        let in_repository = |arguments: &[&str]| match arguments[0] {
            "ls-files" => Some("build.rs".to_owned()),
            _ => Some(described.to_owned()),
        };
        let in_another = |arguments: &[&str]| match arguments[0] {
            "ls-files" => None,
            _ => Some("fedcba987654".to_owned()),
        };
        let packaged =
            format!("{{\n  \"git\": {{ \"sha1\": \"{HASH}\" }},\n  \"path_in_vcs\": \"\" }}");
        let no_file = |_: &str| None;
        let archive = |name: &str| (name == ARCHIVED).then(|| format!("{HASH}\n"));
        let not_archived = |name: &str| (name == ARCHIVED).then(|| "$Format:%H$\n".to_owned());
        let package = |name: &str| (name == PACKAGED).then(|| packaged.clone());
        assert_eq!(commit(&in_repository, &archive).as_deref(), Some(described));
        assert_eq!(commit(&in_another, &archive).as_deref(), Some("0123456789ab"));
        assert_eq!(commit(&|_| None, &package).as_deref(), Some("0123456789ab"));
        assert_eq!(commit(&in_another, &no_file), None);
        assert_eq!(commit(&|_| None, &not_archived), None);
    }

    #[test]
    fn the_profile_is_read_off_the_folder_that_it_is_built_in() {
        for (out, expected) in [
            ("/x/target/dist/build/pushbench-cli-0f/out", "dist"),
            ("/x/build/target/release/build/pushbench-cli-0f/out", "release"),
            ("/x/target/x86_64-unknown-linux-gnu/debug/build/pushbench-cli-0f/out", "debug"),
            ("/elsewhere", "release"),
        ] {
            assert_eq!(profile(Path::new(out), "release"), expected, "{out}");
        }
    }
}
