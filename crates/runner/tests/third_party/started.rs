//! A third-party server that cannot be started, or does not become ready, is told with what it said.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::server::{Manners, Server};
use crate::support::tried_as;

const ADAPTER: &str = "publish = { url = \"/pub/${channel}\", body = \"${payload}\" }\n\
    [server.small.transport.websocket]\nurl = \"/sub/${channel}\"\n";

/// Tries a server with these lines, and holds what is said of it against parts of it.
fn check(lines: &str, parts: &[&str]) {
    let said = tried_as(&format!("{lines}\n{ADAPTER}"), "websocket").expect_err("it is wrong");
    for part in parts {
        assert!(said.contains(part), "`{part}` is missing in: {said}");
    }
}

/// A server on a free port that these arguments start.
fn started(start: &[&str]) -> String {
    format!("url = \"http://127.0.0.1:${{port}}\"\nstart = {start:?}")
}

#[test]
fn a_server_that_ends_at_once_is_told_with_its_last_words() {
    let parts = ["server.small: it ended with exit code 3", "cannot listen on 127.0.0.1:"];
    check(&started(&["sh", "-c", "echo cannot listen on 127.0.0.1:${port} >&2; exit 3"]), &parts);
    check(&started(&["sh", "-c", "kill -9 $$"]), &["ended by signal 9", "it said nothing"]);
}

#[test]
fn a_server_that_goes_into_the_background_is_told_to_stay() {
    check(&started(&["sh", "-c", "sleep 60 &"]), &["exit code 0", "stay in the foreground"]);
}

#[test]
fn a_program_that_is_not_there_is_told_with_where_it_was_looked_for() {
    let parts = ["`no-such-server` cannot be run", "No such file", "PATH"];
    check(&started(&["no-such-server"]), &parts);
}

#[test]
fn a_port_that_is_taken_is_told_before_anything_is_started() {
    let taken = Server::start(Manners::default());
    let lines = format!("url = \"http://{}\"\nstart = [\"no-such-server\"]", taken.address);
    check(&lines, &["is taken already", "${port}"]);
}

#[test]
fn a_server_that_is_not_ready_is_told_with_its_response() {
    let running = Server::start(Manners::default());
    let lines = format!("url = \"http://{}\"\nready = \"GET /health\"", running.address);
    let parts = ["was not ready within 1s", "/health got the status 404", "nothing at /health"];
    check(&lines, &parts);
}

#[test]
fn a_server_that_is_not_ready_is_told_with_the_beginning_of_a_response_that_does_not_end() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let head = "HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n";
            // Who only looks whether the port is open asks for nothing, and is gone.
            let _ = stream.read(&mut [0; 1_024]);
            let _ = write!(stream, "{head}b\r\nstarting up\r\n");
            open.push(stream);
        }
    });
    let lines = format!("url = \"http://{address}\"\nready = \"GET /health\"");
    let parts = ["was not ready within 1s", "/health got the status 503", "\"starting up\""];
    check(&lines, &parts);
}

#[test]
fn a_process_that_is_not_found_is_told() {
    let running = Server::start(Manners::default());
    let url = format!("url = \"http://{}\"", running.address);
    check(&format!("{url}\nprocess = {{ pid_file = \"/no/such.pid\" }}"), &["/no/such.pid"]);
    check(&format!("{url}\nprocess = {{ port = 1 }}"), &["listens on port 1"]);
}
