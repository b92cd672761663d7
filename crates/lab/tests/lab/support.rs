//! A lab of the test's own, and raw connections to it.

use std::net::SocketAddr;
use std::time::Duration;

use pushbench_lab::{Lab, LabConfig};
use pushbench_protocol::{AllowedHosts, ResponseProfile, clock};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Longest wait for something that must happen. Only a program that hangs gets there.
const DEADLINE: Duration = Duration::from_secs(60);

/// A lab that is ended in order when it is told to.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

pub(crate) fn config() -> LabConfig {
    LabConfig {
        listen: "127.0.0.1:0".parse().expect("an address"),
        tls: None,
        open_to_others: false,
        hosts: AllowedHosts::Named(vec!["h".to_owned()]),
        mss: Some(1_460),
        response: ResponseProfile::built_in("typical").expect("built in"),
    }
}

pub(crate) async fn start() -> Running {
    let lab = Lab::bind(config()).await.expect("a free port");
    let address = lab.local_addr();
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(lab.serve(async move {
        let _ = stopped.await;
    }));
    Running { address, stop, task }
}

impl Running {
    pub(crate) async fn connect(&self) -> Raw {
        let stream = TcpStream::connect(self.address).await.expect("the lab listens");
        Raw { stream, host: self.address, sent: 0, received: 0 }
    }

    /// A session whose publisher says something every `message_every_ms`.
    pub(crate) async fn session(&self, id: &str, message_every_ms: u32) {
        let settings =
            json!({ "message_every_ms": message_every_ms, "random": false, "payload_bytes": 20 });
        let (status, _) = self.ask("PUT", &format!("/lab/api/sessions/{id}"), &settings).await;
        assert_eq!(status, 200);
    }

    /// Asks on a connection of its own; status and body.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let mut raw = self.connect().await;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let host = self.address;
        raw.send(format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ))
        .await;
        let response = raw.response().await.expect("a response");
        (response.status, response.body)
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let (status, body) = self.ask("GET", path, &Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).expect("JSON")
    }

    /// What the recorder has of a session and transport.
    pub(crate) async fn book(&self, id: &str, class: &str) -> Value {
        self.json(&format!("/lab/api/sessions/{id}")).await["books"][class].clone()
    }

    /// Starts, stops or kills the push server.
    pub(crate) async fn command(&self, action: &str) {
        let (status, body) =
            self.ask("POST", "/lab/api/server", &json!({ "action": action })).await;
        assert_eq!((status, body.as_str()), (204, ""), "{action}");
    }

    /// Ends the lab in order.
    pub(crate) async fn end(self) {
        drop(self.stop);
        within("the lab to end", self.task).await.expect("it did not panic");
    }
}

/// A connection that counts.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    host: SocketAddr,
    pub(crate) sent: u64,
    pub(crate) received: u64,
}

/// A response with a length.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

impl Raw {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("the lab reads");
        self.sent += bytes.as_ref().len() as u64;
    }

    pub(crate) async fn get(&mut self, path: &str) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host);
        self.send(request).await;
    }

    pub(crate) async fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        let read = within("a byte", self.stream.read(&mut byte)).await;
        match read {
            Ok(1..) => {
                self.received += 1;
                Some(byte[0])
            }
            Ok(0) | Err(_) => None,
        }
    }

    pub(crate) async fn exactly(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        within("bytes", self.stream.read_exact(&mut bytes)).await.expect("as many as said");
        self.received += len as u64;
        bytes
    }

    /// Bytes up to and with `end`; `None` if the connection ends before.
    pub(crate) async fn until(&mut self, end: &[u8]) -> Option<String> {
        let mut bytes = Vec::new();
        while !bytes.ends_with(end) {
            bytes.push(self.byte().await?);
        }
        Some(String::from_utf8(bytes).expect("ASCII"))
    }

    /// The next response; `None` if the connection ends before it.
    pub(crate) async fn response(&mut self) -> Option<Response> {
        let head = self.until(b"\r\n\r\n").await?;
        let status = head[9..12].parse().expect("a status");
        let mut response = Response { status, head, body: String::new() };
        if let Some(len) = response.field("content-length") {
            let body = self.exactly(len.parse().expect("a number")).await;
            response.body = String::from_utf8(body).expect("UTF-8");
        }
        Some(response)
    }

    /// Upgrades; the cursor it was given.
    pub(crate) async fn upgrade(&mut self, path: &str) {
        let host = self.host;
        self.send(format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ))
        .await;
        let response = self.response().await.expect("a response");
        assert_eq!(response.status, 101);
        assert_eq!(response.field("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    }

    /// The next short frame: its first byte and its payload.
    pub(crate) async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.byte().await?;
        let len = self.byte().await?;
        assert!(len < 126, "longer than these tests need");
        Some((first, self.exactly(usize::from(len)).await))
    }
}

/// Waits until `look` gives something.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begin = clock::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(clock::now().since(begin) < DEADLINE, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future)
        .await
        .unwrap_or_else(|_| panic!("waited in vain for {what}"))
}
