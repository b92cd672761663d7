//! A connection of the publisher's own, and those of subscribers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};

use futures_util::{SinkExt, StreamExt};
use pushbench_protocol::clock;
use pushbench_scenario::Trust;
use tokio_tungstenite::tungstenite::Message;

use super::server::{Manners, Server};
use super::{MESSAGES, plan, play, publish, start};
use crate::Fault;
use crate::publisher::subscribers::ToPublish;

const CONNECTION: &str = "publish = { over = \"connection\", steps = [\
                          { expect = \"HELLO ${any}\" }, \
                          { send = \"LOGIN ${env:TOKEN}\", expect = \"OK\" }], \
                          send = \"PUB ${channel} ${payload|length}:${payload}\" }\n\
                          heartbeat = { match = \"PING\", reply = \"PONG\" }\n\
                          error = \"ERR ${any}\"\nignore = \"OK\"";

/// What a server says, and whether it then waits for a message.
type Says = &'static [(&'static str, bool)];

/// A WebSocket server that says this when a client is there; tells what it got.
fn serve(says: Says) -> (SocketAddr, Receiver<String>) {
    let (got, told) = channel();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    listener.set_nonblocking(true).expect("a socket");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(converse(listener, says, &got));
    });
    (address, told)
}

async fn converse(listener: std::net::TcpListener, says: Says, got: &Sender<String>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    let (stream, _) = listener.accept().await.expect("a client");
    let mut socket = tokio_tungstenite::accept_async(stream).await.expect("a WebSocket");
    for (text, waits) in says {
        match *text {
            "CLOSE" => return drop(socket.close(None).await),
            text => socket.send(Message::text(text)).await.expect("it is open"),
        }
        if !waits {
            continue;
        }
        match socket.next().await {
            Some(Ok(Message::Text(text))) => got.send(text.to_string()).expect("somebody listens"),
            other => panic!("{other:?}"),
        }
    }
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Text(text) = message {
            got.send(text.to_string()).expect("somebody listens");
        }
    }
}

#[test]
fn messages_go_over_a_connection_that_is_opened_as_the_adapter_says() {
    let (address, told) = serve(&[("HELLO you", true), ("OK", false), ("PING", true)]);
    let publisher = start(plan(CONNECTION, "http", address, Trust::System), &ToPublish::default());
    let publisher = publisher.expect("it is open").expect("it publishes");
    assert_eq!(told.recv().as_deref(), Ok("LOGIN s3cr3t"));
    assert_eq!(told.recv().as_deref(), Ok("PONG"), "a heartbeat has its reply");
    play(&publisher);
    let outcome = publisher.finish();
    assert_eq!(outcome.faults, BTreeMap::new());
    assert_eq!((outcome.published, outcome.lateness.count()), (MESSAGES, MESSAGES));
    let told: Vec<_> = told.iter().collect();
    let published = told.iter().filter(|text| text.starts_with("PUB c1 20:")).count();
    assert_eq!(published as u64, MESSAGES);
}

#[test]
fn an_opening_that_is_not_as_the_adapter_says_is_told_before_anything_is_published() {
    let (address, _told) = serve(&[("WRONG", true)]);
    let refused = start(plan(CONNECTION, "http", address, Trust::System), &ToPublish::default());
    let refused = refused.err().expect("it is no HELLO").to_string();
    assert_eq!(refused, "step 1 of 2 got \"WRONG\", expected what `expect` says");
}

#[test]
fn messages_behind_the_end_of_the_connection_are_counted() {
    let (address, _told) = serve(&[("HELLO you", true), ("OK", true), ("CLOSE", false)]);
    let outcome = publish(plan(CONNECTION, "http", address, Trust::System));
    assert_eq!(outcome.faults.keys().collect::<Vec<_>>(), [&Fault::Closed]);
    assert!(outcome.faults[&Fault::Closed] > 0);
    assert_eq!(outcome.unexpected[&Fault::Closed].close_code, Some(1005));
}

#[test]
fn what_the_server_says_is_an_error_is_one() {
    let (address, _told) = serve(&[("HELLO you", true), ("OK", true), ("ERR full", false)]);
    let outcome = publish(plan(CONNECTION, "http", address, Trust::System));
    assert_eq!(outcome.faults, BTreeMap::from([(Fault::ServerError, 1)]));
    assert_eq!(outcome.unexpected[&Fault::ServerError].first_bytes, "ERR full");
}

#[test]
fn a_reply_by_a_request_that_is_no_success_is_a_failure() {
    let refusal = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nfull";
    let http = Server::start(Manners::Respond(refusal));
    let reply = format!("reply = {{ url = \"http://{}/pong\", method = \"POST\" }}", http.address);
    let keys = CONNECTION.replace("reply = \"PONG\"", &reply);
    let (address, told) = serve(&[("HELLO you", true), ("OK", false), ("PING", false)]);
    let publisher = start(plan(&keys, "http", address, Trust::System), &ToPublish::default());
    let publisher = publisher.expect("it is open").expect("it publishes");
    assert_eq!(told.recv().as_deref(), Ok("LOGIN s3cr3t"));
    while http.requests().is_empty() {
        std::thread::yield_now();
    }
    // It is in the middle of the reply, so the end waits for what comes of that.
    let outcome = publisher.finish();
    assert_eq!(outcome.faults, BTreeMap::from([(Fault::Status(503), 1)]));
    assert_eq!(outcome.unexpected[&Fault::Status(503)].first_bytes, "full");
}

#[test]
fn a_subscriber_takes_what_it_is_to_publish_and_nobody_else_does() {
    let nobody = "127.0.0.1:9".parse().expect("an address");
    let over = "publish = { over = \"subscriber\", send = \"${payload}\" }";
    let subscribers = ToPublish::default();
    let publisher = start(plan(over, "http", nobody, Trust::System), &subscribers);
    let publisher = publisher.expect("nothing is opened").expect("it publishes");
    let mut messages = subscribers.take(0).expect("there are some");
    assert!(subscribers.take(0).is_none());
    play(&publisher);
    for _ in 1..MESSAGES {
        let mut handed = messages.try_recv().expect("it was handed over");
        assert_eq!(handed.payload().len(), 20);
        handed.begins(clock::now());
        handed.sent();
    }
    // The last goes with its subscriber.
    drop(messages);
    let outcome = publisher.finish();
    assert_eq!(outcome.faults, BTreeMap::from([(Fault::Closed, 1)]));
    assert_eq!(outcome.published, MESSAGES - 1);
}
