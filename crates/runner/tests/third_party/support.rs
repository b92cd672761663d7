//! A scenario that asks one small server, and what looking at that comes to.

use std::ops::ControlFlow;
use std::path::Path;

use pushbench_runner::{Options, ServerCommand, Tried, begin, preflight};
use pushbench_scenario::{Source, read};
use pushbench_store::{ToolV1, environment};

/// What trying a server by an adapter comes to. The adapter begins in line 11 of the scenario.
pub(crate) fn tried(url: &str, kind: &str, adapter: &str) -> Result<(), String> {
    let trust = if url.starts_with("https") { "trust = \"insecure\"" } else { "" };
    tried_as(&format!("url = \"{url}\"\n{trust}\n{adapter}"), kind)
}

/// The same of a server with these lines.
pub(crate) fn tried_as(server: &str, kind: &str) -> Result<(), String> {
    let interval = if kind == "short-poll" { "interval = \"1s\"" } else { "" };
    let text = format!(
        "question = \"?\"\n[workload]\nclients = 1\npublish = {{ every = \"1s\" }}\n\
         payload = {{ bytes = 20 }}\ndeliver = \"every\"\n\n[server.small]\n{server}\n\
         [[transport]]\nkind = \"{kind}\"\nserver = \"small\"\n{interval}\n"
    );
    let no_file = |path: &Path| Err(std::io::Error::other(path.display().to_string()));
    let source = Source {
        path: Path::new("small.toml"),
        text: &text,
        overrides: &[],
        only: &[],
        read_file: &no_file,
    };
    let scenario = read(&source).unwrap_or_else(|refused| panic!("{refused}"));
    let options = Options {
        shards: None,
        part: None,
        server: ServerCommand { program: "no-such-program".into(), arguments: Vec::new() },
        floor: ServerCommand { program: "no-such-program".into(), arguments: Vec::new() },
        target: None,
        cores: 1,
        placement: None,
        file: text,
        files: Vec::new(),
        overrides: Vec::new(),
        tags: std::collections::BTreeMap::new(),
        environment: environment(),
        tool: ToolV1 { name: "test".to_owned(), version: "0".to_owned(), commit: None },
    };
    let run = begin(&scenario, &options);
    match preflight(&run, &scenario, &options, &mut || ControlFlow::Continue(())) {
        Ok(Tried::Playable { findings }) => {
            assert_eq!(findings, [""; 0]);
            Ok(())
        }
        Ok(Tried::BrokenOff) => panic!("nobody broke it off"),
        Err(error) => Err(error.to_string()),
    }
}
