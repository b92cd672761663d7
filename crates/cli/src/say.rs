//! Lines for people on stderr. They are best effort: with the terminal gone, or its disk full,
//! there is nobody to tell, and a run goes on all the same.

use std::fmt::Display;
use std::io::Write as _;

use pushbench_report::printable;

use crate::output;
use crate::wrapped::in_lines;

/// Writes a line to stderr, in one write; one that cannot be written is dropped. What a terminal
/// would obey is written out.
pub(crate) fn say(line: impl Display) {
    let line = line.to_string();
    let mut text = match output::columns(std::io::stderr()) {
        Some(width) => in_lines(&printable(&line), width),
        // In a file or a pipe a message is one line, so that it can be searched for.
        None => printable(&line).into_owned(),
    };
    text.push('\n');
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Why a command failed, with its causes.
///
/// One rule for errors of this workspace: a message that has its cause in it has no `source`, so
/// that every cause is told, and once, by `Display` as by `anyhow`'s alternate form.
pub(crate) fn say_error(error: &anyhow::Error) {
    say(format_args!("pushbench: {error:#}"));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use anyhow::{Context, anyhow};
    use pushbench_lab::LabError;
    use pushbench_protocol::ResponseProfile;
    use pushbench_runner::Target;
    use pushbench_server::{Server, ServerConfig, ServerError};
    use pushbench_tls::Identity;

    use crate::scenario_file::read_scenario;

    fn refused() -> std::io::Error {
        std::io::Error::from_raw_os_error(98)
    }

    #[test]
    fn an_error_tells_each_of_its_causes_once() {
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], 80));
        let listen = || ServerError::Listen { address, cause: refused() };
        let absent = Path::new("no-such-file");
        let read = pushbench_store::read(absent).expect_err("it is not there");
        let malformed = pushbench_store::read(Path::new("Cargo.toml")).expect_err("it is TOML");
        let pem = Identity::from_pem("no certificate", "no key").expect_err("neither");
        let profile = ResponseProfile::built_in("no-such-profile").expect_err("there is none");
        for error in [
            anyhow!(listen()),
            anyhow!(LabError::Listen { address, cause: refused() }),
            anyhow!(LabError::from(listen())),
            anyhow!(read).context("cannot read the run"),
            anyhow!(malformed),
            anyhow!(pem).context("x.pem"),
            anyhow!(profile),
            anyhow!(Target::parse("http://no-such-host.invalid:80").expect_err("no such host")),
            read_scenario(absent, &[], &[]).map(|_| ()).expect_err("it is not there"),
            Err::<(), _>(refused()).context("cannot write to stdout").expect_err("refused"),
        ] {
            let told = format!("{error:#}");
            let mut parts = BTreeSet::new();
            for part in told.split(": ") {
                assert!(parts.insert(part), "`{part}` twice in `{told}`");
            }
        }
    }

    #[test]
    fn a_server_that_cannot_listen_says_why_once() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = taken.local_addr().expect("an address");
        let profile = ResponseProfile::built_in("minimal").expect("built in");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let bound =
            runtime.expect("a runtime").block_on(Server::bind(ServerConfig::new(address, profile)));
        let told = format!("{:#}", anyhow!(bound.map(|_| ()).expect_err("the port is taken")));
        assert_eq!(told.matches("in use").count(), 1, "{told}");
    }
}
