//! Servers that run already.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use pushbench_protocol::{ConnectionClass, ServerEngine, SlowPolicy};
use rustix::net::sockopt::set_socket_recv_buffer_size;

use crate::support::{Bench, DEADLINE, Running, Server, TRANSPORTS, trial};
use crate::turncoat;

#[test]
fn a_server_can_be_measured_again_and_again_and_old_messages_fool_nobody() {
    for deliver in ["latest", "every"] {
        let bench = Bench::new();
        let server = Server::start(&bench, &["--deliver", deliver, "--mss", "1460"]);
        let url = server.url();
        let set = format!("workload.deliver={deliver}");
        for time in ["first", "second"] {
            let (ended, record) = bench.valid_run(&["--target", &url, "--set", &set]);
            assert_eq!(record.environment.link, format!("target {url}"));
            for transport in TRANSPORTS {
                let trial = trial(&record, transport);
                let counts = &trial.counts;
                let all = counts.delivered + counts.superseded;
                assert_eq!(all, counts.expected, "{deliver} {time} {transport}: {ended}");
                assert_eq!(counts.lost + counts.duplicates + counts.out_of_order, 0, "{counts:?}");
                assert!(counts.delivered > 0, "{deliver} {time} {transport}: {counts:?}");
                assert!(trial.work.server.is_none(), "the server is not ours to look at");
            }
        }
        let stats = server.stats();
        for class in [ConnectionClass::ShortPoll, ConnectionClass::WebSocket] {
            assert_eq!(stats.connections[&class].open, 0, "{class}");
            assert!(stats.connections[&class].accepted >= 40, "{class}: {stats:?}");
        }
        let ended = server.end();
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{ended}");
    }
}

#[test]
fn runs_at_one_server_at_the_same_time_do_not_see_each_other() {
    let bench = Bench::new();
    let server = Server::start(&bench, &["--deliver", "latest", "--mss", "1460"]);
    let url = server.url();
    let arguments = ["run", "small.toml", "--quiet", "--target", &url];
    let runs: Vec<_> = (0..3).map(|_| Running::start(&mut bench.program(&arguments))).collect();
    for run in runs {
        let ended = run.end();
        assert_eq!(ended.code, 0, "{ended}");
    }
    let records = bench.records();
    assert_eq!(records.len(), 3);
    for record in records {
        let run = pushbench_store::read(&record).expect("a record");
        for transport in TRANSPORTS {
            let counts = &trial(&run, transport).counts;
            assert_eq!((counts.foreign, counts.lost), (0, 0), "{transport}: {counts:?}");
            assert_eq!(counts.delivered + counts.superseded, counts.expected, "{transport}");
            assert!(counts.delivered > 0, "{transport}: {counts:?}");
        }
    }
}

/// A subscriber that upgrades and never reads again.
fn sleeper(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("it listens");
    // So little fits into the kernel that its messages soon wait at the server.
    set_socket_recv_buffer_size(&stream, 4_096).expect("a socket");
    stream.set_read_timeout(Some(DEADLINE)).expect("a socket");
    let request = format!(
        "GET /topics/t0000/ws?after=tttttttttttttttt HTTP/1.1\r\nHost: {address}\r\n\
         Upgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("it is read");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("an answer");
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    stream
}

#[test]
fn a_client_that_stops_reading_meets_the_policy_and_harms_no_other() {
    let engines = ServerEngine::ALL.iter();
    for (engine, policy) in
        engines.flat_map(|engine| SlowPolicy::ALL.iter().map(move |p| (engine, p)))
    {
        let (at, [engine, slow]) =
            (format!("{engine}, {policy}"), [engine.to_string(), policy.to_string()]);
        let bench = Bench::new();
        let flags = ["--queue", "4", "--engine", &engine, "--slow-subscriber", &slow];
        let server = Server::start(&bench, &flags);
        let sleeper = sleeper(server.address);
        // 3.2 MB a second: soon more than the server's socket holds, and then the queue.
        let (ended, record) = bench.valid_run(&[
            "--target",
            &server.url(),
            "--only",
            "websocket",
            "--set",
            "workload.clients=4",
            // The published request names its topic, so the sleeper can know it.
            "--set",
            "headers.request=kaazing-2009",
            "--set",
            "workload.payload.bytes=640000",
            "--set",
            "workload.publish.every=200ms",
            "--set",
            "workload.measure=4s",
        ]);
        let counts = &trial(&record, "websocket").counts;
        assert_eq!((counts.expected, counts.delivered), (80, 80), "{at}: {ended}");
        assert_eq!(counts.gap_messages, 0, "{at}: another was dropped for");

        let stats = server.stats();
        let dropped = stats.dropped.get(policy).copied().unwrap_or(0);
        match policy {
            SlowPolicy::DropOldest | SlowPolicy::Conflate => {
                assert!(dropped > 0, "{at}: {stats:?}");
                assert_eq!(stats.disconnected, 0, "{at}: {stats:?}");
                assert_eq!(stats.connections[&ConnectionClass::WebSocket].open, 1, "{at}");
            }
            SlowPolicy::Disconnect => {
                assert_eq!((dropped, stats.disconnected), (0, 1), "{at}: {stats:?}");
            }
        }
        drop(sleeper);
    }
}

#[test]
fn a_target_whose_books_are_rubbish_is_told_as_a_witness_less() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    // Whatever is asked for beside topics, it has the same page, and closes.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4_096];
            let _ = stream.read(&mut request);
            let page = "<title>hello world</title>";
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n", page.len());
            let _ = stream.write_all(format!("{head}Connection: close\r\n\r\n{page}").as_bytes());
        }
    });
    let bench = Bench::new();
    let server = Server::start(&bench, &["--mss", "1460"]);
    let url = format!("http://{}", turncoat::topics_apart(server.address, address));
    let (ended, record) = bench.valid_run(&["--target", &url, "--only", "websocket"]);
    let [note] = &record.notes[..] else { panic!("{:?}", record.notes) };
    for part in ["no witness", "status 200", "hello world"] {
        assert!(note.contains(part), "{part}: {note}");
    }
    let shown = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("own counts are no witness"), "{ended}");
}

#[test]
fn what_a_server_that_runs_already_cannot_be_told_is_refused_and_not_believed() {
    let bench = Bench::new();
    let server = Server::start(&bench, &["--deliver", "latest", "--mss", "1460"]);
    let url = server.url();
    let set = ["--set", "server.engine=lean", "--set", "server.slow_subscriber=conflate"];
    let arguments = [&["run", "small.toml", "--target", &url][..], &set].concat();
    let ended = bench.play(&arguments);
    assert_eq!(ended.code, 2, "{ended}");
    for said in ["server.engine = lean", "pushbench serve --engine lean --slow-subscriber conflate"]
    {
        assert!(ended.stderr.contains(said), "{ended}");
    }
    let (_, record) = bench.valid_run(&["--only", "websocket", "--target", &url]);
    let of_server = record.scenario.settings.keys().filter(|key| key.starts_with("server."));
    assert_eq!(of_server.collect::<Vec<_>>(), [""; 0], "nobody told it");
}
