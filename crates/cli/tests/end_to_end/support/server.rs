//! A server of a test's own, and its books.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use pushbench_protocol::{Announcement, ServerDocument, ServerStats};
use rustix::process::Signal;

use super::{Bench, DEADLINE, Ended, Running};

/// A server of the test's own; dropped, it is killed.
pub(crate) struct Server {
    running: Running,
    pub(crate) address: SocketAddr,
    tls_address: Option<SocketAddr>,
    /// What it announced that it runs with.
    pub(crate) config: ServerDocument,
}

impl Server {
    /// `pushbench serve --listen 127.0.0.1:0` and these arguments.
    pub(crate) fn start(bench: &Bench, arguments: &[&str]) -> Self {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let running = Running::start(&mut bench.program(&arguments));
        let line = running.first_line();
        let announcement: Announcement = serde_json::from_str(&line).expect("an announcement");
        let Announcement { address, tls_address, config, .. } = announcement;
        Self { running, address, tls_address, config }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens for TLS.
    pub(crate) fn tls(&self) -> SocketAddr {
        self.tls_address.expect("it was told to listen for TLS")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }

    pub(crate) fn stats(&self) -> ServerStats {
        stats_of(self.address).expect("the server answers")
    }

    /// Ends it as a user would.
    pub(crate) fn end(self) -> Ended {
        self.running.signal(Signal::TERM);
        self.running.end()
    }
}

/// A server's own books; `None` if it does not answer.
pub(crate) fn stats_of(address: SocketAddr) -> Option<ServerStats> {
    serde_json::from_str(&get(address, "/stats")?).ok()
}

/// The body of a `GET` on a connection of its own; `None` if there is no answer.
pub(crate) fn get(address: SocketAddr, path: &str) -> Option<String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let answer = asked(address, &request)?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    Some(body.to_owned())
}

/// Publishes a message in a topic.
pub(crate) fn publish(address: SocketAddr, topic: &str, message: &str) {
    let len = message.len();
    let request = format!(
        "POST /topics/{topic}/messages HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Length: {len}\r\n\r\n{message}"
    );
    let answer = asked(address, &request).expect("the server answers");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

/// The answer to the one request of a connection.
fn asked(address: SocketAddr, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(DEADLINE)).ok()?;
    // In one write, and so in one packet.
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
