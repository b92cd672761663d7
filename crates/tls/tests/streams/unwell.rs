//! What is refused, cut short, changed on the way, or no TLS at all.

use std::io;

use proptest::prelude::*;
use pushbench_tls::Connector;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::joined::{Cut, Joined, acceptor, connector, identity, pipe};

#[tokio::test]
async fn another_certificate_and_another_name_are_refused_and_the_server_is_told() {
    let (shown, other) = (identity(), identity());
    let acceptor = acceptor(&shown);
    for (trusted, name) in [
        (other.certificate(), "127.0.0.1"),
        (shown.certificate(), "127.0.0.2"),
        (shown.certificate(), "example.com"),
    ] {
        let (near, far) = pipe(1 << 20);
        let connector = connector(trusted, name);
        let (client, server) = tokio::join!(connector.connect(near, None), acceptor.accept(far));
        let client = client.expect_err("it must not trust");
        assert_eq!(client.kind(), io::ErrorKind::InvalidData, "{name}: {client}");
        let server = server.expect_err("it was refused").to_string();
        assert!(server.contains("alert"), "{name}: {server}");
    }
}

#[tokio::test]
async fn an_end_without_goodbye_is_an_error_unless_we_have_said_ours() {
    let identity = identity();
    let (acceptor, connector) = (acceptor(&identity), connector(identity.certificate(), "::1"));
    for has_said_goodbye in [false, true] {
        let Joined { mut client, server, .. } = Joined::new(&acceptor, &connector, 1 << 20).await;
        if has_said_goodbye {
            client.shutdown().await.expect("open");
        }
        drop(server);
        match client.read(&mut [0]).await {
            Ok(len) => assert!(has_said_goodbye && len == 0),
            Err(error) => {
                assert!(!has_said_goodbye);
                assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
            }
        }
    }
}

#[tokio::test]
async fn a_record_that_was_changed_on_the_way_ends_the_stream_with_an_alert() {
    let identity = identity();
    let (acceptor, connector) = (acceptor(&identity), connector(identity.certificate(), "::1"));
    let (near, far) = pipe(1 << 20);
    let (meddler, listening) = pipe(1 << 20);
    // The client's bytes go through hands that change one of them, once it has shaken hands.
    let meddling = async move {
        let (Cut { pipe: mut near, .. }, Cut { pipe: mut far, .. }) = (far, meddler);
        let mut bytes = vec![0; 1 << 16];
        let mut from_client = 0;
        loop {
            let mut there = vec![0; 1 << 16];
            tokio::select! {
                read = near.read(&mut bytes) => {
                    let len = read.expect("open");
                    from_client += 1;
                    // Hello, the end of the handshake, and then what the client says.
                    if from_client == 3 {
                        bytes[len - 1] ^= 1;
                    }
                    far.write_all(&bytes[..len]).await.expect("open");
                }
                read = far.read(&mut there) => match read.expect("open") {
                    0 => return,
                    len => near.write_all(&there[..len]).await.expect("open"),
                },
            }
        }
    };
    let sides = async {
        let (client, server) =
            tokio::join!(connector.connect(near, None), acceptor.accept(listening));
        let (mut client, mut server) = (client.expect("it trusts"), server.expect("spoken to"));
        client.write_all(b"hello").await.expect("open");
        let refused = server.read(&mut [0; 9]).await.expect_err("it was changed");
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData, "{refused}");
        assert!(server.write_all(b"x").await.is_err(), "there is nobody to say it to");
        server.shutdown().await.expect("an end in TCP");
        assert_eq!(server.read(&mut [0]).await.expect("the end"), 0);
        let told = client.read(&mut [0]).await.expect_err("an alert").to_string();
        // RFC 8446, section 6.2.
        assert!(told.contains("BadRecordMac"), "{told}");
    };
    tokio::join!(meddling, sides);
}

#[tokio::test]
async fn what_is_no_tls_is_answered_with_an_alert_and_refused() {
    let acceptor = acceptor(&identity());
    for garbage in [&b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"[..], &[22, 3, 1, 0xff, 0xff, 0], &[0; 9]]
    {
        let (mut near, far) = pipe(1 << 20);
        near.write_all(garbage).await.expect("open");
        let error = acceptor.accept(far).await.expect_err("no handshake");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{garbage:?}");
        let mut answer = Vec::new();
        near.read_to_end(&mut answer).await.expect("an alert");
        // RFC 8446, section 6: content type 21, level 2.
        assert_eq!((answer.len(), answer[0], answer[5]), (7, 21, 2), "{answer:?}");
    }
}

/// What a client says first.
async fn hello(connector: &Connector) -> Vec<u8> {
    let (near, mut far) = pipe(1 << 20);
    let mut bytes = vec![0; 1_000];
    tokio::select! {
        _ = connector.connect(near, None) => unreachable!("nobody answers"),
        read = far.read(&mut bytes) => bytes.truncate(read.expect("open")),
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_a_server_panic(
        keep in 0_usize..220,
        flip in 0_usize..220,
        by in 1_u8..,
        more in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let identity = identity();
        let connector = connector(identity.certificate(), "::1");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let mut bytes = hello(&connector).await;
            let at = flip % bytes.len();
            bytes[at] ^= by;
            bytes.truncate(keep);
            bytes.extend(more);
            let (mut near, far) = pipe(1 << 20);
            near.write_all(&bytes).await.expect("open");
            near.shutdown().await.expect("open");
            assert!(acceptor(&identity).accept(far).await.is_err(), "no client says no more");
        });
    }
}
