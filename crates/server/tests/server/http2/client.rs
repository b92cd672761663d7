//! A client's HTTP/2 connection.

use bytes::Bytes;
use h2::client::SendRequest;
use h2::ext::Protocol;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Method, Request};
use pushbench_protocol::{Cursor, TopicName};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::{DEADLINE, Running};

/// A client's HTTP/2 connection, and the task that drives it.
pub(super) struct Client {
    pub(super) send: SendRequest<Bytes>,
    pub(super) driver: JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    pub(super) async fn connect(server: &Running) -> Self {
        Self::with_window(server, 1 << 20).await
    }

    pub(super) async fn with_window(server: &Running, window: u32) -> Self {
        let stream = TcpStream::connect(server.address).await.expect("the server listens");
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(window);
        let (send, connection) = builder.handshake(stream).await.expect("it speaks HTTP/2");
        Self { send, driver: tokio::spawn(connection) }
    }

    /// Sends a request without a body; gives status, fields and the body's stream.
    pub(super) async fn get(&self, path: &str) -> (u16, HeaderMap, RecvStream) {
        let request = Request::get(format!("http://h{path}")).body(()).expect("a request");
        let mut send = self.send.clone().ready().await.expect("open");
        let (answer, _) = send.send_request(request, true).expect("open");
        let answer = timeout(DEADLINE, answer).await.expect("in time").expect("an answer");
        let (parts, body) = answer.into_parts();
        (parts.status.as_u16(), parts.headers, body)
    }

    /// Opens a WebSocket to topic `t0000`.
    pub(super) async fn websocket(
        &self,
        more: &[(&str, &str)],
    ) -> (u16, SendStream<Bytes>, RecvStream) {
        let path = TopicName::numbered(0).websocket_path(Cursor::NOW);
        let mut request = Request::builder()
            .method(Method::CONNECT)
            .uri(format!("http://h{path}"))
            .extension(Protocol::from_static("websocket"));
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let request = request.body(()).expect("a request");
        let mut send = self.send.clone().ready().await.expect("open");
        while !send.is_extended_connect_protocol_enabled() {
            tokio::task::yield_now().await;
        }
        let (answer, send) = send.send_request(request, false).expect("open");
        let answer = timeout(DEADLINE, answer).await.expect("in time").expect("an answer");
        (answer.status().as_u16(), send, answer.into_body())
    }
}

/// The next data of a stream; `None` at its end.
pub(super) async fn data(body: &mut RecvStream) -> Option<Bytes> {
    loop {
        let data = timeout(DEADLINE, body.data()).await.expect("in time")?.expect("not reset");
        body.flow_control().release_capacity(data.len()).expect("so much was received");
        // What ends a stream may be empty.
        if !data.is_empty() {
            return Some(data);
        }
    }
}

pub(super) async fn whole(mut body: RecvStream) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(data) = data(&mut body).await {
        whole.extend_from_slice(&data);
    }
    whole
}
