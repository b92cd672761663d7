//! A server of the tests' own that does what a test tells it to, whatever a server should do.
//!
//! HTTP/1.1 by hand: what it says and leaves unsaid is the test's to choose.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustix::net::sockopt::set_socket_linger;
use sha1::{Digest, Sha1};

/// A request that has come whole.
pub(crate) struct Request {
    /// `GET /topics/t0000/ws?after=... HTTP/1.1`.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    fn read(from: &mut impl BufRead) -> Option<Self> {
        let mut text = || {
            let mut line = String::new();
            let len = from.read_line(&mut line).ok()?;
            (len > 0).then(|| line.trim_end().to_owned())
        };
        let line = text()?;
        let mut fields = Vec::new();
        while let Some((name, value)) = text()?.split_once(':') {
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut request = Self { line, fields, body: Vec::new() };
        let len = request.field("content-length").and_then(|len| len.parse().ok()).unwrap_or(0);
        request.body.resize(len, 0);
        from.read_exact(&mut request.body).ok()?;
        Some(request)
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_publish(&self) -> bool {
        self.line.starts_with("POST ")
    }

    /// Topic in the path.
    pub(crate) fn topic(&self) -> String {
        self.line.split('/').nth(2).unwrap_or_default().to_owned()
    }

    /// The 101 that accepts this upgrade (RFC 6455, section 4.2.2).
    pub(crate) fn accepted(&self) -> String {
        let mut hash = Sha1::new();
        hash.update(self.field("sec-websocket-key").unwrap_or_default());
        hash.update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            STANDARD.encode(hash.finalize())
        )
    }
}

/// A text frame around a message, unmasked as a server sends it (RFC 6455, section 5.2).
pub(crate) fn text_frame(payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(payload.len()).ok().filter(|len| *len < 126);
    let mut frame = vec![0x81, len.expect("the tests' messages are short")];
    frame.extend_from_slice(payload);
    frame
}

/// A scenario for such a server: each of so many clients is to have each message of its topic, ten a
/// second for a second, by each of these kinds of transport.
pub(crate) fn scenario(clients: u32, topics: u32, kinds: &[&str]) -> String {
    let transports: String =
        kinds.iter().map(|kind| format!("\n[[transport]]\nkind = \"{kind}\"\n")).collect();
    format!(
        r#"question = "What does a server of others do?"

[workload]
clients = {clients}
topics = {topics}
deliver = "every"
publish = {{ every = "100ms" }}
payload = {{ bytes = 40 }}
warm_up = "300ms"
measure = "1s"
drain = "1s"
rounds = 1

[headers]
request = "minimal"
{transports}"#
    )
}

/// Says that a publish was taken.
pub(crate) const TAKEN: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
/// Says that there is no such thing, as the books of a server that has none.
pub(crate) const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

/// Connections that subscribers wait on, by topic.
#[derive(Clone, Default)]
pub(crate) struct Subscribers(Arc<Mutex<Vec<(String, TcpStream)>>>);

impl Subscribers {
    pub(crate) fn add(&self, topic: String, stream: &TcpStream) {
        let stream = stream.try_clone().expect("a descriptor");
        self.0.lock().expect("nobody panics with it").push((topic, stream));
    }

    /// Sends bytes to all subscribers of a topic.
    pub(crate) fn push(&self, topic: &str, bytes: &[u8]) {
        self.push_where(|of| of == topic, bytes);
    }

    /// Sends bytes to all subscribers of other topics.
    pub(crate) fn push_to_others(&self, topic: &str, bytes: &[u8]) {
        self.push_where(|of| of != topic, bytes);
    }

    fn push_where(&self, wanted: impl Fn(&str) -> bool, bytes: &[u8]) {
        for (of, stream) in self.0.lock().expect("nobody panics with it").iter_mut() {
            if wanted(of) {
                // One that is gone is nobody's loss here.
                let _ = stream.write_all(bytes);
            }
        }
    }
}

/// What a servant does with a request.
pub(crate) enum Then {
    /// Reads the next one.
    GoOn,
    /// Reads what comes, says nothing more, and keeps the connection open for as long as the test
    /// lasts, also when the client ends its side.
    Keep,
    /// Waits for anything more, a close frame or the client's FIN, and ends the connection.
    Close,
    /// Ends the connection by a reset, as balancers end those that are idle.
    Reset,
}

/// A server whose every request is answered by a function.
pub(crate) struct Servant {
    pub(crate) address: SocketAddr,
}

impl Servant {
    /// Starts one; its threads end with the test's process.
    pub(crate) fn start(
        answer: impl Fn(&Request, &mut TcpStream) -> Then + Send + Sync + 'static,
        at_the_end: Then,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it listens");
        let shared = Arc::new((answer, at_the_end));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || talk(stream, &shared.0, &shared.1));
            }
        });
        Self { address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn talk(
    mut stream: TcpStream,
    answer: &impl Fn(&Request, &mut TcpStream) -> Then,
    at_the_end: &Then,
) {
    let mut reader = BufReader::new(stream.try_clone().expect("a descriptor"));
    let mut then = at_the_end;
    let told;
    while let Some(request) = Request::read(&mut reader) {
        match answer(&request, &mut stream) {
            Then::GoOn => {}
            other => {
                told = other;
                then = &told;
                break;
            }
        }
    }
    match then {
        Then::GoOn => {}
        Then::Close => {
            let _ = reader.read(&mut [0; 64]);
            // Dropped it would not be: whoever pushes to it has it too.
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        Then::Reset => {
            let at_once = Some(std::time::Duration::ZERO);
            set_socket_linger(&stream, at_once).expect("a socket");
        }
        Then::Keep => {
            let _ = reader.read_to_end(&mut Vec::new());
            loop {
                std::thread::park();
            }
        }
    }
}
