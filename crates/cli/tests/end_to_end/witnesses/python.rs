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
fn python_websockets_agrees_on_every_window_and_understands_what_is_deflated() {
    for (flags, options, agreed) in [
        (&["--deflate"][..], &["--deflate"][..], "permessage-deflate"),
        (
            &["--deflate"],
            &["--deflate", "--window-bits", "10"],
            "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10",
        ),
        (
            &["--deflate", "--deflate-window-bits", "12"],
            &["--deflate"],
            "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12",
        ),
        (
            &["--deflate"],
            &["--deflate", "--no-takeover"],
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        ),
        (
            &["--deflate", "--deflate-no-context-takeover"],
            &["--deflate", "--window-bits", "9"],
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
             server_max_window_bits=9; client_max_window_bits=9",
        ),
    ] {
        let (_bench, server) = server(flags);
        let url = format!("ws://{}/topics/news/ws", server.address);
        let Some(mut client) = client(&[&[&url[..], "3"], options].concat()) else { return };
        if !needs_all(&["curl"]) {
            return;
        }
        let said = check_subscriber(&server, &mut client);
        assert_eq!(said[0]["extensions"], serde_json::json!(["permessage-deflate"]), "{said:?}");
        assert_eq!(said[0]["answer"]["Sec-WebSocket-Extensions"], agreed, "{said:?}");
    }
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
