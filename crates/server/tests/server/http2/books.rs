//! What is counted of a connection: the length of each field block, and the bytes of all streams.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use pushbench_protocol::{ClassStats, ConnectionClass, Cursor, ResponseProfile, TopicName};
use pushbench_wire::hpack::{Encoder, Indexing};
use pushbench_wire::http2::FrameCounter;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::client::{Client, data, whole};
use crate::support::start;

/// A client's stream whose frames are counted.
struct Counted {
    stream: TcpStream,
    frames: Arc<Mutex<(FrameCounter, FrameCounter)>>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.frames.lock().expect("one task").1.observe(&buf.filled()[before..]);
        result
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(written)) = result {
            self.frames.lock().expect("one task").0.observe(&bytes[..written]);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// 250 polls, each with a new cursor, are more than a table holds: what was indexed first goes and
/// comes back.
#[tokio::test]
async fn every_field_block_is_as_long_as_the_model_of_its_encoder_says() {
    let server = start(|config| {
        config.unchanged = pushbench_protocol::Unchanged::Empty;
        config.response = ResponseProfile::built_in("typical").expect("built in");
    })
    .await;
    let stream = TcpStream::connect(server.address).await.expect("the server listens");
    let counters = (FrameCounter::of_client(), FrameCounter::of_server());
    let frames = Arc::new(Mutex::new(counters));
    let counted = Counted { stream, frames: Arc::clone(&frames) };
    let (send, connection) = h2::client::handshake(counted).await.expect("it speaks HTTP/2");
    let client = Client { send, driver: tokio::spawn(connection) };
    let blocks = || {
        let (up, down) = &*frames.lock().expect("one task");
        (up.counts.field_blocks, down.counts.field_blocks)
    };
    let (mut up, mut down) = (Encoder::new(Indexing::LikeH2), Encoder::new(Indexing::LikeH2));
    let mut after = Cursor::OLDEST;
    let mut seen = std::collections::BTreeSet::new();
    for number in 0..250 {
        if number % 5 != 0 {
            server.publish(number.to_string().as_bytes()).await;
        }
        let path = TopicName::numbered(0).poll_path(after);
        let before = blocks();
        let (status, fields, body) = client.get(&path).await;
        whole(body).await;
        let now = blocks();
        let request =
            [(":method", "GET"), (":scheme", "http"), (":authority", "h"), (":path", &path)];
        assert_eq!(now.0 - before.0, up.encode(request), "request {number}");
        let status = status.to_string();
        let fields_of =
            fields.iter().map(|(name, value)| (name.as_str(), value.to_str().expect("text")));
        let answer = [(":status", status.as_str())].into_iter().chain(fields_of);
        assert_eq!(now.1 - before.1, down.encode(answer), "answer {number}: {fields:?}");
        seen.insert(now.1 - before.1);
        after = Cursor::decode(fields["cursor"].as_bytes()).expect("a cursor");
    }
    // First, with a new date, with the same cursor, and with what came back.
    assert!(seen.len() > 4, "{seen:?}");
}

#[tokio::test]
async fn bytes_of_all_streams_are_booked_with_their_connection() {
    let server = start(|_| {}).await;
    let stream = TcpStream::connect(server.address).await.expect("the server listens");
    let counters = std::sync::Arc::new(pushbench_wire::SocketCounters::default());
    let stream = pushbench_wire::CountingStream::new(stream, std::sync::Arc::clone(&counters));
    let (send, connection) = h2::client::handshake(stream).await.expect("it speaks HTTP/2");
    let client = Client { send, driver: tokio::spawn(connection) };
    let (_, _, mut lines) = client.get(&TopicName::numbered(0).stream_path(Cursor::NOW)).await;
    server.publish(&[b'x'; 40_000]).await;
    let mut len = 0;
    while len < 40_001 {
        len += data(&mut lines).await.expect("it goes on").len();
    }
    let (_, _, body) = client.get(&TopicName::numbered(0).poll_path(Cursor::OLDEST)).await;
    assert_eq!(whole(body).await.len(), 40_000);
    drop(lines);
    drop(client.send);
    client.driver.await.expect("no panic").expect("closed in order");
    let stats = server.stats_until(|s| s.connections[&ConnectionClass::Stream].open == 0).await;
    let ClassStats { accepted, received_bytes, .. } = stats.connections[&ConnectionClass::Stream];
    assert_eq!((accepted, received_bytes), (1, counters.bytes_written()));
}
