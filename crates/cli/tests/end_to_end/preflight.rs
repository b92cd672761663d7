//! A target is tried before anything is played: what cannot work is told in a second or two, in one
//! error with what came, what was expected and what to do, and leaves no record.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pushbench_protocol::{ConnectionClass, clock};
use rustix::process::Signal;

use crate::servant::{NOT_FOUND, Request, Servant, Subscribers, TAKEN, Then, text_frame};
use crate::support::{Bench, Ended, Running, Server, trial, wait_until};

/// Two transports, of which one polls so seldom that its schedule alone would take minutes.
const SCENARIO: &str = r#"question = "What if the target cannot work?"

[workload]
clients = 50
deliver = "every"
publish = { every = "10s" }
payload = { bytes = 40 }
measure = "5m"
rounds = 3

[headers]
request = "minimal"

[[transport]]
kind = "short-poll"
interval = "60s"

[[transport]]
kind = "websocket"
"#;

/// What a run may take that plays nothing: asking a server that hangs for its books takes 3 s, each
/// deadline as much, and so does leaving it.
const SOON: Duration = Duration::from_secs(15);

/// Runs against a target that is refused; nothing may be left of it.
fn refused(url: &str, only: &str) -> Ended {
    let bench = Bench::with(SCENARIO);
    let begin = clock::now();
    let ended = bench.play(&["run", "small.toml", "--only", only, "--target", url]);
    let took = clock::now().since(begin);
    assert!(took < SOON, "{took:?}: {ended}");
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{ended}");
    assert!(bench.records().is_empty(), "{ended}");
    assert!(ended.stderr.contains("nothing was run"), "{ended}");
    ended
}

fn says(ended: &Ended, parts: &[&str]) {
    for part in parts {
        assert!(ended.stderr.contains(part), "{part}: {ended}");
    }
}

/// A server that takes publishes, and leaves the rest to a function.
fn taking(rest: impl Fn(&Request, &mut TcpStream) -> Then + Send + Sync + 'static) -> Servant {
    let answer = move |request: &Request, stream: &mut TcpStream| match request.is_publish() {
        true => stream.write_all(TAKEN.as_bytes()).map_or(Then::Close, |()| Then::GoOn),
        false => rest(request, stream),
    };
    Servant::start(answer, Then::GoOn)
}

fn respond(stream: &mut TcpStream, status: &str, body: &str) -> Then {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
    let written = stream.write_all(format!("{head}{body}").as_bytes());
    written.map_or(Then::Close, |()| Then::GoOn)
}

#[test]
fn a_publisher_without_its_token_is_told_of_the_token() {
    let server = Server::start(&Bench::new(), &["--publish-token", "secret"]);
    let ended = refused(&server.url(), "websocket");
    says(&ended, &["websocket: the server responded 401 ", "`POST /topics/", "--publish-token"]);
}

#[test]
fn a_transport_that_is_not_offered_is_told_by_status_and_first_bytes_and_all_of_them_at_once() {
    let bench = Bench::with(SCENARIO);
    let servant = taking(|_, stream| respond(stream, "404 Not Found", "no such \u{1b}[31mthing\n"));
    let ended = bench.play(&["run", "small.toml", "--target", &servant.url()]);
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{ended}");
    assert!(bench.records().is_empty(), "{ended}");
    for (label, expected) in [
        ("short-poll", "expected 200 and the message that was published to `GET /topics/"),
        ("websocket", "expected 101 Switching Protocols to `GET /topics/"),
    ] {
        // What a terminal would obey is written out.
        let told =
            format!("{label}: the server responded 404 Not Found: no such \\u{{1b}}[31mthing");
        says(&ended, &[&told, expected, "--only"]);
    }
}

#[test]
fn a_target_that_is_silent_or_no_http_server_is_told_so() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    for (transport, came) in [
        ("short-poll", "there was no response to the publish within 3s"),
        ("websocket", "the server did not respond in time"),
    ] {
        says(&refused(&url, transport), &[transport, came, "expected "]);
    }
    let servant = Servant::start(
        |_, stream| {
            stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").map_or(Then::Keep, |()| Then::Keep)
        },
        Then::GoOn,
    );
    says(&refused(&servant.url(), "short-poll"), &["no HTTP: SSH-2.0-OpenSSH_9.2"]);
    let servant = taking(|_, stream| respond(stream, "200 OK", "<title>hello</title>"));
    says(&refused(&servant.url(), "websocket"), &["websocket: ", "200 OK: <title>hello</title>"]);
}

#[test]
fn a_signal_while_a_target_is_tried_leaves_no_record_and_says_so() {
    let bench = Bench::with(SCENARIO);
    let is_tried = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_tried);
    let servant = taking(move |request, stream| {
        if !request.line.contains("/ws") {
            return respond(stream, "404 Not Found", "");
        }
        seen.store(true, Ordering::Release);
        Then::Keep
    });
    let arguments = ["run", "small.toml", "--only", "websocket", "--target", &servant.url()];
    let running = Running::start(&mut bench.program(&arguments));
    wait_until("the target to be tried", || is_tried.load(Ordering::Acquire));
    running.signal(Signal::TERM);
    let ended = running.end();
    assert_eq!((ended.code, ended.stdout.as_str()), (105, ""), "{ended}");
    assert!(bench.records().is_empty(), "{ended}");
    says(&ended, &["nothing was run, so no record is written; press Ctrl-C again to kill"]);
    assert!(!ended.stderr.contains("writing the record"), "{ended}");
}

#[test]
fn a_message_that_is_dropped_replaced_or_changed_on_its_way_is_told() {
    let servant = taking(|_, stream| respond(stream, "200 OK", "hello world"));
    let ended = refused(&servant.url(), "short-poll");
    says(&ended, &["short-poll: the body is not a line for each message", "hello world"]);
    let servant = taking(|_, stream| respond(stream, "200 OK", "hello world\n"));
    let ended = refused(&servant.url(), "short-poll");
    says(&ended, &["short-poll: ", "other messages arrived, the first: `hello world`"]);

    type Made = fn(&[u8]) -> Option<Vec<u8>>;
    let cases: [(Made, &str); 2] = [
        (|_| None, "no message arrived within 3s"),
        (|payload| Some(payload[..20].to_vec()), "message 0 of topic 0 came with 20 bytes"),
    ];
    for (made, said) in cases {
        let subscribers = Subscribers::default();
        let servant = Servant::start(
            move |request, stream| {
                if request.is_publish() {
                    if let Some(payload) = made(&request.body) {
                        subscribers.push(&request.topic(), &text_frame(&payload));
                    }
                    return respond(stream, "200 OK", "");
                }
                if !request.line.contains("/ws") {
                    let written = stream.write_all(NOT_FOUND.as_bytes());
                    return written.map_or(Then::Close, |()| Then::GoOn);
                }
                let accepted = stream.write_all(request.accepted().as_bytes());
                accepted.expect("it is read");
                subscribers.add(request.topic(), stream);
                Then::Close
            },
            Then::GoOn,
        );
        says(&refused(&servant.url(), "websocket"), &["websocket: ", said]);
    }
}

#[test]
fn a_first_message_is_on_nobodys_books_and_on_no_topic_of_a_trial() {
    let bench = Bench::new();
    let server = Server::start(&bench, &["--mss", "1460"]);
    let only = ["--only", "websocket", "--target", &server.url()];
    let (ended, record) = bench.valid_run(&only);
    let played = trial(&record, "websocket");
    assert_eq!((played.counts.foreign, played.counts.lost), (0, 0), "{ended}");
    // One client more than the trial's has been there.
    let accepted = server.stats().connections[&ConnectionClass::WebSocket].accepted;
    assert_eq!(accepted, played.clients + 1, "{ended}");
    let pairs = &played.books.reconciliations;
    assert!(pairs.iter().all(|pair| pair.left == pair.right), "{pairs:?}");
}
