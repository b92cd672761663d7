//! What the server holds in memory for a client that says nothing.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::support::{Bench, Server, publish};

/// Clients at a time: below the usual limit on open files.
const CLIENTS: usize = 300;
/// Most bytes of memory for each. It was 17 kB while the HTTP library kept its buffers, and 7 kB with
/// one of them.
const MOST: u64 = 5 * 1024;

/// A client that has polled once and stays.
fn polled(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let request = format!("GET /topics/t0000/poll HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the server reads");
    let mut response = Vec::new();
    while !response.ends_with(b"a message") {
        let mut more = [0; 1_024];
        let read = stream.read(&mut more).expect("the server responds");
        assert!(read > 0, "{}", String::from_utf8_lossy(&response));
        response.extend_from_slice(&more[..read]);
    }
    stream
}

/// Resident memory of a process, in bytes (proc_pid_status(5)).
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).expect("Linux");
    kib.parse::<u64>().expect("digits") * 1024
}

#[test]
fn a_client_that_has_polled_and_is_silent_costs_the_server_no_buffer() {
    let bench = Bench::new();
    let server = Server::start(&bench, &[]);
    publish(server.address, "t0000", "a message");
    // What the first ones need is there for all.
    let first: Vec<_> = (0..CLIENTS / 3).map(|_| polled(server.address)).collect();
    let before = resident(server.pid());
    let clients: Vec<_> = (0..CLIENTS).map(|_| polled(server.address)).collect();
    let each = resident(server.pid()).saturating_sub(before) / CLIENTS as u64;
    assert!(each < MOST, "{each} bytes for each, expected less than {MOST}");
    drop((first, clients));
    assert_eq!(server.end().code, 0);
}
