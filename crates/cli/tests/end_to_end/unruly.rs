//! Servers that never rest, that stop in the middle of a response, and that reset connections: what
//! came of it is on the books, and the run ends in time.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use pushbench_protocol::clock;

use crate::servant::{NOT_FOUND, Request, Servant, TAKEN, Then};
use crate::support::{Bench, trial};
use crate::turncoat::Tried;

fn bench(transport: &str) -> Bench {
    Bench::with(&format!(
        "question = \"What if the server is unruly?\"\n[workload]\nclients = 2\n\
         publish = {{ every = \"100ms\" }}\npayload = {{ bytes = 40 }}\nwarm_up = \"300ms\"\n\
         measure = \"1s\"\ndrain = \"1s\"\nrounds = 1\n[headers]\nrequest = \"minimal\"\n\
         [[transport]]\n{transport}\n"
    ))
}

/// What was published last, by topic.
type Newest = Mutex<BTreeMap<String, Vec<u8>>>;

/// Takes a publish, and gives a poll the newest, of which the response says that it is longer by
/// `more` bytes; whether it was a poll that found something.
fn poll(newest: &Newest, request: &Request, stream: &mut TcpStream, more: usize) -> bool {
    let mut newest = newest.lock().expect("nobody panics with it");
    if request.is_publish() {
        newest.insert(request.topic(), request.body.clone());
        let _ = stream.write_all(TAKEN.as_bytes());
        return false;
    }
    let Some(body) = newest.get(&request.topic()) else {
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        return false;
    };
    let len = body.len() + more;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n");
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
    true
}

fn chunk(data: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat()
}

/// Who writes to a subscriber's connection, by topic.
type Writers = Mutex<Vec<(String, Sender<Vec<u8>>)>>;

/// A server of SSE that sends `noise` again and again beside its events, with this pause between.
fn noisy(noise: Vec<u8>, pause: Duration) -> Servant {
    let writers = Writers::default();
    let answer = move |request: &Request, stream: &mut TcpStream| {
        if request.is_publish() {
            let event = chunk(&[b"data: ", &request.body[..], b"\n\n"].concat());
            let (writers, topic) =
                (writers.lock().expect("nobody panics with it"), request.topic());
            for (_, writer) in writers.iter().filter(|(of, _)| *of == topic) {
                // One that is gone is nobody's loss here.
                let _ = writer.send(event.clone());
            }
            return stream.write_all(TAKEN.as_bytes()).map_or(Then::Keep, |()| Then::GoOn);
        }
        if !request.line.contains("/events") {
            return stream.write_all(NOT_FOUND.as_bytes()).map_or(Then::Keep, |()| Then::GoOn);
        }
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).expect("it is read");
        // One thread writes both: two would cut each other's chunks where the socket is full.
        let (writer, events) = channel();
        writers.lock().expect("nobody panics with it").push((request.topic(), writer));
        let (mut stream, noise) = (stream.try_clone().expect("a descriptor"), noise.clone());
        std::thread::spawn(move || {
            loop {
                let written = match events.recv_timeout(pause) {
                    Ok(event) => stream.write_all(&event),
                    Err(RecvTimeoutError::Timeout) => stream.write_all(&noise),
                    Err(RecvTimeoutError::Disconnected) => break,
                };
                if written.is_err() {
                    break;
                }
            }
        });
        Then::Close
    };
    Servant::start(answer, Then::GoOn)
}

#[test]
fn a_server_that_never_rests_is_measured_and_not_waited_for_at_each_boundary() {
    let bench = bench("kind = \"sse\"");
    let servant = noisy(chunk(b":\n\n"), Duration::from_millis(5));
    let begin = clock::now();
    let (ended, record) = bench.valid_run(&["--target", &servant.url()]);
    let took = clock::now().since(begin);
    assert_eq!(trial(&record, "sse").counts.lost, 0, "{ended}");
    assert!(took < Duration::from_secs(11), "{took:?}");
}

#[test]
fn a_server_that_never_stops_sending_keeps_neither_the_run_nor_its_clients_from_their_end() {
    let bench = bench("kind = \"sse\"");
    let comment = [b":", &[b'x'; 6_000][..], b"\n"].concat();
    let servant = noisy(chunk(&comment), Duration::ZERO);
    let begin = clock::now();
    let ended = bench.play(&["run", "small.toml", "--target", &servant.url()]);
    let took = clock::now().since(begin);
    assert!(matches!(ended.code, 0 | 98), "{ended}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn a_response_that_stops_in_the_middle_is_on_the_books_and_is_told() {
    let (newest, tried) = (Newest::default(), Tried::default());
    let servant = Servant::start(
        move |request, stream| {
            // One byte less comes than is said, once the target has been tried.
            let is_trials = request.line.contains("/topics/") && !tried.is(&request.topic());
            poll(&newest, request, stream, usize::from(is_trials));
            Then::GoOn
        },
        Then::GoOn,
    );
    let bench = bench("kind = \"short-poll\"\ninterval = \"100ms\"");
    let ended = bench.play(&["run", "small.toml", "--target", &servant.url()]);
    assert_eq!(ended.code, 98, "{ended}");
    let record = bench.newest_record().1;
    let trial = trial(&record, "short-poll");
    assert_eq!(trial.counts.errors, BTreeMap::from([("answer-timeout".to_owned(), 2)]), "{ended}");
    assert!(!ended.stdout.contains("books do not balance"), "{ended}");
    let kept = &trial.unexpected[0];
    assert_eq!((kept.error.as_str(), kept.status), ("answer-timeout", Some(200)), "{kept:?}");
}

#[test]
fn a_connection_that_is_reset_under_a_held_poll_has_no_end_to_be_counted() {
    let newest = Newest::default();
    let servant = Servant::start(
        move |request, stream| {
            if !poll(&newest, request, stream, 0) {
                return Then::GoOn;
            }
            // The next request comes, and is never read.
            let _ = stream.peek(&mut [0]);
            Then::Reset
        },
        Then::GoOn,
    );
    let bench = bench("kind = \"long-poll\"\nhold = \"1s\"");
    let (ended, record) = bench.valid_run(&["--target", &servant.url()]);
    let counts = &trial(&record, "long-poll").counts;
    assert!(counts.retries.is_some_and(|retries| retries >= 8), "{counts:?}\n{ended}");
}

#[test]
fn a_publisher_whose_idle_connection_is_reset_opens_another() {
    let newest = Newest::default();
    let servant = Servant::start(
        move |request, stream| {
            poll(&newest, request, stream, 0);
            if !request.is_publish() {
                return Then::GoOn;
            }
            Then::Reset
        },
        Then::GoOn,
    );
    let bench = bench("kind = \"short-poll\"\ninterval = \"100ms\"");
    let (ended, record) = bench.valid_run(&["--target", &servant.url()]);
    let counts = &trial(&record, "short-poll").counts;
    assert!(counts.delivered >= 10 && counts.lost == 0, "{counts:?}\n{ended}");
}
