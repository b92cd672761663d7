//! What `scenarios/README.md` shows of servers that others wrote is a scenario, or a part of one.

use std::path::Path;

use pushbench_scenario::{Source, read};

#[test]
fn each_example_with_a_server_is_read() {
    let readme = include_str!("../../../scenarios/README.md");
    let examples = readme.split("```toml\n").skip(1);
    let examples = examples.map(|rest| rest.split("```").next().expect("it ends"));
    let with_servers: Vec<_> = examples.filter(|example| example.contains("[server.")).collect();
    assert_eq!(with_servers.len(), 2);
    for example in with_servers {
        let head = "question = \"?\"\nworkload = { clients = 1, publish = { every = \"1s\" } }\n";
        let whole = match example.starts_with("question") {
            true => example.to_owned(),
            false => format!("{head}{example}"),
        };
        let read = read(&Source {
            path: Path::new("scenarios/README.md"),
            text: &whole,
            overrides: &[],
            only: &[],
            read_file: &|_| Ok(Vec::new()),
        });
        assert!(read.is_ok(), "{example}\n{}", read.expect_err("it is refused"));
    }
}
