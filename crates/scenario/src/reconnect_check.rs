//! Which transports come back where they lost their connection: those whose place is known then.

use pushbench_protocol::{ClientProgram, HttpVersion};
use pushbench_toml::Problems;

use crate::file::ScenarioFile;
use crate::transport_file::TransportFile;

pub(crate) fn clients_that_come_back_know_where_they_were(
    file: &ScenarioFile,
    problems: &Problems,
) -> Option<()> {
    for transport in &file.transports {
        // A rule that could not be held against a transport has nothing to add.
        let _ = knows_where_it_was(transport, problems);
    }
    Some(())
}

fn knows_where_it_was(transport: &TransportFile, problems: &Problems) -> Option<()> {
    let reconnect = transport.options.reconnect.as_ref()?;
    reconnect.value?;
    let refuse = |expected: &str, help: &str| {
        reconnect.refuse(problems, format!("absent with {expected}"), Some(help));
    };
    if transport.carriage.http.as_ref().is_some_and(|http| http.value != HttpVersion::Http11) {
        refuse(
            "http = \"2\"",
            "clients that come back have a connection each, which only HTTP/1.1 has here",
        );
    }
    if transport.carriage.client.as_ref().is_some_and(|it| it.value != ClientProgram::Exact) {
        refuse(
            "the `client` of a library",
            "a library does not say where the server had it begin, so it could not resume",
        );
    }
    if transport.options.conflate.as_ref().is_some_and(|conflate| conflate.value.is_some()) {
        refuse(
            "`conflate`",
            "a client does not know which messages were replaced, so it could not resume",
        );
    }
    Some(())
}
