//! Python's `websockets`, a client that knows nothing of us, against the server's permessage-deflate.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Bench, Running, Server, skip};

/// Connects with the parameters given, publishes compressed messages through the WebSocket, and
/// prints what was agreed and what came back.
const CLIENT: &str = r#"
import asyncio, json, sys
from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

async def main(url, parameters):
    factory = ClientPerMessageDeflateFactory(**parameters)
    async with connect(url, compression=None, extensions=[factory]) as socket:
        agreed = [repr(extension) for extension in socket.protocol.extensions]
        heard = []
        for number in range(20):
            message = f"message {number} " + "price rose " * number * 10
            await socket.send(message if number % 2 else [message[:7], message[7:]])
            heard.append(await asyncio.wait_for(socket.recv(), 60) == message)
        print(json.dumps({"agreed": agreed, "heard": heard}))

asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))
"#;

/// The interpreter that `scripts/setup-tests` has made, with `websockets` in it.
fn python() -> Option<PathBuf> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python/bin/python3");
    if tests.is_file() {
        return Some(tests);
    }
    skip("Python's websockets is not installed; scripts/setup-tests installs it");
    None
}

#[test]
fn it_agrees_on_every_window_and_understands_every_message() {
    let Some(python) = python() else { return };
    let bench = Bench::new();
    for (flags, parameters, agreed) in [
        (&["--deflate"][..], "{}", "remote_max_window_bits=15, local_max_window_bits=15"),
        (
            &["--deflate"],
            r#"{"server_max_window_bits": 10, "client_max_window_bits": 10}"#,
            "remote_max_window_bits=10, local_max_window_bits=10",
        ),
        (
            &["--deflate", "--deflate-window-bits=12"],
            r#"{"server_max_window_bits": 15, "client_max_window_bits": true}"#,
            "remote_max_window_bits=12, local_max_window_bits=12",
        ),
        (
            &["--deflate", "--deflate-no-context-takeover"],
            r#"{"client_max_window_bits": 9}"#,
            "remote_no_context_takeover=True, local_no_context_takeover=True",
        ),
        (
            &["--deflate"],
            r#"{"server_no_context_takeover": true, "client_no_context_takeover": true}"#,
            "remote_no_context_takeover=True, local_no_context_takeover=True",
        ),
    ] {
        let server = Server::start(&bench, flags);
        let url = server.url().replacen("http", "ws", 1) + "/topics/t0000/ws";
        let mut command = Command::new(&python);
        command.args(["-c", CLIENT, &url, parameters]);
        let ended = Running::start(&mut command).end();
        assert_eq!(ended.code, 0, "{flags:?} {parameters}: {ended}");
        assert!(ended.stdout.contains(agreed), "{flags:?} {parameters}: {ended}");
        assert_eq!(ended.stdout.matches("true").count(), 20, "{flags:?} {parameters}: {ended}");
        assert_eq!(server.end().code, 0);
    }
    // Where nothing is agreed, nothing is compressed.
    let server = Server::start(&bench, &[]);
    let url = server.url().replacen("http", "ws", 1) + "/topics/t0000/ws";
    let ended = Running::start(Command::new(&python).args(["-c", CLIENT, &url, "{}"])).end();
    assert!(ended.stdout.contains(r#""agreed": []"#), "{ended}");
}
