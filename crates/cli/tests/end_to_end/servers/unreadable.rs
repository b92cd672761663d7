//! A packet capture against the books where the first bytes of a connection do not say whose it is: in
//! TLS, and HTTP/2's. It is published to another port, and a try of the server comes before the clients,
//! so the last connections to be opened are theirs.

use std::collections::BTreeSet;
use std::fs;
use std::net::{SocketAddr, SocketAddrV4};
use std::path::Path;

use pushbench_store::KindsV1;

use super::captured::NCHAN;
use super::secured::make_certificate;
use super::{Needs, only_of_the_machine};
use crate::capture::{Capture, Connection, connections, stream, sum};
use crate::pcap::Packet;
use crate::support::{Bench, needs, trial};

/// `listens` is what nginx's `listen` has behind the port, `carried` what the transport has.
fn check(kind: &str, (scheme, listens): (&str, &str), carried: &str) {
    let are_there = [needs("tcpdump"), Needs::Program("nginx").is_there(), needs("openssl")];
    if are_there.contains(&false) {
        return;
    }
    let folder = Bench::new();
    make_certificate(folder.path());
    let (server, [address, other]) = NCHAN.start_with(&folder, |file| {
        let listen = "listen 127.0.0.1:${port};";
        assert_eq!(file.matches(listen).count(), 1, "{file}");
        file.replace(
            listen,
            &format!(
                "listen 127.0.0.1:${{port}} {listens}; listen 127.0.0.1:${{other}};\n\
                 ssl_certificate cert.pem; ssl_certificate_key key.pem; ssl_protocols TLSv1.3;"
            ),
        )
    });
    let certificate = folder.path().join("cert.pem");
    let trust =
        if scheme == "https" { format!("trust = {certificate:?}\n") } else { String::new() };
    let bench = Bench::with(&format!(
        "question = \"What did the wire carry?\"\n\n[workload]\nclients = 10\n\
         publish = {{ every = \"200ms\" }}\npayload = {{ bytes = 21 }}\nwarm_up = \"500ms\"\n\
         measure = \"1s\"\nrounds = 1\n\n[server.nchan]\nadapter = \"nchan.toml\"\n\
         url = \"{scheme}://localhost:{}\"\n{trust}\n[[transport]]\nkind = \"{kind}\"\n\
         server = \"nchan\"\n{carried}\n",
        address.port()
    ));
    fs::write(bench.path().join("nchan.toml"), adapter(other)).expect("an adapter");
    let Some(capture) = Capture::start_with(&bench, address, other) else { return };
    // Invalid where the machine was too busy: its bytes are all booked nevertheless.
    let ended = bench.play(&["run", "small.toml"]);
    assert!([0, 98].contains(&ended.code), "{ended}");
    let mut captured = capture.end();
    drop(server);

    let (_, record) = bench.newest_record();
    only_of_the_machine(&record, &ended);
    let trial = trial(&record, &format!("nchan-{kind}"));
    captured.retain(|packet| [packet.from, packet.to].iter().any(|end| address == (*end).into()));
    let count = usize::try_from(trial.connections.expect("it is on record")).expect("a few");
    let clients = opened_last(&captured, address, count);
    let mut subscribers = connections(&captured, address);
    subscribers.retain(|client, _| clients.contains(client));
    assert_eq!(subscribers.len(), count, "{kind}");
    let total = |bytes: fn(&Connection) -> u64| subscribers.values().map(bytes).sum::<u64>();
    let socket = |kinds: &KindsV1| stream(kinds) + kinds.tls.expect("it is known");
    let [up, down] = [total(|c| c.up.data), total(|c| c.down.data)];
    assert_eq!(up, sum(trial, |phase| socket(&phase.up)), "{kind} up");
    assert_eq!(down, sum(trial, |phase| socket(&phase.down)), "{kind} down");
    println!("{scheme} {kind}: {up} bytes up and {down} down, captured and booked");
}

/// The adapter of Nchan that ships, but that it is published to another port.
fn adapter(other: SocketAddr) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../adapter/adapters/nchan.toml");
    let text = fs::read_to_string(file).expect("it ships");
    let (before, after) = ("\"/pub/${channel}\"", format!("\"http://{other}/pub/${{channel}}\""));
    assert_eq!(text.matches(before).count(), 1, "{text}");
    text.replace(before, &after)
}

/// Who has opened the last so many connections to a server.
fn opened_last(packets: &[Packet], server: SocketAddr, count: usize) -> BTreeSet<SocketAddrV4> {
    let is_opening = |packet: &&Packet| packet.is_syn && SocketAddr::from(packet.to) == server;
    packets.iter().rev().filter(is_opening).map(|packet| packet.from).take(count).collect()
}

#[test]
fn a_packet_capture_agrees_with_the_books_of_a_websocket_in_tls() {
    check("websocket", ("https", "ssl"), "");
}

#[test]
fn a_packet_capture_agrees_with_the_books_of_long_polls_over_http2() {
    check("long-poll", ("http", "http2"), "http = \"2\"");
}
