//! What people expect of any program for a terminal: completions and manual pages.

use std::fs;
use std::process::Command;

use crate::support::{Bench, needs};

/// What bash completes of a line, by the script that the program prints.
fn completed(bench: &Bench, words: &[&str]) -> Vec<String> {
    let script = bench.play(&["completions", "bash"]);
    assert_eq!((script.code, script.stderr.as_str()), (0, ""), "{script}");
    fs::write(bench.path().join("completions"), &script.stdout).expect("it can be");
    let last = words.len() - 1;
    let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    let asked = format!(
        "source ./completions; COMP_WORDS=({}); COMP_CWORD={last}
        _pushbench pushbench '{}' '{}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        quoted.join(" "),
        words[last],
        words[last - 1],
    );
    let bash = Command::new("bash").args(["-c", &asked]).current_dir(bench.path()).output();
    let bash = bash.expect("bash is there");
    let said = String::from_utf8_lossy(&bash.stderr);
    assert!(said.is_empty(), "{said}");
    String::from_utf8_lossy(&bash.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_and_names_and_else_files() {
    let bench = Bench::new();
    for (words, expected) in [
        (&["pushbench", "comp"][..], &["compare", "completions"][..]),
        (&["pushbench", "run", "--begin"], &["--begin-at"]),
        (&["pushbench", "scenarios", "quick"], &["quickstart"]),
        (&["pushbench", "adapters", "ncha"], &["nchan"]),
        (&["pushbench", "run", "--format", "h"], &["html"]),
        (&["pushbench", "shar"], &[""]),
    ] {
        let mut found = completed(&bench, words);
        found.sort();
        assert_eq!(found, expected, "{words:?}");
    }
    // Where a file is taken nothing is found, and bash then completes files.
    assert_eq!(completed(&bench, &["pushbench", "run", "sma"]), [""]);
    let script = fs::read_to_string(bench.path().join("completions")).expect("it was written");
    assert!(script.contains("-o bashdefault -o default pushbench"), "{script}");
}

#[test]
fn every_shell_that_is_known_has_completions() {
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let script = Bench::new().play(&["completions", shell]);
        assert_eq!((script.code, script.stderr.as_str()), (0, ""), "{script}");
        assert!(script.stdout.contains("begin-at"), "{shell}: options are missing");
    }
    let refused = Bench::new().play(&["completions", "tcsh"]);
    assert_eq!(refused.code, 2, "{refused}");
}

#[test]
fn every_command_has_a_manual_page_that_groff_reads_without_a_warning() {
    let bench = Bench::new();
    let written = bench.play(&["man", "--dir", "share/man/man1"]);
    assert_eq!((written.code, written.stderr.as_str()), (0, ""), "{written}");
    let folder = bench.path().join("share/man/man1");
    let page = bench.play(&["man", "run"]);
    let run = fs::read_to_string(folder.join("pushbench-run.1")).expect("its page");
    assert_eq!(page.stdout, run, "what is printed is what is written");
    assert_eq!(bench.play(&["man", "shard"]).code, 2, "a run starts it, no person");
    if !needs("groff") {
        return;
    }
    for entry in fs::read_dir(folder).expect("the pages") {
        let path = entry.expect("an entry").path();
        let mut groff = Command::new("groff");
        groff.args(["-man", "-Tutf8", "-ww", "-Wbreak", "-P-cbou"]).arg(&path);
        let read = groff.output().expect("groff is there");
        assert_eq!(String::from_utf8_lossy(&read.stderr), "", "{}", path.display());
        assert!(String::from_utf8_lossy(&read.stdout).contains("SYNOPSIS"), "{}", path.display());
    }
}
