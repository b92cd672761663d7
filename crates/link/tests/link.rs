//! A link on real devices. Where this process may make none the tests say so loudly and pass; in CI that
//! is a failure.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use pushbench_link::{FAR, Link, LinkCounts, NEAR};
use pushbench_protocol::{LinkShape, PathShape, Phase, clock};

const DELAY: Duration = Duration::from_millis(20);

fn shape(path: PathShape) -> LinkShape {
    LinkShape { up: path, down: path, mtu: LinkShape::ETHERNET_MTU }
}

#[expect(clippy::print_stderr, reason = "a test that tests nothing says so")]
fn link(path: PathShape) -> Option<Link> {
    match Link::up(shape(path), 7) {
        Ok(link) => Some(link),
        Err(missing) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => {
            panic!("{missing}")
        }
        Err(missing) => {
            eprintln!("SKIPPED, nothing is tested: {missing}");
            None
        }
    }
}

/// One connection over the link: `len` bytes down, then the client closes. Gives how long it took to
/// connect.
fn converse(link: &Link, len: usize) -> Duration {
    let listener = {
        let _near = link.near().enter().expect("it may enter");
        TcpListener::bind((NEAR, 0)).expect("it listens")
    };
    let address = listener.local_addr().expect("bound");
    let server = std::thread::spawn(move || {
        let (mut stream, from) = listener.accept().expect("the client comes");
        assert_eq!(from.ip(), FAR);
        stream.write_all(&vec![7; len]).expect("it is sent");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).expect("the client ends");
    });
    let _far = link.far().enter().expect("it may enter");
    let begin = clock::now();
    let mut stream = TcpStream::connect(address).expect("it connects");
    let took = clock::now().since(begin);
    stream.read_exact(&mut vec![0; len]).expect("all of it comes");
    drop(stream);
    server.join().expect("the server ends");
    took
}

fn assert_whole(counts: &LinkCounts) {
    for path in [&counts.up, &counts.down] {
        assert_eq!((path.over_mtu, path.refused), (0, 0));
        assert_eq!(path.entered.packets - path.dropped(), path.left.packets);
    }
    assert_eq!((counts.drops.near, counts.drops.far, counts.under_way), (0, 0, 0));
}

#[test]
fn a_connection_over_a_link_takes_its_round_trip_and_each_packet_is_counted() {
    let path = PathShape { delay: DELAY, ..PathShape::default() };
    let Some(link) = link(path) else { return };
    link.begin(Phase::Measure);
    let took = converse(&link, 100_000);
    assert!(took >= 2 * DELAY, "{took:?}");
    let counts = link.down().expect("it was up");
    assert_whole(&counts);
    assert_eq!(counts.down.data, 100_000);
    assert_eq!((counts.up.lost.packets, counts.connections), (0, 1));
    assert_eq!(counts.up.by_phase[&Phase::Measure], counts.up.entered);
    assert!(counts.up.entered.packets >= 4, "SYN, two acknowledgements, FIN");
    assert_eq!(counts.echoes.round_trip.count(), counts.echoes.sent);
    // Every packet that is not TCP is an echo.
    assert_eq!(counts.up.other, counts.down.other);
    let trip = counts.echoes.round_trip.quantile(0.0).expect("there were some");
    assert!(trip >= 2 * DELAY, "{trip:?}");
}

#[test]
fn without_a_packet_of_its_own_nothing_passes_but_echoes() {
    let Some(link) = link(PathShape::default()) else { return };
    let counts = link.down().expect("it was up");
    assert_eq!((counts.up.entered.packets, counts.down.entered.packets), (0, 0));
    assert_eq!(counts.up.other, counts.down.other, "IPv6 is off");
}

#[test]
fn whoever_leaves_a_namespace_is_where_it_was_and_near_is_not_far_from_itself() {
    let Some(link) = link(PathShape { delay: DELAY, ..PathShape::default() }) else { return };
    let own = || std::fs::read_link("/proc/thread-self/ns/net").expect("the kernel says");
    let before = own();
    let near = link.near().enter().expect("it may enter");
    assert_ne!(own(), before);
    let listener = TcpListener::bind((NEAR, 0)).expect("it listens");
    let begin = clock::now();
    TcpStream::connect(listener.local_addr().expect("bound")).expect("it connects");
    assert!(clock::now().since(begin) < DELAY, "the link is not between them");
    drop(near);
    assert_eq!(own(), before);
    let counts = link.down().expect("it was up");
    assert_eq!((counts.up.entered.packets, counts.down.entered.packets), (0, 0));
}

#[test]
fn a_link_at_a_rate_passes_no_more_than_that() {
    let rate = 10_000_000;
    let path = PathShape { rate: Some(rate), queue: 150_000, ..PathShape::default() };
    let Some(link) = link(path) else { return };
    let begin = clock::now();
    converse(&link, 500_000);
    let took = clock::now().since(begin).as_secs_f64();
    let counts = link.down().expect("it was up");
    assert_whole(&counts);
    let least = counts.down.left.bytes as f64 * 8.0 / rate as f64;
    assert!(took >= least * 0.99, "{took} s, at least {least}");
}

#[test]
fn what_is_lost_is_sent_again_and_every_packet_is_accounted_for() {
    let path =
        PathShape { delay: Duration::from_millis(2), loss_ppm: 20_000, ..PathShape::default() };
    let Some(link) = link(path) else { return };
    converse(&link, 2_000_000);
    let counts = link.down().expect("it was up");
    assert_whole(&counts);
    assert!(counts.down.lost.packets > 0, "of {} packets", counts.down.entered.packets);
    assert!(counts.down.data > 2_000_000, "data is sent again");
}

#[test]
fn a_link_that_is_dropped_is_gone() {
    let Some(link) = link(PathShape::default()) else { return };
    let devices = || {
        let table = std::fs::read_to_string("/proc/thread-self/net/dev").expect("the kernel says");
        table.contains("link0:")
    };
    let near = link.near().clone();
    drop(link);
    let _inside = near.enter().expect("whoever holds it may enter");
    assert!(!devices(), "the device goes with the link");
}
