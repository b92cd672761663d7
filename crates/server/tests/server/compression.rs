//! Compressed answers to polls: who gets one, and what its head says.

use std::io::Read;

use pushbench_protocol::compression::BODY_THRESHOLD;
use pushbench_protocol::headers::{AnswerMark, AnswerStatus};
use pushbench_protocol::{Compression, Cursor, Deliver, ResponseProfile, TopicName, Unchanged};
use pushbench_server::ServerConfig;
use pushbench_wire::coding::encode;

use crate::support::{Raw, field, start};

const CODINGS: [Compression; 2] = [Compression::Gzip, Compression::Brotli];

fn compressing(coding: Compression, config: &mut ServerConfig) {
    config.compression.coding = coding;
}

/// A request for this path with these fields, on an open connection.
async fn get(raw: &mut Raw, path: &str, fields: &str) -> (String, Vec<u8>) {
    raw.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n")).await;
    raw.answer().await
}

async fn poll(raw: &mut Raw, after: Cursor, fields: &str) -> (String, Vec<u8>) {
    get(raw, &TopicName::numbered(0).poll_path(after), fields).await
}

fn decoded(coding: Compression, body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        Compression::Gzip => {
            flate2::read::GzDecoder::new(body).read_to_end(&mut plain).expect("gzip");
        }
        Compression::None | Compression::Brotli | Compression::Deflate => {
            let mut plain_of = brotli_decompressor::Decompressor::new(body, 4_096);
            plain_of.read_to_end(&mut plain).expect("br");
        }
    }
    plain
}

fn accepting(coding: Compression) -> String {
    format!("Accept-Encoding: {coding}\r\n")
}

#[tokio::test]
async fn a_body_is_compressed_for_who_accepts_it_and_large_enough() {
    let large = "{\"price\":12.5},".repeat(100);
    for coding in CODINGS {
        let server = start(|config| compressing(coding, config)).await;
        let mut raw = server.connect().await;
        for (payload, fields, is_coded) in [
            (&large[..], accepting(coding), true),
            (&large, "Accept-Encoding: *;q=0.5\r\n".to_owned(), true),
            (&large, String::new(), false),
            (&large, "Accept-Encoding: zstd\r\n".to_owned(), false),
            (&large, format!("Accept-Encoding: {coding};q=0\r\n"), false),
            (&large[..BODY_THRESHOLD], accepting(coding), true),
            (&large[..BODY_THRESHOLD - 1], accepting(coding), false),
        ] {
            server.publish(payload.as_bytes()).await;
            let (head, body) = poll(&mut raw, Cursor::OLDEST, &fields).await;
            assert_eq!(field(&head, "Vary"), Some("Accept-Encoding"), "{fields} {head}");
            let found = field(&head, "Content-Encoding");
            assert_eq!(found, is_coded.then(|| coding.label()), "{fields} {head}");
            if is_coded {
                assert!(body.len() * 3 < payload.len(), "{} of {}", body.len(), payload.len());
                assert_eq!(decoded(coding, &body), payload.as_bytes());
                assert_eq!(Some(body), encode(coding, payload.as_bytes()));
            } else {
                assert_eq!(body, payload.as_bytes());
            }
        }
    }
}

#[tokio::test]
async fn a_head_is_as_long_as_the_model_says_and_its_tag_is_weak() {
    let large = "x".repeat(2_000);
    for name in ResponseProfile::names() {
        let profile = ResponseProfile::built_in(name).expect(name);
        let server = start(|config| {
            compressing(Compression::Gzip, config);
            config.response = profile.clone();
            config.unchanged = Unchanged::NotModified;
        })
        .await;
        let next = server.publish(large.as_bytes()).await;
        let mark = AnswerMark { cursor: None, tag: Some(next), gap: 0 };
        let model = |status, body: usize, is_coded| {
            profile.head_len(status, body, mark)
                + profile.coding_len(status, Compression::Gzip, is_coded, mark)
        };
        let mut raw = server.connect().await;
        let accepted = accepting(Compression::Gzip);
        let (head, body) = poll(&mut raw, Cursor::OLDEST, &accepted).await;
        assert_eq!(head.len(), model(AnswerStatus::Messages, body.len(), true), "{head}");
        let tag = field(&head, "Etag").expect("a tag").to_owned();
        assert_eq!(tag, format!("W/\"{next}\""));
        let (head, body) = poll(&mut raw, Cursor::OLDEST, "").await;
        assert_eq!(body.len(), 2_000);
        assert_eq!(head.len(), model(AnswerStatus::Messages, 2_000, false), "{head}");
        // Whichever body a client has, its tag is good for it.
        for tag in [&tag[..], tag.trim_start_matches("W/")] {
            let condition = format!("{accepted}If-None-Match: {tag}\r\n");
            let (head, body) = poll(&mut raw, Cursor::OLDEST, &condition).await;
            assert!(head.starts_with("HTTP/1.1 304 "), "{head}");
            assert_eq!((head.len(), body.len()), (model(AnswerStatus::NotModified, 0, false), 0));
            assert_eq!(field(&head, "Content-Encoding"), None, "{head}");
        }
    }
}

#[tokio::test]
async fn a_batch_is_compressed_as_one_body_and_a_client_elsewhere_gets_its_own() {
    let message = |number: u32| format!("{number:04} {}", "price rose ".repeat(60));
    for coding in CODINGS {
        let server = start(|config| {
            compressing(coding, config);
            config.deliver = Deliver::Every;
            config.unchanged = Unchanged::Empty;
        })
        .await;
        let first = server.publish(message(0).as_bytes()).await;
        let start_of_all = Cursor { position: 0, ..first };
        for number in 1..4 {
            server.publish(message(number).as_bytes()).await;
        }
        let mut raw = server.connect().await;
        for _ in 0..2 {
            for (after, numbers) in [(start_of_all, 0..4), (first, 1..4), (Cursor::OLDEST, 0..4)] {
                let (head, body) = poll(&mut raw, after, &accepting(coding)).await;
                assert_eq!(field(&head, "Content-Encoding"), Some(coding.label()), "{head}");
                let expected: String = numbers.map(|number| message(number) + "\n").collect();
                assert_eq!(decoded(coding, &body), expected.as_bytes());
            }
        }
        // One message is under the threshold.
        let (head, body) =
            poll(&mut raw, Cursor { position: 3, ..first }, &accepting(coding)).await;
        assert_eq!(field(&head, "Content-Encoding"), None, "{head}");
        assert_eq!(body, (message(3) + "\n").as_bytes());
        let (head, _) = poll(&mut raw, Cursor { position: 4, ..first }, &accepting(coding)).await;
        assert!(head.starts_with("HTTP/1.1 204 "), "{head}");
        assert_eq!(field(&head, "Vary"), None, "{head}");
    }
}

#[tokio::test]
async fn a_held_poll_gets_its_message_compressed() {
    let server = start(|config| compressing(Compression::Gzip, config)).await;
    let cursor = server.publish(b"before").await;
    let mut raw = server.connect().await;
    let path = TopicName::numbered(0).long_poll_path(cursor, "20s".parse().expect("a hold"));
    raw.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n")).await;
    let message = "y".repeat(5_000);
    server.publish(message.as_bytes()).await;
    let (head, body) = raw.answer().await;
    assert_eq!(field(&head, "Content-Encoding"), Some("gzip"), "{head}");
    assert_eq!(decoded(Compression::Gzip, &body), message.as_bytes());
}

#[tokio::test]
async fn a_server_that_compresses_nothing_says_nothing_of_it() {
    let server = start(|config| config.unchanged = Unchanged::NotModified).await;
    server.publish("x".repeat(5_000).as_bytes()).await;
    let mut raw = server.connect().await;
    let (head, body) = poll(&mut raw, Cursor::OLDEST, "Accept-Encoding: gzip, br\r\n").await;
    assert_eq!(body.len(), 5_000);
    for name in ["Content-Encoding", "Vary"] {
        assert_eq!(field(&head, name), None, "{head}");
    }
    assert!(!head.contains("W/"), "{head}");
}
