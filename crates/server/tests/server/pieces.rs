//! Answers to polls that are too large to be copied, and what is taken away from them.

use pushbench_protocol::{Deliver, Unchanged};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::support::{DEADLINE, Running, field, start};

const POLL: &str = "GET /topics/t0000/poll HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n";

async fn every(log_bytes: u64) -> Running {
    start(|config| {
        config.deliver = Deliver::Every;
        config.unchanged = Unchanged::Empty;
        config.log_bytes = log_bytes;
    })
    .await
}

#[tokio::test]
async fn a_large_answer_has_every_message_whole_and_in_order() {
    let server = every(16 << 20).await;
    let mut expected = Vec::new();
    for n in 0..30_usize {
        let payload = vec![b'a' + (n % 26) as u8; 10_000 * n + 1];
        server.publish(&payload).await;
        expected.extend_from_slice(&payload);
        expected.push(b'\n');
    }
    let mut raw = server.connect().await;
    // Twice on one connection: nothing is left over.
    for _ in 0..2 {
        raw.send(POLL).await;
        let (head, body) = raw.answer().await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert_eq!(field(&head, "Content-Length"), Some(expected.len().to_string().as_str()));
        assert!(body == expected, "{} bytes", body.len());
    }
    assert_eq!(server.stats().await.sent_messages, 60);
}

#[tokio::test]
async fn who_takes_longer_than_the_log_keeps_it_gets_no_end_and_nothing_wrong() {
    let server = every(16 << 20).await;
    let payload = |n: u8| vec![b'a' + n; 1_000_000];
    for n in 0..14 {
        server.publish(&payload(n)).await;
    }
    let mut slow = server.connect_narrow().await;
    slow.send(POLL).await;
    let head = slow.head().await;
    let promised: usize = field(&head, "Content-Length").expect("a length").parse().expect("one");
    assert_eq!(promised, 14 * 1_000_001);
    // All of it falls out of the log.
    for _ in 0..20 {
        server.publish(&payload(25)).await;
    }
    let mut body = Vec::new();
    let read = timeout(DEADLINE, slow.stream.read_to_end(&mut body)).await;
    let _ = read.expect("the server lets go");
    assert!(body.len() < promised, "{}", body.len());
    for (place, byte) in body.iter().enumerate() {
        let expected = match place % 1_000_001 {
            1_000_000 => b'\n',
            _ => b'a' + (place / 1_000_001) as u8,
        };
        assert_eq!(*byte, expected, "byte {place}");
    }
    assert_eq!(
        server.stats_until(|stats| stats.refused.contains_key(&1006)).await.refused[&1006],
        1
    );
}
