//! A packet capture against the books of a run with a third-party server: one for each way in which
//! messages reach a client.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use pushbench_protocol::TopicNames;
use pushbench_runner::free_ports;
use rustix::process::Signal;

use super::{Needs, only_of_the_machine, path, witnesses};
use crate::capture::{Capture, Connection, connections, since_its_begin, stream, sum, wire_of};
use crate::support::{Bench, Running, needs, trial, wait_until};

/// A server that runs before the scenario does, so that its port is known to the capture.
pub(super) struct Served {
    name: &'static str,
    needs: Needs,
    /// What starts it, with holes.
    command: &'static [&'static str],
    /// A file of `scenarios/servers`, with holes.
    file: &'static str,
    /// An adapter of `scenarios/servers`; the one that ships under its name where it is empty.
    adapter: &'static str,
}

pub(super) const NCHAN: Served = Served {
    name: "nchan",
    needs: Needs::Program("nginx"),
    command: &["nginx", "-p", "${dir}", "-c", "nginx.conf", "-e", "stderr"],
    file: "nchan/nginx.conf",
    adapter: "",
};
const EXPRESS: Served = Served {
    name: "express",
    needs: Needs::Npm("express"),
    command: &["node", "server.js", "${port}"],
    file: "express/server.js",
    adapter: "",
};
/// It publishes by itself.
const FEED: Served = Served {
    name: "express",
    needs: Needs::Npm("express"),
    command: &["node", "server.js", "${port}", "300"],
    file: "express/server.js",
    adapter: "express/feed.toml",
};
const FASTAPI: Served = Served {
    name: "fastapi-sse",
    needs: Needs::Python("sse_starlette"),
    command: &["python", "server.py", "${port}"],
    file: "fastapi/server.py",
    adapter: "",
};

/// A server that runs; dropped, it is told to end. Killed, nginx would leave its worker behind.
pub(super) struct Serving(Running);

impl Drop for Serving {
    fn drop(&mut self) {
        if !self.0.has_ended() {
            self.0.signal(Signal::TERM);
            wait_until("the server to end", || self.0.has_ended());
        }
    }
}

impl Served {
    /// Starts it in the bench's folder and waits for its port.
    fn start(&self, bench: &Bench) -> (Serving, SocketAddr) {
        let (serving, [address, _]) = self.start_with(bench, |file| file);
        (serving, address)
    }

    /// The same with its file changed, in which `${other}` is a second port.
    pub(super) fn start_with(
        &self,
        bench: &Bench,
        change: impl Fn(String) -> String,
    ) -> (Serving, [SocketAddr; 2]) {
        let names = ["port", "other"];
        let free = free_ports(names.map(str::to_owned).into()).expect("ports");
        let addresses =
            names.map(|name| SocketAddr::from((Ipv4Addr::LOCALHOST, free.by_name[name])));
        let folder = bench.path();
        let fill = |text: &str| {
            let [port, other] = addresses.map(|address| address.port().to_string());
            let dir = folder.to_str().expect("UTF-8");
            text.replace("${port}", &port).replace("${other}", &other).replace("${dir}", dir)
        };
        let text = change(fs::read_to_string(beside(self.file)).expect(self.file));
        let name = Path::new(self.file).file_name().expect("a file");
        fs::write(folder.join(name), fill(&text)).expect("a file");
        let mut command = Command::new(self.command[0]);
        command.args(self.command[1..].iter().map(|argument| fill(argument)));
        command.current_dir(folder).env("NODE_PATH", witnesses().join("node_modules"));
        command.env("PATH", std::env::join_paths(path()).expect("paths"));
        let mut server = Serving(Running::start(&mut command));
        wait_until(&format!("{} to listen", self.name), || {
            assert!(!server.0.has_ended(), "{}: {}", self.name, server.0.stderr_so_far());
            TcpStream::connect(addresses[0]).is_ok()
        });
        (server, addresses)
    }

    fn scenario(&self, address: SocketAddr, kind: &str) -> String {
        let name = self.name;
        let adapter = if self.adapter.is_empty() { name.into() } else { beside(self.adapter) };
        let interval = if kind == "short-poll" { "interval = \"200ms\"\n" } else { "" };
        format!(
            "question = \"What did the wire carry?\"\n\n[workload]\nclients = 10\n\
             publish = {{ every = \"200ms\" }}\npayload = {{ bytes = 21 }}\nwarm_up = \"500ms\"\n\
             measure = \"1s\"\nrounds = 1\n\n[server.{name}]\nadapter = {adapter:?}\n\
             url = \"http://{address}\"\n\n[[transport]]\nkind = \"{kind}\"\nserver = \"{name}\"\n\
             {interval}"
        )
    }
}

/// The path of a file of `scenarios/servers`.
fn beside(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/servers").join(file)
}

/// `begins` is how the first request of a subscriber begins, up to the topic's name.
fn check(served: &Served, kind: &str, begins: &str) {
    let are_there = [needs("tcpdump"), served.needs.is_there()];
    if are_there.contains(&false) {
        return;
    }
    let folder = Bench::new();
    let (server, address) = served.start(&folder);
    let bench = Bench::with(&served.scenario(address, kind));
    let Some(capture) = Capture::start(&bench, address) else { return };
    // Invalid where the machine was too busy: its bytes are all booked nevertheless.
    let ended = bench.play(&["run", "small.toml"]);
    assert!([0, 98].contains(&ended.code), "{ended}");
    let captured = capture.end();
    drop(server);

    let (_, record) = bench.newest_record();
    only_of_the_machine(&record, &ended);
    let name = format!("{}-{kind}", served.name);
    let trial = trial(&record, &name);
    // A trial that is played again has a topic of its own.
    let topic = u32::try_from(record.disturbed.len()).expect("a few");
    let first = format!("{begins}{}", TopicNames::of_run(&record.id).name(topic));
    let mut subscribers = connections(&since_its_begin(captured, trial), address);
    subscribers.retain(|_, connection| connection.begins.starts_with(first.as_bytes()));
    assert_eq!(subscribers.len() as u64, trial.clients, "{name}");
    let total = |bytes: fn(&Connection) -> u64| subscribers.values().map(bytes).sum::<u64>();
    assert_eq!(total(|c| c.up.data), sum(trial, |phase| stream(&phase.up)), "{name} up");
    assert_eq!(total(|c| c.down.data), sum(trial, |phase| stream(&phase.down)), "{name} down");
    let wire = total(|c| c.up.wire + c.down.wire);
    let booked = sum(trial, |phase| wire_of(&phase.up) + wire_of(&phase.down));
    let off = wire as f64 / booked as f64 - 1.0;
    assert!(off.abs() < 0.01, "{name}: {wire} bytes captured, {booked} booked");
    println!("{name}: {wire} captured, {booked} booked, {:+.3} %", off * 100.0);
}

#[test]
fn a_packet_capture_agrees_with_the_books_of_a_websocket_of_nchan() {
    check(&NCHAN, "websocket", "GET /sub/");
}

#[test]
fn a_packet_capture_agrees_with_the_books_of_events_of_nchan() {
    check(&NCHAN, "sse", "GET /sub/");
}

#[test]
fn a_packet_capture_agrees_with_the_books_of_long_polls_of_nchan() {
    check(&NCHAN, "long-poll", "GET /sub/");
}

#[test]
fn a_packet_capture_agrees_with_the_books_of_short_polls_of_express() {
    check(&EXPRESS, "short-poll", "GET /feeds/");
}

#[test]
fn a_packet_capture_agrees_with_the_books_of_chunked_events_of_fastapi() {
    check(&FASTAPI, "sse", "GET /events/");
}

#[test]
fn a_packet_capture_agrees_with_the_books_of_polls_of_a_feed_that_publishes_by_itself() {
    check(&FEED, "short-poll", "GET /feeds/");
}
