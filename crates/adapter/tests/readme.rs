//! What README shows is an adapter, or a part of one.

use std::path::Path;

use pushbench_adapter::{SHIPPED, read};

#[test]
fn each_example_of_readme_is_read() {
    let readme = include_str!("../README.md");
    let examples: Vec<_> = readme
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().expect("it ends"))
        .collect();
    assert_eq!(examples.len(), 4);
    for example in examples {
        let whole = match example.starts_with("about") {
            true => example.to_owned(),
            false => {
                let publish =
                    if example.contains("publish") { "" } else { "publish = \"theirs\"\n" };
                format!(
                    "about = \"a part\"\ndocuments = \"README\"\n{publish}{example}\n\
                     [transport.sse]\nurl = \"/\"\n"
                )
            }
        };
        let read = read(Path::new("README.md"), &whole);
        assert!(read.is_ok(), "{example}\n{}", read.expect_err("it is refused"));
    }
}

#[test]
fn readme_names_every_key_of_a_transport() {
    // What `read` says that a transport can have, where it has something else.
    let refused = include_str!("refused/keys-that-are-unknown.snap");
    let keys = refused.rsplit_once("expected one of ").expect("the keys").1;
    let readme = include_str!("../README.md");
    let keys = keys.trim().split(", ").chain(["carry", "empty"]);
    for key in keys {
        assert!(readme.contains(&format!("`{key}`")), "README lacks {key}");
    }
}

#[test]
fn readme_says_of_each_adapter_that_ships_what_it_was_run_against() {
    let readme = include_str!("../README.md");
    let rows = readme.lines().filter(|line| line.starts_with("| [`"));
    let rows: Vec<_> = rows.map(str::to_owned).collect();
    let expected = SHIPPED.map(|shipped| {
        let name = shipped.name;
        let adapter = read(Path::new(name), shipped.text).expect("it ships");
        let kinds: Vec<_> = adapter.transports.iter().map(|one| one.kind.label()).collect();
        let against = adapter.tested.as_deref();
        let against =
            against.unwrap_or("not run against the real server, but against its transcript");
        format!("| [`{name}`](adapters/{name}.toml) | {} | {against} |", kinds.join(", "))
    });
    assert_eq!(rows, expected);
}
