//! Servers of other hands, played here byte by byte: legal HTTP in every form, refusals, connections
//! that are closed between polls, and numbers that cannot be.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::{Bench, Server, trial};
use crate::turncoat;

/// What a foreign server does with a connection after a response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Then {
    Goes,
    Closes,
}

/// A request for something else than publishing or the server's books.
pub(crate) struct Request<'a> {
    /// Place of the connection among all of the server's that asked for something.
    connection: usize,
    /// Place of the request on its connection.
    request: usize,
    /// The payload that was published last in its topic.
    newest: &'a [u8],
}

/// The payload that was published last, by topic.
pub(crate) type Newest = Mutex<BTreeMap<String, Vec<u8>>>;

/// Starts a server that answers publishes by itself, knows no `/stats`, and leaves the rest to
/// `respond`.
fn foreign(
    respond: impl Fn(&mut TcpStream, &Request<'_>) -> Then + Send + Sync + 'static,
) -> SocketAddr {
    foreign_in_two(respond, |_, _| {})
}

/// The same, and leaves connections that begin with HTTP/2's preface to `http2`.
pub(crate) fn foreign_in_two(
    respond: impl Fn(&mut TcpStream, &Request<'_>) -> Then + Send + Sync + 'static,
    http2: impl Fn(TcpStream, &Newest) + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let respond = Arc::new(respond);
    let http2 = Arc::new(http2);
    let newest = Arc::new(Newest::default());
    let connections = Arc::new(AtomicUsize::new(0));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (respond, newest) = (Arc::clone(&respond), Arc::clone(&newest));
            let (http2, connections) = (Arc::clone(&http2), Arc::clone(&connections));
            std::thread::spawn(move || {
                let mut first = [0; 3];
                match stream.peek(&mut first) {
                    Ok(3) if &first == b"PRI" => http2(stream, &newest),
                    _ => drop(serve(stream, &*respond, &newest, &connections)),
                }
            });
        }
    });
    address
}

/// Serves one connection until either side ends it.
fn serve(
    mut stream: TcpStream,
    respond: &dyn Fn(&mut TcpStream, &Request<'_>) -> Then,
    newest: &Newest,
    connections: &AtomicUsize,
) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut connection = None;
    for request in 0.. {
        let (line, body) = request_of(&mut reader)?;
        let topic = line.split('/').nth(2).unwrap_or_default();
        if line.starts_with("POST") {
            newest.lock().expect("nobody panics with it").insert(topic.to_owned(), body);
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").ok()?;
        } else if line.contains("/stats") {
            stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").ok()?;
        } else {
            let connection =
                *connection.get_or_insert_with(|| connections.fetch_add(1, Ordering::Relaxed));
            let newest = newest.lock().expect("nobody panics with it").get(topic).cloned();
            let newest = &newest.unwrap_or_default();
            let request = Request { connection, request, newest };
            if respond(&mut stream, &request) == Then::Closes {
                return Some(());
            }
        }
    }
    Some(())
}

/// The first line and the body of the next request; `None` at the end of the connection.
fn request_of(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|len| *len > 0)?;
    let mut len = 0;
    loop {
        let mut field = String::new();
        reader.read_line(&mut field).ok().filter(|len| *len > 0)?;
        if field == "\r\n" {
            break;
        }
        if let Some(value) = field.to_ascii_lowercase().strip_prefix("content-length:") {
            len = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; len];
    reader.read_exact(&mut body).ok()?;
    Some((line, body))
}

/// A scenario of one transport, with messages that are replaced, so that a poll reads the newest.
fn bench(clients: u32, transport: &str) -> Bench {
    Bench::with(&format!(
        "question = \"What does a server of other hands cost?\"\n[workload]\nclients = {clients}\n\
         publish = {{ every = \"100ms\" }}\npayload = {{ bytes = 40 }}\nwarm_up = \"300ms\"\n\
         measure = \"1s\"\ndrain = \"2s\"\nrounds = 1\n[headers]\nrequest = \"minimal\"\n\
         [[transport]]\n{transport}\n"
    ))
}

fn chunked(head: &str, body: &[u8]) -> Vec<u8> {
    let (first, second) = body.split_at(body.len() / 2);
    let mut bytes =
        format!("HTTP/1.1 200 OK\r\n{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for part in [first, second].into_iter().filter(|part| !part.is_empty()) {
        bytes.extend(format!("{:x};a=b\r\n", part.len()).bytes());
        bytes.extend(part);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\nTrailer: x\r\n\r\n");
    bytes
}

fn with_length(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[test]
fn every_legal_response_to_a_poll_is_read_and_booked() {
    let next = AtomicUsize::new(0);
    let address = foreign(move |stream, request| {
        let body = request.newest;
        let (bytes, then) = match next.fetch_add(1, Ordering::Relaxed) % 7 {
            0 => (with_length("", body), Then::Goes),
            1 => {
                let early =
                    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
                ([&early[..], &with_length("", body)].concat(), Then::Goes)
            }
            2 => (chunked("", body), Then::Goes),
            // Chunks win over a length beside them.
            3 => (chunked("Content-Length: 3\r\n", body), Then::Goes),
            4 => (with_length("Connection: close\r\n", body), Then::Closes),
            // Without a length a body ends with the connection.
            5 => ([&b"HTTP/1.1 200 OK\r\n\r\n"[..], body].concat(), Then::Closes),
            _ => ([&b"HTTP/1.0 200 OK\r\n\r\n"[..], body].concat(), Then::Closes),
        };
        // In two pieces, so that a read may end anywhere.
        let (first, second) = bytes.split_at(bytes.len() * 2 / 3);
        let written = stream.write_all(first).and_then(|()| stream.write_all(second));
        if written.is_err() { Then::Closes } else { then }
    });
    let bench = bench(2, "kind = \"short-poll\"\ninterval = \"50ms\"");
    let target = format!("http://{address}");
    let (ended, record) = bench.valid_run(&["--target", &target]);
    let trial = trial(&record, "short-poll");
    assert_eq!(trial.counts.answers.get(&200), Some(&trial.counts.polls), "{ended}");
    // Three of seven responses end their connections.
    assert!(trial.counts.connects.is_some_and(|connects| connects >= 12), "{:?}", trial.counts);
    assert!(trial.unexpected.is_empty(), "{:?}", trial.unexpected);
}

#[test]
fn a_connection_that_the_server_closes_between_two_requests_is_opened_again() {
    let carried = ["http = \"1.1\"", "http = \"2\"", "http = \"2\"\nclients_per_connection = 3"];
    for (carried, least) in carried.into_iter().zip([6, 6, 2]) {
        let all_at_once = "kind = \"short-poll\"\ninterval = \"700ms\"\ntiming = \"aligned\"";
        let bench = bench(3, &format!("{all_at_once}\n{carried}"));
        let server = Server::start(&bench, &["--idle-timeout", "250ms", "--mss", "1460"]);
        let target = server.url();
        // The publisher's own connection is closed, too: it sends as seldom as the clients ask.
        let seldom = ["--set", "workload.publish.every=700ms", "--set", "workload.measure=2s"];
        let (ended, record) = bench.valid_run(&[&["--target", &target], &seldom[..]].concat());
        let counts = &trial(&record, "short-poll").counts;
        let connects = counts.connects.unwrap_or_default();
        assert!((least..=least * 3 / 2).contains(&connects), "{carried}: {counts:?}\n{ended}");
        assert_eq!(counts.lost, 0, "{carried}: {ended}");
    }
}

#[test]
fn a_request_under_which_the_server_closes_is_sent_again_once() {
    for (kind, more) in [("short-poll", "\ninterval = \"100ms\""), ("long-poll", "\nhold = \"1s\"")]
    {
        // One response on each connection; the next request there is read and not answered.
        let address = foreign(|stream, request| {
            if request.request > 0 {
                return Then::Closes;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
            let _ = stream.write_all(&with_length("", request.newest));
            Then::Goes
        });
        let bench = bench(2, &format!("kind = \"{kind}\"{more}"));
        let (ended, record) = bench.valid_run(&["--target", &format!("http://{address}")]);
        let counts = &trial(&record, kind).counts;
        assert!(counts.retries.is_some_and(|retries| retries >= 8), "{kind}: {counts:?}\n{ended}");
    }
}

#[test]
fn a_refused_upgrade_is_told_by_what_the_server_said() {
    for (status, reason) in [(403, "Forbidden"), (404, "Not Found"), (426, "Upgrade Required")] {
        let address = foreign(move |stream, _| {
            let body = "no such topic";
            let head =
                format!("HTTP/1.1 {status} {reason}\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(body.as_bytes());
            Then::Goes
        });
        let bench = bench(4, "kind = \"websocket\"");
        let server = Server::start(&bench, &[]);
        let changed = format!("http://{}", turncoat::by_topic(server.address, address));
        let ended = bench.play(&["run", "small.toml", "--target", &changed]);
        assert_eq!(ended.code, 98, "{ended}");
        let said = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let told = format!(
            "4 upgrades were refused: the server responded {status} {reason}: no such topic"
        );
        assert!(said.contains(&told), "{ended}");
        assert!(!said.contains("books do not balance"), "{ended}");
        let record = bench.newest_record().1;
        let unexpected = &trial(&record, "websocket").unexpected;
        let kept = (unexpected[0].status, unexpected[0].first_bytes.as_str());
        assert_eq!(kept, (Some(status), "no such topic"), "{unexpected:?}");
    }
}

#[test]
fn numbers_that_cannot_be_are_faults_that_are_counted_and_no_panic() {
    const HOSTILE: [&str; 10] = [
        "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nGap: 18446744073709551615\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more",
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy",
        "SSH-2.0-OpenSSH_9.2\r\n",
    ];
    let address = foreign(|stream, request| {
        let _ = stream.write_all(HOSTILE[request.connection % HOSTILE.len()].as_bytes());
        Then::Goes
    });
    let clients = u32::try_from(HOSTILE.len()).expect("few");
    let bench = bench(clients, "kind = \"short-poll\"\ninterval = \"100ms\"");
    let server = Server::start(&bench, &[]);
    let changed = format!("http://{}", turncoat::by_topic(server.address, address));
    let ended = bench.play(&["run", "small.toml", "--target", &changed]);
    assert_eq!(ended.code, 98, "{ended}");
    assert!(!ended.stderr.contains("panicked"), "{ended}");
    let (_, record) = bench.newest_record();
    let trial = trial(&record, "short-poll");
    let errors: u64 = trial.counts.errors.values().sum();
    assert_eq!(errors, u64::from(clients), "{:?}\n{ended}", trial.counts.errors);
    assert!(!ended.stdout.contains("books do not balance"), "{ended}");
    assert_eq!(trial.unexpected.len(), trial.counts.errors.len(), "{:?}", trial.unexpected);
}
