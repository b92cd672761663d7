//! Transcripts on real sockets, with clients that are not ours.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use pushbench_replay::{Replay, TRANSCRIPTS};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// What no test waits longer for.
const ENOUGH: Duration = Duration::from_secs(20);

async fn connect(replay: &Replay) -> TcpStream {
    TcpStream::connect(("127.0.0.1", replay.port())).await.expect("it listens")
}

/// A request and the response to it, all of it.
async fn ask(replay: &Replay, request: &str, headers: &str, body: &str) -> String {
    let mut stream = connect(replay).await;
    let length = body.len();
    let request = format!(
        "{request} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("it is taken");
    let mut response = String::new();
    stream.read_to_string(&mut response).await.expect("a response");
    response
}

async fn publish(replay: &Replay, channel: &str, payload: &str) {
    let url = "/apps/app-id/events?auth_key=app-key&auth_timestamp=1&auth_version=1.0&body_md5=2\
               &auth_signature=3";
    let body = format!(r#"{{"name":"news","channels":["{channel}"],"data":"{payload}"}}"#);
    let kind = "Content-Type: application/json\r\n";
    let response = ask(replay, &format!("POST {url}"), kind, &body).await;
    assert!(
        response.starts_with("HTTP/1.1 200 ") && response.ends_with("\r\n\r\n{}"),
        "{response}"
    );
}

type Socket = WebSocketStream<TcpStream>;

async fn open(replay: &Replay) -> Socket {
    let url = format!(
        "ws://127.0.0.1:{}/app/app-key?protocol=7&client=pushbench&version=1.0",
        replay.port()
    );
    let (mut socket, _) =
        tokio_tungstenite::client_async(url, connect(replay).await).await.expect("an upgrade");
    assert!(next(&mut socket).await.expect("a greeting").contains("connection_established"));
    socket
}

async fn subscribed(replay: &Replay, channel: &str) -> Socket {
    let mut socket = open(replay).await;
    let join = format!(r#"{{"event":"pusher:subscribe","data":{{"channel":"{channel}"}}}}"#);
    socket.send(Message::text(join)).await.expect("it is taken");
    let joined = next(&mut socket).await.expect("a reply");
    assert!(joined.contains("succeeded") && joined.contains(channel), "{joined}");
    socket
}

/// The next text; `None` once the server has closed.
async fn next(socket: &mut Socket) -> Option<String> {
    let said = tokio::time::timeout(ENOUGH, socket.next()).await.expect("in time");
    match said {
        Some(Ok(Message::Text(text))) => Some(text.to_string()),
        None | Some(Ok(Message::Close(_)) | Err(_)) => None,
        Some(Ok(other)) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_published_reaches_every_subscriber_of_its_channel_in_order() {
    let replay = Replay::of_transcript("pusher.websocket", ENOUGH);
    let mut clients = [subscribed(&replay, "c1").await, subscribed(&replay, "c1").await];
    let mut other = subscribed(&replay, "c2").await;
    for number in 0..20 {
        publish(&replay, "c1", &format!("m{number}")).await;
    }
    publish(&replay, "c2", "x").await;
    for client in &mut clients {
        for number in 0..20 {
            let expected = format!(r#"{{"event":"news","channel":"c1","data":"m{number}"}}"#);
            assert_eq!(next(client).await, Some(expected));
        }
    }
    let expected = r#"{"event":"news","channel":"c2","data":"x"}"#;
    assert_eq!(next(&mut other).await.as_deref(), Some(expected));
    let seen = replay.seen();
    assert_eq!((seen.subscribed, seen.published, seen.delivered), (3, 21, 41));
    assert_eq!(seen.unexpected, Vec::<String>::new());
}

#[tokio::test]
async fn a_client_that_does_not_reply_to_a_heartbeat_is_closed() {
    let replay = Replay::of_transcript("pusher.websocket", Duration::from_millis(50));
    let (mut replies, mut silent) =
        (subscribed(&replay, "c1").await, subscribed(&replay, "c1").await);
    for _ in 0..3 {
        let heartbeat = next(&mut replies).await;
        assert_eq!(heartbeat.as_deref(), Some(r#"{"event":"pusher:ping","data":{}}"#));
        let pong = Message::text(r#"{"event":"pusher:pong","data":{}}"#);
        replies.send(pong).await.expect("it is taken");
    }
    // Who is sent a further one has its reply to the last one taken.
    assert!(next(&mut replies).await.is_some(), "a heartbeat");
    assert!(next(&mut silent).await.is_some(), "a heartbeat");
    assert_eq!(next(&mut silent).await, None, "and then it is closed");
    let seen = replay.seen();
    assert!(seen.replies >= 3, "{seen:?}");
    assert_eq!(seen.unexpected.first().map(String::as_str), Some("a heartbeat without a reply"));
}

#[tokio::test]
async fn what_the_transcript_does_not_have_is_refused_and_kept() {
    let replay = Replay::of_transcript("pusher.websocket", ENOUGH);
    let response = ask(&replay, "GET /other", "", "").await;
    assert!(response.starts_with("HTTP/1.1 404 "), "{response}");
    let mut socket = open(&replay).await;
    socket.send(Message::text("what")).await.expect("it is taken");
    assert_eq!(next(&mut socket).await, None);
    assert_eq!(replay.seen().unexpected, ["GET /other | | ", ">> what"]);
}

#[tokio::test]
async fn events_go_on_with_comments_between_them() {
    let replay = Replay::of_transcript("mercure.sse", Duration::from_millis(50));
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJtZXJjdXJlIjp7InB1Ymxpc2giOlsiKiJdLCJzdWJzY\
                 3JpYmUiOlsiKiJdfX0.nINXJPMGL7u4vvquYYm3zgMosrqrxTSooTs7R_OJLZA";
    let (path, topic) = ("/.well-known/mercure", "https%3A%2F%2Fpushbench.example%2Fc9");
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let mut stream = connect(&replay).await;
    let request = format!("GET {path}?topic={topic} HTTP/1.1\r\nHost: h\r\n{bearer}\r\n");
    stream.write_all(request.as_bytes()).await.expect("it is taken");
    let mut read = String::new();
    let mut wait_for = async |wanted: &str| {
        while !read.contains(wanted) {
            let mut bytes = [0; 1_024];
            let len = tokio::time::timeout(ENOUGH, stream.read(&mut bytes)).await.expect("in time");
            read.push_str(std::str::from_utf8(&bytes[..len.expect("bytes")]).expect("text"));
        }
    };
    wait_for("\r\n:\n\r\n").await;
    let form = format!("{bearer}Content-Type: application/x-www-form-urlencoded\r\n");
    let body = format!("topic={topic}&data=a%20b%26");
    let response = ask(&replay, &format!("POST {path}"), &form, &body).await;
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    wait_for("data: a b&\n\n").await;
    assert_eq!(replay.seen().unexpected, Vec::<String>::new());
}

#[test]
fn every_server_that_cannot_be_installed_can_be_played() {
    for name in TRANSCRIPTS {
        drop(Replay::of_transcript(name, ENOUGH));
    }
}
