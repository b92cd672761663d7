//! Programs of other hands against our server, and our load generator against a server of another
//! hand: whoever reads only RFCs must get along with us, and count the same bytes.
//!
//! `scripts/setup-tests` installs them; the small programs that use them lie in `tests/witnesses`.

mod curl;
mod node;
mod python;

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::support::{Bench, Running, Server, needs, publish, skip, wait_until};

/// The folder with what `scripts/setup-tests` installed; `None` if it is not there, said loudly.
pub(crate) fn installed(part: &str) -> Option<PathBuf> {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).parent()?.join("witnesses");
    let is_there = target.join(part).exists();
    if !is_there {
        skip(&format!(
            "{} is not there; scripts/setup-tests makes it",
            target.join(part).display()
        ));
    }
    is_there.then_some(target)
}

/// A program of `tests/witnesses`.
fn source(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/witnesses").join(name)
}

/// What a client has said so far.
fn events(client: &Running) -> Vec<Value> {
    let text = client.stdout_so_far();
    // The last line may not be whole yet.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn wait_for_event(client: &mut Running, event: &str) {
    wait_until(&format!("a client's `{event}`"), || {
        let is_said = events(client).iter().any(|said| said["event"] == event);
        assert!(
            is_said || !client.has_ended(),
            "ended before `{event}`: {}",
            client.stderr_so_far()
        );
        is_said
    });
}

/// Lets a WebSocket client of another hand listen to a topic: it pings, publishes a message in two
/// fragments, hears that and two others, and closes. Gives what it said.
fn check_subscriber(server: &Server, command: &mut Command) -> Vec<Value> {
    let mut client = Running::start(command);
    wait_for_event(&mut client, "pong");
    wait_for_event(&mut client, "message");
    publish(server.address, "news", "short");
    let long = "long enough to be worth a longer frame header ".repeat(1_500);
    publish(server.address, "news", &long);
    wait_for_event(&mut client, "close");
    let said = events(&client);
    let ended = client.end();
    assert_eq!(ended.code, 0, "{ended}");
    let messages: Vec<_> = said.iter().filter(|said| said["event"] == "message").collect();
    let texts: Vec<_> = messages.iter().map(|said| said["text"].as_str().expect("text")).collect();
    assert_eq!(texts, ["sent in two fragments", "short", &long]);
    let closes: Vec<_> = said.iter().filter(|said| said["event"] == "close").collect();
    assert_eq!(closes.len(), 1, "{said:?}");
    assert_eq!(closes[0]["code"], 4001, "the code comes back: {said:?}");
    said
}

fn needs_all(tools: &[&str]) -> bool {
    tools.iter().all(|tool| needs(tool))
}

/// A server for news and the folder it runs in.
fn server(arguments: &[&str]) -> (Bench, Server) {
    let bench = Bench::new();
    let server = Server::start(&bench, arguments);
    (bench, server)
}
