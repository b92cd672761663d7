//! Python's `websockets`: a client that checks what a server may do.

use std::process::Command;

use super::{check_subscriber, installed, needs_all, server, source};

fn client(arguments: &[&str]) -> Option<Command> {
    let python = installed("python/bin/python")?.join("python/bin/python");
    let mut command = Command::new(python);
    command.arg(source("client.py")).args(arguments);
    Some(command)
}

#[test]
fn python_websockets_listens_pings_sends_fragments_and_closes() {
    let (_bench, server) = server(&[]);
    let url = format!("ws://{}/topics/news/ws", server.address);
    let Some(mut client) = client(&[&url, "3"]) else { return };
    if !needs_all(&["curl"]) {
        return;
    }
    let said = check_subscriber(&server, &mut client);
    assert_eq!(said[0]["extensions"], serde_json::json!([]));
}
