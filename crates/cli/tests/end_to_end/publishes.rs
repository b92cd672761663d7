//! What a server responds to the publisher: legal HTTP in every form is a success, and a refusal is told
//! by its status and its reason.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::servant::{NOT_FOUND, Request, Servant, Subscribers, TAKEN, Then, text_frame};
use crate::support::{Bench, trial};
use crate::turncoat::Tried;

const SCENARIO: &str = r#"question = "What becomes of a publish?"

[workload]
clients = 2
deliver = "every"
publish = { every = "100ms" }
payload = { bytes = 40 }
warm_up = "300ms"
measure = "2s"
drain = "2s"
rounds = 1

[headers]
request = "minimal"

[[transport]]
kind = "websocket"
"#;

/// `busy` in gzip (RFC 1952), as `printf busy | gzip -n` makes it.
const BUSY_IN_GZIP: [u8; 24] = [
    0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0x03, 0x4b, 0x2a, 0x2d, 0xae, 0x04, 0, 0x45, 0xb4, 0xf6,
    0xa8, 4, 0, 0, 0,
];

/// A server of WebSockets that hands every message that it took on; what it responds to a publish,
/// and whether it took that, is the function's.
fn pusher(
    respond: impl Fn(&Request, &mut TcpStream) -> (Then, bool) + Send + Sync + 'static,
) -> Servant {
    let subscribers = Subscribers::default();
    let answer = move |request: &Request, stream: &mut TcpStream| {
        if request.is_publish() {
            let (then, is_taken) = respond(request, stream);
            if is_taken {
                subscribers.push(&request.topic(), &text_frame(&request.body));
            }
            return then;
        }
        if request.line.contains("/ws") {
            stream.write_all(request.accepted().as_bytes()).expect("it is read");
            subscribers.add(request.topic(), stream);
            return Then::Close;
        }
        stream.write_all(NOT_FOUND.as_bytes()).expect("it is read");
        Then::GoOn
    };
    Servant::start(answer, Then::GoOn)
}

/// A response in gzip and chunks, of which one is in the middle of it.
fn in_gzip_and_chunks(status: &str) -> Vec<u8> {
    let (first, second) = BUSY_IN_GZIP.split_at(7);
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let mut bytes = head.into_bytes();
    for part in [first, second] {
        bytes.extend(format!("{:x}\r\n", part.len()).bytes());
        bytes.extend(part);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

#[test]
fn a_publish_is_taken_by_whatever_legal_response_says_so() {
    let next = AtomicUsize::new(0);
    let servant = pusher(move |_, stream| {
        let (bytes, closes) = match next.fetch_add(1, Ordering::Relaxed) % 8 {
            0 => (TAKEN.as_bytes().to_vec(), false),
            1 => (in_gzip_and_chunks("200 OK"), false),
            // Nobody reads the body of this response, whatever it is in.
            2 => {
                (b"HTTP/1.1 200 OK\r\nContent-Encoding: compress\r\nContent-Length: 2\r\n\r\nxy".to_vec(), false)
            }
            3 => (b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n".to_vec(), false),
            4 => (b"HTTP/1.1 202 Accepted\r\n\r\nuntil the end".to_vec(), true),
            5 => (b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_vec(), true),
            6 => (b"HTTP/1.0 200 OK\r\n\r\nuntil the end".to_vec(), true),
            _ => ([&b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"[..], &BUSY_IN_GZIP].concat(), true),
        };
        let written = stream.write_all(&bytes);
        let ended = if closes { stream.shutdown(Shutdown::Write) } else { Ok(()) };
        (if written.and(ended).is_err() || closes { Then::Close } else { Then::GoOn }, true)
    });
    let (ended, record) = Bench::with(SCENARIO).valid_run(&["--target", &servant.url()]);
    let trial = trial(&record, "websocket");
    assert_eq!(trial.counts.lost, 0, "{ended}");
    assert!(trial.counts.errors.is_empty(), "{:?}", trial.counts.errors);
    assert!(trial.unexpected.is_empty(), "{:?}", trial.unexpected);
}

/// Messages are due every 100 ms, and the first response comes after 250 ms, with the connection's end.
#[test]
fn messages_behind_a_response_that_closes_are_told_as_closed_under() {
    let tried = Tried::default();
    let servant = pusher(move |request, stream| {
        if tried.is(&request.topic()) {
            let written = stream.write_all(TAKEN.as_bytes());
            return (if written.is_err() { Then::Close } else { Then::GoOn }, true);
        }
        std::thread::sleep(std::time::Duration::from_millis(250));
        let bytes = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
        (Then::Close, true)
    });
    let bench = Bench::with(SCENARIO);
    let ended = bench.play(&["run", "small.toml", "--target", &servant.url()]);
    assert_eq!(ended.code, 98, "{ended}");
    let (_, record) = bench.newest_record();
    let errors = &trial(&record, "websocket").counts.errors;
    assert!(errors.get("publisher-closed").is_some_and(|count| *count > 3), "{errors:?}");
    assert!(!errors.contains_key("publisher-answer-timeout"), "{errors:?}");
}

#[test]
fn a_refused_publish_is_told_by_the_status_and_the_reason_that_the_server_gives() {
    let tried = Tried::default();
    let next = AtomicUsize::new(0);
    let servant = pusher(move |request, stream| {
        let refusal = match next.fetch_add(1, Ordering::Relaxed) % 3 {
            _ if tried.is(&request.topic()) => None,
            0 => Some(in_gzip_and_chunks("503 Service Unavailable")),
            1 => Some(
                b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 16\r\n\r\nat most 16 bytes"
                    .to_vec(),
            ),
            _ => None,
        };
        let bytes = refusal.clone().unwrap_or_else(|| TAKEN.as_bytes().to_vec());
        let written = stream.write_all(&bytes);
        (if written.is_err() { Then::Close } else { Then::GoOn }, refusal.is_none())
    });
    let bench = Bench::with(SCENARIO);
    let ended = bench.play(&["run", "small.toml", "--target", &servant.url()]);
    assert_eq!(ended.code, 98, "{ended}");
    let said = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for reason in ["503 Service Unavailable: busy", "413 Content Too Large: at most 16 bytes"] {
        let told = format!("publishes were refused: the server responded {reason}");
        assert!(said.contains(&told), "{told}: {ended}");
    }
    let (_, record) = bench.newest_record();
    let trial = trial(&record, "websocket");
    for (error, status) in [("publisher-status-413", 413), ("publisher-status-503", 503)] {
        assert!(trial.counts.errors.get(error).is_some_and(|count| *count > 3), "{error}");
        let kept = trial.unexpected.iter().find(|kept| kept.error == error);
        assert_eq!(kept.and_then(|kept| kept.status), Some(status), "{:?}", trial.unexpected);
    }
}
