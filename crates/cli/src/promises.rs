//! What README, the lab's pages and the scenarios tell people to type, held against the commands
//! that there are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::environment::command;

/// Programs of others whose options are theirs.
const OTHERS: [&str; 2] = ["cargo ", "git "];

/// The names of the options of each command.
fn options() -> BTreeMap<String, BTreeSet<String>> {
    command()
        .get_subcommands()
        .map(|subcommand| {
            let longs = subcommand.get_arguments().filter_map(|argument| argument.get_long());
            let own = longs.chain(["help", "version"]).map(str::to_owned).collect();
            (subcommand.get_name().to_owned(), own)
        })
        .collect()
}

/// The option that begins a text, without its dashes.
fn option_at(text: &str) -> Option<&str> {
    let name = text.strip_prefix("--")?;
    let len = name.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(name.len());
    Some(&name[..len]).filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
}

/// What a line tells to type that there is not.
fn broken(line: &str, options: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut found = Vec::new();
    if OTHERS.iter().any(|program| line.contains(program)) {
        return found;
    }
    // The command that an option is given to, as far as the line names one before it.
    let mut to: Option<&str> = None;
    let mut rest = line;
    while let Some(at) = rest.find(['-', 'p', '`', '<']) {
        let here = &rest[at..];
        let begins =
            !rest[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || "-_/.".contains(c));
        let mut len = 1;
        if let Some(after) = here.strip_prefix("pushbench ").filter(|_| begins) {
            let name = after.split(|c: char| !c.is_ascii_lowercase() && c != '-').next();
            to = name.filter(|name| options.contains_key(*name));
            len = "pushbench ".len();
        } else if let Some(option) = option_at(here).filter(|_| begins) {
            let known = match to {
                Some(to) => options[to].contains(option),
                None => options.values().any(|own| own.contains(option)),
            };
            if !known {
                found.push(format!("--{option} of {}", to.unwrap_or("any command")));
            }
            len = "--".len() + option.len();
        }
        // A code span ends the command that began in it.
        if here.starts_with(['`', '<']) {
            to = None;
        }
        rest = &here[len..];
    }
    found
}

fn texts() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut texts = vec![root.join("README.md")];
    for (folder, endings) in [
        ("crates/lab/page", &["html", "js"][..]),
        ("scenarios", &["toml", "md"]),
        ("results", &["md"]),
        ("scenarios/servers", &["md"]),
        ("crates", &["md"]),
        ("crates/adapter", &["md"]),
        (".github", &["md"]),
    ] {
        let files = fs::read_dir(root.join(folder)).expect("a folder of the repository");
        texts.extend(files.map(|file| file.expect("a file").path()).filter(|path| {
            path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known))
        }));
    }
    texts
}

#[test]
fn whatever_people_are_told_to_type_exists() {
    let options = options();
    let (mut lines, mut wrong) = (0, Vec::new());
    for path in texts() {
        let text = fs::read_to_string(&path).expect("a text");
        for (number, line) in text.lines().enumerate().filter(|(_, line)| line.contains("--")) {
            lines += 1;
            let name = path.file_name().unwrap_or_default().display();
            wrong.extend(
                broken(line, &options).iter().map(|what| format!("{name}:{}: {what}", number + 1)),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(lines > 20, "only {lines} lines were looked at");
}

#[test]
fn an_option_that_its_command_lacks_is_found() {
    let options = options();
    for (line, expected) in [
        ("`pushbench lab --open-to-others`", &[][..]),
        ("`pushbench lab --delay 20ms`", &["--delay of lab"]),
        ("`pushbench run FILE --open-to-others`", &["--open-to-others of run"]),
        (
            "`pushbench run FILE --target URL` with `serve --deliver`, a rule ---, a dash -- and `--nothing`",
            &["--nothing of any command"],
        ),
        ("cargo run --release -- run x.toml", &[]),
    ] {
        assert_eq!(broken(line, &options), expected, "{line}");
    }
}
