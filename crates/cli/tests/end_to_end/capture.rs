//! The last witness: a packet capture, which knows nothing of our books.

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, SocketAddrV4};
use std::path::PathBuf;
use std::process::Command;

use pushbench_protocol::{Phase, TopicNames};
use pushbench_store::{KindsV1, RunV2, TrialV2};
use rustix::process::Signal;

use crate::pcap::{Packet, packets};
use crate::support::{Bench, Running, Server, get, needs, skip, trial, wait_until};

/// Data of a full segment.
const SEGMENT: u64 = 1_460 - 12;
/// A path that nobody else asks for, to see that the capture has come so far.
const MARK: &str = "/the-end-of-the-capture";

#[test]
fn a_packet_capture_agrees_with_the_books() {
    if !needs("tcpdump") {
        return;
    }
    for (transport, payload) in
        [("short-poll", 20), ("websocket", 20), ("short-poll", 5_000), ("websocket", 5_000)]
    {
        let bench = Bench::new();
        let server = Server::start(&bench, &["--mss", "1460"]);
        let Some(capture) = Capture::start(&bench, server.address) else { return };
        let payload = format!("workload.payload.bytes={payload}");
        let arguments = ["--target", &server.url(), "--only", transport, "--set", &payload];
        // Invalid where the machine was too busy: its bytes are all booked nevertheless.
        let ended = bench.play(&[&["run", "small.toml"], &arguments[..]].concat());
        assert!([0, 98].contains(&ended.code), "{ended}");
        let captured = capture.end();

        let (_, record) = bench.newest_record();
        let trial = trial(&record, transport);
        let captured = since_its_begin(captured, trial);
        let subscribers = subscribers(&captured, server.address, &record);
        assert_eq!(subscribers.len() as u64, trial.clients, "{transport} {payload}");
        let stream_up: u64 = subscribers.values().map(|c| c.up.data).sum();
        let stream_down: u64 = subscribers.values().map(|c| c.down.data).sum();
        assert_eq!(stream_up, sum(trial, |phase| stream(&phase.up)), "{transport} {payload} up");
        assert_eq!(stream_down, sum(trial, |p| stream(&p.down)), "{transport} {payload} down");

        let wire: u64 = subscribers.values().map(|c| c.up.wire + c.down.wire).sum();
        let booked = sum(trial, |phase| wire_of(&phase.up) + wire_of(&phase.down));
        let off = wire as f64 / booked as f64 - 1.0;
        assert!(
            off.abs() < 0.01,
            "{transport} {payload}: {wire} bytes captured, {booked} booked, {:+.2} %",
            off * 100.0
        );
        println!("{transport} {payload}: {wire} captured, {booked} booked, {:+.3} %", off * 100.0);
    }
}

#[test]
fn a_packet_capture_sees_each_poll_open_and_close_its_connection() {
    if !needs("tcpdump") {
        return;
    }
    let bench = Bench::new();
    let server = Server::start(&bench, &["--mss", "1460"]);
    let Some(capture) = Capture::start(&bench, server.address) else { return };
    let per_poll = ["--set", "transport.short-poll.connection=per-poll"];
    let arguments = ["run", "small.toml", "--only", "short-poll", "--target", &server.url()];
    let ended = bench.play(&[&arguments[..], &per_poll].concat());
    assert!([0, 98].contains(&ended.code), "{ended}");
    let captured = capture.end();

    let (_, record) = bench.newest_record();
    let trial = trial(&record, "short-poll");
    let captured = since_its_begin(captured, trial);
    let subscribers = subscribers(&captured, server.address, &record);
    // A port may be used again: what opens a connection is its SYN.
    let is_theirs = |packet: &&Packet| subscribers.contains_key(&packet.from);
    let opened = captured.iter().filter(is_theirs).filter(|packet| packet.is_syn).count() as u64;
    assert!(opened >= trial.counts.polls, "{opened} connections for {:?}", trial.counts);
    let data: u64 = subscribers.values().map(|c| c.up.data + c.down.data).sum();
    assert_eq!(data, sum(trial, |phase| stream(&phase.up) + stream(&phase.down)));
    let wire: u64 = subscribers.values().map(|c| c.up.wire + c.down.wire).sum();
    let booked = sum(trial, |phase| wire_of(&phase.up) + wire_of(&phase.down));
    let off = wire as f64 / booked as f64 - 1.0;
    assert!(off.abs() < 0.01, "{wire} bytes captured, {booked} booked, {:+.2} %", off * 100.0);
    println!("per-poll: {opened} connections, {wire} captured, {booked} booked");
}

/// A sum over all phases.
pub(crate) fn sum(trial: &TrialV2, bytes: impl Fn(&pushbench_store::PhaseBooksV1) -> u64) -> u64 {
    assert_eq!(trial.books.phases.len(), Phase::ALL.len());
    trial.books.phases.values().map(bytes).sum()
}

/// Bytes above TLS.
pub(crate) fn stream(kinds: &KindsV1) -> u64 {
    let KindsV1 {
        payload,
        repeat,
        header,
        framing,
        wrapping,
        control,
        handshake,
        unexplained,
        tls: _,
        tcp_ip: _,
    } = kinds;
    payload + repeat + header + framing + wrapping + control + handshake + unexplained
}

/// Bytes with the headers of TCP and IP; of a trial without TLS.
pub(crate) fn wire_of(kinds: &KindsV1) -> u64 {
    stream(kinds) + kinds.tcp_ip.expect("the kernel has books")
}

/// What was captured of one connection.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    pub(crate) up: Flow,
    pub(crate) down: Flow,
    /// The first data that its client sent.
    pub(crate) begins: Vec<u8>,
}

/// One direction.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    /// Bytes at layer 3, as a link with this segment size would carry them.
    pub(crate) wire: u64,
    /// Bytes of the stream, each once.
    pub(crate) data: u64,
    next: u32,
}

impl Flow {
    fn take(&mut self, packet: &Packet) {
        // Loopback hands over a write in one packet; a network cuts it into segments.
        let segments = packet.data_len().div_ceil(SEGMENT).max(1);
        self.wire += packet.ip_len + (segments - 1) * packet.header_len;
        if packet.is_syn {
            self.next = packet.sequence.wrapping_add(1);
            return;
        }
        let end = packet.sequence.wrapping_add(packet.data_len() as u32);
        let new = end.wrapping_sub(self.next);
        // What was sent again lies before.
        if packet.data_len() > 0 && new < u32::MAX / 2 {
            self.data += u64::from(new);
            self.next = end;
        }
    }
}

/// The connections of subscribers: all that neither publish, nor ask for the server's books, nor try
/// the target beforehand, which has a topic of its own.
fn subscribers(
    packets: &[Packet],
    server: SocketAddr,
    record: &RunV2,
) -> BTreeMap<SocketAddrV4, Connection> {
    let topic = format!("/topics/{}/", TopicNames::of_run(&record.id).name(0));
    let mut connections = connections(packets, server);
    connections.retain(|_, connection| {
        let begins = String::from_utf8_lossy(&connection.begins);
        let path = begins.split(' ').nth(1).unwrap_or_default();
        let is_poll = path.contains("/poll?");
        // The runner asks for a topic's end too, in the name of its HTTP library.
        let is_control = begins.contains("ureq/");
        path.starts_with(&topic) && (is_poll || path.contains("/ws?")) && !is_control
    });
    connections
}

/// What was captured of the trial on record and of whatever came after it. A trial that the machine
/// disturbed is played again, and only the last is on record.
pub(crate) fn since_its_begin(captured: Vec<Packet>, trial: &TrialV2) -> Vec<Packet> {
    let began: jiff::Timestamp = trial.started_at.parse().expect("a time");
    let mut captured = captured;
    captured.retain(|packet| packet.at >= began.as_microsecond());
    captured
}

/// All connections to the server, by who opened them.
pub(crate) fn connections(
    packets: &[Packet],
    server: SocketAddr,
) -> BTreeMap<SocketAddrV4, Connection> {
    let mut connections: BTreeMap<SocketAddrV4, Connection> = BTreeMap::new();
    for packet in packets {
        if SocketAddr::from(packet.to) == server {
            let connection = connections.entry(packet.from).or_default();
            connection.up.take(packet);
            if connection.begins.is_empty() {
                connection.begins.clone_from(&packet.data);
            }
        } else {
            connections.entry(packet.to).or_default().down.take(packet);
        }
    }
    connections
}

/// A running capture of the loopback device.
pub(crate) struct Capture {
    tcpdump: Running,
    file: PathBuf,
    /// Who is asked for something so that the capture is known to have come so far.
    marked: SocketAddr,
}

impl Capture {
    /// Starts one and waits until it sees packets; `None`, loudly, where it may not.
    pub(crate) fn start(bench: &Bench, server: SocketAddr) -> Option<Self> {
        Self::start_with(bench, server, server)
    }

    /// The same of a server that speaks HTTP/1.1 in clear text at another address of its own.
    pub(crate) fn start_with(
        bench: &Bench,
        server: SocketAddr,
        marked: SocketAddr,
    ) -> Option<Self> {
        let file = bench.path().join("capture.pcap");
        let mut command = Command::new("tcpdump");
        // Headers, and the beginning of each request: 256 bytes.
        command.args(["-i", "lo", "-n", "-s", "256", "-B", "32768", "-U", "--immediate-mode"]);
        // Without `-Z` it may give up its rights to a user who cannot write here.
        command.args(["-Z", "root", "-w"]).arg(&file);
        command.arg(format!("tcp port {} or tcp port {}", server.port(), marked.port()));
        let mut tcpdump = Running::start(&mut command);
        let mut has_ended = false;
        wait_until("tcpdump to listen", || {
            has_ended = tcpdump.has_ended();
            has_ended || tcpdump.stderr_so_far().contains("listening on")
        });
        if has_ended {
            skip(&format!("tcpdump may not capture: {}", tcpdump.stderr_so_far().trim()));
            return None;
        }
        let capture = Self { tcpdump, file, marked };
        capture.wait_for_mark();
        Some(capture)
    }

    /// All packets until now.
    pub(crate) fn end(self) -> Vec<Packet> {
        self.wait_for_mark();
        self.tcpdump.signal(Signal::INT);
        let ended = self.tcpdump.end();
        let is_whole = ended.stderr.lines().any(|line| line == "0 packets dropped by kernel");
        assert!(is_whole, "{ended}");
        packets(&fs::read(&self.file).expect("the capture"))
    }

    /// Asks the server for something of which there is none yet in the capture, until it is seen.
    fn wait_for_mark(&self) {
        let marks = || {
            let file = fs::read(&self.file).unwrap_or_default();
            let mark = format!("GET {MARK} ");
            file.windows(mark.len()).filter(|part| *part == mark.as_bytes()).count()
        };
        let before = marks();
        get(self.marked, MARK).expect("the server answers");
        wait_until("the capture to come so far", || marks() > before);
    }
}
