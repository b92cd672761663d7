//! How far an adapter was tested, in a sentence of the notes. Pure.

use pushbench_adapter::Shipped;
use pushbench_scenario::NamedServer;

/// What to know of an adapter that was not run against a server of its kind; `None` of one that was,
/// and of one that stands in the scenario, whose author is who runs it.
pub(crate) fn untested(server: &NamedServer) -> Option<String> {
    let NamedServer { name, adapter, adapter_name, .. } = server;
    if adapter.tested.is_some() || adapter_name == "inline" {
        return None;
    }
    let how = match Shipped::named(adapter_name) {
        // A test plays each of these from a transcript.
        Some(_) => {
            "was not run against the real server, only against a transcript of what its documents say"
        }
        None => {
            "does not say that it was ever tested: `tested` in it names the server and the version \
             that it was run against"
        }
    };
    Some(format!("server.{name}: the adapter `{adapter_name}` {how}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use pushbench_scenario::{Source, read};

    use super::*;

    fn note(server: &str) -> Option<String> {
        let text = format!(
            "question = \"?\"\nworkload = {{ clients = 1, publish = {{ every = \"1s\" }} }}\n\
             [server.a]\nurl = \"http://h:1\"\n{server}\n\
             [[transport]]\nkind = \"sse\"\nserver = \"a\"\n"
        );
        let own = "about = \"a\"\ndocuments = \"d\"\npublish = { url = \"/p\", body = \"${payload}\" }\n\
                   [transport.sse]\nurl = \"/x\"\n";
        let read_file = |path: &Path| match path.ends_with("tested.toml") {
            true => Ok(format!("tested = \"a 1.0\"\n{own}").into_bytes()),
            false => Ok(own.to_owned().into_bytes()),
        };
        let path = Path::new("a.toml");
        let source = Source { path, text: &text, overrides: &[], only: &[], read_file: &read_file };
        let scenario = read(&source).unwrap_or_else(|refused| panic!("{refused}"));
        untested(scenario.transports[0].server.as_ref().expect("it names one"))
    }

    #[test]
    fn never_tested_played_from_a_transcript_and_tested_are_told_apart() {
        for tested in ["pushbench", "nchan", "./tested.toml"] {
            assert_eq!(note(&format!("adapter = \"{tested}\"")), None, "{tested}");
        }
        let transcript = note("adapter = \"mercure\"").expect("it was not run against one");
        assert!(transcript.contains("only against a transcript"), "{transcript}");
        let never = note("adapter = \"./own.toml\"").expect("nobody tested it");
        assert!(never.contains("does not say that it was ever tested"), "{never}");
        assert!(!never.contains("transcript"), "{never}");
        let inline = "publish = { url = \"/p\", body = \"${payload}\" }\n[server.a.transport.sse]\nurl = \"/x\"";
        assert_eq!(note(inline), None);
    }
}
